package rules

import (
	"bytes"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// ConditionDuplicateKey reports operators and keys that stand twice in a condition, so that one of the two is lost.
var ConditionDuplicateKey = &Rule{
	ID:        "condition-duplicate-key",
	Title:     "Condition has an operator or key twice, so one of the two is silently lost",
	Level:     Error,
	Severity:  7.5,
	Precision: VeryHigh,
	Tags:      []string{"correctness"},
	Check:     conditionDuplicateKey,
}

func conditionDuplicateKey(p *Pass) {
	if p.Document.Value == nil {
		return
	}
	for _, dup := range p.duplicates() {
		if strings.Contains(dup.Path, ".Condition") {
			p.lostCondition(dup.Hidden, dup.Kept)
		}
	}
	for _, s := range p.Document.Statements {
		for i := range s.Conditions {
			c := &s.Conditions[i]
			for j := range s.Conditions[i+1:] {
				later := &s.Conditions[i+1+j]
				a, _ := c.Key.Literal()
				b, _ := later.Key.Literal()
				if c.Operator.Text.Span == later.Operator.Text.Span && !c.Operator.Text.Span.IsZero() &&
					a != b && strings.EqualFold(a, b) && !strings.Contains(a, "/") {
					p.Report(at(s, c.Key), "the condition of %s has the key %s again as %s, and since letter case does not matter in keys only one of the two counts",
						p.Document.Role, a, b).Related = []Related{{later.Key.Span, "the other one"}}
				}
			}
		}
	}
}

// duplicates returns the members of the policy that later ones hide. They are looked for once.
func (p *Pass) duplicates() []policy.Duplicate {
	if !p.shared.compared {
		p.shared.compared, p.shared.hidden = true, p.Document.Value.Duplicates()
	}
	return p.shared.hidden
}

// lostCondition reports that hidden, an operator or a key, is lost because of kept.
func (p *Pass) lostCondition(hidden, kept policy.Member) {
	if bytes.Equal(hidden.Value.JSON(), kept.Value.JSON()) {
		return // nothing is lost
	}
	place := Place{Statement: statementAt(p.Document, hidden.Key.Span), Span: hidden.Key.Span, Via: hidden.Key.Via}
	fd := p.Report(place, "the condition of %s has %s twice: %s does not apply, since only the last one counts",
		p.Document.Role, hidden.Key, strings.TrimSpace(string(hidden.Value.JSON())))
	fd.Related = append(fd.Related, Related{kept.Key.Span, "the one that counts"})
}
