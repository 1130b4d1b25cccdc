package policy

import (
	"testing"
)

const benchPolicy = `{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Deploy", "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
     "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
     "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
                   "StringLike": {"token.actions.githubusercontent.com:sub": ["repo:acme/app:ref:refs/heads/main", "repo:acme/app:environment:*"]}}},
    {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Principal": {"AWS": ["arn:aws:iam::111122223333:root", "444455556666"], "Service": "ec2.amazonaws.com"}},
    {"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}
  ]
}`

func BenchmarkParseJSON(b *testing.B) {
	text := fileText(benchPolicy)
	b.SetBytes(int64(len(benchPolicy)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseJSON(text); err != nil {
			b.Fatal(err.Message)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	v, err := ParseJSON(fileText(benchPolicy))
	if err != nil {
		b.Fatal(err.Message)
	}
	b.ReportAllocs()
	for b.Loop() {
		if d := Parse("r", v); len(d.Statements) != 3 {
			b.Fatal(d.Statements)
		}
	}
}
