package rules

import (
	"testing"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// The kind and the issuer of a principal are what they are of the subject that it is taken apart to, also where a part of it is
// not known.
func TestKindAndIssuerAreThoseOfTheSubject(t *testing.T) {
	names := []string{
		"", "*", "root", "111122223333", "11112222333", "AIDAEXAMPLEEXAMPLE12", "arn:", "arn:aws:iam", "arn:aws:iam::111122223333:root",
		"arn:aws:iam::111122223333:user", "arn:aws:iam::111122223333:user/ci", "arn:aws:iam::111122223333:role/a/b",
		"arn:aws:sts::111122223333:assumed-role/ci/x", "arn:aws:sts::111122223333:federated-user/x", "arn:aws:iam::111122223333:group/x",
		"arn:aws:sts::111122223333:user/x", "arn:aws:iam::111122223333:oidc-provider", "arn:aws:iam::111122223333:oidc-provider/",
		"arn:aws:iam::111122223333:oidc-provider/GitLab.com/a/", "arn:aws:iam::111122223333:saml-provider/okta", "accounts.google.com",
		"accounts google.com", "https://gitlab.com", "lambda.amazonaws.com",
	}
	check := func(id policy.Text) {
		t.Helper()
		for _, kind := range []policy.PrincipalType{policy.AWS, policy.Service, policy.Federated, policy.CanonicalUser, policy.Anyone} {
			pr := policy.Principal{Type: kind, ID: id}
			pr.Issuer = policy.IssuerOf(&pr)
			want := subjectOf(pr)
			if got := kindOf(pr); got != want.kind {
				t.Errorf("%v %q: kind %d, and of the subject %d", kind, id, got, want.kind)
			}
			if got := pr.Issuer; got != want.issuer() {
				t.Errorf("%v %q: issuer %q, and of the subject %q", kind, id, got, want.issuer())
			}
		}
	}
	check(policy.Text{})
	for _, holeKind := range []policy.HoleKind{policy.Unknown, policy.OwnAccount, policy.Partition} {
		hole := policy.Part{Hole: &policy.Hole{Kind: holeKind, Expr: "x"}}
		check(policy.NewText(hole))
		for _, name := range names {
			check(policy.NewText(policy.Literal(name, source.Span{})))
			for i := range len(name) + 1 {
				for j := i; j <= len(name); j++ {
					check(policy.NewText(policy.Literal(name[:i], source.Span{}), hole, policy.Literal(name[j:], source.Span{})))
				}
			}
		}
	}
}
