package rules

// CIOIDCSubUnscoped reports subjects of other shared issuers whose tenant is a pattern.
var CIOIDCSubUnscoped = &Rule{
	ID:        "ci-oidc-sub-unscoped",
	Title:     "Tenants of a shared build service can assume the role",
	Level:     Error,
	Severity:  9.0,
	Precision: High,
	Tags:      []string{"exposure", "oidc"},
	needs:     trustsShared | conditions,
	Check:     ciOIDCSubUnscoped,
}

func ciOIDCSubUnscoped(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.stranger == tenant && e.cause == wildcardValue
	}, func(e *exposure) string {
		if e.value.IsZero() {
			return e.who() + " can assume " + p.Document.Role
		}
		return e.who() + " can assume " + p.Document.Role + ": " + quoted(e.value) + " for " + e.condition.Key.String() + " leaves open whose"
	})
}
