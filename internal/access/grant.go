package access

import (
	"slices"

	"github.com/trustvet/trustvet/internal/policy"
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
}

// An If is a condition of a question: If("StringLike", "aws:PrincipalArn", "arn:aws:iam::*:role/Admin"). It is written as in
// a policy and means the same, with the wildcards of its operator. Policy variables are not replaced.
func If(operator, key string, values ...string) policy.Condition {
	text := func(s string) policy.Text { return policy.Text{Parts: []policy.Part{{Literal: s}}} }
	c := policy.Condition{Operator: policy.ParseOperator(text(operator)), Key: text(key)}
	for _, v := range values {
		c.Values = append(c.Values, text(v))
	}
	return c
}

// Find returns a request of the grant that satisfies the conditions as well. Decide allows it in g's World.
func (g *Grant) Find(conditions ...policy.Condition) (Request, bool) {
	if g.question == nil {
		return Request{}, false
	}
	q := g.question.fork()
	clauses := q.clauses(conditions)
	for _, b := range g.boxes {
		if r, _, ok := q.findIn(b, g.Action, clauses); ok {
			return r, true
		}
	}
	return Request{}, false
}

// MayLack reports whether the grant has a request without the key.
func (g *Grant) MayLack(key string) bool {
	_, ok := g.Find(If("Null", key, "true"))
	return ok
}

// Admits reports whether the grant has a request in which the key has that value, or one of its values is that.
func (g *Grant) Admits(key, value string) bool {
	_, ok := g.Find(If("ForAnyValue:StringEquals", key, value))
	return ok
}

// Bounds reports whether the key bounds the grant: in each part of it the key has fewer values than the callers can have, or
// must be there though they may lack it.
func (g *Grant) Bounds(key string) bool {
	if g.question == nil {
		return false
	}
	q := g.question.fork()
	k := q.key(key)
	for _, b := range g.boxes {
		if !q.bounds(b, k) {
			return false
		}
	}
	return len(g.boxes) > 0
}

// bounds reports whether the clauses of b about the key exclude something that its domain has.
func (q *question) bounds(b *box, key int) bool {
	d := q.domain(b.class, &q.keys[key])
	var room [8]clause
	for _, c := range q.about(room[:0], b, key) {
		if s := solve(d, []clause{{c.atom, !c.not}}, &q.budget); s.possible || !s.decided {
			return true
		}
	}
	return false
}

// Keys returns the condition keys that bound the grant, as the policy writes them.
func (g *Grant) Keys() []string {
	var keys []string
	if g.question == nil {
		return nil
	}
	for i := range g.question.keys {
		if name := g.question.keys[i].name; g.Bounds(name) {
			keys = append(keys, name)
		}
	}
	return keys
}

// Has reports whether one of the grant's callers is of that kind.
func (g *Grant) Has(kind Kind) bool {
	return slices.ContainsFunc(g.Callers, func(c Caller) bool { return c.Kind == kind })
}

// fork returns a question to which keys can be added.
func (q *question) fork() *question {
	f := *q
	f.keys = q.keys[:len(q.keys):len(q.keys)]
	f.budget = budget{work}
	return &f
}

// clauses returns the conditions as clauses.
func (q *question) clauses(conditions []policy.Condition) []clause {
	m := compiler{q: q}
	clauses := make([]clause, len(conditions))
	for i := range conditions {
		clauses[i] = clause{m.atom(&conditions[i], true), false}
	}
	return clauses
}

// findIn returns a request of b that satisfies the clauses and that Decide confirms.
func (q *question) findIn(b *box, action string, clauses []clause) (Request, World, bool) {
	n := *b
	n.clauses = append(b.clauses[:len(b.clauses):len(b.clauses)], clauses...)
	return q.witness(&n, action)
}
