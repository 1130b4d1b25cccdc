package rules

import (
	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// OIDCPrivateNoSubject reports trust in an identity provider of one tenant without a condition on the subject.
var OIDCPrivateNoSubject = &Rule{
	ID:        "oidc-private-no-subject",
	Title:     "Every token of an identity provider can assume the role",
	Level:     Warning,
	Severity:  5.5,
	Precision: High,
	Tags:      []string{"exposure", "oidc"},
	needs:     trustsPrivate,
	Check:     oidcPrivateNoSubject,
}

func oidcPrivateNoSubject(p *Pass) {
	p.unboundTokens(func(pr policy.Principal) bool {
		_, shared := issuerOf(pr.Issuer)
		return !shared && !isCluster(pr)
	}, anySubject, func(s *policy.Statement, i int, r *access.Request) {
		fd := p.Report(used(s, s.Principals[i].ID), "every token that %s signs can assume %s: no condition on sub says whose it is",
			shown(subjectOf(s.Principals[i]).name), p.Document.Role)
		fd.Witness = r
	})
}
