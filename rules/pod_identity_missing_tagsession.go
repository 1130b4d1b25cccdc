package rules

import (
	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// PodIdentityMissingTagSession reports trust in EKS Pod Identity without the action for session tags, which it always
// sends.
var PodIdentityMissingTagSession = &Rule{
	ID:        "pod-identity-missing-tagsession",
	Title:     "EKS Pod Identity cannot assume the role without sts:TagSession",
	Level:     Warning,
	Severity:  5.0,
	Precision: VeryHigh,
	Tags:      []string{"correctness", "eks"},
	needs:     trustsService,
	Check:     podIdentityMissingTagSession,
}

func podIdentityMissingTagSession(p *Pass) {
	p.companions("pods.eks", func(s *policy.Statement, i int, missing []string) {
		p.Report(at(s, s.Principals[i].ID), "no pod can assume %s: EKS Pod Identity sends session tags and needs sts:TagSession too", p.Document.Role)
	}, access.TagSession)
}
