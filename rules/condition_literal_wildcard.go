package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// ConditionLiteralWildcard reports wildcards under operators that compare letter by letter.
var ConditionLiteralWildcard = &Rule{
	ID:        "condition-literal-wildcard",
	Title:     "Wildcard is compared as a plain character, so the value never matches",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"correctness"},
	needs:     usesWildcard,
	Check:     conditionLiteralWildcard,
}

func conditionLiteralWildcard(p *Pass) {
	for _, s := range p.Document.Statements {
		for _, c := range s.Conditions {
			if !strings.HasPrefix(c.Operator.Name, "String") || strings.HasSuffix(c.Operator.Name, "Like") || !c.Operator.Known {
				continue
			}
			switch key, _ := c.Key.Literal(); strings.ToLower(key) {
			case "aws:useragent", "aws:referer":
				continue // clients send * and ? there
			}
			first, idle := -1, 0
			for i, v := range c.Values {
				if hasWildcard(v) {
					idle++
					if first < 0 {
						first = i
					}
				}
			}
			if first < 0 || p.claimed(s, -1) {
				continue
			}
			v := c.Values[first]
			fd := p.Report(at(s, v), "%s compares %s with %s letter by letter, and no request has a %s there: %s",
				c.Operator.Text, c.Key, quoted(v), wildcardOf(v), literalConsequence(s, c, idle, p.Document.Role))
			if like := strings.Replace(strings.Replace(c.Operator.Text.String(), "EqualsIgnoreCase", "Like", 1), "Equals", "Like", 1); c.Operator.Text.Span.Text() == c.Operator.Text.String() {
				fd.Fixes = []Fix{{Title: "compare with " + like, Edits: edits(c.Operator.Text.Span, like)}}
			}
			if idle == len(c.Values) && s.Effect == policy.Allow && !negated(c.Operator) && !c.Operator.IfExists && c.Operator.Set != policy.ForAllValues {
				p.claimAll(s)
			}
		}
	}
}

// literalConsequence says what comes of idle values of c that nothing equals.
func literalConsequence(s *policy.Statement, c policy.Condition, idle int, role string) string {
	switch {
	case idle < len(c.Values):
		return "this one of the values for " + role + " has no effect"
	case s.Effect == policy.Allow && negated(c.Operator):
		return "the condition on " + role + " restricts nothing"
	case s.Effect == policy.Deny && !negated(c.Operator):
		return "the statement denies " + role + " to nobody"
	case s.Effect == policy.Deny:
		return "the condition spares nobody from the denial of " + role
	case c.Operator.IfExists || c.Operator.Set == policy.ForAllValues:
		return "only callers without the key can assume " + role
	}
	return "nobody can assume " + role + " through this statement"
}

// negated reports whether op holds when none of the values matches.
func negated(op policy.Operator) bool { return strings.Contains(op.Name, "Not") }

// hasWildcard reports whether t has a * or ? that is known and not written as the variable ${*} or ${?}.
func hasWildcard(t policy.Text) bool { return wildcardOf(t) != "" }

// wildcardOf returns the first * or ? in t, "" when there is none.
func wildcardOf(t policy.Text) string {
	for _, part := range t.Parts {
		s := part.Literal
		for i := range len(s) {
			if (s[i] == '*' || s[i] == '?') && !(i >= 2 && s[i-2:i] == "${") {
				return s[i : i+1]
			}
		}
	}
	return ""
}
