package access

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/policy"
)

// What shows at once to be usable a call uses: one of a caller of the first principal, with a value of each condition that it meets.
func TestPlainStatementsLetSomebodyIn(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 1))
	const account, cluster = "111122223333", "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	principals := []string{
		`{"AWS": "arn:aws:iam::111122223333:root"}`, `{"AWS": "111122223333"}`, `{"AWS": "arn:aws:iam::111122223333:user/alice"}`,
		`{"AWS": "arn:aws:iam::111122223333:role/app"}`, `{"AWS": "arn:aws:sts::111122223333:assumed-role/app/s"}`,
		`{"AWS": ["arn:aws:iam::111122223333:role/app", "arn:aws:iam::444455556666:root"]}`, `{"AWS": "arn:aws:iam::111122223333:role/*"}`,
		`{"AWS": "*"}`, `"*"`, `{"AWS": "AIDAEXAMPLEEXAMPLE12"}`, `{"AWS": "arn:aws:sts::111122223333:federated-user/bob"}`,
		`{"Service": "lambda.amazonaws.com"}`, `{"Service": ["rolesanywhere.amazonaws.com", "ec2.amazonaws.com"]}`,
		`{"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}`, `{"Federated": "accounts.google.com"}`,
		`{"Federated": "arn:aws:iam::111122223333:oidc-provider/` + cluster + `"}`, `{"Federated": "arn:aws:iam::111122223333:saml-provider/okta"}`,
		`{"Federated": "cognito-identity.amazonaws.com"}`, `{"CanonicalUser": "79a59df900b949e5"}`,
	}
	actions := []string{
		`"sts:AssumeRole"`, `"sts:AssumeRoleWithWebIdentity"`, `"sts:AssumeRoleWithSAML"`, `"sts:*"`, `["sts:AssumeRole", "sts:TagSession"]`,
		`"sts:TagSession"`, `["sts:AssumeRoleWithWebIdentity", "sts:AssumeRole"]`,
	}
	keys := []string{
		"aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalType", "aws:userid",
		"aws:username", "aws:PrincipalTag/team", "aws:PrincipalTag/x509Subject/CN", "aws:MultiFactorAuthPresent", "aws:SourceArn",
		"aws:SourceAccount", "aws:SourceOrgID", "aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp", "aws:CurrentTime",
		"aws:SecureTransport", "aws:ViaAWSService", "aws:RequestedRegion", "aws:PrincipalIsAWSService", "aws:PrincipalServiceName",
		"aws:RequestTag/team", "aws:TagKeys", "sts:ExternalId", "sts:RoleSessionName", "sts:SourceIdentity", "sts:TransitiveTagKeys",
		"SAML:aud", "SAML:sub", "SAML:eduPersonAffiliation", "token.actions.githubusercontent.com:sub", "token.actions.githubusercontent.com:aud",
		"token.actions.githubusercontent.com:repository", "accounts.google.com:aud", cluster + ":sub", cluster + ":aud",
		"cognito-identity.amazonaws.com:amr", "aws:Nothing", "aws:TokenIssueTime", "aws:FederatedProvider",
	}
	values := []string{
		"", "*", "?", "true", "FALSE", "alice", "Alice", account, "444455556666", "11112222*", "arn:aws:iam::111122223333:role/app",
		"arn:aws:iam::111122223333:user/*", "arn:aws:iam::*:role/*", "arn:aws:sts::111122223333:assumed-role/app/s", "o-exampleorgid", "o-*",
		"O-EXAMPLEORG", "o-abc/r-ab12/*", "User", "AssumedRole", "Account", "AROAEXAMPLEEXAMPLE12:s", "203.0.113.10", "10.0.0.1", "vpc-0a1b", "vpce-*",
		"2026-01-01T00:00:00Z", "eu-west-1", "lambda.amazonaws.com", "sts.amazonaws.com", "https://signin.aws.amazon.com/saml", "repo:acme/app:*",
		"repo:acme/app:ref:refs/heads/main", "system:serviceaccount:*:app", "a", strings.Repeat("x", 70), "a b", "arn:aws:lambda:*:111122223333:function:*",
		"authenticated", "${aws:username}", "ü", "arn:", "arn:aws",
	}
	operators := []string{"StringEquals", "StringLike", "StringEqualsIgnoreCase", "ArnEquals", "ArnLike", "Bool", "StringEqualsIfExists", "StringNotEquals"}
	shown := 0
	for range 20_000 {
		var conditions []string
		for _, i := range r.Perm(len(operators))[:r.IntN(4)] {
			conditions = append(conditions, fmt.Sprintf("%q: {%q: [%q, %q]}", operators[i], pick(r, keys), pick(r, values), pick(r, values)))
		}
		text := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": %s, "Action": %s, "Condition": {%s}}}`,
			pick(r, principals), pick(r, actions), strings.Join(conditions, ", "))
		d := parse(t, text)
		s := d.Statements[0]
		if vague(s) || !plain(s, Options{}) {
			continue
		}
		shown++
		for _, w := range worlds(d) {
			if q, c := lone(d, s, w, Options{}); !q.usable(c, c.atoms) || q.companioning(c) {
				t.Fatalf("the engine says that nobody can use %s", text)
			}
		}
		if !letsIn(d, s) {
			t.Fatalf("no call is let in by %s", text)
		}
	}
	if shown < 1000 {
		t.Errorf("%d statements are plain", shown)
	}
}

// letsIn reports whether s, the only statement of d, matches a call with a value of each of its conditions.
func letsIn(d *policy.Document, s *policy.Statement) bool {
	caller := s.Principals[0].ID.String()
	if account := newPrincipal(&s.Principals[0], &World{}).account; account != "" {
		caller = "arn:aws:iam::" + account + ":user/alice"
	}
	contexts := []Context{nil}
	for i := range s.Conditions {
		var more []Context
		for _, v := range s.Conditions[i].Values {
			value := v.String()
			if strings.HasSuffix(s.Conditions[i].Operator.Name, "Like") || s.Conditions[i].Operator.Name == "ArnEquals" {
				value = strings.NewReplacer("*", "x", "?", "x").Replace(value)
			}
			for _, c := range contexts {
				more = append(more, append(slices.Clone(c), Attribute{Key: s.Conditions[i].Key.String(), Values: []string{value}}))
			}
		}
		contexts = more
	}
	for _, action := range roleActions {
		for _, c := range contexts {
			if decision, _ := Decide(d, Request{Principal: caller, Action: action, Context: c}, World{}); decision.OK() {
				return true
			}
		}
	}
	return false
}
