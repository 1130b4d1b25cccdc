package rules

// ConditionWildcardValue reports values that match everything a stranger can have for the key that is to keep it out.
var ConditionWildcardValue = &Rule{
	ID:        "condition-wildcard-value",
	Title:     "Value of the condition matches callers that are not meant",
	Level:     Error,
	Severity:  8.0,
	Precision: High,
	Tags:      []string{"exposure"},
	needs:     trustsAnyAWS | conditions,
	Check:     conditionWildcardValue,
}

func conditionWildcardValue(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.cause == wildcardValue && e.stranger == anyone
	}, func(e *exposure) string {
		if e.value.IsZero() {
			return e.who() + " can assume " + p.Document.Role + ", whatever its " + e.condition.Key.String() + " is"
		}
		if e.condition.Name == "aws:username" {
			return e.who() + " can assume " + p.Document.Role + ": anyone can give a user of their own account a name that " + quoted(e.value) + " matches"
		}
		return e.who() + " can assume " + p.Document.Role + ": " + quoted(e.value) + " matches values of " + e.condition.Key.String() + " that anyone has"
	})
}
