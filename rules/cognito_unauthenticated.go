package rules

import (
	"github.com/trustvet/trustvet/internal/policy"
)

// CognitoUnauthenticated reports roles that users of a Cognito pool can assume without having signed in.
var CognitoUnauthenticated = &Rule{
	ID:        "cognito-unauthenticated",
	Title:     "Guests of a Cognito identity pool can assume the role",
	Level:     Error,
	Severity:  7.0,
	Precision: High,
	Tags:      []string{"exposure", "oidc", "cognito"},
	Check:     cognitoUnauthenticated,
}

func cognitoUnauthenticated(p *Pass) {
	const amr = "cognito-identity.amazonaws.com:amr"
	p.cognito(func(s *policy.Statement, i int) {
		for _, c := range s.Conditions {
			if keyName(c) != amr || !asksForValue(c) {
				continue
			}
			for _, v := range c.Values {
				if v.Is("unauthenticated") && p.claim(s, i) {
					fd := p.Report(at(s, v), "anyone on the internet can assume %s as a guest of the identity pool", p.Document.Role)
					fd.Level, fd.Severity = Warning, 5.5
				}
			}
			return
		}
		if p.claim(s, i) {
			p.Report(at(s, s.Principals[i].ID), "guests of the identity pool can assume %s like users who signed in: no condition on amr tells them apart", p.Document.Role)
		}
	})
}
