package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// GitHubSubOrgWide reports subjects that match all repositories of an organization.
var GitHubSubOrgWide = &Rule{
	ID:        "github-sub-org-wide",
	Title:     "Workflows of every repository of a GitHub organization can assume the role",
	Level:     Error,
	Severity:  7.5,
	Precision: High,
	Tags:      []string{"exposure", "oidc", "github"},
	needs:     trustsGitHub | usesWildcard,
	Check:     gitHubSubOrgWide,
}

func gitHubSubOrgWide(p *Pass) {
	p.githubSubjects(func(s *policy.Statement, i int, v policy.Text, subject string) {
		g, ok := parseGitHubSubject(subject)
		if p.anyOfOwner(s, i, v, g, subject) || !ok || !g.named() || !anyRepository(g) || p.allowedOrganization(g.owner) ||
			p.bindsGitHub(s, i, "repository_id", "repository", "job_workflow_ref") {
			return
		}
		// A repository that no other value names.
		owner, repository := strings.Replace(g.owner, "@*", "@1234567", 1), "some-other-repository"
		subjects := append(githubContexts(owner+"/"+repository), "repo:"+owner+"/"+repository+":"+plain(g.context))
		if strings.Contains(owner, "@") {
			subjects = append(subjects, githubContexts(owner+"/"+repository+"@7654321")...)
		}
		witness := p.letsSubject(s, i, subjects...)
		if witness == nil || !p.claim(s, i) {
			return
		}
		fd := p.Report(at(s, v), "workflows of every repository of the GitHub organization %s can assume %s", g.owner, p.Document.Role)
		fd.Witness = witness
	})
}

// anyRepository reports whether the subject leaves the repository open. A pattern that ends in its owner's ID does.
func anyRepository(g githubSubject) bool {
	return g.repository != "" && strings.Trim(g.repository, "*@") == "" || g.repository == "" && strings.HasSuffix(g.owner, "@*")
}

// anyOfOwner reports a subject that leaves open the owner, where the ID of the owner is asked for instead.
func (p *Pass) anyOfOwner(s *policy.Statement, i int, v policy.Text, g githubSubject, subject string) bool {
	if strings.Trim(subject, "*?") != "" && !(strings.HasPrefix(g.owner, "*") && strings.Trim(g.repository, "*") == "") ||
		p.bindsGitHub(s, i, "repository_id", "repository", "job_workflow_ref") {
		return false
	}
	id, known := "", false
	for _, c := range s.Conditions {
		if c.Name == s.Principals[i].Issuer+":repository_owner_id" && asksForValue(c) && len(c.Values) > 0 {
			id, known = spelledOut(c.Values[0])
		}
	}
	if !known || p.allowedOrganization(id) {
		return false
	}
	witness := p.letsSubject(s, i, append(githubContexts("example/some-other-repository"), plain(subject))...)
	if witness == nil || !p.claim(s, i) {
		return false
	}
	fd := p.Report(at(s, v), "workflows of every repository of the GitHub owner with the ID %s can assume %s", id, p.Document.Role)
	fd.Witness = witness
	return true
}
