package terraform

import (
	"fmt"
	"slices"
	"testing"
)

// What git-crypt has encrypted is no syntax error, and each variable that it may set is unknown, whatever its default.
func TestEncryptedFilesLeaveTheirVariablesUnknown(t *testing.T) {
	const sealed = "\x00GITCRYPT\x00 \x01\x02"
	docs, problems := extractFiles(t, map[string]string{
		"main.tf": `
variable "who" { default = "arn:aws:iam::111111111111:root" }
variable "later" { default = "arn:aws:iam::111111111111:root" }
resource "aws_iam_role" "r" {
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = {
    AWS = [var.who, var.later, local.secret, try(file("secret.txt"), "none")]
  } }] })
}
`,
		"locals.tf":        sealed,
		"secret.txt":       sealed,
		"terraform.tfvars": sealed,
		"z.auto.tfvars":    `later = "arn:aws:iam::222222222222:root"`,
	}, Options{})
	var got []string
	for _, p := range docs[0].Statements[0].Principals {
		got = append(got, p.ID.String())
	}
	want := []string{"${var.who}", "arn:aws:iam::222222222222:root", "${local.secret}", `${file("secret.txt")}`}
	if !slices.Equal(got, want) {
		t.Errorf("principals are %q, want %q", got, want)
	}
	var said []string
	for _, p := range problems {
		said = append(said, fmt.Sprint(p.File(), ": ", p.Message, " ", p.Unreadable))
	}
	want = []string{"locals.tf: encrypted by git-crypt false", "secret.txt: encrypted by git-crypt false", "terraform.tfvars: encrypted by git-crypt false"}
	if !slices.Equal(said, want) {
		t.Errorf("problems are %q, want %q", said, want)
	}
}
