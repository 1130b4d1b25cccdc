package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// MFAInverted reports Allow statements that ask for MFA not to have been used.
var MFAInverted = &Rule{
	ID:        "mfa-inverted",
	Title:     "Statement lets in those who did not use MFA",
	Level:     Error,
	Severity:  7.5,
	Precision: VeryHigh,
	Tags:      []string{"exposure", "mfa"},
	Check:     mfaInverted,
}

func mfaInverted(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow || p.claimed(s, -1) {
			continue
		}
		for _, c := range s.Conditions {
			if keyName(c) != "aws:multifactorauthpresent" || len(c.Values) != 1 {
				continue
			}
			v := c.Values[0]
			switch {
			case c.Operator.Name == "Bool" && strings.EqualFold(v.String(), "false"):
				p.Report(at(s, v), "%s can assume %s only without MFA: the condition asks for %s to be false", allOf(s), p.Document.Role, c.Key)
				p.claimAll(s)
			case c.Operator.Name == "Null" && strings.EqualFold(v.String(), "false"):
				p.Report(at(s, v), "%s can assume %s without MFA: %s is there with the value false too", allOf(s), p.Document.Role, c.Key)
				p.claimAll(s)
			}
		}
	}
}
