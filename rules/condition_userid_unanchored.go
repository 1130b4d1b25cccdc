package rules

// ConditionUserIDUnanchored reports patterns for aws:userid that begin before the unique ID of a role or user ends.
var ConditionUserIDUnanchored = &Rule{
	ID:        "condition-userid-unanchored",
	Title:     "User ID is compared from the session name on, which the caller chooses",
	Level:     Error,
	Severity:  8.0,
	Precision: High,
	Tags:      []string{"exposure"},
	Check:     conditionUserIDUnanchored,
}

func conditionUserIDUnanchored(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.cause == unanchoredUserID
	}, func(e *exposure) string {
		return e.who() + " can assume " + p.Document.Role + " with a session of the right name: " + quoted(e.value) + " does not begin with the ID of a role or user"
	})
}
