package rules

// PrincipalAnyAWS reports roles that every AWS account can assume.
var PrincipalAnyAWS = &Rule{
	ID:        "principal-any-aws",
	Title:     "Any AWS principal, of any account, can assume the role",
	Level:     Error,
	Severity:  9.5,
	Precision: High,
	Tags:      []string{"exposure"},
	needs:     trustsAnyAWS,
	Check:     principalAnyAWS,
}

func principalAnyAWS(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.stranger == anyone && e.cause == noCondition
	}, func(e *exposure) string {
		return "any AWS principal, of any account, can assume " + p.Document.Role
	})
}
