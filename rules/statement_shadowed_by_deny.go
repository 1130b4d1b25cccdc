package rules

import (
	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// StatementShadowedByDeny reports Allow statements of which a Deny takes away all.
var StatementShadowedByDeny = &Rule{
	ID:        "statement-shadowed-by-deny",
	Title:     "Everything that the statement allows is denied",
	Level:     Warning,
	Severity:  4.5,
	Precision: High,
	Tags:      []string{"correctness"},
	needs:     siblings | denies,
	Check:     statementShadowedByDeny,
}

func statementShadowedByDeny(p *Pass) {
	p.shadowed(func(s *policy.Statement, by []*policy.Statement) {
		if s.Effect != policy.Allow || by[0].Effect != policy.Deny || p.claimed(by[0], -1) {
			return
		}
		fd := p.Report(Place{Statement: s, Span: firstLine(s)}, "nobody can assume %s through this statement: a Deny takes away all that it allows", p.Document.Role)
		fd.Related = append(fd.Related, Related{by[0].Span, "the Deny"})
		p.claimAll(s)
	})
}

// shadowed calls f for each statement without which the policy means the same, with the statements that make it so.
func (p *Pass) shadowed(f func(s *policy.Statement, by []*policy.Statement)) {
	for _, s := range p.Document.Statements {
		if by := p.shadowOf(s); len(by) > 0 && !p.claimed(s, -1) {
			f(s, by)
		}
	}
}

// A shadow is what access.Shadowed says of a statement.
type shadow []*policy.Statement

// shadowOf returns the statements because of which the policy means the same without s.
func (p *Pass) shadowOf(s *policy.Statement) shadow {
	if len(p.Document.Statements) < 2 || s.Faulty || s.Incomplete || p.claimed(s, -1) {
		return nil
	}
	by, done := p.shared.shadows[s]
	if !done {
		by, _ = access.Shadowed(p.Document, s, p.asking())
		if p.shared.shadows == nil {
			p.shared.shadows = map[*policy.Statement]shadow{}
		}
		p.shared.shadows[s] = by
	}
	return by
}

// firstLine returns what names s: its first principal, or the statement where it has none.
func firstLine(s *policy.Statement) source.Span {
	if len(s.Principals) > 0 {
		return s.Principals[0].ID.Span
	}
	return s.Span
}
