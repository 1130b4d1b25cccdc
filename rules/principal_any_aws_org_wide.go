package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// PrincipalAnyAWSOrgWide reports roles that are open to all accounts of an organization or unit.
var PrincipalAnyAWSOrgWide = &Rule{
	ID:        "principal-any-aws-org-wide",
	Title:     "Every account of an organization can assume the role",
	Level:     Note,
	Severity:  3.0,
	Precision: High,
	Tags:      []string{"exposure"},
	needs:     trustsAnyAWS | conditions,
	Check:     principalAnyAWSOrgWide,
}

func principalAnyAWSOrgWide(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow || s.Incomplete {
			continue
		}
		for i, pr := range s.Principals {
			if kindOf(pr) != anyAWS || p.claimed(s, i) {
				continue
			}
			c := orgBound(s)
			if c == nil || p.trustedOrganization(c) {
				continue
			}
			insider := outsiders()[0]
			insider.sets = func(key string) []string {
				if key != c.Name {
					return nil
				}
				v, _ := sampleIn(c.Values[0], p.world(s))
				return []string{spellOut(v, "x", "x")}
			}
			if a, ok := p.try(s, insider); ok && p.claim(s, i) {
				fd := p.Report(at(s, c.Values[0]), "every account of %s can assume %s", organization(c.Values[0]), p.Document.Role)
				fd.Witness = &a.request
			}
		}
	}
}

// orgBound returns the condition of s that asks for an organization or unit, nil when there is none.
func orgBound(s *policy.Statement) *policy.Condition {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if key := c.Name; (key == "aws:principalorgid" || key == "aws:principalorgpaths") && !negated(c.Operator) && c.Operator.Name != "Null" && len(c.Values) > 0 {
			return c
		}
	}
	return nil
}

// trustedOrganization reports whether every organization or unit that c names is configured as trusted.
func (p *Pass) trustedOrganization(c *policy.Condition) bool {
	for _, v := range c.Values {
		s, known := v.Literal()
		if !known || !slices.ContainsFunc(p.Options.TrustedOrganizations, func(t string) bool { return s == t || strings.HasPrefix(s, strings.TrimSuffix(t, "/")+"/") }) {
			return false
		}
	}
	return true
}

// organization names the organization or unit that a value stands for.
func organization(v policy.Text) string {
	if h := v.Hole(); h != nil && h.Kind == policy.OwnOrganization && len(v.Parts) == 1 {
		return "the role's own organization"
	}
	s := v.String()
	if strings.Contains(s, "/") {
		return "the organizational unit " + s
	}
	return "organization " + s
}
