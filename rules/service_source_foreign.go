package rules

import (
	"github.com/trustvet/trustvet/internal/policy"
)

// ServiceSourceForeign reports values for the source of a service that name a foreign account.
var ServiceSourceForeign = &Rule{
	ID:        "service-source-foreign",
	Title:     "Service can assume the role for resources of an account that is not ours",
	Level:     Error,
	Severity:  7.0,
	Precision: High,
	Tags:      []string{"confused-deputy"},
	needs:     trustsService | asksSource,
	Check:     serviceSourceForeign,
}

func serviceSourceForeign(p *Pass) {
	if !p.knowsOwnAccount() || isServiceLinked(p.Document) {
		return
	}
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow {
			continue
		}
		for _, c := range s.Conditions {
			key := c.Name
			if key != "aws:sourceaccount" && key != "aws:sourcearn" || negated(c.Operator) || c.Operator.Name == "Null" {
				continue
			}
			for _, v := range c.Values {
				id := v
				if key == "aws:sourcearn" {
					a, ok := splitARN(v)
					if !ok {
						continue
					}
					id = a.account
				}
				if p.owner(id) != foreign || isDocumentationAccount(id) {
					continue
				}
				for i, pr := range s.Principals {
					if pr.Type == policy.Service && p.claim(s, i) {
						fd := p.Report(at(s, v), "%s can assume %s for resources of account %s", pr.ID, p.Document.Role, id)
						if !isVendor(id) && len(p.Options.OwnAccounts)+len(p.Options.TrustedAccounts) == 0 {
							fd.Level, fd.Severity = Note, 3.0 // mostly it is another account of the same organization
						}
						break
					}
				}
			}
		}
	}
}
