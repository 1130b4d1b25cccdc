package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// OIDCAudienceMissing reports trust in an identity provider without a condition on the audience.
var OIDCAudienceMissing = &Rule{
	ID:        "oidc-audience-missing",
	Title:     "Tokens for any audience of the identity provider can assume the role",
	Level:     Warning,
	Severity:  4.0,
	Precision: Medium,
	Tags:      []string{"oidc"},
	needs:     trustsFederated,
	Check:     oidcAudienceMissing,
}

func oidcAudienceMissing(p *Pass) {
	for _, s := range p.Document.Statements {
		if covered, _ := allows(s, access.AssumeRoleWithWebIdentity); s.Effect != policy.Allow || s.Incomplete || !covered {
			continue
		}
		for i, pr := range s.Principals {
			address := pr.Issuer
			if kindOf(pr) != oidcProvider || address == "" || p.claimed(s, i) || bindsClaim(s, address+":aud") {
				continue
			}
			sub := subjectOf(pr)
			fd := p.Report(used(s, pr.ID), "tokens of %s for any audience that the provider registers can assume %s", shown(sub.name), p.Document.Role)
			if exactSubject(s, address+":sub") {
				fd.Level, fd.Severity = Note, noteSeverity
			}
			if only, ok := p.onlyAudience(sub.name); ok {
				fd.Level, fd.Severity = Note, noteSeverity
				fd.Related = append(fd.Related, Related{only, "the only audience that the provider registers"})
			}
		}
	}
}

// onlyAudience returns the place of the audience that the identity provider with that address registers where the code declares the
// provider and it has no other. Where it declares several providers of that address, for other accounts, each must have one.
func (p *Pass) onlyAudience(address policy.Text) (only source.Span, ok bool) {
	for _, c := range p.Options.Companions {
		if c.Kind != policy.OIDCProvider || !strings.EqualFold(strings.TrimPrefix(c.URL.String(), "https://"), address.String()) {
			continue
		}
		if len(c.Audiences) != 1 {
			return source.Span{}, false
		}
		if h := c.Audiences[0].Hole(); h != nil && h.Many {
			return source.Span{}, false
		}
		if !ok {
			if only, ok = c.Audiences[0].Span, true; only.IsZero() {
				only = c.Span
			}
		}
	}
	return only, ok
}

// exactSubject reports whether the conditions of s on key list whole values.
func exactSubject(s *policy.Statement, key string) bool {
	for _, c := range s.Conditions {
		if c.Name != key || !asksForValue(c) {
			continue
		}
		for _, v := range c.Values {
			if hasWildcard(v) {
				return false
			}
		}
		return true
	}
	return false
}
