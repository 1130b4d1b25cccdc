package rules

// SocialIdpAppMissing reports trust in the built-in providers of Google, Amazon and Facebook without a condition on the
// application.
var SocialIdpAppMissing = &Rule{
	ID:        "social-idp-app-missing",
	Title:     "Users of any application of a sign-in provider can assume the role",
	Level:     Error,
	Severity:  9.0,
	Precision: High,
	Tags:      []string{"exposure", "oidc"},
	needs:     trustsShared,
	Check:     socialIdpAppMissing,
}

func socialIdpAppMissing(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		switch e.statement.Principals[e.principal].Issuer {
		case "accounts.google.com", "www.amazon.com", "graph.facebook.com":
			return e.stranger == tenant
		}
		return false
	}, func(e *exposure) string {
		known, _ := tenancyOf(e.statement.Principals[e.principal].Issuer)
		return "users of any application registered with " + known.name + " can assume " + p.Document.Role + ": no condition on " + known.tenancy + " says which application"
	})
}
