package rules

// ServiceSourceWildcard reports patterns for aws:SourceArn and aws:SourceAccount that resources of other accounts match.
var ServiceSourceWildcard = &Rule{
	ID:        "service-source-wildcard",
	Title:     "Pattern for the source of a service matches resources of other accounts",
	Level:     Warning,
	Severity:  5.5,
	Precision: High,
	Tags:      []string{"confused-deputy"},
	needs:     trustsService | conditions,
	Check:     serviceSourceWildcard,
}

func serviceSourceWildcard(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.stranger == deputy && e.cause == wildcardValue
	}, func(e *exposure) string {
		who := e.statement.Principals[e.principal].ID.String()
		if e.value.IsZero() {
			return who + " can assume " + p.Document.Role + " for resources of any account"
		}
		return who + " can assume " + p.Document.Role + " for resources of other accounts: " + quoted(e.value) + " leaves the account open"
	})
}
