package rules

import (
	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// subjects calls f for each value that the policy demands of the subject of a token of the issuer at address, with the
// statement and the principal that it lets in. Principals that have their finding are left out, and so are values that are
// not known.
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
				if keyName(c) != key || negated(c.Operator) || c.Operator.Name == "Null" {
					continue
				}
				for _, v := range c.Values {
					if value, known := sample(v); known && !p.claimed(s, i) {
						f(s, i, v, value)
					}
				}
			}
		}
	}
}
