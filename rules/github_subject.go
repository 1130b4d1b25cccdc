package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// A githubSubject is a value for the subject of a token of GitHub Actions in the default form,
// repo:OWNER/REPOSITORY:CONTEXT, where names may be followed by @ and an ID.
// https://docs.github.com/en/actions/reference/security/oidc
type githubSubject struct {
	owner, repository, context string
	unknown                    string // in place of owner and repository: the expression that both come from
}

// parseGitHubSubject takes a subject apart; false when it has not the default form.
func parseGitHubSubject(s string) (githubSubject, bool) {
	rest, ok := strings.CutPrefix(s, "repo:")
	if !ok {
		return githubSubject{}, false
	}
	var g githubSubject
	if whole, context, ok := strings.Cut(rest, ":"); ok && strings.HasPrefix(whole, "${") && !strings.Contains(whole, "/") {
		return githubSubject{unknown: whole, context: context}, true // one name for both, which is not known
	}
	g.owner, rest, _ = strings.Cut(rest, "/")
	g.repository, g.context, _ = strings.Cut(rest, ":")
	return g, true
}

// name returns the repository with its owner.
func (g githubSubject) name() string {
	if g.unknown != "" {
		return g.unknown
	}
	return g.owner + "/" + g.repository
}

// githubSubjects calls f for each value for the subject of GitHub's tokens that may match, of principals without a finding. The values
// are looked for once.
func (p *Pass) githubSubjects(f func(s *policy.Statement, i int, v policy.Text, subject string)) {
	if !p.shared.sifted {
		p.shared.sifted = true
		var addresses []string
		for _, s := range p.Document.Statements {
			for _, pr := range s.Principals {
				if a := pr.Issuer; isGitHub(a) && !slices.Contains(addresses, a) {
					addresses = append(addresses, a)
					p.shared.github = append(p.shared.github, p.demands(a)...)
				}
			}
		}
	}
	p.unclaimed(p.shared.github, f)
}

// named reports whether owner is the name of one owner, perhaps with an ID, which may be a pattern: without it owners have the
// same name one after the other.
func (g githubSubject) named() bool {
	name, _, _ := strings.Cut(g.owner, "@")
	return name != "" && !strings.ContainsAny(name, "*?")
}

// anyContext reports whether the subject names a repository and leaves open what runs in it.
func (g githubSubject) anyContext() bool {
	if g.unknown != "" {
		return strings.Trim(g.context, "*?") == ""
	}
	name, _, _ := strings.Cut(g.repository, "@")
	return g.named() && name != "" && !strings.ContainsAny(name, "*?") && g.context != "" && strings.Trim(g.context, "*?") == ""
}

// anyBranch reports whether the subject names a repository and leaves open the branch or tag, but not that it is one.
func (g githubSubject) anyBranch() bool {
	ref, ok := strings.CutPrefix(g.context, "ref:")
	g.context = "*"
	return ok && g.anyContext() && (strings.Trim(ref, "*") == "" || ref == "refs/*" || ref == "refs/heads/*")
}

// bindsGitHub reports whether s asks for a value of one of the claims, also one that is not known, or a Deny is about all other
// values. That the request has the claim must follow: not every token has an environment.
func (p *Pass) bindsGitHub(s *policy.Statement, i int, claims ...string) bool {
	address := s.Principals[i].Issuer
	for _, name := range claims {
		if bindsClaim(s, address+":"+name) && !slices.ContainsFunc(s.Conditions, func(c policy.Condition) bool {
			return c.Name == address+":"+name && name == "environment" && (c.Operator.IfExists || c.Operator.Set == policy.ForAllValues)
		}) {
			return true
		}
	}
	return slices.ContainsFunc(p.Document.Statements, func(d *policy.Statement) bool {
		return d.Effect == policy.Deny && appliesTo(d, s.Principals[i]) && deniesOthers(d, address, claims)
	})
}

// appliesTo reports whether the principals and actions of the Deny d cover pr and what it assumes the role with.
func appliesTo(d *policy.Statement, pr policy.Principal) bool {
	covered, _ := allows(d, access.AssumeRoleWithWebIdentity)
	return covered && slices.ContainsFunc(d.Principals, func(of policy.Principal) bool {
		return of.Type == policy.Anyone || kindOf(of) == anyAWS || of.Type == pr.Type && of.ID.String() == pr.ID.String()
	})
}

// deniesOthers reports whether each condition of d is about all values but those that it names of one of the claims: one that is about
// anything else leaves room beside it.
func deniesOthers(d *policy.Statement, address string, claims []string) bool {
	for _, c := range d.Conditions {
		claim, ok := strings.CutPrefix(c.Name, address+":")
		if !ok || !slices.Contains(claims, claim) || !negated(c.Operator) || c.Operator.Set == policy.ForAnyValue {
			return false
		}
	}
	return len(d.Conditions) > 0
}

// allowedOrganization reports whether every repository of the GitHub organization may get in, by configuration.
func (p *Pass) allowedOrganization(owner string) bool {
	name, _, _ := strings.Cut(owner, "@")
	return p.run.github[strings.ToLower(name)]
}
