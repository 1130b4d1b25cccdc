package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// IRSASubMissing reports trust in an EKS cluster without a condition on the service account.
var IRSASubMissing = &Rule{
	ID:        "irsa-sub-missing",
	Title:     "Every pod of the cluster can assume the role",
	Level:     Error,
	Severity:  8.0,
	Precision: VeryHigh,
	Tags:      []string{"exposure", "oidc", "eks"},
	Check:     irsaSubMissing,
}

func irsaSubMissing(p *Pass) {
	p.tokensWithout("sub", func(address string) bool { return isEKS(address) }, func(s *policy.Statement, i int) {
		p.Report(at(s, s.Principals[i].ID), "every pod of the EKS cluster %s can assume %s: no condition on sub says which service account",
			clusterOf(subjectOf(s.Principals[i]).issuer()), p.Document.Role)
	})
}

// clusterOf returns the ID of the EKS cluster in the address of its issuer.
func clusterOf(address string) string {
	_, id, _ := strings.Cut(address, "/id/")
	return strings.ToUpper(id)
}

// tokensWithout calls f for each principal that stands for an issuer that is wanted and that s lets in without asking for the
// claim of that name. An issuer that is not known has the address "".
func (p *Pass) tokensWithout(name string, wanted func(address string) bool, f func(s *policy.Statement, i int)) {
	for _, s := range p.Document.Statements {
		if covered, _ := allows(s, access.AssumeRoleWithWebIdentity); s.Effect != policy.Allow || s.Incomplete || !covered {
			continue
		}
		for i, pr := range s.Principals {
			sub := subjectOf(pr)
			if sub.kind != oidcProvider || !wanted(sub.issuer()) || p.claimed(s, i) {
				continue
			}
			if !bindsClaim(s, sub.issuer()+":"+name) && p.claim(s, i) {
				f(s, i)
			}
		}
	}
}
