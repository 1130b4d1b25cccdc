package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// ConditionUserIDUnanchored reports patterns for aws:userid that begin before the unique ID of a role or user ends.
var ConditionUserIDUnanchored = &Rule{
	ID:        "condition-userid-unanchored",
	Title:     "User ID is compared from the session name on, which the caller chooses",
	Level:     Error,
	Severity:  8.0,
	Precision: High,
	Tags:      []string{"exposure"},
	needs:     asksIdentity,
	Check:     conditionUserIDUnanchored,
}

func conditionUserIDUnanchored(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.cause == unanchoredUserID
	}, func(e *exposure) string {
		return e.who() + " can assume " + p.Document.Role + " with a session of the right name: " + quoted(e.value) + " does not begin with the ID of a role or user"
	})
	p.sessionNames()
}

// sessionNames reports such patterns where another condition or the principal says of which account the caller is: whoever may
// assume any role there gives its session the name.
func (p *Pass) sessionNames() {
	for _, s := range p.Document.Statements {
		if covered, _ := allows(s, access.AssumeRole); s.Effect != policy.Allow || s.Incomplete || !covered {
			continue
		}
		for _, c := range s.Conditions {
			if c.Name != "aws:userid" || c.Operator.Name != "StringLike" {
				continue
			}
			for _, v := range c.Values {
				id, session, ok := strings.Cut(sampled(v), ":")
				if !ok || session == "" || strings.Trim(session, "*") == "" || strings.Trim(id, "*?") != "" && id != "AROA*" {
					continue
				}
				for i, pr := range s.Principals {
					switch kindOf(pr) {
					case anyAWS, account:
					default:
						continue
					}
					show := p.shows(s, i, access.If("StringEquals", c.Key.String(), "AROAANYROLEOFACCOUNT0:"+plain(session)))
					if show.request == nil || !p.claim(s, i) {
						continue
					}
					fd := p.Report(at(s, v), "%s can assume %s from any role with a session of the right name: %s does not begin with the ID of a role or user", describe(pr), p.Document.Role, quoted(v))
					fd.Level, fd.Severity = Warning, 5.5
					fd.Witness = show.request
				}
			}
		}
	}
}

// sampled returns an example of t, "" when part of it may be anything.
func sampled(t policy.Text) string {
	s, _ := sample(t)
	return s
}
