package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// MFADenyWithoutIfExists reports Deny statements that compare MFA with Bool: a call with long-term keys carries no such
// key and is not denied.
var MFADenyWithoutIfExists = &Rule{
	ID:        "mfa-deny-without-ifexists",
	Title:     "Deny for lack of MFA spares calls with long-term keys",
	Level:     Warning,
	Severity:  5.5,
	Precision: VeryHigh,
	Tags:      []string{"mfa"},
	needs:     denies | asksMFA,
	Check:     mfaDenyWithoutIfExists,
}

func mfaDenyWithoutIfExists(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Deny {
			continue
		}
		for _, c := range s.Conditions {
			if c.Name != "aws:multifactorauthpresent" || c.Operator.Name != "Bool" && c.Operator.Name != "StringEquals" || c.Operator.Set != policy.NoSet || c.Operator.IfExists || len(c.Values) != 1 || !strings.EqualFold(c.Values[0].String(), "false") {
				continue
			}
			if !p.admitsUsers() {
				continue
			}
			fd := p.Report(at(s, c.Operator.Text), "users can assume %s with long-term keys and without MFA: such calls carry no %s, so this Deny does not apply to them", p.Document.Role, c.Key)
			if c.Operator.Text.Span.Text() == "Bool" {
				fd.Fixes = []Fix{{Title: "compare with BoolIfExists", Edits: edits(c.Operator.Text.Span, "BoolIfExists")}}
			}
		}
	}
}

// admitsUsers reports whether an Allow lets in IAM users without demanding MFA itself.
func (p *Pass) admitsUsers() bool {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow || bindsKey(s, "aws:multifactorauth") {
			continue
		}
		for _, pr := range s.Principals {
			switch kindOf(pr) {
			case anyAWS, account, user:
				return true
			}
		}
	}
	return false
}
