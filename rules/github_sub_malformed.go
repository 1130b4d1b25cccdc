package rules

import (
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
		if why == "" {
			return
		}
		p.Report(at(s, v), "no workflow can assume %s with the subject %s: %s", p.Document.Role, quoted(v), why)
		idle[statement{s, i}]++
	})
	for st, n := range idle {
		address := addressOf(st.s.Principals[st.i])
		for _, c := range st.s.Conditions {
			if keyName(c) == address+":sub" && n == len(c.Values) {
				p.claim(st.s, st.i)
			}
		}
	}
}

// githubTemplate matches the beginning of a subject by a customised template: the name of a claim and a colon.
var githubTemplate = lazily(`^[a-z_]+:`)

// githubFault says why no token of GitHub Actions has the subject, "" when one may.
func githubFault(subject string) string {
	if strings.ContainsAny(subject, " \t\n") {
		return "subjects have no white space"
	}
	g, ok := parseGitHubSubject(subject)
	if !ok {
		switch {
		case strings.ContainsAny(subject[:min(len(subject), 5)], "*?"), githubTemplate().MatchString(subject) && !strings.HasPrefix(subject, "https:"):
			return ""
		}
		return "subjects begin with repo: or the name of another claim"
	}
	switch {
	case strings.Contains(g.owner, "*"):
		return "" // it may match anything
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
	}
	return ""
}
