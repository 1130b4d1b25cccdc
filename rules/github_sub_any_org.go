package rules

// GitHubSubAnyOrg reports subjects of GitHub Actions whose organization is a pattern.
var GitHubSubAnyOrg = &Rule{
	ID:        "github-sub-any-org",
	Title:     "Workflows of any GitHub organization can assume the role",
	Level:     Error,
	Severity:  9.5,
	Precision: VeryHigh,
	Tags:      []string{"exposure", "oidc", "github"},
	needs:     trustsGitHub | conditions,
	Check:     gitHubSubAnyOrg,
}

func gitHubSubAnyOrg(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		address := e.statement.Principals[e.principal].Issuer
		return e.stranger == tenant && isGitHub(address) && e.cause == wildcardValue && e.condition.Name == address+":sub"
	}, func(e *exposure) string {
		if e.value.IsZero() {
			return "workflows of any GitHub repository can assume " + p.Document.Role
		}
		return "workflows of GitHub organizations that others own can assume " + p.Document.Role + ": " + quoted(e.value) + " leaves the organization open"
	})
}
