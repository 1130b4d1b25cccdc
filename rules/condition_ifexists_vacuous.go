package rules

// ConditionIfExistsVacuous reports IfExists where a request without the key gets in.
var ConditionIfExistsVacuous = &Rule{
	ID:        "condition-ifexists-vacuous",
	Title:     "IfExists lets in callers whose request lacks the key, so the condition restricts nothing",
	Level:     Error,
	Severity:  8.0,
	Precision: High,
	Tags:      []string{"exposure"},
	Check:     conditionIfExistsVacuous,
}

func conditionIfExistsVacuous(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.cause == ifExists && classOf(keyName(*e.condition)) != mfaKey
	}, func(e *exposure) string {
		return e.who() + " can assume " + p.Document.Role + " with requests without " + e.condition.Key.String() + ", which " + e.condition.Operator.Text.String() + " lets pass"
	})
}
