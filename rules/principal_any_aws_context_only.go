package rules

// PrincipalAnyAWSContextOnly reports roles that every AWS account can assume, restricted only by how and when the call is
// made.
var PrincipalAnyAWSContextOnly = &Rule{
	ID:        "principal-any-aws-context-only",
	Title:     "Any AWS principal can assume the role if it calls in the right way",
	Level:     Error,
	Severity:  8.0,
	Precision: High,
	Tags:      []string{"exposure"},
	needs:     trustsAnyAWS | conditions,
	Check:     principalAnyAWSContextOnly,
}

func principalAnyAWSContextOnly(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.stranger == anyone && e.cause == contextOnly
	}, func(e *exposure) string {
		return "any AWS principal can assume " + p.Document.Role + ": " + keysOf(e.effort) + " not say who calls"
	})
}
