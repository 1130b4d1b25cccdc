package access

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// condition says whether c holds: what the operator says of the key's value when it is there, and otherwise what its absence
// means. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func (e *evaluator) condition(c *policy.Condition) bool {
	key, known := e.world.text(c.Key)
	if !known || !c.Operator.Known {
		return false
	}
	attribute, present := e.request.Context.Get(key)
	name, negated := positive(c.Operator.Name)
	switch {
	case name == "Null":
		return e.null(c, present)
	case c.Operator.Set == policy.ForAllValues:
		// True for an absent key and for one without values: every one of no values matches.
		for _, v := range attribute.Values {
			if e.any(c, name, v) == negated {
				return false
			}
		}
		return true
	case c.Operator.Set == policy.ForAnyValue:
		for _, v := range attribute.Values {
			if e.any(c, name, v) != negated {
				return true
			}
		}
		return false
	case !present:
		return negated || c.Operator.IfExists
	case attribute.List:
		return false // a multivalued key needs a set operator
	}
	return e.any(c, name, attribute.Values[0]) != negated
}

// positive returns the operator that a negated one is the opposite of: a negated operator holds where none of its values
// match.
func positive(operator string) (name string, negated bool) {
	if strings.Contains(operator, "Not") {
		return strings.Replace(operator, "Not", "", 1), true
	}
	return operator, false
}

// null compares the absence of the key with "true" and "false". The set operators read a key that is not there as one
// without values, and its absence is no value: ForAllValues:Null is always true, ForAnyValue:Null always false.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
func (e *evaluator) null(c *policy.Condition, present bool) bool {
	switch c.Operator.Set {
	case policy.ForAllValues:
		return true
	case policy.ForAnyValue:
		return false
	}
	for _, value := range c.Values {
		v, known := e.world.text(value)
		if known && (strings.EqualFold(v, "true") && !present || strings.EqualFold(v, "false") && present) {
			return true
		}
	}
	return false
}

// any says whether one of the values of c matches x under the positive operator name.
func (e *evaluator) any(c *policy.Condition, name, x string) bool {
	for _, value := range c.Values {
		v, known := e.world.text(value)
		if known && e.matches(name, v, x) {
			return true
		}
	}
	return false
}

// matches says whether the value v of a policy matches the value x of a request.
func (e *evaluator) matches(operator, v, x string) bool {
	switch operator {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike":
		if operator == "StringEquals" && !e.hasVariable(v) {
			return v == x // as most conditions are
		}
		pattern, ok := e.expand(v)
		if !ok {
			return false // a variable without a value
		}
		switch operator {
		case "StringEquals":
			return pattern.text() == x
		case "StringEqualsIgnoreCase":
			return strings.EqualFold(pattern.text(), x)
		case "StringLike":
			return pattern.match(x)
		}
		return arnMatch(pattern, x)
	case "NumericEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals":
		n, ok := compareNumbers(x, v)
		return ok && ordered(strings.TrimPrefix(operator, "Numeric"), n)
	case "DateEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals":
		n, ok := compareDates(x, v)
		return ok && ordered(strings.TrimPrefix(operator, "Date"), n)
	case "Bool":
		return strings.EqualFold(v, x) && (strings.EqualFold(v, "true") || strings.EqualFold(v, "false"))
	case "BinaryEquals":
		return sameBytes(v, x)
	case "IpAddress":
		return inRange(x, v)
	}
	return false
}

// ordered says whether a comparison with result n satisfies the relation.
func ordered(relation string, n int) bool {
	switch relation {
	case "Equals":
		return n == 0
	case "LessThan":
		return n < 0
	case "LessThanEquals":
		return n <= 0
	case "GreaterThan":
		return n > 0
	}
	return n >= 0
}
