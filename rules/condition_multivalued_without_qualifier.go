package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// ConditionMultivaluedWithoutQualifier reports keys with several values that are compared without ForAnyValue or
// ForAllValues.
var ConditionMultivaluedWithoutQualifier = &Rule{
	ID:        "condition-multivalued-without-qualifier",
	Title:     "Key holds a list, and the operator compares one value",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"correctness"},
	needs:     asksList,
	Check:     conditionMultivaluedWithoutQualifier,
}

func conditionMultivaluedWithoutQualifier(p *Pass) {
	for _, s := range p.Document.Statements {
		for _, c := range s.Conditions {
			key := c.Name
			if c.Operator.Set != policy.NoSet || c.Operator.Name == "Null" || !multivalued(key) || strings.HasPrefix(key, "saml:") || p.claimed(s, -1) {
				continue
			}
			fd := p.Report(at(s, c.Operator.Text), "the policy of %s compares the list %s with %s, which is for single values: what comes of it AWS does not say", p.Document.Role, c.Key, c.Operator.Text)
			if c.Operator.Text.Span.Text() == c.Operator.Text.String() {
				fd.Fixes = []Fix{{Title: "compare with ForAnyValue:" + c.Operator.Text.String(), Edits: edits(c.Operator.Text.Span, "ForAnyValue:"+c.Operator.Text.String())}}
			}
		}
	}
}
