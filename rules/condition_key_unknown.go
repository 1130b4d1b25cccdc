package rules

// ConditionKeyUnknown reports condition keys that AWS does not have.
var ConditionKeyUnknown = &Rule{
	ID:        "condition-key-unknown",
	Title:     "Condition key does not exist",
	Level:     Warning,
	Severity:  5.5,
	Precision: High,
	Tags:      []string{"correctness"},
	needs:     conditions,
	Check:     conditionKeyUnknown,
}

func conditionKeyUnknown(p *Pass) {
	p.absentKeys(func(a absentKey) bool { return a.kind == unknownKey })
}
