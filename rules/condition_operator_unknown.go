package rules

import "strings"

// ConditionOperatorUnknown reports condition operators that IAM does not have.
var ConditionOperatorUnknown = &Rule{
	ID:        "condition-operator-unknown",
	Title:     "Condition has an operator that does not exist, so IAM refuses the policy",
	Level:     Error,
	Severity:  7.0,
	Precision: VeryHigh,
	Tags:      []string{"correctness"},
	needs:     unknownOperator,
	Check:     conditionOperatorUnknown,
}

func conditionOperatorUnknown(p *Pass) {
	for _, s := range p.Document.Statements {
		reported := map[string]bool{}
		for _, c := range s.Conditions {
			name, known := c.Operator.Text.Literal()
			if !known || c.Operator.Known || reported[name] {
				continue
			}
			reported[name] = true
			near := nearest(name, operatorNames())
			fd := p.Report(at(s, c.Operator.Text), "IAM refuses the policy of %s: there is no condition operator %q%s",
				p.Document.Role, name, didYouMean(near))
			if near != "" && c.Operator.Text.Span.Text() == name {
				fd.Fixes = []Fix{{Title: "write " + near, Edits: edits(c.Operator.Text.Span, near)}}
			}
			p.claimAll(s)
		}
	}
}

// plainOperators are the condition operators without set operator and IfExists.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var plainOperators = []string{
	"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
	"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan",
	"NumericGreaterThanEquals", "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan",
	"DateGreaterThanEquals", "Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals",
	"ArnNotLike", "Null",
}

// operatorNames returns the condition operators, each also with IfExists and the set operators.
func operatorNames() []string {
	var names []string
	for _, set := range []string{"", "ForAllValues:", "ForAnyValue:"} {
		for _, n := range plainOperators {
			names = append(names, set+n)
			if n != "Null" {
				names = append(names, set+n+"IfExists")
			}
		}
	}
	return names
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return "; the nearest is " + name
}

// nearest returns the name that differs least from s, "" when none is within two letters of it.
func nearest(s string, names []string) string {
	best, least := "", 3
	for _, n := range names {
		if d := distance(strings.ToLower(s), strings.ToLower(n), least); d < least {
			best, least = n, d
		}
	}
	return best
}

// distance returns how many letters must be added, dropped, changed or swapped with their neighbour to make b of a, or limit
// when that is not less.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least >= limit {
			return limit
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit)
}
