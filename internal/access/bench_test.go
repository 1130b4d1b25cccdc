package access

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/policy"
)

// typicalPolicies are the policies that most roles have.
var typicalPolicies = map[string]string{
	"service": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`,
	"account": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole",
		"Condition":{"StringEquals":{"sts:ExternalId":"7f3a-22b1"}}}]}`,
	"github": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},
		"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/app:*"}}}]}`,
	"organization": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole",
		"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}]}`,
	"three statements": `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/Deploy"},"Action":"sts:AssumeRole"},
		{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","ssm.amazonaws.com"]},"Action":"sts:AssumeRole"},
		{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"BoolIfExists":{"aws:SecureTransport":"false"}}}]}`,
}

func BenchmarkWho(b *testing.B) {
	for name, src := range typicalPolicies {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			d := parse(b, src)
			b.ReportAllocs()
			for b.Loop() {
				if len(Who(d, Options{})) == 0 {
					b.Fatal("no grants")
				}
			}
		})
	}
}

// largePolicy has 40 statements, about 8 KB, and 20 patterns.
func largePolicy(tb testing.TB) *policy.Document {
	var statements []string
	for i := range 40 {
		effect, principal := "Allow", fmt.Sprintf(`{"AWS":"arn:aws:iam::%012d:root"}`, int64(444455556600)+int64(i%10))
		if i%4 == 3 {
			effect, principal = "Deny", `{"AWS":"*"}`
		}
		statements = append(statements, fmt.Sprintf(`{"Effect":%q,"Principal":%s,"Action":"sts:AssumeRole","Condition":{
			"StringLike":{"sts:RoleSessionName":"team-%d-*@example.com"},"StringNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/%s*/Admin-*"}}}`,
			effect, principal, i%20, strings.Repeat("x", i%20)))
	}
	return parse(tb, `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`)
}

// worstPolicy has globs whose automata multiply, and Deny statements that cut each other's remainders.
func worstPolicy(tb testing.TB) *policy.Document {
	statements := []string{`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{
		"StringLike":{"sts:RoleSessionName":["*a??????????????????*","*b??????????????????*"],"sts:ExternalId":"*a*b*c*d*e*f*g*h*"}}}`}
	for i := range 18 {
		statements = append(statements, fmt.Sprintf(`{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{
			"StringLike":{"sts:RoleSessionName":"*%c?????????????????%c*","sts:ExternalId":"*%c???????????*","aws:PrincipalTag/a":"*%c????*","aws:RequestTag/b":"*%c?*"},
			"StringNotLike":{"aws:UserAgent":"*%c*%c*"}}}`, 'a'+i, 'b'+i, 'a'+i, 'c'+i, 'd'+i, 'e'+i, 'f'+i))
	}
	return parse(tb, `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`)
}

func BenchmarkWhoOfALargePolicy(b *testing.B) {
	d := largePolicy(b)
	b.ReportAllocs()
	for b.Loop() {
		Who(d, Options{})
	}
}

func BenchmarkWhoOfTheWorstPolicy(b *testing.B) {
	d := worstPolicy(b)
	b.ReportAllocs()
	for b.Loop() {
		Who(d, Options{})
	}
}

func BenchmarkDecide(b *testing.B) {
	list := vectors(b, "testdata/decide.jsonl")[:200]
	documents := make([]*policy.Document, len(list))
	for i, v := range list {
		documents[i] = parse(b, string(v.Policy))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Decide(documents[i%len(list)], list[i%len(list)].Request, World{})
	}
}
