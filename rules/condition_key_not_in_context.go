package rules

// ConditionKeyNotInContext reports condition keys that no request of the principal for the action carries.
var ConditionKeyNotInContext = &Rule{
	ID:        "condition-key-not-in-context",
	Title:     "Condition key is never part of such a request",
	Level:     Warning,
	Severity:  5.5,
	Precision: High,
	Tags:      []string{"correctness"},
	needs:     conditions,
	Check:     conditionKeyNotInContext,
}

func conditionKeyNotInContext(p *Pass) {
	p.absentKeys(func(a absentKey) bool { return a.kind == foreignKey })
}
