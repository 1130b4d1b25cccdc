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
	for _, s := range d.Statements {
		for _, pr := range s.Principals {
			if k := subjectOf(pr).kind; s.Effect == policy.Allow && (k == unclear || k == uniqueID || pr.ID.Unknown() != nil || isPlaceholder(pr.ID.String())) {
				return
			}
		}
	}
	if len(access.Who(d, access.Options{Now: p.Options.Now})) == 0 {
		p.Report(Place{Span: firstLine(d.Statements[0])}, "nobody can assume %s: its statements together let nobody in", d.Role)
	}
}
