package rules

import (
	"strings"
	"sync"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// A grammar is the form of the subjects of a shared issuer: prefix, tenant, delimiter, rest. Who can get a token with a
// subject is decided by the tenant in it.
type grammar struct {
	prefix, delimiter, rest string
}

// A tenancy is how an issuer tells its tenants apart.
type tenancy struct {
	issuer
	grammar grammar
}

// tenancyOf returns the tenancy of a shared issuer; false for one that serves a single tenant or is not known.
func tenancyOf(address string) (tenancy, bool) {
	known, shared := issuerOf(address)
	switch {
	case isGitHub(address):
		if !shared {
			return tenancy{}, false // the issuer of one enterprise
		}
		return tenancy{known, grammar{"repo:", "/", "app:ref:refs/heads/main"}}, true
	case !shared:
		return tenancy{}, false
	}
	g := grammar{"", ":", "x"}
	switch address {
	case "gitlab.com":
		g = grammar{"project_path:", "/", "app:ref_type:branch:ref:main"}
	case "app.terraform.io":
		g = grammar{"organization:", ":", "project:app:workspace:app:run_phase:apply"}
	case "agent.buildkite.com":
		g = grammar{"organization:", ":", "pipeline:app:ref:refs/heads/main:commit:0123abc:step:deploy"}
	case "oidc.codefresh.io", "scalr.io":
		g = grammar{"account:", ":", "environment:app:workspace:app"}
	case "proidc.upbound.io":
		g = grammar{"mcp:", "/", "app:provider:provider-aws"}
	case "oidc.vercel.com":
		g = grammar{"owner:", ":", "project:app:environment:production"}
	case "api.pulumi.com/oidc":
		g = grammar{"pulumi:deploy:org:", ":", "project:app:stack:app:operation:update:scope:write"}
	}
	return tenancy{known, g}, true
}

const outsiderTenant = "outsider"

// subject returns the subject of a token of another tenant.
func (g grammar) subject() string { return g.prefix + outsiderTenant + g.delimiter + g.rest }

// whole reports whether s is a subject of this form.
func (g grammar) whole(s string) bool {
	rest, ok := strings.CutPrefix(s, g.prefix)
	tenant, rest, _ := strings.Cut(rest, g.delimiter)
	return ok && tenant != "" && rest != "" && !strings.Contains(rest, "\n")
}

// foreign returns subjects of other tenants that match pattern.
func (g grammar) foreign(pattern string) []string {
	if !g.free(pattern) {
		return nil
	}
	tail := g.delimiter + g.rest
	fills := []string{outsiderTenant + tail, g.subject(), outsiderTenant, g.prefix + outsiderTenant, g.rest, "-" + outsiderTenant + tail, "-" + outsiderTenant}
	for i := 0; i < len(g.rest); i++ {
		if g.rest[i] == ':' || g.rest[i] == '/' {
			fills = append(fills, outsiderTenant+g.delimiter+g.rest[:i], g.rest[i+1:], g.rest[:i], g.subject()[:len(g.prefix+outsiderTenant+g.delimiter)+i],
				"-"+outsiderTenant+g.delimiter+g.rest[:i])
		}
	}
	fills = append(fills, "x", "")
	var found []string
	tries := 4000 // a pattern with three wildcards that no subject matches has more
	var fill func(done, rest string, stars int)
	fill = func(done, rest string, stars int) {
		if len(found) > 0 || tries == 0 {
			return
		}
		tries--
		before, after, star := strings.Cut(rest, "*")
		done += strings.ReplaceAll(before, "?", "z")
		switch {
		case !star:
			if g.whole(done) {
				found = append(found, done)
			}
			return
		case stars == 0:
			fill(done+"x", after, 0)
			return
		}
		first := outsiderTenant
		if i := strings.IndexAny(g.rest, ":/"); stars < 3 && i >= 0 {
			first = g.rest[i+1:] // the name of the tenant stands before it
		}
		fill(done+first, after, stars-1)
		for _, f := range fills {
			fill(done+f, after, stars-1)
		}
	}
	fill("", pattern, 3)
	return found
}

// free reports whether pattern, a value for the subject, leaves the tenant open: its wildcard comes before the tenant's end.
func (g grammar) free(pattern string) bool {
	wild := strings.IndexAny(pattern, "*?")
	if wild < 0 {
		return false
	}
	literal := pattern[:wild]
	rest, ok := strings.CutPrefix(literal, g.prefix)
	if !ok {
		// A subject of another form: only a pattern that could be one of this form is open.
		return strings.HasPrefix(g.prefix, literal)
	}
	// Names at GitHub have no @: behind it stands the ID, and what is before it is the whole name. Whose the ID is never changes.
	if owner, _, _ := strings.Cut(rest+pattern[wild:], g.delimiter); g.prefix == "repo:" {
		if _, id, ok := strings.Cut(owner, "@"); ok && id != "" && !strings.ContainsAny(id, "*?") {
			return false
		}
	}
	return !strings.Contains(rest, g.delimiter) && !(g.prefix == "repo:" && strings.Contains(rest, "@"))
}

// tenants are the callers that hold a token of another tenant of the issuer.
func (p *Pass) tenants(s *policy.Statement, pr policy.Principal, sub subject, t tenancy) []caller {
	address := sub.issuer()
	if address == "cognito-identity.amazonaws.com" {
		return nil // see cognito-unauthenticated: a pool is not a tenant of a shared subject
	}
	world := p.world(s)
	principal, known := sampleIn(pr.ID, world)
	if !known {
		return nil
	}
	c := t.outsiderContext(address)
	sets := func(key string) []string {
		if key == strings.ToLower(t.tenancy) { // the name of the session of Microsoft Sentinel, which ends in the workspace
			return p.filled(key, func(v string) bool { return strings.ContainsAny(v, "*?") })
		}
		a, name := splitClaim(key)
		if a != address {
			return nil
		}
		var values []string
		for _, cond := range s.Conditions {
			if cond.Name != key || negated(cond.Operator) {
				continue
			}
			like := strings.HasSuffix(cond.Operator.Name, "Like")
			for _, v := range cond.Values {
				pattern, known := sampleIn(v, world)
				switch {
				case len(values) > 20 || !known: // more of them show no more
				case name == "sub" && like && holeBeforeWildcard(v):
					continue // the tenant may be in the hole
				case name == "sub" && like:
					values = append(values, t.grammar.foreign(pattern)...)
				case name == t.tenancy && like:
					if strings.ContainsAny(pattern, "*?") {
						values = append(values, spellOut(pattern, outsiderTenant, "x"))
					}
				case name == "aud" && t.tenancy != "aud":
					values = append(values, spellOut(pattern, "x", "x"))
				case chosenByTenant(address, name):
					values = append(values, spellOut(pattern, "x", "x"))
				case like:
					if i := strings.IndexAny(pattern, "*?"); i >= 0 && !strings.Contains(pattern[:i], "/") {
						values = append(values, strings.Replace(pattern, "*", outsiderTenant+"/app", 1))
					}
				}
			}
		}
		return values
	}
	pinned := func(key string) bool {
		if a, name := splitClaim(key); a == address {
			return !chosenByTenant(address, name) && (name != "aud" || t.tenancy == "aud")
		}
		if key == strings.ToLower(t.tenancy) {
			return true
		}
		switch classOf(key) {
		case identityKey, sourceKey, networkKey, principalTag, mfaKey, externalIDKey, otherKey:
			return true
		}
		return false
	}
	return []caller{{principal: principal, action: access.AssumeRoleWithWebIdentity, context: c, sets: sets, pinned: pinned}}
}

// holeBeforeWildcard reports whether what is unknown of a pattern stands before its first wildcard.
func holeBeforeWildcard(v policy.Text) bool {
	for _, part := range v.Parts {
		if part.Hole != nil && part.Hole.Kind == policy.Unknown {
			return true
		}
		if strings.ContainsAny(part.Literal, "*?") {
			return false
		}
	}
	return false
}

// outsiderContext returns the context of a call with a token of another tenant. Nothing of it changes.
func (t *tenancy) outsiderContext(address string) access.Context {
	if address == githubAddress {
		return githubOutsider()
	}
	return t.newOutsiderContext(address)
}

const githubAddress = "token.actions.githubusercontent.com"

// githubOutsider is outsiderContext for the issuer that most tokens are of.
var githubOutsider = sync.OnceValue(func() access.Context {
	github, _ := tenancyOf(githubAddress)
	return github.newOutsiderContext(githubAddress)
})

func (t *tenancy) newOutsiderContext(address string) access.Context {
	c := t.outsiderClaims(address)
	for i := range c {
		c[i].Key = address + ":" + c[i].Key
	}
	return append(c, attributes("sts:RoleSessionName", "anyone", "aws:SecureTransport", "true")...)
}

// outsiderClaims returns the claims of a token of another tenant, without the issuer.
func (t *tenancy) outsiderClaims(address string) access.Context {
	subject := t.grammar.subject()
	switch {
	case isGitHub(address):
		return attributes("sub", subject, "aud", "sts.amazonaws.com", "repository", "outsider/app", "repository_id", "999999999",
			"repository_owner_id", "99999999", "actor", outsiderTenant, "actor_id", "99999999", "workflow", "ci", "ref", "refs/heads/main",
			"job_workflow_ref", "outsider/app/.github/workflows/ci.yml@refs/heads/main")
	case address == "gitlab.com":
		return attributes("sub", subject, "aud", "sts.amazonaws.com", "namespace_id", "99999999", "project_id", "999999999",
			"user_login", outsiderTenant, "user_id", "99999999", "ref_protected", "true", "pipeline_source", "push")
	case address == "agent.buildkite.com":
		return attributes("sub", subject, "aud", "sts.amazonaws.com", "organization_slug", outsiderTenant, "pipeline_slug", "app", "build_branch", "main",
			"organization_id", "00000000-0000-4000-8000-000000000000", "pipeline_id", "00000000-0000-4000-8000-000000000001")
	case t.tenancy == "app_id":
		return attributes("app_id", "outsider-app")
	case address == "oidc.vercel.com", address == "api.pulumi.com/oidc":
		return attributes("sub", subject, "aud", "https://"+outsiderTenant+".example")
	case t.tenancy == "aud":
		return attributes("sub", outsiderTenant, "aud", "https://"+outsiderTenant+".example")
	}
	return attributes("sub", subject, "aud", "sts.amazonaws.com")
}

// chosenByTenant reports whether a tenant of the issuer gives the claim any value it likes.
func chosenByTenant(address, name string) bool {
	switch {
	case isGitHub(address):
		// Whoever stars or forks a repository is the actor of the workflows that this triggers there.
		return name == "ref" || name == "environment" || name == "workflow" || name == "actor" || name == "actor_id"
	case address == "gitlab.com":
		return name == "pipeline_source" || name == "ref_protected" || name == "runner_environment"
	case address == "agent.buildkite.com":
		return name == "build_branch" || name == "pipeline_slug" || name == "cluster_name"
	}
	return false
}
