package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// GitHubSubMalformed reports subjects that no token of GitHub Actions has.
var GitHubSubMalformed = &Rule{
	ID:        "github-sub-malformed",
	Title:     "Subject matches no token of GitHub Actions",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"correctness", "oidc", "github"},
	needs:     trustsGitHub | conditions,
	Check:     gitHubSubMalformed,
}

func gitHubSubMalformed(p *Pass) {
	type statement struct {
		s *policy.Statement
		i int
	}
	idle := map[statement]int{}
	p.githubSubjects(func(s *policy.Statement, i int, v policy.Text, subject string) {
		why := githubFault(subject)
		if why == "" || v.Unknown() != nil {
			return
		}
		p.Report(at(s, v), "no workflow can assume %s with the subject %s: %s", p.Document.Role, quoted(v), why)
		idle[statement{s, i}]++
	})
	for st, n := range idle {
		address := st.s.Principals[st.i].Issuer
		for _, c := range st.s.Conditions {
			if c.Name == address+":sub" && n == len(c.Values) {
				p.claim(st.s, st.i)
			}
		}
	}
}

// githubTemplate matches the beginning of a subject by a customised template: the name of a claim and a colon.
var githubTemplate = lazily(`^[a-z_]+:`)

// githubTemplateClaims are the claims that a customised subject can be made of.
// https://docs.github.com/en/actions/reference/security/oidc
var githubTemplateClaims = []string{"repo", "repository", "repository_id", "repository_owner", "repository_owner_id", "repository_visibility",
	"context", "ref", "ref_type", "ref_protected", "base_ref", "head_ref", "environment", "environment_node_id", "event_name", "actor", "actor_id",
	"workflow", "workflow_ref", "workflow_sha", "job_workflow_ref", "job_workflow_sha", "run_id", "run_number", "run_attempt", "sha",
	"runner_environment", "enterprise", "enterprise_id", "pull_request"}

// githubFault says why no token of GitHub Actions has the subject, "" when one may.
func githubFault(subject string) string {
	if strings.ContainsAny(subject, " \t\n") {
		return "subjects have no white space"
	}
	g, ok := parseGitHubSubject(subject)
	if !ok {
		switch {
		case strings.ContainsAny(subject[:min(len(subject), 5)], "*?"):
			return ""
		case githubTemplate().MatchString(subject):
			word, _, _ := strings.Cut(subject, ":")
			if near := nearest(word, githubTemplateClaims); word == "https" || near != "" && near != word && !slices.Contains(githubTemplateClaims, word) {
				return "subjects begin with repo: or the name of another claim" + didYouMean(near)
			}
			return ""
		}
		return "subjects begin with repo: or the name of another claim"
	}
	word, _, value := strings.Cut(g.context, ":")
	switch {
	case strings.Contains(g.owner, "*"):
		return "" // it may match anything
	case strings.Contains(g.owner, ":"):
		return "the name of the repository's owner stands right behind repo:"
	case g.repository == "":
		return "it has no repository"
	case strings.HasSuffix(g.repository, ".git"):
		return "names of repositories have no .git"
	case g.context == "" && !strings.HasSuffix(subject, "*"):
		return "it ends before the branch, the environment or the kind of event"
	case strings.Contains(g.context, "refs/head/"), strings.Contains(g.context, "refs/tag/"):
		return "branches are refs/heads/ and tags refs/tags/"
	case strings.HasPrefix(g.context, "refs/"):
		return "a branch stands behind ref:, as in ref:refs/heads/main"
	case strings.HasPrefix(g.context, "ref:") && !strings.HasPrefix(g.context, "ref:refs/") && !strings.ContainsAny(g.context[:min(len(g.context), 9)], "*?"):
		return "branches are written ref:refs/heads/NAME"
	case g.context != "" && !value && word != "pull_request" && !strings.ContainsAny(word, "*?"):
		return "behind the repository stands ref:, environment:, pull_request or another claim with its value"
	case value && slices.Contains([]string{"branch", "branches", "head", "heads", "tag", "tags", "env", "pull-request", "pr"}, word):
		return "there is no claim " + word + ": branches and tags stand behind ref:, environments behind environment:"
	}
	return ""
}
