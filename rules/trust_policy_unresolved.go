package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// TrustPolicyUnresolved reports what of a trust policy the code does not say, so that no other rule judges it.
var TrustPolicyUnresolved = &Rule{
	ID:        "trust-policy-unresolved",
	Title:     "Trust policy is not known from the code",
	Level:     Note,
	Severity:  2.0,
	Precision: VeryHigh,
	Tags:      []string{"unresolved"},
	Check:     trustPolicyUnresolved,
}

func trustPolicyUnresolved(p *Pass) {
	for _, u := range p.Document.Unresolved {
		place := Place{Statement: u.Within, Span: u.Span}
		p.Report(place, "nobody can tell from the code who can assume %s: %s depends on %s%s",
			p.Document.Role, u.What, expression(u.Hole), reason(u.Hole))
	}
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow {
			continue
		}
		for _, pr := range s.Principals {
			if h := pr.ID.Unknown(); h != nil && len(pr.ID.Parts) == 1 && h.Choices == nil {
				p.Report(at(s, pr.ID), "nobody can tell from the code who can assume %s: a principal is %s%s",
					p.Document.Role, expression(h), reason(h))
			}
			if name, known := pr.ID.Literal(); known && pr.Type == policy.AWS && !strings.HasPrefix(name, "arn:") &&
				(isPlaceholder(name) || namesAccount(name)) {
				p.Report(at(s, pr.ID), "nobody can tell from the code who can assume %s: something else fills in the principal %s",
					p.Document.Role, name)
			}
		}
	}
}

func expression(h *policy.Hole) string {
	if h == nil || h.Expr == "" {
		return "something that is not in the code"
	}
	const longest = 80
	if len(h.Expr) > longest {
		return "an expression of " + itoa(len(h.Expr)) + " characters"
	}
	return h.Expr
}

func reason(h *policy.Hole) string {
	if h == nil || h.Reason == "" {
		return ""
	}
	return " (" + h.Reason + ")"
}
