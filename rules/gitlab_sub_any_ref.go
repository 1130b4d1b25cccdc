package rules

import (
	"fmt"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// GitLabSubAnyRef reports subjects of GitLab that name a project and leave open the branch.
var GitLabSubAnyRef = &Rule{
	ID:        "gitlab-sub-any-ref",
	Title:     "Pipelines on any branch or tag of a GitLab project can assume the role",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"exposure", "oidc", "gitlab"},
	needs:     trustsShared | conditions,
	Check:     gitLabSubAnyRef,
}

func gitLabSubAnyRef(p *Pass) {
	p.subjects("gitlab.com", func(s *policy.Statement, i int, v policy.Text, subject string) {
		path, rest, _ := strings.Cut(strings.TrimPrefix(subject, "project_path:"), ":")
		_, ref, named := strings.Cut(rest, ":ref:")
		if bindsClaim(s, "gitlab.com:ref_protected") || bindsClaim(s, "gitlab.com:user_id") || bindsClaim(s, "gitlab.com:user_login") {
			return
		}
		wide := strings.ContainsAny(path, "*?") && !bindsClaim(s, "gitlab.com:project_id")
		if !wide && (named && strings.Trim(ref, "*") != "" || rest != "" && !named && !strings.Contains(rest, "*")) {
			return
		}
		project := strings.Replace(path, "*", "example", 1)
		witness := p.letsSubject(s, i, "project_path:"+project+":ref_type:branch:ref:example", "project_path:"+project+":ref_type:tag:ref:v1", subject)
		if witness == nil || !p.claim(s, i) {
			return
		}
		if wide {
			which := fmt.Sprintf("that matches %q", path)
			if bindsClaim(s, "gitlab.com:namespace_id") {
				which = "of the namespace"
			}
			fd := p.Report(at(s, v), "pipelines of every GitLab project %s can assume %s", which, p.Document.Role)
			fd.Severity = 5.5
			fd.Witness = witness
			return
		}
		if strings.ContainsAny(path, "*?") {
			path = "with that ID"
		}
		fd := p.Report(at(s, v), "whoever can push a branch to the GitLab project %s can assume %s", path, p.Document.Role)
		fd.Witness = witness
	})
}
