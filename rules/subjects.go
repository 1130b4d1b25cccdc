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
	p.unclaimed(p.demands(address), f)
}

// A demand is a value that a statement demands of the subject of the tokens of one of its principals.
type demand struct {
	statement *policy.Statement
	principal int // index in Principals
	value     policy.Text
	subject   string // value as spelledOut writes it
}

// demands returns what the policy demands of the subjects of tokens of the issuer at address.
func (p *Pass) demands(address string) []demand {
	var demands []demand
	key := address + ":sub"
	for _, s := range p.Document.Statements {
		if covered, _ := allows(s, access.AssumeRoleWithWebIdentity); s.Effect != policy.Allow || s.Incomplete || !covered {
			continue
		}
		for i, pr := range s.Principals {
			if pr.Issuer != address {
				continue
			}
			for j := range s.Conditions {
				c := &s.Conditions[j]
				if c.Name != key || negated(c.Operator) || c.Operator.Name == "Null" {
					continue
				}
				for _, v := range c.Values {
					if subject, known := spelledOut(v); known {
						demands = append(demands, demand{s, i, v, subject})
					}
				}
			}
		}
	}
	return demands
}

// unclaimed calls f for the demands of principals without a finding.
func (p *Pass) unclaimed(demands []demand, f func(s *policy.Statement, i int, v policy.Text, subject string)) {
	for i := range demands {
		if d := &demands[i]; !p.claimed(d.statement, d.principal) {
			f(d.statement, d.principal, d.value, d.subject)
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
