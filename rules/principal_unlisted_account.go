package rules

import (
	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// PrincipalUnlistedAccount reports accounts beyond those that the configuration trusts; without such a list it says
// nothing.
var PrincipalUnlistedAccount = &Rule{
	ID:        "principal-unlisted-account",
	Title:     "Account that is not listed as trusted can assume the role",
	Level:     Error,
	Severity:  7.5,
	Precision: High,
	Tags:      []string{"exposure"},
	needs:     trustsAWS,
	Check:     principalUnlistedAccount,
}

func principalUnlistedAccount(p *Pass) {
	if len(p.Options.TrustedAccounts) == 0 {
		return
	}
	for _, s := range p.Document.Statements {
		if covered, _ := allows(s, access.AssumeRole); s.Effect != policy.Allow || s.Incomplete || !covered {
			continue
		}
		for i, pr := range s.Principals {
			sub := subjectOf(pr)
			switch sub.kind {
			case account, user, role, session:
			default:
				continue
			}
			if p.owner(sub.account) != foreign || orgBound(s) != nil && p.trustedOrganization(orgBound(s)) || p.claimed(s, i) {
				continue
			}
			show := p.shows(s, i)
			if show.refuted || !p.claim(s, i) {
				continue
			}
			fd := p.Report(at(s, pr.ID), "%s can assume %s and is not among the trusted accounts", describeOwner(sub, pr), p.Document.Role)
			fd.Witness = show.request
			if isDocumentationAccount(sub.account) {
				fd.Level, fd.Severity = Note, noteSeverity
			}
		}
	}
}
