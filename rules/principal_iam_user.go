package rules

import (
	"github.com/trustvet/trustvet/internal/policy"
)

// PrincipalIAMUser reports trust in IAM users, whose keys do not expire.
var PrincipalIAMUser = &Rule{
	ID:        "principal-iam-user",
	Title:     "IAM user, who has long-term keys, can assume the role",
	Level:     Note,
	Severity:  3.0,
	Precision: High,
	Tags:      []string{"hygiene"},
	needs:     trustsUser,
	Check:     principalIAMUser,
}

func principalIAMUser(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow || bindsKey(s, "aws:multifactorauth") {
			continue
		}
		for i, pr := range s.Principals {
			if kindOf(pr) == user && p.claim(s, i) {
				p.Report(at(s, pr.ID), "whoever has the long-term keys of %s can assume %s", shown(pr.ID), p.Document.Role)
			}
		}
	}
}
