package rules

import "slices"

// OIDCProviderOtherAccount reports identity providers of another account than the role is in.
var OIDCProviderOtherAccount = &Rule{
	ID:        "oidc-provider-other-account",
	Title:     "Identity provider is of another account, where it does not work",
	Level:     Warning,
	Severity:  5.0,
	Precision: VeryHigh,
	Tags:      []string{"correctness", "oidc"},
	needs:     trustsFederated,
	Check:     oidcProviderOtherAccount,
}

func oidcProviderOtherAccount(p *Pass) {
	ours, known := p.Document.Account.Literal()
	if !known && len(p.Options.OwnAccounts) == 0 {
		return
	}
	for _, s := range p.Document.Statements {
		for i, pr := range s.Principals {
			sub := subjectOf(pr)
			id, literal := sub.account.Literal()
			if sub.kind != oidcProvider && sub.kind != samlProvider || !literal || known && id == ours || !known && slices.Contains(p.Options.OwnAccounts, id) || !p.claim(s, i) {
				continue
			}
			p.Report(at(s, pr.ID), "nobody can assume %s through the identity provider of account %s: a role takes only providers of its own account",
				p.Document.Role, id)
		}
	}
}
