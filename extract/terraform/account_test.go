package terraform

import "testing"

// The account that a role is in is known where the provider configuration that it uses names it.
func TestAccountIsThatOfTheProvider(t *testing.T) {
	const head = `
variable "pick" {}
locals {
  account = "111122223333"
}
module "m" {
  source    = "./m"
  providers = { aws = aws.other }
}
provider "aws" {
  alias               = "other"
  allowed_account_ids = ["444455556666"]
}
`
	const module = `resource "aws_iam_role" "inner" { assume_role_policy = "{}" }`
	for _, tt := range []struct{ provider, account, span string }{
		{`assume_role { role_arn = "arn:aws:iam::111122223333:role/x" }`, "111122223333", "111122223333"},
		{`assume_role { role_arn = "arn:aws:iam::${local.account}:role/x" }`, "111122223333", "111122223333"},
		{`assume_role { role_arn = "arn:aws:iam::111122223333:role/${var.pick}" }`, "111122223333", "111122223333"},
		{`allowed_account_ids = [local.account]`, "111122223333", "111122223333"},
		{`allowed_account_ids = ["111122223333", "444455556666"]`, "", ""},
		{`assume_role { role_arn = var.pick }`, "", ""},
		{`assume_role { role_arn = var.pick ? "arn:aws:iam::111122223333:role/x" : "arn:aws:iam::444455556666:role/x" }`, "", ""},
		{`region = "eu-west-1"`, "", ""},
	} {
		docs, _ := extractFiles(t, map[string]string{
			"main.tf":   head + "provider \"aws\" {\n" + tt.provider + "\n}\n" + goodRole,
			"m/main.tf": module,
		}, Options{})
		for _, d := range docs {
			want := tt.account
			if d.Role == "module.m.aws_iam_role.inner" {
				want = "444455556666"
			}
			if got := d.Account.String(); got != want {
				t.Errorf("%s: %s is in account %q, want %q", tt.provider, d.Role, got, want)
			}
			if want != "" && d.Account.Span.Text() != want {
				t.Errorf("%s: the account is spelled %q", tt.provider, d.Account.Span.Text())
			}
		}
		if len(docs) != 2 {
			t.Errorf("%s: %d documents", tt.provider, len(docs))
		}
	}
}
