package rules

// OIDCWrongIssuerKey reports claims whose issuer is not the one of the principal.
var OIDCWrongIssuerKey = &Rule{
	ID:        "oidc-wrong-issuer-key",
	Title:     "Condition asks for claims of another identity provider than the one trusted",
	Level:     Warning,
	Severity:  5.5,
	Precision: High,
	Tags:      []string{"correctness", "oidc"},
	needs:     conditions,
	Check:     oidcWrongIssuerKey,
}

func oidcWrongIssuerKey(p *Pass) {
	p.absentKeys(func(a absentKey) bool { return a.kind == wrongIssuer })
}
