package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// CognitoAudienceMissing reports trust in Cognito without a condition on the identity pool; without any condition IAM
// refuses it.
var CognitoAudienceMissing = &Rule{
	ID:        "cognito-audience-missing",
	Title:     "Users of any Cognito identity pool can assume the role",
	Level:     Error,
	Severity:  9.0,
	Precision: VeryHigh,
	Tags:      []string{"exposure", "oidc", "cognito"},
	needs:     trustsShared,
	Check:     cognitoAudienceMissing,
}

func cognitoAudienceMissing(p *Pass) {
	p.cognito(func(s *policy.Statement, i int) {
		pr := s.Principals[i]
		if bindsPool(s) {
			return
		}
		show := p.shows(s, i, access.If("StringEquals", claimOf(s, i, "aud"), otherPool(s)))
		switch {
		case show.refuted || !p.claim(s, i):
		case len(s.Conditions) == 0:
			p.Report(used(s, pr.ID), "IAM refuses the policy of %s: trust in Cognito needs a condition on the identity pool", p.Document.Role).Witness = show.request
		default:
			p.Report(used(s, pr.ID), "users of any Cognito identity pool, of any account, can assume %s: no condition on aud says which pool", p.Document.Role).Witness = show.request
		}
	})
}

// bindsPool reports whether s asks for an identity pool, or may do so. A pattern for the pools of a region asks for none.
func bindsPool(s *policy.Statement) bool {
	const aud = "cognito-identity.amazonaws.com:aud"
	if !bindsClaim(s, aud) {
		return false
	}
	for _, c := range s.Conditions {
		if c.Name == aud && strings.HasSuffix(c.Operator.Name, "Like") && slices.ContainsFunc(c.Values, func(v policy.Text) bool {
			pattern, known := v.Literal()
			return known && glob(pattern, poolLike(pattern))
		}) {
			return false
		}
	}
	return true
}

// otherPool returns an identity pool that nobody means, as far as the conditions of s leave it open.
func otherPool(s *policy.Statement) string {
	for _, c := range s.Conditions {
		if c.Name == "cognito-identity.amazonaws.com:aud" {
			for _, v := range c.Values {
				if pattern, known := v.Literal(); known && hasWildcard(v) && glob(pattern, poolLike(pattern)) {
					return poolLike(pattern)
				}
			}
		}
	}
	return poolLike("")
}

// poolLike returns an identity pool in the region that pattern begins with.
func poolLike(pattern string) string {
	region, _, ok := strings.Cut(pattern, ":")
	if !ok || strings.ContainsAny(region, "*?") {
		region = "us-east-1"
	}
	return region + ":99999999-9999-4999-8999-999999999999"
}

// cognito calls f for each principal that stands for Cognito and is allowed to assume the role.
func (p *Pass) cognito(f func(s *policy.Statement, i int)) {
	for _, s := range p.Document.Statements {
		if covered, _ := allows(s, access.AssumeRoleWithWebIdentity); s.Effect != policy.Allow || s.Incomplete || !covered {
			continue
		}
		for i, pr := range s.Principals {
			if pr.Issuer == "cognito-identity.amazonaws.com" && !p.claimed(s, i) {
				f(s, i)
			}
		}
	}
}

// bindsClaim reports whether s has a condition that asks for a value of key, in lower case, or may have one. A key without
// the issuer, ":sub", stands for that claim of any.
func bindsClaim(s *policy.Statement, key string) bool {
	for _, c := range s.Conditions {
		name := c.Name
		if name == "" {
			parts := c.Key.Parts
			if len(parts) > 0 && parts[len(parts)-1].Hole != nil || c.Key.HasSuffix(key[strings.LastIndexByte(key, ':'):]) {
				return true // of this claim, or it may be
			}
			continue
		}
		if (name == key || strings.HasPrefix(key, ":") && strings.HasSuffix(name, key)) && asksForValue(c) {
			return true
		}
	}
	return false
}

// asksForValue reports whether c holds only for certain values of its key. A value that is not known is taken for one.
func asksForValue(c policy.Condition) bool {
	if negated(c.Operator) || c.Operator.Name == "Null" {
		return false
	}
	for _, v := range c.Values {
		if s, known := v.Literal(); known && strings.Trim(s, "*") == "" && s != "" && strings.HasSuffix(c.Operator.Name, "Like") {
			return false
		}
	}
	return len(c.Values) > 0
}
