package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// ExternalIDInvalid reports external IDs that STS does not take.
var ExternalIDInvalid = &Rule{
	ID:        "external-id-invalid",
	Title:     "External ID is one that no call can have, so nobody gets in",
	Level:     Warning,
	Severity:  5.0,
	Precision: VeryHigh,
	Tags:      []string{"correctness"},
	needs:     asksExternalID,
	Check:     externalIDInvalid,
}

func externalIDInvalid(p *Pass) {
	for _, s := range p.Document.Statements {
		for _, c := range s.Conditions {
			if c.Name != "sts:externalid" || !strings.HasPrefix(c.Operator.Name, "String") || negated(c.Operator) || p.claimed(s, -1) {
				continue
			}
			idle := 0
			for _, v := range c.Values {
				id, known := v.Literal()
				if strings.HasSuffix(c.Operator.Name, "Like") {
					id = spellOut(id, "xx", "x")
				}
				if known && !isExternalID(id) && !strings.Contains(id, "${") {
					idle++
					p.Report(at(s, v), "no call for %s can have the external ID %q: STS takes 2 to 1224 letters, digits and _+=,.@:/-", p.Document.Role, shortened(v.String()))
				}
			}
			if idle > 0 && idle == len(c.Values) && s.Effect == policy.Allow && !c.Operator.IfExists {
				p.claimAll(s)
			}
		}
	}
}

// isExternalID reports whether STS takes id as an external ID.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func isExternalID(id string) bool {
	foreign := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_+=,.@:/-", r)
	}
	return len(id) >= 2 && len(id) <= 1224 && strings.IndexFunc(id, foreign) < 0
}
