package rules

import (
	"github.com/trustvet/trustvet/internal/policy"
)

// DenyNotPrincipal reports Deny statements that spare principals with NotPrincipal, as older examples of AWS do.
var DenyNotPrincipal = &Rule{
	ID:        "deny-notprincipal",
	Title:     "Deny with NotPrincipal, which IAM refuses in a trust policy",
	Level:     Error,
	Severity:  7.0,
	Precision: VeryHigh,
	Tags:      []string{"correctness"},
	Check:     denyNotPrincipal,
}

func denyNotPrincipal(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Deny || len(s.NotPrincipals) == 0 {
			continue
		}
		p.Report(at(s, s.NotPrincipals[0].ID), "IAM refuses the policy of %s: a trust policy cannot spare %s from a Deny with NotPrincipal",
			p.Document.Role, list(principalNames(s.NotPrincipals)))
		p.claimAll(s)
	}
}

func principalNames(principals []policy.Principal) []string {
	var names []string
	for _, pr := range principals {
		names = append(names, pr.ID.String())
	}
	return names
}
