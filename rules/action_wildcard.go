package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// ActionWildcard reports action patterns that allow more of STS than a trust policy needs.
var ActionWildcard = &Rule{
	ID:        "action-wildcard",
	Title:     "Trust policy allows a pattern of actions, so also those that nobody meant",
	Level:     Warning,
	Severity:  4.5,
	Precision: High,
	Tags:      []string{"least-privilege"},
	needs:     oddActions,
	Check:     actionWildcard,
}

func actionWildcard(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow {
			continue
		}
		for _, a := range s.Actions {
			action, known := a.Literal()
			if !known || !strings.ContainsAny(action, "*?") || !strings.HasPrefix(strings.ToLower(action), "sts:") {
				continue
			}
			var covered []string
			for _, name := range append(assumeActions[:len(assumeActions):len(assumeActions)], auxiliaryActions...) {
				if matchesAction(a, name) {
					covered = append(covered, name)
				}
			}
			if len(covered) == 0 {
				p.Report(at(s, a), "nobody can assume %s with the action %q: it matches none that a role knows", p.Document.Role, action)
				continue
			}
			p.Report(at(s, a), "the policy of %s allows %s every action that %q matches: %s", p.Document.Role, allOf(s), action, list(covered))
		}
	}
}

// allOf names the principals of s.
func allOf(s *policy.Statement) string {
	if len(s.Principals) == 0 {
		return "whoever the statement lets in"
	}
	first := describe(s.Principals[0])
	switch n := len(s.Principals) - 1; {
	case n == 1:
		return first + " and " + describe(s.Principals[1])
	case n > 1:
		return first + " and " + itoa(n) + " others"
	}
	return first
}

// list returns names as a part of a sentence: a, b and c.
func list(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
