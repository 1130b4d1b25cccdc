package rules

import (
	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// RoleUnassumable reports policies that let nobody in, where none of their statements says why.
var RoleUnassumable = &Rule{
	ID:        "role-unassumable",
	Title:     "Nobody can assume the role",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"correctness"},
	Check:     roleUnassumable,
}

func roleUnassumable(p *Pass) {
	d := p.Document
	if len(d.Faults) > 0 || len(d.Unresolved) > 0 || len(d.Statements) == 0 || len(p.shared.claimed) > 0 {
		return
	}
	allows, forbids := false, false
	for _, s := range d.Statements {
		allows = allows || s.Effect == policy.Allow
		forbids = forbids || s.Effect == policy.Deny
	}
	// Without a Deny a policy lets in whom one of its statements does, and one that lets in nobody has its finding.
	auxiliary := allows && p.auxiliaryOnly()
	if !forbids && !auxiliary {
		return
	}
	for _, s := range d.Statements {
		for _, pr := range s.Principals {
			if k := kindOf(pr); s.Effect == policy.Allow && (k == unclear || k == uniqueID || pr.ID.Unknown() != nil || isPlaceholder(pr.ID.String())) {
				return
			}
		}
	}
	if d.When != "" && !allows {
		return // nothing but a Deny is left in a case that may never be
	}
	if auxiliary {
		p.Report(Place{Span: firstLine(d.Statements[0])}, "nobody can assume %s: none of its statements allows an action that assumes the role", d.Role)
		return
	}
	if allows && (len(p.exposures()) > 0 || len(access.Who(d, p.asking())) > 0) {
		return
	}
	p.Report(Place{Span: firstLine(d.Statements[0])}, "nobody can assume %s: its statements together let nobody in", d.Role)
}

// auxiliaryOnly reports whether every Allow is of actions that assume nothing by themselves.
func (p *Pass) auxiliaryOnly() bool {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow {
			continue
		}
		for _, action := range assumeActions {
			if covered, certain := allows(s, action); covered || !certain {
				return false
			}
		}
	}
	return true
}
