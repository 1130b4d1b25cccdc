package terraform

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/source"
)

// Conditions that the code does not decide are decided by assumption: a document is evaluated once for each way they can
// turn out. The first run takes every such condition to be true; each condition met that way starts a further run in which
// those before it are as they were and it is false. So every alternative is seen exactly once, and conditions that the
// document does not depend on are never asked.

// maxAlternatives bounds the documents that one role may have.
const maxAlternatives = 16

// An assumption is one condition and what it is taken to be.
type assumption struct {
	cond  string
	truth bool
	// follows: the assumptions before it leave no other way.
	follows bool
}

// An equality is a condition that compares an expression, which the code does not decide, with a literal.
type equality struct{ subject, literal string }

// about returns the assumption that the unknown boolean v is truth.
func about(v *value, truth bool) assumption {
	if v.more().contrary != "" {
		return assumption{cond: v.more().contrary, truth: !truth}
	}
	return assumption{cond: v.hole.Expr, truth: truth}
}

// not returns the assumption that a does not hold.
func (a assumption) not() assumption {
	return assumption{cond: a.cond, truth: !a.truth}
}

func (a assumption) String() string {
	return fmt.Sprintf("%s is %t", a.cond, a.truth)
}

// describeAssumptions returns the conditions under which a document holds: "var.public is true". That an expression equals
// one literal says that it equals no other.
func (c *choices) describeAssumptions(as []assumption) string {
	equal := map[string]bool{} // subjects of which it is assumed what they are
	for _, a := range as {
		if eq, ok := c.equalities[a.cond]; ok && a.truth {
			equal[eq.subject] = true
		}
	}
	words := make([]string, 0, len(as))
	for _, a := range as {
		if eq, ok := c.equalities[a.cond]; ok && !a.truth && equal[eq.subject] {
			continue
		}
		if w := a.String(); !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return strings.Join(words, " and ")
}

// describeWays returns the condition that one of several ways is taken: "var.a is true or var.b is true".
func (c *choices) describeWays(ways [][]assumption) string {
	ways = slices.Clone(ways)
	for i := 0; i < len(ways); i++ {
		for j := i + 1; j < len(ways); j++ {
			if merged, ok := eitherWay(ways[i], ways[j]); ok {
				ways[i] = merged
				ways = slices.Delete(ways, j, j+1)
				i, j = -1, len(ways) // the new one may go with one before it
			}
		}
	}
	words := make([]string, 0, len(ways))
	for _, as := range ways {
		words = append(words, c.describeAssumptions(as))
	}
	return strings.Join(words, " or ")
}

// eitherWay returns what two ways have in common where they differ only in the truth of one condition.
func eitherWay(a, b []assumption) ([]assumption, bool) {
	if len(a) != len(b) {
		return nil, false
	}
	var common []assumption
	for _, x := range a {
		i := slices.IndexFunc(b, func(y assumption) bool { return y.cond == x.cond })
		if i < 0 {
			return nil, false
		}
		if b[i].truth == x.truth {
			common = append(common, x)
		}
	}
	return common, len(common) == len(a)-1
}

// choices is the state of the runs.
type choices struct {
	assumed map[string]bool // of the current run
	met     []assumption    // in the current run and not given to it, in the order met
	// consulted is how often a value depended on what is not the same for all who ask for it: the answer to a choice, or whether
	// they are picking or trying. Where it did not go up, the value is kept for everybody.
	consulted int
	// equalities holds the conditions met so far that are one: of those with one subject at most one holds.
	equalities map[string]equality
	// trying: within try or can, which go on where a map has no such member.
	trying int
	// blunt: which member of a map is meant and what the value of an instance is are no choices, for there are too many.
	// sharpened: they were.
	blunt, sharpened bool
	// without: in the current run a block that is referred to has no instances.
	without bool

	settled map[memoKey]*value        // values that depend on no choice
	fixed   map[fixedKey]*value       // and parts of those that do which do not: a large object is mostly made of such
	chosen  map[memoKey]*remembered   // values of the current run
	earlier map[memoKey][]*remembered // values of all runs
	asked   *questions                // of the value that is being worked out
	// picking: outside runs, for count and for_each, a condition picks the branch that is not empty.
	picking bool
	picked  map[memoKey]candidate
	picks   []assumption
}

// take adds picks, each once.
func (c *choices) take(picks ...assumption) {
	for _, a := range picks {
		if !slices.Contains(c.picks, a) {
			c.picks = append(c.picks, a)
		}
	}
}

// recall returns the value of that name that depends on a choice.
func (e *evaluator) recall(k memoKey) (*value, bool) {
	if !e.picking {
		return e.remember(k)
	}
	cand, ok := e.picked[k]
	e.take(cand.picks...)
	return cand.val, ok
}

// choose returns what the condition is taken to be.
func (c *choices) choose(cond string) bool {
	c.consulted++
	return c.picking || c.ask(question{cond: cond}) == 0
}

// decide is choose of a condition that is part of a question.
func (c *choices) decide(cond string) bool {
	truth, ok := c.assumed[cond]
	if !ok {
		truth = !c.excluded(cond)
		c.assume(assumption{cond: cond, truth: truth, follows: !truth})
	}
	return truth
}

func (c *choices) assume(a assumption) {
	if c.assumed == nil {
		c.assumed = map[string]bool{}
	}
	c.assumed[a.cond] = a.truth
	c.met = append(c.met, a)
}

// excluded reports whether the assumptions leave no way in which cond is true.
func (c *choices) excluded(cond string) bool {
	eq, ok := c.equalities[cond]
	if !ok {
		return false
	}
	for other, truth := range c.assumed {
		if o, ok := c.equalities[other]; ok && truth && o.subject == eq.subject && o.literal != eq.literal {
			return true
		}
	}
	return false
}

// equality returns the condition that subject is the literal that other describes.
func (c *choices) equality(subject, other string) string {
	cond := subject + " == " + other
	if c.equalities == nil {
		c.equalities = map[string]equality{}
	}
	c.equalities[cond] = equality{subject, other}
	return cond
}

// member returns the one of values that an index selects, where the code does not decide which: conds are the conditions of
// each. Where none of them holds it is otherwise, and an error at span where that is nil. expr describes what is selected. It
// returns nil where there are too many for a choice.
func (c *choices) member(expr string, conds []string, values []*value, otherwise *value, span source.Span) *value {
	switch {
	case c.picking:
		candidates := make([]candidate, len(conds))
		for i, cond := range conds {
			candidates[i] = candidate{when: assumption{cond: cond, truth: true}, val: values[i]}
		}
		return c.pickOne(expr, candidates, otherwise)
	case len(conds) > maxAlternatives:
		return nil
	}
	c.consulted++
	if c.blunt {
		return nil
	}
	c.sharpened = true
	if i := c.ask(question{among: conds, one: otherwise == nil && c.trying == 0}); i >= 0 {
		return values[i]
	}
	if otherwise != nil {
		return otherwise
	}
	return failed(span, "there is no such member")
}

// An alternative is one outcome of the conditions that the code does not decide.
type alternative[T any] struct {
	assumptions []assumption
	result      T
}

// alternatives calls f once for each way in which undecided conditions can turn out, given what holds anyway. It reports
// false when there are more ways than maxAlternatives.
func alternatives[T any](e *evaluator, given []assumption, f func() T) ([]alternative[T], bool) {
	e.sharpened = false
	out, complete := runs(e, given, f)
	if e.sharpened && (!complete || e.spent != "") {
		e.renew()
		e.blunt = true
		out, complete = runs(e, given, f)
		e.blunt = false
	}
	return out, complete
}

func runs[T any](e *evaluator, given []assumption, f func() T) ([]alternative[T], bool) {
	var out []alternative[T]
	pending := [][]assumption{nil}
	complete := true
	for len(pending) > 0 {
		if len(out) == maxAlternatives {
			return out, false
		}
		as := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		e.assumed = map[string]bool{}
		for _, a := range given {
			e.assumed[a.cond] = a.truth
		}
		for _, a := range as {
			e.assumed[a.cond] = a.truth
		}
		e.met = nil
		e.without = false
		e.chosen = map[memoKey]*remembered{}
		result := f()
		met := e.met
		if len(met) > maxAlternatives {
			met, complete = met[:maxAlternatives], false // the rest would never be looked at
		}
		for i := len(met) - 1; i >= 0; i-- {
			if !met[i].follows {
				next := append(append(as[:len(as):len(as)], met[:i]...), assumption{cond: met[i].cond})
				pending = append(pending, next)
			}
		}
		out = append(out, alternative[T]{append(as[:len(as):len(as)], met...), result})
		if e.sharpened && !e.blunt && len(out)+len(pending) > maxAlternatives {
			return out, false // what is pending is one way at least, and these are looked at again without choices of members
		}
	}
	e.assumed, e.met = nil, nil
	e.chosen, e.earlier = map[memoKey]*remembered{}, map[memoKey][]*remembered{} // they are large
	return out, complete
}

// eachWay calls f for an element. One that stands for many is looked at in each way in which the conditions that mention an
// element can turn out, since the elements may differ in them. It reports false when there are more ways than
// maxAlternatives.
func (e *evaluator) eachWay(many bool, f func()) bool {
	if !many || e.picking {
		f()
		return true
	}
	if e.assumed == nil {
		e.assumed = map[string]bool{}
	}
	chosen, outer := e.chosen, e.asked
	e.asked = &questions{}
	decided := map[string]bool{} // here, in one way or the other
	defer func() {
		asked := e.asked.list
		e.asked = outer
		for _, q := range asked {
			if !q.mentions(decided) {
				e.asked.add(q)
			}
		}
	}()
	pending := [][]assumption{nil}
	for ways := 0; len(pending) > 0; ways++ {
		if ways == maxAlternatives {
			e.chosen = chosen
			return false
		}
		as := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		for _, a := range as {
			e.assumed[a.cond] = a.truth
		}
		e.chosen = maps.Clone(chosen) // what follows from these assumptions holds for this way only
		before := len(e.met)
		f()
		met := slices.Clone(e.met[before:])
		e.met = e.met[:before:before]
		var own []assumption
		for _, a := range met {
			if strings.Contains(a.cond, "[*]") {
				own = append(own, a)
				decided[a.cond] = true
			} else {
				e.met = append(e.met, a)
			}
		}
		for _, a := range append(slices.Clip(as), own...) {
			delete(e.assumed, a.cond)
		}
		if ways == 0 && len(own) == 0 {
			return true
		}
		for i := len(own) - 1; i >= 0; i-- {
			if !own[i].follows {
				pending = append(pending, append(append(slices.Clip(as), own[:i]...), assumption{cond: own[i].cond}))
			}
		}
	}
	e.chosen = chosen
	return true
}

// eachElement calls step for an element in each way (see eachWay). A failure is one where every way fails: of those that do
// not, Terraform takes one.
func (e *evaluator) eachElement(many bool, step func() *value) (complete bool, err *value) {
	made := false
	complete = e.eachWay(many, func() {
		if failure := step(); failure != nil {
			err = failure
		} else {
			made = true
		}
	})
	if made {
		err = nil
	}
	return complete, err
}

// pick evaluates expr for how many instances a block has: where a condition is not decided, the branch with instances. It
// reports whether the value depends on a choice.
func (s *scope) pick(expr hclsyntax.Expression) (v *value, picks []assumption, open bool) {
	e := s.e
	picking, consulted, outer := e.picking, e.consulted, e.picks
	e.picking, e.picks = true, nil
	v = s.eval(expr)
	picks, open = e.picks, e.consulted > consulted
	e.picking, e.consulted, e.picks = picking, consulted, outer
	return v, picks, open
}

// A candidate is one of the values that an expression may have.
type candidate struct {
	when  assumption
	val   *value
	picks []assumption // under which it is val
}

// candidate returns what f makes, with the picks that it takes.
func (c *choices) candidate(when assumption, f func() *value) candidate {
	outer := c.picks
	c.picks = nil
	val := f()
	made := candidate{when, val, c.picks}
	c.picks = outer
	return made
}

// pickOne returns the one of the candidates that is not empty, or an object of which each member is picked when it is asked
// for. Where no candidate holds the value is otherwise, if that is not nil. It returns nil where all that settles nothing.
func (c *choices) pickOne(expr string, candidates []candidate, otherwise *value) *value {
	c.consulted++
	var full, empty []candidate
	for _, cand := range candidates {
		if hollow(cand.val) {
			empty = append(empty, cand)
		} else {
			full = append(full, cand)
		}
	}
	first := candidates[0].val
	differ := func(cand candidate) bool { return len(cand.picks) > 0 || equal(cand.val, first) != yes }
	settled := otherwise == nil || hollow(otherwise)
	switch {
	case otherwise == nil && !slices.ContainsFunc(candidates, func(cand candidate) bool { return len(cand.picks) > 0 || !cand.val.vacant() }):
		return first // {} and an empty map are not equal, but make the same instances
	case (otherwise == nil || equal(otherwise, first) == yes) && !slices.ContainsFunc(candidates, differ):
		return first
	case len(full) == 1 && settled:
		picks := append([]assumption{full[0].when}, full[0].picks...)
		if v := full[0].val; v.exact() && v.more().fetch == nil {
			return v.partsWhere(picks)
		}
		c.take(picks...)
		return full[0].val
	case len(full) == 0 && !settled:
		for _, cand := range empty {
			c.take(cand.when.not())
		}
		return otherwise
	case len(full) > 1 && otherwise == nil:
		first = full[0].val
		if !slices.ContainsFunc(full, differ) {
			for _, cand := range empty {
				c.take(cand.when.not())
			}
			return first
		}
		return c.pickObject(expr, candidates)
	}
	return nil
}

// partsWhere returns a list or object whose elements or members are there under assumptions.
func (v *value) partsWhere(there []assumption) *value {
	c := *v
	c.elems = make([]*value, len(v.elems))
	for i, el := range v.elems {
		c.elems[i] = el.where(there)
	}
	c.members = make([]member, len(v.members))
	for i, m := range v.members {
		c.members[i] = member{m.key.where(there), m.val}
	}
	return &c
}

// pickObject returns an object that stands for one of the candidates, nil where they are not all objects.
func (c *choices) pickObject(expr string, candidates []candidate) *value {
	for _, cand := range candidates {
		if cand.val.kind != objectKind || len(cand.picks) > 0 {
			return nil
		}
	}
	first := candidates[0].val
	o := &value{kind: objectKind, rest: &moreValue{address: expr}, span: first.span}
	o.edit().fetch = func(name string) *value {
		members := make([]candidate, len(candidates))
		missing := false
		for i, cand := range candidates {
			members[i] = c.candidate(cand.when, func() *value {
				got := cand.val.get(name)
				missing = missing || got == nil
				return got
			})
		}
		if !missing && c.picking {
			if got := c.pickOne(expr+"."+name, members, nil); got != nil {
				return got
			}
		}
		return unknown(expr+"."+name, cty.NilType, first.span)
	}
	return o
}

// pickBranch returns the branch of x that is not empty, or an unknown value when that does not settle it.
func (s *scope) pickBranch(x *hclsyntax.ConditionalExpr, cond *value) *value {
	a := about(cond, true)
	branches := []candidate{
		s.e.candidate(a, func() *value { return s.eval(x.TrueResult) }),
		s.e.candidate(a.not(), func() *value { return s.eval(x.FalseResult) }),
	}
	yes, no := branches[0].val, branches[1].val
	expr := describe(cond) + " ? " + describe(yes) + " : " + describe(no)
	if v := s.e.pickOne(expr, branches, nil); v != nil {
		return v
	}
	return unknown(expr, yes.typ, s.span(x.SrcRange))
}

// undecided reports whether v may be another value when choices turn out otherwise than they were picked.
func (v *value) undecided() bool {
	return len(v.more().chosen)+len(v.more().there) > 0 || v.kind == unknownKind && strings.Contains(v.hole.Expr, " ? ") ||
		slices.ContainsFunc(v.elems, (*value).undecided) ||
		slices.ContainsFunc(v.members, func(m member) bool { return m.key.undecided() || m.val.undecided() })
}

// vacant reports whether v is a collection that is known to be empty.
func (v *value) vacant() bool { return (v.kind == listKind || v.kind == objectKind) && hollow(v) }

// hollow reports whether v is known to make no instance.
func hollow(v *value) bool {
	switch v.kind {
	case nullKind, failedKind:
		return true
	case boolKind:
		return !v.truth
	case numberKind:
		return v.num.Sign() == 0
	case stringKind:
		return v.is("") || v.is("0")
	case listKind:
		return len(v.elems) == 0
	case objectKind:
		return len(v.members) == 0 && v.more().fetch == nil
	}
	return false
}
