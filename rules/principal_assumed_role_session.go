package rules

import (
	"github.com/trustvet/trustvet/internal/policy"
)

// PrincipalAssumedRoleSession reports trust in one session of a role: whoever may assume that role chooses the name.
var PrincipalAssumedRoleSession = &Rule{
	ID:        "principal-assumed-role-session",
	Title:     "Session of a role is trusted by a name that its caller chooses",
	Level:     Note,
	Severity:  3.0,
	Precision: High,
	Tags:      []string{"hygiene"},
	needs:     trustsSession,
	Check:     principalAssumedRoleSession,
}

func principalAssumedRoleSession(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow {
			continue
		}
		for i, pr := range s.Principals {
			sub := subjectOf(pr)
			name, _, _ := cutText(sub.name, '/')
			// IAM Identity Center names the sessions of its roles after the user, and nobody else can assume them.
			// https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
			if sub.kind != session || name.HasPrefix("AWSReservedSSO_") || !p.claim(s, i) {
				continue
			}
			p.Report(at(s, pr.ID), "whoever can assume the role %s can assume %s too: the name of the session is the caller's choice", shown(name), p.Document.Role)
		}
	}
}
