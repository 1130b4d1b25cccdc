package rules

import (
	"github.com/trustvet/trustvet/internal/policy"
)

// GitHubSubAnyRef reports subjects that name a repository and leave open the branch or environment.
var GitHubSubAnyRef = &Rule{
	ID:        "github-sub-any-ref",
	Title:     "Workflows on any branch, tag or pull request of a repository can assume the role",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"exposure", "oidc", "github"},
	needs:     trustsGitHub | usesWildcard,
	Check:     gitHubSubAnyRef,
}

func gitHubSubAnyRef(p *Pass) {
	p.githubSubjects(func(s *policy.Statement, i int, v policy.Text, subject string) {
		g, ok := parseGitHubSubject(subject)
		if !ok || !g.anyContext() && !g.anyBranch() ||
			p.bindsGitHub(s, i, "ref", "environment", "job_workflow_ref") {
			return
		}
		witness := p.letsSubject(s, i, githubContexts(g.name())...)
		// A note leaves the principal to rules that weigh more.
		if witness == nil || !g.anyBranch() && !p.claim(s, i) {
			return // something else keeps them out
		}
		fd := p.Report(at(s, v), "whoever can push a branch to %s can assume %s", g.name(), p.Document.Role)
		fd.Witness = witness
		if g.anyBranch() {
			fd.Level, fd.Severity = Note, 3.0 // not by what pull requests and environments run
		}
	})
}
