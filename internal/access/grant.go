package access

import (
	"slices"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// A Caller is one of the callers that a grant lets in, or many of a kind.
type Caller struct {
	Kind Kind
	// Account is that of an AWS caller, as 12 digits: "" when it is every account that the policy does not name.
	Account string
	// ID is the ARN of a user, a role or a session, the service principal, or the Federated value of a provider. "" stands
	// for all of the kind.
	ID     string
	Issuer string // of a WebIdentity: the provider's URL without https://, in lower case
	// Own: Account is the role's own.
	Own bool
	// Unknown is the hole that the caller's name rests on, nil when the name is known. Account, ID and Issuer are then those
	// of the grant's World.
	Unknown *policy.Hole
}

// A Grant is a set of requests that a trust policy allows: what one principal of one statement lets in, less what Deny
// statements take away, and less what another statement lets in anyway.
type Grant struct {
	Callers   []Caller
	Action    string            // one of the six actions of role trust policies
	From      *policy.Statement // the Allow; nil when it is part of the policy that is not known
	Principal *policy.Principal // the entry of From that covers the callers; nil when that is not one
	// Guard holds the conditions of From that bind: without them more requests would be allowed.
	Guard []policy.Condition
	// Less holds the Deny statements that take something away from it. One that is about other callers or actions is not
	// among them, nor is one that takes away all that a class of callers could do.
	Less []*policy.Statement
	// Freed holds, of a grant that Added returns, the Deny statements of the policy before that denied it.
	Freed []*policy.Statement
	// Witness is a request of the grant. Decide allows it in World. It is the zero Request when Undecided.
	Witness Request
	World   World
	// Rests are the unknown values that the grant depends on: with other values it may be smaller, or not exist.
	Rests []*policy.Hole
	// Undecided: no request of the grant could be confirmed, because the work for it is bounded or because too much of the
	// policy is not known. The grant may be empty; that it is not reported would be wrong.
	Undecided bool

	question *question
	boxes    []*box
	// others are those of services and of federated callers that {"AWS": "*"} may cover besides: AWS's documents leave that
	// open. They count where a request must lie in some grant, and in no question about this one.
	others []*box
}

// An If is a condition of a question: If("StringLike", "aws:PrincipalArn", "arn:aws:iam::*:role/Admin"). It is written as in
// a policy and means the same, with the wildcards of its operator. Policy variables are not replaced.
func If(operator, key string, values ...string) policy.Condition {
	text := func(s string) policy.Text { return policy.Text{Parts: []policy.Part{{Literal: s}}} }
	c := policy.Condition{Operator: policy.ParseOperator(text(operator)), Key: text(key), Name: policy.KeyName(text(key))}
	for _, v := range values {
		c.Values = append(c.Values, text(v))
	}
	return c
}

// union returns the grants of all worlds, one of those that say the same.
func union(worlds [][]Grant) []Grant {
	if len(worlds) == 1 {
		return worlds[0] // they differ
	}
	type saying struct {
		from         *policy.Statement
		action, text string
	}
	var grants []Grant
	said := map[saying]bool{}
	for _, list := range worlds {
		for _, g := range list {
			if s := (saying{g.From, g.Action, g.String()}); !said[s] {
				said[s] = true
				grants = append(grants, g)
			}
		}
	}
	return grants
}

// MayCause reports whether a place in the grant's statement has to do with it: all do but the other principals.
func (g *Grant) MayCause(at source.Span) bool {
	return g.From == nil || g.Principal == nil || g.Principal.ID.Span == at ||
		!slices.ContainsFunc(g.From.Principals, func(p policy.Principal) bool { return p.ID.Span == at })
}

// Has reports whether one of the grant's callers is of that kind.
func (g *Grant) Has(kind Kind) bool {
	return slices.ContainsFunc(g.Callers, func(c Caller) bool { return c.Kind == kind })
}
