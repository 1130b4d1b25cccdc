package rules

// GitLabSubUnscoped reports subjects of GitLab whose group is a pattern.
var GitLabSubUnscoped = &Rule{
	ID:        "gitlab-sub-unscoped",
	Title:     "Pipelines of any GitLab group can assume the role",
	Level:     Error,
	Severity:  9.5,
	Precision: VeryHigh,
	Tags:      []string{"exposure", "oidc", "gitlab"},
	needs:     trustsShared | conditions,
	Check:     gitLabSubUnscoped,
}

func gitLabSubUnscoped(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.stranger == tenant && e.statement.Principals[e.principal].Issuer == "gitlab.com" && e.cause == wildcardValue && e.condition.Name == "gitlab.com:sub"
	}, func(e *exposure) string {
		return "pipelines of GitLab groups that others own can assume " + p.Document.Role + ": " + quoted(e.value) + " leaves the group open"
	})
}
