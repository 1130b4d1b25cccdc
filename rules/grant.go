package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// grants returns who can assume the role, worked out once for all rules.
func (p *Pass) grants() []access.Grant {
	if !p.shared.asked {
		p.shared.asked = true
		p.shared.grants = access.Who(p.Document, access.Options{Now: p.Options.Now})
	}
	return p.shared.grants
}

// lets returns a request that s allows with one of values for the key, nil when it allows none of them: other conditions,
// or a Deny, may keep them out.
func (p *Pass) lets(s *policy.Statement, key string, values ...string) *access.Request {
	for i := range p.grants() {
		g := &p.shared.grants[i]
		if g.From == nil || g.From.Index != s.Index || g.Undecided || g.Action != access.AssumeRoleWithWebIdentity {
			continue
		}
		for _, v := range values {
			if r, ok := g.Find(access.If("StringEquals", key, v)); ok {
				return &r
			}
		}
	}
	return nil
}

// letsWithout returns a request that s allows without the key, or any that it allows where every call has the key. It is nil
// when none is known to be allowed.
func (p *Pass) letsWithout(s *policy.Statement, key string) *access.Request {
	var allowed *access.Request
	for i := range p.grants() {
		g := &p.shared.grants[i]
		if g.From == nil || g.From.Index != s.Index || g.Undecided || !assumes(g.Action) {
			continue
		}
		if r, ok := g.Find(access.If("Null", key, "true")); ok {
			return &r
		}
		if allowed == nil {
			allowed = &g.Witness
		}
	}
	return allowed
}

// letsSubject is lets for the subject of a token of principal i of s. Each wildcard of the subjects stands for a plain word.
func (p *Pass) letsSubject(s *policy.Statement, i int, subjects ...string) *access.Request {
	filled := make([]string, len(subjects))
	for j, subject := range subjects {
		filled[j] = strings.NewReplacer("*", "example", "?", "x").Replace(subject)
	}
	return p.lets(s, subjectOf(s.Principals[i]).issuer()+":sub", filled...)
}

// githubContexts returns the subjects of the workflows of a repository in each context: a branch, an environment, a pull
// request, a tag.
func githubContexts(owner, repository string) []string {
	var subjects []string
	for _, context := range []string{"ref:refs/heads/example", "ref:refs/heads/main", "environment:production", "pull_request", "ref:refs/tags/v1"} {
		subjects = append(subjects, "repo:"+owner+"/"+repository+":"+context)
	}
	return subjects
}

// showWitness gives a finding about who gets in the request of a grant of its statement, where the rule has none of its own.
func (p *Pass) showWitness(f *Finding) {
	if f.Witness != nil || f.Level < Warning || !slices.Contains(f.Rule.Tags, "exposure") {
		return
	}
	for i := range p.grants() {
		if g := &p.shared.grants[i]; g.From != nil && g.From.Span == f.Statement && !g.From.Incomplete && !g.Undecided && len(g.Witness.Principal) > 0 && assumes(g.Action) {
			f.Witness = &g.Witness
			return
		}
	}
}

// assumes reports whether a call of the action ends with the role assumed.
func assumes(action string) bool {
	return action == access.AssumeRole || action == access.AssumeRoleWithSAML || action == access.AssumeRoleWithWebIdentity
}
