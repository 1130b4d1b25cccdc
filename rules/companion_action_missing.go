package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// CompanionActionMissing reports conditions on session tags or the source identity where nobody may pass them.
var CompanionActionMissing = &Rule{
	ID:        "companion-action-missing",
	Title:     "Condition is on what a further action allows, and that is missing",
	Level:     Note,
	Severity:  3.5,
	Precision: High,
	Tags:      []string{"correctness"},
	needs:     asksCaller,
	Check:     companionActionMissing,
}

func companionActionMissing(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow || p.claimed(s, -1) {
			continue
		}
		for _, c := range s.Conditions {
			action := ""
			switch key := c.Name; {
			case strings.HasPrefix(key, "aws:requesttag/"), key == "sts:transitivetagkeys", key == "aws:tagkeys":
				action = access.TagSession
			case key == "sts:sourceidentity":
				action = access.SetSourceIdentity
			}
			if action == "" || !demandsKey(c) || c.Operator.IfExists || c.Operator.Set == policy.ForAllValues || p.anyoneMay(action) || p.claimed(s, -1) {
				continue
			}
			p.Report(at(s, c.Key), "nobody can assume %s through this statement: it asks for %s, and no statement allows %s", p.Document.Role, c.Key, action)
			p.claimAll(s)
		}
	}
}

// anyoneMay reports whether a statement allows the action to somebody, or may.
func (p *Pass) anyoneMay(action string) bool {
	for _, s := range p.Document.Statements {
		if covered, certain := allows(s, action); s.Effect == policy.Allow && (covered || !certain) {
			return true
		}
	}
	return len(p.Document.Unresolved) > 0
}

// demandsKey reports whether c does not hold for a request without its key.
func demandsKey(c policy.Condition) bool {
	if c.Operator.Name == "Null" {
		return len(c.Values) == 1 && strings.EqualFold(c.Values[0].String(), "false")
	}
	return !negated(c.Operator) && len(c.Values) > 0
}
