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
	p.tokensWithout("sub", isCluster, func(s *policy.Statement, i int) {
		p.Report(at(s, s.Principals[i].ID), "every pod of the EKS cluster %s can assume %s: no condition on sub says which service account",
			clusterOf(subjectOf(s.Principals[i])), p.Document.Role)
	})
}

// isCluster reports whether sub stands for an EKS cluster, also one whose ID or region is not known.
func isCluster(sub subject) bool {
	return sub.kind == oidcProvider && sub.name.HasPrefix("oidc.eks.")
}

// clusterOf returns the ID of an EKS cluster.
func clusterOf(sub subject) string {
	_, id, _ := strings.Cut(shown(sub.name), "/id/")
	return id
}

// tokensWithout calls f for each principal that stands for an OIDC provider that is wanted and that s lets in without asking for
// the claim of that name.
func (p *Pass) tokensWithout(name string, wanted func(subject) bool, f func(s *policy.Statement, i int)) {
	for _, s := range p.Document.Statements {
		if covered, _ := allows(s, access.AssumeRoleWithWebIdentity); s.Effect != policy.Allow || s.Incomplete || !covered {
			continue
		}
		for i, pr := range s.Principals {
			sub := subjectOf(pr)
			if sub.kind != oidcProvider || !wanted(sub) || p.claimed(s, i) {
				continue
			}
			if !bindsClaim(s, sub.issuer()+":"+name) && p.claim(s, i) {
				f(s, i)
			}
		}
	}
}
