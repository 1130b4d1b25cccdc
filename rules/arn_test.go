package rules

import (
	"regexp"
	"testing"
)

// The forms of ARNs that IAM takes for principals, as regular expressions say them.
func TestARNsOfPrincipalsHaveTheirForm(t *testing.T) {
	principal := regexp.MustCompile(`^arn:aws[a-z-]*:(iam::\d{12}:(root|(user|role)/[\w+=,.@/!-~-]+)|sts::\d{12}:(assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+))$`)
	provider := regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:(oidc-provider|saml-provider)/.+$`)
	for _, partition := range []string{"", "aws", "aws-cn", "aws:", "AWS", "aws1", "x:iam::", "aw"} {
		for _, service := range []string{"iam", "sts", "s3", ""} {
			for _, id := range []string{"111122223333", "11112222333", "1111222233334", "11112222333x", ""} {
				for _, resource := range []string{"root", "root/", "rooted", "user/ci", "user/", "user", "role/a/b", "role/a b", "role/é", "role/~!", "role/a\n", "group/x",
					"assumed-role/a/b", "assumed-role/a", "federated-user/a", "oidc-provider/x.example/a", "oidc-provider/", "saml-provider/é", "saml-provider/a\nb", "server-certificate/a", ""} {
					for _, s := range []string{"arn:" + partition + ":" + service + "::" + id + ":" + resource, "arn:" + partition + ":" + service + ":us-east-1:" + id + ":" + resource, resource} {
						if got, want := isPrincipalARN(s), principal.MatchString(s); got != want {
							t.Errorf("%q is the ARN of a principal: %t, want %t", s, got, want)
						}
						if got, want := isProviderARN(s), provider.MatchString(s); got != want {
							t.Errorf("%q is the ARN of a provider: %t, want %t", s, got, want)
						}
					}
				}
			}
		}
	}
}
