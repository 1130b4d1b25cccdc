package rules

import (
	"github.com/trustvet/trustvet/internal/policy"
)

// StatementRedundant reports statements without which the policy means the same.
var StatementRedundant = &Rule{
	ID:        "statement-redundant",
	Title:     "Other statements already say what this one says",
	Level:     Note,
	Severity:  2.0,
	Precision: High,
	Tags:      []string{"hygiene"},
	Check:     statementRedundant,
}

func statementRedundant(p *Pass) {
	p.shadowed(func(s *policy.Statement, by []*policy.Statement) {
		if by[0].Effect != s.Effect {
			return
		}
		fd := p.Report(Place{Statement: s, Span: firstLine(s)}, "the policy of %s means the same without this statement", p.Document.Role)
		fd.Related = append(fd.Related, Related{by[0].Span, "the statement that says it too"})
	})
}
