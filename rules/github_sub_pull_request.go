package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// GitHubSubPullRequest reports subjects for pull requests: their workflows run code that nobody has reviewed.
var GitHubSubPullRequest = &Rule{
	ID:        "github-sub-pull-request",
	Title:     "Workflows that run for pull requests can assume the role",
	Level:     Warning,
	Severity:  5.5,
	Precision: High,
	Tags:      []string{"exposure", "oidc", "github"},
	needs:     trustsGitHub | conditions,
	Check:     gitHubSubPullRequest,
}

func gitHubSubPullRequest(p *Pass) {
	p.githubSubjects(func(s *policy.Statement, i int, v policy.Text, subject string) {
		g, ok := parseGitHubSubject(subject)
		if !ok || !glob(g.context, "pull_request") || strings.Trim(g.context, "*?") == "" || p.bindsGitHub(s, i, "job_workflow_ref", "environment") {
			return
		}
		witness := p.letsSubject(s, i, "repo:"+g.name()+":pull_request")
		if witness == nil || !p.claim(s, i) {
			return
		}
		fd := p.Report(at(s, v), "whoever can open a pull request from a branch of %s can assume %s", g.name(), p.Document.Role)
		fd.Witness = witness
	})
}
