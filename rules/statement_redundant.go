package rules

import (
	"slices"

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
	needs:     siblings,
	Check:     statementRedundant,
}

func statementRedundant(p *Pass) {
	p.shadowed(func(s *policy.Statement, by []*policy.Statement) {
		if by[0].Effect != s.Effect || p.namesOwn(s, by[0]) {
			return
		}
		fd := p.Report(Place{Statement: s, Span: firstLine(s)}, "the policy of %s means the same without this statement", p.Document.Role)
		fd.Related = append(fd.Related, Related{by[0].Span, "the statement that says it too"})
	})
}

// namesOwn reports whether s allows what by does to a user or role that may be of the role's own account and that by does not
// name: who is named there needs no policy of his own to assume the role, unlike whoever only belongs to an account that is.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-iam-resource-based.html
func (p *Pass) namesOwn(s, by *policy.Statement) bool {
	if s.Effect != policy.Allow {
		return false
	}
	for _, pr := range s.Principals {
		sub := subjectOf(pr)
		if sub.kind != user && sub.kind != role && sub.kind != session || p.owner(sub.account) == foreign && p.knowsOwnAccount() {
			continue
		}
		if !slices.ContainsFunc(by.Principals, func(other policy.Principal) bool { return other.ID.String() == pr.ID.String() }) {
			return true
		}
	}
	return false
}
