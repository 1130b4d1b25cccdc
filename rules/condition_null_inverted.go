package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// ConditionNullInverted reports Null conditions that let in only callers without the key that says who they are.
var ConditionNullInverted = &Rule{
	ID:        "condition-null-inverted",
	Title:     "Null demands that a key is absent, where it is meant to be there",
	Level:     Error,
	Severity:  7.5,
	Precision: High,
	Tags:      []string{"exposure"},
	needs:     usesNull,
	Check:     conditionNullInverted,
}

func conditionNullInverted(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow || s.Incomplete {
			continue
		}
		for i := range s.Conditions {
			c := &s.Conditions[i]
			if c.Operator.Name != "Null" || len(c.Values) != 1 || !strings.EqualFold(c.Values[0].String(), "true") || p.claimed(s, -1) {
				continue
			}
			switch classOf(c.Name) {
			case identityKey, mfaKey, externalIDKey, principalTag, sourceKey, claimKey:
			default:
				continue
			}
			show := p.showsAny(s, access.If("Null", c.Key.String(), "true"))
			if show.refuted {
				continue
			}
			fd := p.Report(at(s, c.Operator.Text), "%s can assume %s only without %s: Null with the value true demands that the key is absent",
				allOf(s), p.Document.Role, c.Key)
			fd.Witness = show.request
			p.claimAll(s)
		}
	}
}
