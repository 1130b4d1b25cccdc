package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// subjects calls f for each value that the policy demands of the subject of a token of the issuer at address, with the
// statement and the principal that it lets in. Principals that have their finding are left out, and so are values of which
// too little is known: see spelledOut.
func (p *Pass) subjects(address string, f func(s *policy.Statement, i int, v policy.Text, subject string)) {
	p.claimValues(address, "sub", f)
}

// claimValues is subjects for a claim of any name.
func (p *Pass) claimValues(address, name string, f func(s *policy.Statement, i int, v policy.Text, value string)) {
	key := address + ":" + name
	for _, s := range p.Document.Statements {
		if covered, _ := allows(s, access.AssumeRoleWithWebIdentity); s.Effect != policy.Allow || s.Incomplete || !covered {
			continue
		}
		for i, pr := range s.Principals {
			if addressOf(pr) != address {
				continue
			}
			for _, c := range s.Conditions {
				if c.Name != key || negated(c.Operator) || c.Operator.Name == "Null" {
					continue
				}
				for _, v := range c.Values {
					if value, known := spelledOut(v); known && !p.claimed(s, i) {
						f(s, i, v, value)
					}
				}
			}
		}
	}
}

// spelledOut returns v with each unknown hole that stands for a name written as its expression: ${var.repository}. False when how much
// v matches depends on a hole.
func spelledOut(v policy.Text) (string, bool) {
	if s, known := sample(v); known {
		return s, true
	}
	named := policy.Text{Parts: slices.Clone(v.Parts), Span: v.Span}
	for i, part := range v.Parts {
		if h := part.Hole; h != nil && h.Kind == policy.Unknown {
			if len(v.Parts) == 1 || !namesOne(v, i) || strings.ContainsAny(h.Expr, ":/*?@ ") {
				return "", false
			}
			named.Parts[i] = policy.Literal(h.String(), part.Span)
		}
	}
	return sample(named)
}
