package rules

import (
	"github.com/trustvet/trustvet/internal/policy"
)

// SAMLAudienceUnexpected reports values for SAML:aud that no assertion for AWS has.
var SAMLAudienceUnexpected = &Rule{
	ID:        "saml-audience-unexpected",
	Title:     "SAML recipient is not a sign-in endpoint of AWS",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"correctness", "saml"},
	needs:     trustsSAML | conditions,
	Check:     samlAudienceUnexpected,
}

func samlAudienceUnexpected(p *Pass) {
	p.samlUsers(func(s *policy.Statement, i int) {
		for _, c := range s.Conditions {
			if c.Name != "saml:aud" || !asksForValue(c) {
				continue
			}
			for _, v := range c.Values {
				if value, known := v.Literal(); known && !samlEndpoint().MatchString(value) {
					p.Report(at(s, v), "no SAML assertion for AWS has the recipient %s, so none gets its holder into %s", quoted(v), p.Document.Role)
				}
			}
		}
	})
}

// samlEndpoint matches the sign-in endpoints of all partitions, and patterns for those of all regions.
// https://docs.aws.amazon.com/general/latest/gr/signin-service.html
var samlEndpoint = lazily(`^https://(\*|([a-z0-9*?-]+\.)*)\.?signin\.(aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn|aws\.amazon\.cn|aws\.eu|amazonaws\.eu|amazonaws\.com(\.cn)?)/saml([/*].*)?$|^\*`)
