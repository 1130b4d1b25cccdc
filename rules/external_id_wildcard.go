package rules

// ExternalIDWildcard reports patterns for the external ID.
var ExternalIDWildcard = &Rule{
	ID:        "external-id-wildcard",
	Title:     "Pattern for the external ID matches IDs that others have",
	Level:     Error,
	Severity:  7.5,
	Precision: High,
	Tags:      []string{"exposure", "confused-deputy"},
	needs:     asksExternalID,
	Check:     externalIDWildcard,
}

func externalIDWildcard(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.cause == wildcardValue && e.stranger == thirdParty && e.condition.Name == "sts:externalid"
	}, func(e *exposure) string {
		if e.value.IsZero() {
			return e.who() + " can assume " + p.Document.Role + " with any external ID"
		}
		return e.who() + " can assume " + p.Document.Role + " for any of its customers whose external ID matches " + quoted(e.value)
	})
}
