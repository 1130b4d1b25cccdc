package rules

// ConditionNegatedOnly reports conditions that only exclude, so that everybody else gets in.
var ConditionNegatedOnly = &Rule{
	ID:        "condition-negated-only",
	Title:     "Condition excludes some callers and lets in all others",
	Level:     Error,
	Severity:  8.0,
	Precision: High,
	Tags:      []string{"exposure"},
	needs:     usesNegation,
	Check:     conditionNegatedOnly,
}

func conditionNegatedOnly(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.cause == negatedOnly
	}, func(e *exposure) string {
		return e.who() + " can assume " + p.Document.Role + ", all but those that " + e.condition.Operator.Text.String() + " excludes by " + e.condition.Key.String()
	})
}
