package rules

// ConditionForAllValuesVacuous reports ForAllValues where a request without the key gets in.
var ConditionForAllValuesVacuous = &Rule{
	ID:        "condition-forallvalues-vacuous",
	Title:     "ForAllValues holds for a request without the key, so the condition restricts nothing",
	Level:     Error,
	Severity:  8.0,
	Precision: High,
	Tags:      []string{"exposure"},
	needs:     usesForAllValues,
	Check:     conditionForAllValuesVacuous,
}

func conditionForAllValuesVacuous(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.cause == forAllValues
	}, func(e *exposure) string {
		return e.who() + " can assume " + p.Document.Role + ": " + e.condition.Operator.Text.String() + " holds for requests without " + e.condition.Key.String()
	})
}
