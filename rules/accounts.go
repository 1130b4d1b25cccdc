package rules

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/trustvet/trustvet/internal/policy"
)

// A standing is what an account is to the role.
type standing uint8

const (
	unknownOwner standing = iota // the account is not known
	own                          // the role's own, or one configured as such
	trusted                      // configured as trusted, or of AWS itself
	foreign                      // somebody else's, as far as is known
)

// owner says whose account id is.
func (p *Pass) owner(id policy.Text) standing {
	if id.IsZero() {
		return unknownOwner
	}
	for _, part := range id.Parts {
		if part.Hole != nil && part.Hole.Kind == policy.OwnAccount && len(id.Parts) == 1 {
			return own
		}
	}
	s, known := id.Literal()
	switch {
	case !known || !isAccountID(s):
		return unknownOwner
	case p.Document.Account.Is(s), p.run.own[s], p.inferredOwn(s):
		return own
	case p.run.trusted[s]:
		return trusted
	}
	if a, known := knownAccount(s); known {
		if a.aws || slices.ContainsFunc(p.Options.TrustedVendors, func(v string) bool { return strings.EqualFold(v, a.name) }) {
			return trusted
		}
	}
	return foreign
}

// mayBeIn reports whether the role may be in the account of that id, which may be a pattern.
func (p *Pass) mayBeIn(id string) bool {
	if account, known := p.Document.Account.Literal(); known {
		return glob(id, account)
	}
	for account := range p.run.own {
		if glob(id, account) {
			return true
		}
	}
	return len(p.run.own) == 0
}

// inferredOwn reports whether id is the account of an identity provider that the policy trusts: a provider works only for
// roles of its own account.
func (p *Pass) inferredOwn(id string) bool {
	if p.shared.traits&trustsFederated == 0 {
		return false
	}
	if p.shared.providers == nil {
		p.shared.providers = map[string]bool{}
		for _, s := range p.Document.Statements {
			for _, pr := range s.Principals {
				if pr.Type != policy.Federated {
					continue
				}
				if account, known := federatedSubject(pr.ID).account.Literal(); known {
					p.shared.providers[account] = true
				}
			}
		}
	}
	return p.shared.providers[id]
}

// knowsOwnAccount reports whether anything says which account is the role's own, so that another one is surely foreign.
func (p *Pass) knowsOwnAccount() bool {
	_, known := p.Document.Account.Literal()
	return known || len(p.Options.OwnAccounts) > 0
}

// documentationAccounts are the ids that AWS and others use in examples.
var documentationAccounts = []string{
	"000000000000", "012345678901", "012345678910", "111111111111", "111122223333", "123412341234", "123456789012", "222222222222",
	"333333333333", "444444444444", "444455556666", "555555555555", "555566667777", "666666666666", "777777777777", "777788889999", "111222333444", "123123123123", "123456789101", "112233445566", "098765432109",
	"888888888888", "999988887777", "999999999999", "987654321098", "210987654321", "123456789123", "123456781234",
}

// isDocumentationAccount reports whether id, a literal, stands for no real account.
func isDocumentationAccount(id policy.Text) bool {
	s, known := id.Literal()
	return known && slices.Contains(documentationAccounts, s)
}

// A vendor is the owner of a known account.
type vendor struct {
	name string
	aws  bool // AWS itself
}

// accounts.txt has the known accounts, one a line: the id, "aws" or "-", the owner. It is made of
// fwdcloudsec/known_aws_accounts@c2922af (Apache-2.0) and rupertbg/aws-public-account-ids@f7ae3f8 (MIT).
//
//go:embed accounts.txt
var accountsText string

var knownAccounts = sync.OnceValue(func() map[string]vendor {
	accounts := make(map[string]vendor, 512)
	for line := range strings.Lines(accountsText) {
		id, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		kind, name, _ := strings.Cut(rest, " ")
		accounts[id] = vendor{name: name, aws: kind == "aws"}
	}
	return accounts
})

func knownAccount(id string) (vendor, bool) {
	v, ok := knownAccounts()[id]
	return v, ok
}

// describeOwner names an AWS principal with the owner of its account, as the subject of a sentence.
func describeOwner(sub subject, pr policy.Principal) string {
	id, _ := sub.account.Literal()
	owner, known := knownAccount(id)
	switch {
	case sub.kind == account && known:
		return owner.name + "'s account " + id
	case known:
		return pr.ID.String() + " of " + owner.name
	}
	return describe(pr)
}
