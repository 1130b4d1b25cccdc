package rules

// ConditionCallerControlled reports roles that any AWS principal can assume by choosing a session name, a tag or the like.
var ConditionCallerControlled = &Rule{
	ID:        "condition-caller-controlled",
	Title:     "Condition asks only for values that the caller chooses",
	Level:     Warning,
	Severity:  6.0,
	Precision: High,
	Tags:      []string{"exposure"},
	needs:     asksCaller,
	Check:     conditionCallerControlled,
}

func conditionCallerControlled(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.cause == callerChosen && e.stranger == anyone
	}, func(e *exposure) string {
		return "any AWS principal can assume " + p.Document.Role + ": the caller chooses " + keyList(e.effort)
	})
}
