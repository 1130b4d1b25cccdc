package access

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// A Death says why nobody can use a statement.
type Death struct {
	// Conditions is a smallest set of conditions that no call by the statement's principals can satisfy together.
	Conditions []policy.Condition
	// Action: the principals cannot ask for any of the actions, whatever the conditions say: a web identity cannot ask for
	// sts:AssumeRole.
	Action bool
	// Principal: no caller has the name of one of its principals.
	Principal bool
	// Missing is the permission that a call which satisfies Conditions needs besides, "" when that is not the reason: the
	// policy gives sts:TagSession to nobody who passes the session tags that the conditions ask for.
	Missing string
}

// Dead reports whether no request at all can match s, and why. What is not known in s may be anything, so that the answer is
// certain. It looks at s alone: see Shadowed for what other statements do to it.
func Dead(d *policy.Document, s *policy.Statement, o Options) (Death, bool) {
	if vague(s) || plain(s, o) {
		return Death{}, false
	}
	for _, w := range worlds(d) {
		q, c := lone(d, s, w, o)
		if q.usable(c, c.atoms) {
			if !q.companioning(c) {
				return Death{}, false
			}
			return unpermitted(d, s, w, o)
		}
		if death, dead := q.death(c); dead {
			return death, true
		}
	}
	return Death{}, false
}

// companioning reports whether s asks for a key that needs a permission of its own.
func (q *question) companioning(s *statement) bool {
	return slices.ContainsFunc(s.atoms, func(a *atom) bool { return companionOf(q.keys[a.key].lower) != "" })
}

// unpermitted reports whether nobody can use the Allow s because the policy withholds a permission that all its calls need.
func unpermitted(d *policy.Document, s *policy.Statement, w World, o Options) (Death, bool) {
	if s.Effect != policy.Allow || slices.ContainsFunc(d.Statements, vague) {
		return Death{}, false
	}
	q := newQuestion(w, o, false, most(d))
	q.budget.left = workOn(d)
	c := q.statements[slices.IndexFunc(q.statements, func(o *statement) bool { return o.Statement == s })]
	missing := ""
	for _, class := range q.classes {
		for _, action := range roleActions {
			if !c.about(class) || !c.allows(action) || !q.asks(class, action) {
				continue
			}
			b := q.box(c, class)
			if b == nil {
				continue
			}
			if !isMain(action) || len(q.companioned([]*box{b}, class, d)) > 0 {
				return Death{}, false
			}
			for _, action := range [...]string{TagSession, SetSourceIdentity, SetContext} {
				if q.forces(b, action) && len(q.permitted([]*box{b}, class, d, action)) == 0 {
					missing = action
				}
			}
		}
	}
	if missing == "" {
		return Death{}, false
	}
	death := Death{Missing: missing}
	for i := range s.Conditions {
		if companionOf(strings.ToLower(s.Conditions[i].Key.String())) == missing {
			death.Conditions = append(death.Conditions, s.Conditions[i])
		}
	}
	return death, true
}

// lone returns the question about s alone, as an Allow.
func lone(d *policy.Document, s *policy.Statement, w World, o Options) (*question, *statement) {
	allow := *s
	allow.Effect = policy.Allow
	q := newQuestion(w, o, false, part{d, []*policy.Statement{&allow}, true, true})
	q.budget.left = workOn(d)
	return q, q.statements[0]
}

// usable reports whether some request may match s with these atoms for its own.
func (q *question) usable(s *statement, atoms []*atom) bool {
	n := *s
	n.atoms = atoms
	for _, c := range q.classes {
		if !s.about(c) {
			continue
		}
		for _, action := range roleActions {
			if s.allows(action) && q.asks(c, action) {
				if b := q.box(&n, c); b != nil && q.joint(b) {
					return true
				}
				break // the boxes of other actions are the same
			}
		}
	}
	return false
}

// joint reports whether b, in which each key has a solution, may have requests when the keys that depend on each other must agree.
func (q *question) joint(b *box) bool {
	if !q.coupled() {
		return true
	}
	w := witnessing{question: q, box: b, solved: make([]solution, len(q.keys))}
	return w.solveAll() && w.couple() || !w.impossible
}

// coupled reports whether the documents name keys of which one may have no value because of another: see witnessing.couple.
func (q *question) coupled() bool {
	organization, mfa, network := 0, 0, 0
	for i := range q.keys {
		switch q.keys[i].lower {
		case "aws:principalorgid", "aws:principalorgpaths":
			organization++
		case "aws:multifactorauthpresent", "aws:multifactorauthage":
			mfa++
		case "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip", "aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid",
			"aws:vpceorgpaths":
			network++
		}
	}
	return organization > 1 || mfa > 1 || network > 1
}

// vague reports whether nobody can say which callers, actions or keys s is about.
func vague(s *policy.Statement) bool {
	open := func(t policy.Text) bool {
		return slices.ContainsFunc(t.Parts, func(p policy.Part) bool {
			return p.Hole != nil && p.Hole.Kind == policy.Unknown && len(p.Hole.Choices) == 0
		})
	}
	if s.Effect == policy.NoEffect || s.Incomplete || slices.ContainsFunc(s.Actions, open) || slices.ContainsFunc(s.NotActions, open) {
		return true
	}
	for _, list := range [...][]policy.Principal{s.Principals, s.NotPrincipals} {
		for i := range list {
			if open(list[i].ID) {
				return true
			}
		}
	}
	for i := range s.Conditions {
		if c := &s.Conditions[i]; open(c.Key) || open(c.Operator.Text) {
			return true
		}
	}
	return false
}

// death says why s, which is not usable, is not.
func (q *question) death(s *statement) (Death, bool) {
	if !q.usable(s, nil) {
		for _, c := range q.classes {
			if s.about(c) {
				return Death{Action: true}, true
			}
		}
		return Death{Principal: true}, true
	}
	for size := 1; size <= min(3, len(s.atoms)); size++ {
		if core := q.core(s, nil, 0, size); core != nil {
			return Death{Conditions: conditionsOf(core)}, true
		}
	}
	return Death{Conditions: conditionsOf(s.atoms)}, true
}

// core returns chosen and size more of the atoms from the one at first on, with which s is not usable; nil when there are none
// such.
func (q *question) core(s *statement, chosen []*atom, first, size int) []*atom {
	if size == 0 {
		if q.usable(s, chosen) {
			return nil
		}
		return chosen
	}
	for i := first; i < len(s.atoms); i++ {
		if core := q.core(s, append(chosen[:len(chosen):len(chosen)], s.atoms[i]), i+1, size-1); core != nil {
			return core
		}
	}
	return nil
}

func conditionsOf(atoms []*atom) []policy.Condition {
	list := make([]policy.Condition, len(atoms))
	for i, a := range atoms {
		list[i] = *a.condition
	}
	return list
}

// Void reports whether the condition of s at that index restricts nothing: without it, s matches no more requests. A
// condition with an unknown value or a policy variable is not void.
func Void(d *policy.Document, s *policy.Statement, index int, o Options) bool {
	if vague(s) {
		return false
	}
	for _, w := range worlds(d) {
		q, c := lone(d, s, w, o)
		a := c.atoms[index]
		if a.inexact != "" {
			return false
		}
		var others []*atom
		for i, o := range c.atoms {
			if i != index {
				others = append(others, o)
			}
		}
		if !q.usable(c, others) {
			return false // nothing is left to restrict
		}
		n := *c
		n.atoms = others
		for _, class := range q.classes {
			if !c.about(class) || !q.asksAny(c, class) {
				continue
			}
			if b := q.box(&n, class); b != nil {
				if _, ok := q.with(b, clause{a, true}); ok {
					return false
				}
			}
		}
	}
	return true
}

// asksAny reports whether callers of the class can ask for one of the statement's actions.
func (q *question) asksAny(s *statement, c *class) bool {
	for _, action := range roleActions {
		if s.allows(action) && q.asks(c, action) {
			return true
		}
	}
	return false
}

// Shadowed reports whether the policy d means the same without s, because of other statements of d, and which these are: for
// an Allow, Deny statements that take away all of it or Allow statements that let in the same; for a Deny, other Deny
// statements, or none at all when no Allow lets in what it denies. Of two statements that mean the same the later one is
// shadowed. A statement that is dead is not.
func Shadowed(d *policy.Document, s *policy.Statement, o Options) (by []*policy.Statement, shadowed bool) {
	if _, dead := Dead(d, s, o); dead || vague(s) {
		return nil, false
	}
	for _, w := range worlds(d) {
		by, shadowed = shadowedIn(d, s, w, o)
		if !shadowed {
			return nil, false
		}
	}
	return by, shadowed
}

func shadowedIn(d *policy.Document, s *policy.Statement, w World, o Options) (by []*policy.Statement, shadowed bool) {
	allow := *s
	allow.Effect = policy.Allow
	lone := *d
	lone.Statements = []*policy.Statement{&allow}
	// The statement as large as it may be, the others as small as they certainly are; but an Allow that a Deny is measured
	// against is taken as large as it may be.
	others := part{document: d, wideAllow: s.Effect == policy.Deny}
	for _, other := range d.Statements {
		if other != s && (other.Effect != s.Effect && other.Effect == policy.Allow || !vague(other)) {
			others.statements = append(others.statements, other)
		}
	}
	q := newQuestion(w, o, false, part{&lone, lone.Statements, true, true}, others)
	q.budget.left = workOn(d)
	subject, rest := q.statements[0], []*statement(nil)
	for _, other := range q.statements[1:] {
		if other.effect != s.Effect || other.Index < s.Index || !q.covers(subject, other) {
			rest = append(rest, other) // of two that mean the same only the later one is shadowed
		}
	}
	used := map[*policy.Statement]bool{}
	single := map[*policy.Statement]int{} // how many of the parts it covers alone
	parts := 0
	for _, c := range q.classes {
		for _, action := range roleActions {
			if !subject.about(c) || !subject.allows(action) || !q.asks(c, action) {
				continue
			}
			b := q.box(subject, c)
			if b == nil {
				continue
			}
			for _, boxes := range q.relevant(b, s, rest, action) {
				parts++
				if !q.shadow(boxes, s, rest, action, used, single, &by) {
					return nil, false
				}
			}
		}
	}
	for _, other := range rest {
		if single[other.Statement] == parts && parts > 0 {
			return []*policy.Statement{other.Statement}, true
		}
	}
	return by, true
}

// relevant returns the parts of b that count: for an Allow b itself, for a Deny what it takes away from each Allow.
func (q *question) relevant(b *box, s *policy.Statement, rest []*statement, action string) [][]*box {
	if s.Effect == policy.Allow {
		return [][]*box{{b}}
	}
	var parts [][]*box
	for _, other := range rest {
		if other.effect != policy.Allow || !other.allows(action) || !other.about(b.class) {
			continue
		}
		if n, ok := q.both(b, other); ok {
			parts = append(parts, []*box{n})
		}
	}
	return parts
}

// shadow takes the other statements away from the boxes. It reports whether nothing is left.
func (q *question) shadow(boxes []*box, s *policy.Statement, rest []*statement, action string, used map[*policy.Statement]bool,
	single map[*policy.Statement]int, by *[]*policy.Statement) bool {
	left := boxes
	for _, other := range rest {
		if other.effect == policy.Allow && s.Effect == policy.Deny || !other.allows(action) || !other.about(boxes[0].class) {
			continue
		}
		alone := q.minus(boxes, other)
		if len(alone) == 0 {
			single[other.Statement]++
		}
		next := q.minus(left, other)
		if !used[other.Statement] && !slices.Equal(next, left) {
			used[other.Statement] = true
			*by = append(*by, other.Statement)
		}
		left = next
	}
	return len(left) == 0
}

// covers reports whether s matches every request that the other statement does.
func (q *question) covers(s, other *statement) bool {
	for _, c := range q.classes {
		if !other.about(c) {
			continue
		}
		b := q.box(other, c)
		if b == nil {
			continue
		}
		for _, action := range roleActions {
			if other.allows(action) && q.asks(c, action) && (!s.allows(action) || !s.about(c) || len(q.minus([]*box{b}, s)) > 0) {
				return false
			}
		}
	}
	return true
}
