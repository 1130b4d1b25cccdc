package rules

// ConditionPrincipalTagUnbounded reports roles that are open to any AWS principal with a certain tag.
var ConditionPrincipalTagUnbounded = &Rule{
	ID:        "condition-principaltag-unbounded",
	Title:     "Tags of the caller are the only bound, and anyone can tag a role of their own account",
	Level:     Error,
	Severity:  8.0,
	Precision: High,
	Tags:      []string{"exposure", "abac"},
	needs:     asksTag,
	Check:     conditionPrincipalTagUnbounded,
}

func conditionPrincipalTagUnbounded(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.cause == principalTagged && e.stranger == anyone
	}, func(e *exposure) string {
		return "any AWS principal with the right tag can assume " + p.Document.Role + ": the administrator of the caller's account sets " + keyList(e.effort)
	})
}
