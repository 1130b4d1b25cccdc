package rules

import (
	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// SAMLAudienceMissing reports trust in a SAML provider without a condition on the recipient.
var SAMLAudienceMissing = &Rule{
	ID:        "saml-audience-missing",
	Title:     "SAML assertions for any recipient can assume the role",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"saml"},
	needs:     trustsSAML,
	Check:     samlAudienceMissing,
}

func samlAudienceMissing(p *Pass) {
	p.samlUsers(func(s *policy.Statement, i int) {
		if bindsClaim(s, "saml:aud") || bindsClaim(s, "saml:iss") {
			return
		}
		pr := s.Principals[i]
		p.Report(used(s, pr.ID), "users of %s can assume %s with an assertion for any recipient: no condition on SAML:aud", describe(pr), p.Document.Role)
	})
}

// samlUsers calls f for each SAML provider whose users may assume the role.
func (p *Pass) samlUsers(f func(s *policy.Statement, i int)) {
	for _, s := range p.Document.Statements {
		if covered, _ := allows(s, access.AssumeRoleWithSAML); s.Effect != policy.Allow || s.Incomplete || !covered {
			continue
		}
		for i, pr := range s.Principals {
			if k := kindOf(pr); (k == samlProvider || k == unclear && pr.Type == policy.Federated) && !p.claimed(s, i) {
				f(s, i)
			}
		}
	}
}
