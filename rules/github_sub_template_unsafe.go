package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// GitHubSubTemplateUnsafe reports customised subjects that begin with a claim that the author of any workflow chooses.
var GitHubSubTemplateUnsafe = &Rule{
	ID:        "github-sub-template-unsafe",
	Title:     "Subject begins with what anyone can set and does not say whose repository it is",
	Level:     Error,
	Severity:  8.5,
	Precision: High,
	Tags:      []string{"exposure", "oidc", "github"},
	needs:     trustsGitHub | conditions,
	Check:     gitHubSubTemplateUnsafe,
}

func gitHubSubTemplateUnsafe(p *Pass) {
	p.githubSubjects(func(s *policy.Statement, i int, v policy.Text, subject string) {
		name, rest, ok := strings.Cut(subject, ":")
		switch name {
		case "workflow", "ref", "head_ref", "base_ref", "context", "actor", "environment", "event_name":
		default:
			return
		}
		if !ok || v.Unknown() != nil || namesRepository(rest) || p.bindsGitHub(s, i, "repository_id", "repository_owner_id", "repository", "enterprise_id") {
			return
		}
		witness := p.letsSubject(s, i, subject)
		if witness == nil || !p.claim(s, i) {
			return
		}
		fd := p.Report(at(s, v), "workflows of any GitHub repository with such a template can assume %s: %s says nothing about whose repository it is", p.Document.Role, quoted(v))
		fd.Witness = witness
	})
}

// namesRepository reports whether the rest of a customised subject names a repository or its owner in full.
func namesRepository(rest string) bool {
	for _, claim := range []string{"repo:", "repository:", "repository_owner:", "repository_id:", "repository_owner_id:", "job_workflow_ref:"} {
		if _, value, ok := strings.Cut(":"+rest, ":"+claim); ok {
			value, _, _ = strings.Cut(value, ":")
			owner, _, _ := strings.Cut(value, "/")
			if owner != "" && !strings.ContainsAny(owner, "*?") {
				return true
			}
		}
	}
	return false
}
