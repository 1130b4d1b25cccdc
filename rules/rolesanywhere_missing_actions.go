package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// RolesAnywhereMissingActions reports trust in IAM Roles Anywhere that lacks one of the three actions it needs.
var RolesAnywhereMissingActions = &Rule{
	ID:        "rolesanywhere-missing-actions",
	Title:     "IAM Roles Anywhere cannot assume the role without further actions",
	Level:     Error,
	Severity:  7.0,
	Precision: VeryHigh,
	Tags:      []string{"correctness"},
	needs:     trustsService,
	Check:     rolesAnywhereMissingActions,
}

func rolesAnywhereMissingActions(p *Pass) {
	p.companions("rolesanywhere", func(s *policy.Statement, i int, missing []string) {
		p.Report(at(s, s.Principals[i].ID), "nobody can assume %s through IAM Roles Anywhere: it needs %s too", p.Document.Role, list(missing))
	}, access.TagSession, access.SetSourceIdentity)
}

// companions calls f for each principal that is the service of that name and may use sts:AssumeRole, with those of the
// actions that no statement allows it.
func (p *Pass) companions(name string, f func(s *policy.Statement, i int, missing []string), actions ...string) {
	for _, s := range p.Document.Statements {
		if covered, _ := allows(s, access.AssumeRole); s.Effect != policy.Allow || !covered {
			continue
		}
		for i, pr := range s.Principals {
			if !isService(pr, name) || p.claimed(s, i) || isServiceLinked(p.Document) {
				continue
			}
			var missing []string
			for _, a := range actions {
				if !p.allowedSomewhere(name, a) {
					missing = append(missing, a)
				}
			}
			if len(missing) > 0 && p.claim(s, i) {
				f(s, i, missing)
			}
		}
	}
}

// allowedSomewhere reports whether a statement allows the service the action, or may.
func (p *Pass) allowedSomewhere(name, action string) bool {
	for _, s := range p.Document.Statements {
		if covered, certain := allows(s, action); s.Effect != policy.Allow || !covered && certain {
			continue
		}
		for _, pr := range s.Principals {
			if isService(pr, name) || pr.ID.Unknown() != nil {
				return true
			}
		}
	}
	return len(p.Document.Unresolved) > 0
}

// isServiceLinked reports whether d is the policy of a service-linked role, which the service writes itself.
func isServiceLinked(d *policy.Document) bool { return strings.Contains(d.Role, "AWSServiceRoleFor") }
