package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// This file has the requests that findings show. A rule that says who gets in asks for a request that shows just that: one
// that the policy allows anyway shows nothing of what is wrong with it. Strangers, who get in though a statement seems to keep
// them out, have their request from the search for them: see attempt.go.

// grants returns who can assume the role, worked out once for all rules.
func (p *Pass) grants() []access.Grant {
	if !p.shared.asked {
		p.shared.asked = true
		p.shared.grants = access.Who(p.Document, p.asking())
	}
	return p.shared.grants
}

// A showing is a request that shows what a finding claims, or the lack of one.
type showing struct {
	request *access.Request
	// refuted: no request shows it, since other conditions or a Deny keep out whoever could. Where neither is so, too much of
	// the policy is unknown to tell.
	refuted bool
}

// shows looks for a request of principal i of s that meets claim.
func (p *Pass) shows(s *policy.Statement, i int, claim ...policy.Condition) showing {
	if s.Incomplete {
		return showing{}
	}
	decided := true
	for j := range p.grants() {
		g := &p.shared.grants[j]
		switch {
		case g.From == nil:
			decided = false // something of the policy that is not known
		case g.From.Index != s.Index || g.Principal != nil && g.Principal.ID.Span != s.Principals[i].ID.Span || !assumes(g.Action):
		case g.Undecided:
			decided = false
		default:
			if r, ok := g.Find(claim...); ok {
				if decision, _ := access.Assume(p.Document, r, g.World); decision.OK() {
					return showing{request: &r}
				}
			}
		}
	}
	return showing{refuted: decided && !p.denyUnknown()}
}

// showsAny is shows for any principal of s.
func (p *Pass) showsAny(s *policy.Statement, claim ...policy.Condition) showing {
	best := showing{refuted: true}
	for i := range s.Principals {
		switch show := p.shows(s, i, claim...); {
		case show.request != nil:
			return show
		case !show.refuted:
			best.refuted = false
		}
	}
	return best
}

// showsUser returns a request of an IAM user that s allows and that meets claim, nil when none is known.
func (p *Pass) showsUser(s *policy.Statement, claim ...policy.Condition) *access.Request {
	for i := range p.grants() {
		g := &p.shared.grants[i]
		if g.From == nil || g.From.Index != s.Index || g.Undecided || !assumes(g.Action) {
			continue
		}
		if r, ok := g.Find(claim...); ok && strings.Contains(r.Principal, ":user/") {
			return &r
		}
	}
	return nil
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
		filled[j] = plain(subject)
	}
	if strings.Contains(filled[0], "${") {
		return p.letsNamed(s, i, filled)
	}
	return p.lets(s, claimOf(s, i, "sub"), filled...)
}

// letsNamed is letsSubject for subjects with names that are not known, as spelledOut writes them.
func (p *Pass) letsNamed(s *policy.Statement, i int, subjects []string) *access.Request {
	principal, known := sampleIn(s.Principals[i].ID, p.world(s))
	if !known {
		principal = shown(s.Principals[i].ID)
	}
	for _, subject := range subjects {
		var b strings.Builder
		for {
			before, rest, hole := strings.Cut(subject, "${")
			b.WriteString(before)
			if !hole {
				break
			}
			var expr string
			expr, subject, _ = strings.Cut(rest, "}")
			b.WriteString(standIn(expr))
		}
		c := caller{
			principal: principal, action: access.AssumeRoleWithWebIdentity,
			context: access.Context{{Key: claimOf(s, i, "sub"), Values: []string{b.String()}}},
			sets:    func(string) []string { return nil },
			pinned:  func(key string) bool { return key == strings.ToLower(claimOf(s, i, "sub")) },
		}
		if a, ok := p.try(s, c); ok {
			return &a.request
		}
	}
	return nil
}

// plain returns pattern with a plain word in place of each wildcard.
func plain(pattern string) string {
	return spellOut(pattern, "example", "x")
}

// claimOf returns the key of a claim of the tokens of principal i of s, as the conditions of s write it.
func claimOf(s *policy.Statement, i int, name string) string {
	key := s.Principals[i].Issuer + ":" + name
	for _, c := range s.Conditions {
		if c.Name == key {
			return c.Key.String()
		}
	}
	return key
}

// githubContexts returns the subjects of the workflows of a repository, named with its owner, in each context: a branch, an
// environment, a pull request, a tag.
func githubContexts(repository string) []string {
	subjects := make([]string, 0, 5)
	for _, context := range [...]string{"ref:refs/heads/example", "ref:refs/heads/main", "environment:production", "pull_request", "ref:refs/tags/v1"} {
		subjects = append(subjects, "repo:"+repository+":"+context)
	}
	return subjects
}

// showWitness gives a finding about who gets in the request of a grant of its statement, where so little of the policy is known
// that no request shows just what it says.
func (p *Pass) showWitness(f *Finding) {
	if f.Witness != nil || f.Level < Warning || !slices.Contains(f.Rule.Tags, "exposure") {
		return
	}
	for i := range p.grants() {
		if g := &p.shared.grants[i]; g.From != nil && g.From.Span == f.Statement && !g.From.Incomplete && !g.Undecided && len(g.Witness.Principal) > 0 && assumes(g.Action) {
			witness := g.Witness // a copy: a pointer into the grant would keep all that was worked out about the policy
			f.Witness = &witness
			return
		}
	}
}

// assumes reports whether a call of the action ends with the role assumed.
func assumes(action string) bool {
	return action == access.AssumeRole || action == access.AssumeRoleWithSAML || action == access.AssumeRoleWithWebIdentity
}
