package rules

import (
	"github.com/trustvet/trustvet/internal/access"
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
	needs:     trustsShared,
	Check:     cognitoUnauthenticated,
}

func cognitoUnauthenticated(p *Pass) {
	const amr = "cognito-identity.amazonaws.com:amr"
	p.cognito(func(s *policy.Statement, i int) {
		key := claimOf(s, i, "amr") // of a guest it holds nothing else
		show := p.shows(s, i, access.If("ForAnyValue:StringEquals", key, "unauthenticated"), access.If("ForAllValues:StringEquals", key, "unauthenticated"))
		if show.refuted || !p.claim(s, i) {
			return
		}
		for _, c := range s.Conditions {
			if c.Name != amr || !asksForValue(c) {
				continue
			}
			for _, v := range c.Values {
				if pattern, known := v.Literal(); known && glob(pattern, "unauthenticated") {
					fd := p.Report(at(s, v), "anyone on the internet can assume %s as a guest of the identity pool", p.Document.Role)
					fd.Level, fd.Severity = Warning, 5.5
					fd.Witness = show.request
					return
				}
			}
			if show.request == nil {
				return
			}
		}
		fd := p.Report(used(s, s.Principals[i].ID), "guests of the identity pool can assume %s like users who signed in: no condition on amr tells them apart", p.Document.Role)
		fd.Witness = show.request
	})
}
