package rules

import (
	"github.com/trustvet/trustvet/internal/policy"
)

// ActionNotAction reports Allow statements with NotAction: they allow what they do not name.
var ActionNotAction = &Rule{
	ID:        "action-notaction",
	Title:     "Statement allows every action but some",
	Level:     Error,
	Severity:  7.0,
	Precision: High,
	Tags:      []string{"least-privilege"},
	needs:     oddActions,
	Check:     actionNotAction,
}

func actionNotAction(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow || len(s.NotActions) == 0 || p.claimed(s, -1) {
			continue
		}
		p.Report(at(s, s.NotActions[0]), "the policy of %s allows %s every action but %s", p.Document.Role, allOf(s), list(texts(s.NotActions)))
	}
}

// texts returns ts as messages show them.
func texts(ts []policy.Text) []string {
	var all []string
	for _, t := range ts {
		all = append(all, t.String())
	}
	return all
}
