package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// GitHubSubRepoPrefix reports subjects in which the name of the repository is a pattern.
var GitHubSubRepoPrefix = &Rule{
	ID:        "github-sub-repo-prefix",
	Title:     "Workflows of all repositories whose name begins alike can assume the role",
	Level:     Warning,
	Severity:  5.5,
	Precision: High,
	Tags:      []string{"exposure", "oidc", "github"},
	needs:     trustsGitHub | usesWildcard,
	Check:     gitHubSubRepoPrefix,
}

func gitHubSubRepoPrefix(p *Pass) {
	p.githubSubjects(func(s *policy.Statement, i int, v policy.Text, subject string) {
		g, ok := parseGitHubSubject(subject)
		if !ok || !g.named() || anyRepository(g) || p.allowedOrganization(g.owner) {
			return
		}
		name, id, immutable := strings.Cut(g.repository, "@")
		if !strings.ContainsAny(name, "*?") || immutable && !strings.ContainsAny(id, "*?") ||
			p.bindsGitHub(s, i, "repository_id", "repository", "job_workflow_ref") {
			return
		}
		witness := p.letsSubject(s, i, append(githubContexts(g.name()), plain(subject))...)
		if witness == nil || !p.claim(s, i) {
			return
		}
		fd := p.Report(at(s, v), "workflows of every repository of %s that matches %q can assume %s", g.owner, g.repository, p.Document.Role)
		fd.Witness = witness
	})
}
