package access

import (
	"github.com/trustvet/trustvet/internal/policy"
)

// A Query describes requests: who calls, what for, and what holds besides. The zero value of a field leaves it open.
type Query struct {
	// Caller says whether callers count. It is asked about those of one kind at a time: a user, a role, a federated user or the
	// root of one account, or of any account that the policy does not name (Account is ""); a service; those of a provider.
	Caller func(Caller) bool
	Action string             // one of the six actions of role trust policies
	Where  []policy.Condition // made with If
}

// Find returns a request that d allows and that the query describes, with the world in which Decide allows it.
func Find(d *policy.Document, o Options, query Query) (Request, World, bool) {
	for _, g := range Who(d, o) {
		if query.Action != "" && g.Action != query.Action {
			continue
		}
		if r, w, ok := g.find(query.Caller, query.Where); ok {
			return r, w, true
		}
	}
	return Request{}, World{}, false
}

// Find returns a request of the grant that satisfies the conditions as well. Decide allows it in g's World, save for unknown
// values that stand only in conditions.
func (g *Grant) Find(conditions ...policy.Condition) (Request, bool) {
	r, _, ok := g.find(nil, conditions)
	return r, ok
}

// FindBy is Find among the callers that count. See Query.Caller.
func (g *Grant) FindBy(caller func(Caller) bool, conditions ...policy.Condition) (Request, bool) {
	r, _, ok := g.find(caller, conditions)
	return r, ok
}

func (g *Grant) find(caller func(Caller) bool, conditions []policy.Condition) (Request, World, bool) {
	if g.question == nil {
		return Request{}, World{}, false
	}
	q := g.question.fork()
	clauses := q.clauses(conditions)
	for _, b := range g.boxes {
		if caller != nil && !caller(q.callerOf(b.class)) {
			continue
		}
		n := *b
		n.clauses = append(b.clauses[:len(b.clauses):len(b.clauses)], clauses...)
		if r, w, ok, _ := q.witness(&n, g.Action); ok {
			return r, w, true
		}
	}
	return Request{}, World{}, false
}

// callerOf returns the callers of a class.
func (q *question) callerOf(c *class) Caller {
	caller := Caller{Kind: c.kind, Account: c.account, ID: c.name, Issuer: c.issuer, Own: c.account != "" && c.account == q.world.OwnAccount}
	if c.whole {
		caller.Kind = Account
	}
	return caller
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
		if name := g.question.keys[i].name; name != "" && g.Bounds(name) {
			keys = append(keys, name)
		}
	}
	return keys
}

// fork returns a question to which keys can be added.
func (q *question) fork() *question {
	f := *q
	if !q.forked {
		f.forked, f.common = true, len(q.keys)
	}
	f.keys = q.keys[:len(q.keys):len(q.keys)]
	f.budget.left = work
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
