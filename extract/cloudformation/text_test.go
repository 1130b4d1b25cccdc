package cloudformation

import (
	"testing"
	"testing/fstest"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// TestExtractText: a template within another file keeps its places and the holes of the text.
func TestExtractText(t *testing.T) {
	file := source.NewFile("main.tf", []byte(`resource "aws_cloudformation_stack" "s" {
  template_body = <<-EOT
    Resources:
      R:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Statement:
              - Effect: Allow
                Principal: {AWS: "arn:aws:iam::${var.account}:root"}
                Action: sts:AssumeRole
                Condition: {StringEquals: {"sts:ExternalId": !Sub "x-${AWS::AccountId}-\u0041"}}
  EOT
}
`))
	span := func(from, to string) source.Span {
		s := string(file.Src)
		start := index(t, s, from)
		return source.Span{File: file, Start: start, End: start + index(t, s[start:], to)}
	}
	before := span("Resources:", "${var")
	hole := span("${var", ":root")
	after := span(":root\"}", "  EOT")
	text := policy.NewText(policy.Literal(before.Text(), before),
		policy.HolePart(&policy.Hole{Expr: "var.account"}, hole), policy.Literal(after.Text(), after))
	docs, _, problems := ExtractText(source.NewTree(fstest.MapFS{}), file, text, Options{})
	got := show(docs, problems)
	want := `R
	Statement[0].Effect = Allow	main.tf:9:25 Allow
	Statement[0].Principal.AWS = arn:aws:iam::${var.account}:root	main.tf:10:35 arn:aws:iam::${var.account}:root
	Statement[0].Action = sts:AssumeRole	main.tf:11:25 sts:AssumeRole
	Statement[0].Condition.StringEquals.sts:ExternalId = x-${AWS::AccountId}<own account>-A	main.tf:12:68 x-${AWS::AccountId}-\u0041
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func index(t *testing.T, s, part string) int {
	for i := range s {
		if len(s[i:]) >= len(part) && s[i:i+len(part)] == part {
			return i
		}
	}
	t.Fatalf("no %q", part)
	return 0
}
