package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/access"
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
	needs:     asksMFA,
	Check:     mfaInverted,
}

func mfaInverted(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow || s.Incomplete || p.claimed(s, -1) {
			continue
		}
		for _, c := range s.Conditions {
			if c.Name != "aws:multifactorauthpresent" || len(c.Values) != 1 || !strings.EqualFold(c.Values[0].String(), "false") {
				continue
			}
			v := c.Values[0]
			switch c.Operator.Name {
			case "Bool", "StringEquals", "StringEqualsIgnoreCase", "StringLike":
				show := p.showsAny(s, access.If("BoolIfExists", c.Key.String(), "false"))
				if show.refuted {
					continue
				}
				fd := p.Report(at(s, v), "%s can assume %s only without MFA: the condition asks for %s to be false", allOf(s), p.Document.Role, c.Key)
				fd.Witness = show.request
				p.claimAll(s)
			case "Null":
				show := p.showsAny(s, access.If("Bool", c.Key.String(), "false"))
				if show.refuted {
					continue // another condition asks for MFA
				}
				fd := p.Report(at(s, v), "%s can assume %s without MFA: %s is there with the value false too", allOf(s), p.Document.Role, c.Key)
				fd.Witness = show.request
				p.claimAll(s)
			}
		}
	}
}
