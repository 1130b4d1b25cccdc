package rules

import (
	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// StatementUnsatisfiable reports statements whose conditions exclude each other or what the principals can have.
var StatementUnsatisfiable = &Rule{
	ID:        "statement-unsatisfiable",
	Title:     "Nobody can meet the conditions of the statement",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"correctness"},
	needs:     conditions,
	Check:     statementUnsatisfiable,
}

func statementUnsatisfiable(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect == policy.NoEffect || s.Faulty || len(s.Conditions) == 0 || p.claimed(s, -1) || p.allClaimed(s) || p.exposed(s) {
			continue
		}
		death := p.death(s)
		if death == nil || len(death.Conditions) == 0 {
			continue
		}
		if p.explained(s, death.Conditions) {
			p.claimAll(s)
			continue
		}
		consequence := "nobody can assume " + p.Document.Role + " through this statement"
		if s.Effect == policy.Deny {
			consequence = "the Deny of " + p.Document.Role + " never applies"
		}
		first := death.Conditions[0]
		if len(death.Conditions) == 1 {
			p.Report(at(s, first.Key), "%s: no request of %s meets %s on %s", consequence, allOf(s), first.Operator.Text, first.Key)
		} else {
			fd := p.Report(at(s, first.Key), "%s: no request meets its conditions on %s together", consequence, keyList(death.Conditions))
			for _, c := range death.Conditions[1:] {
				fd.Related = append(fd.Related, Related{c.Key.Span, "the other condition"})
			}
		}
		p.claimAll(s)
	}
}

// allClaimed reports whether every principal of s has its finding.
func (p *Pass) allClaimed(s *policy.Statement) bool {
	for i := range s.Principals {
		if !p.claimed(s, i) {
			return false
		}
	}
	return len(s.Principals) > 0
}

// explained reports whether one of conds has a finding already, which says why it never holds.
func (p *Pass) explained(s *policy.Statement, conds []policy.Condition) bool {
	for _, fd := range *p.findings {
		if fd.Statement != s.Span {
			continue
		}
		for _, c := range conds {
			if c.Span.Contains(fd.Span) || c.Operator.Text.Span == fd.Span {
				return true
			}
		}
	}
	return false
}

// A death is what access.Dead says of a statement, once asked.
type death struct {
	asked bool
	why   *access.Death // nil where somebody can use it
}

// death returns why nobody can use s, nil where somebody can.
func (p *Pass) death(s *policy.Statement) *access.Death {
	if p.shared.deaths == nil {
		p.shared.deaths = make([]death, len(p.Document.Statements))
	}
	d := &p.shared.deaths[s.Index]
	if !d.asked {
		d.asked = true
		if why, dead := access.Dead(p.Document, s, p.asking()); dead {
			d.why = &why
		}
	}
	return d.why
}

// exposed reports whether a witness gets in through s, so that its conditions can be met.
func (p *Pass) exposed(s *policy.Statement) bool {
	for _, e := range p.exposures() {
		if e.statement == s {
			return true
		}
	}
	return false
}
