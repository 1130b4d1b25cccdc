package cloudformation

import (
	"slices"
	"strconv"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// maxAlternatives is how many policies a role is shown with at most. Real roles have a handful.
const maxAlternatives = 64

// A world is what is assumed about the unknown conditions while a role is evaluated once. Where the outcome of a condition is
// not settled by what was assumed before, evaluation takes one and the role is evaluated again with the other.
type world struct {
	assumed []constraint
	labels  []string // of the assumptions that were a choice
	forks   []fork   // the choices of this run, in the order met
	next    int
	e       *evaluator
	truth   map[digest]bool   // what the assumptions say of their formulas
	groups  map[string]*group // by the variables that the assumptions in them compare
}

// A group is assumptions that compare the same variables, or are joined by others that do. Those of different groups have
// nothing to do with each other.
type group struct {
	assumed []int  // indexes
	into    *group // the one that it is part of, nil when it is whole
}

func (g *group) whole() *group {
	for g.into != nil {
		g = g.into
	}
	return g
}

type fork struct {
	options []option
	taken   int
}

// An option is one outcome of a choice, under the constraint.
type option struct {
	constraint
	label string // "IsProd is true"
	index int    // which it is to the one who asks
	first bool   // it is what the defaults lead to, so it is looked at first
}

// assume adds an assumption. It must go together with the others.
func (w *world) assume(c constraint) {
	if _, known := w.truth[c.f.key]; known {
		return
	}
	w.truth[c.f.key] = c.want
	own := &group{assumed: []int{len(w.assumed)}}
	for _, v := range w.variables(c.f) {
		if g := w.groups[v]; g != nil {
			if g = g.whole(); g != own {
				own.assumed = append(own.assumed, g.assumed...)
				g.into = own
			}
		}
		w.groups[v] = own
	}
	w.assumed = append(w.assumed, c)
}

// reset forgets all assumptions but those given.
func (w *world) reset(given []constraint) {
	w.assumed, w.next = nil, 0
	w.truth, w.groups = map[digest]bool{}, map[string]*group{}
	for _, c := range given {
		w.assume(c)
	}
}

func (w *world) variables(f *formula) []string {
	names, known := w.e.compared[f.key]
	if !known {
		names = f.variables()
		w.e.compared[f.key] = names
	}
	return names
}

// related returns the assumptions that have to do with variables.
func (w *world) related(variables []string) []constraint {
	var indexes []int
	seen := map[*group]bool{}
	for _, v := range variables {
		if g := w.groups[v]; g != nil && !seen[g.whole()] {
			seen[g.whole()] = true
			indexes = append(indexes, g.whole().assumed...)
		}
	}
	slices.Sort(indexes)
	cs := make([]constraint, len(indexes), len(indexes)+1)
	for i, n := range indexes {
		cs[i] = w.assumed[n]
	}
	return cs
}

// satisfiable reports whether c can hold together with what is assumed. The assumptions can, so only those that have to do
// with c are asked.
func (w *world) satisfiable(c constraint) bool {
	if c.f.op == constTrue || c.f.op == constFalse {
		return (c.f.op == constTrue) == c.want
	}
	if truth, known := w.truth[c.f.key]; known {
		return truth == c.want
	}
	cs := append(w.related(w.variables(c.f)), c)
	parts := make([]string, 0, 2*len(cs))
	for _, c := range cs {
		parts = append(parts, strconv.FormatBool(c.want), string(c.f.key[:]))
	}
	key := digestOf(parts...)
	ok, known := w.e.sat[key]
	if !known {
		ok = w.e.satisfiable(cs)
		w.e.sat[key] = ok
	}
	return ok
}

// choose returns the index of the option that holds in this world.
func (w *world) choose(options []option) int {
	if w.next < len(w.forks) {
		f := w.forks[w.next]
		w.next++
		o := f.options[f.taken]
		w.assume(o.constraint)
		w.labels = append(w.labels, o.label)
		return o.index
	}
	var possible []option
	for _, o := range options {
		if w.satisfiable(o.constraint) {
			possible = append(possible, o)
		}
	}
	switch len(possible) {
	case 0:
		return options[0].index
	case 1:
		return possible[0].index
	}
	slices.SortStableFunc(possible, func(a, b option) int {
		if a.first == b.first {
			return 0
		} else if a.first {
			return -1
		}
		return 1
	})
	w.forks = append(w.forks, fork{options: possible})
	w.next = len(w.forks)
	w.assume(possible[0].constraint)
	w.labels = append(w.labels, possible[0].label)
	return possible[0].index
}

// advance turns to the next choice not looked at yet and reports whether there is one.
func (w *world) advance() bool {
	for n := len(w.forks) - 1; n >= 0; n-- {
		if f := &w.forks[n]; f.taken+1 < len(f.options) {
			f.taken++
			w.forks = w.forks[:n+1]
			return true
		}
	}
	return false
}

// An outcome is what an evaluation gives in one world.
type outcome[T any] struct {
	when  string
	value T
}

// outcomes calls f in every world that it can tell apart, given that the formulas of given hold, and returns what it gave.
// complete is false when there are more than maxAlternatives.
func outcomes[T any](e *evaluator, given []constraint, labels []string, f func() T) (all []outcome[T], complete bool) {
	outer := e.world
	defer func() { e.world = outer }()
	w := &world{e: e}
	e.world = w
	for {
		w.reset(given)
		w.labels = slices.Clone(labels)
		v := f()
		if len(w.assumed) > 0 {
			// Once more with all assumptions known from the start: what they say about a parameter holds for the
			// whole document, also for what was evaluated before they were made.
			forks := w.forks
			w.forks, w.next = nil, 0
			labels := w.labels
			v = f()
			w.forks, w.labels = forks, labels
		}
		all = append(all, outcome[T]{strings.Join(w.labels, " and "), v})
		if !w.advance() {
			return all, true
		}
		if len(all) == maxAlternatives {
			return all, false
		}
	}
}

// decide reports whether the template's condition of that name holds in this world.
func (e *evaluator) decide(name string, s scope) bool {
	f := e.condition(name, s)
	switch {
	case f.op == constTrue || f.op == constFalse:
		return f.op == constTrue
	case e.world == nil:
		return f.byDefault
	}
	byDefault := f.byDefault
	label := s.t.prefix + name
	return e.world.choose([]option{
		{constraint{f, true}, label + " is true", 1, byDefault},
		{constraint{f, false}, label + " is false", 0, !byDefault},
	}) == 1
}

// narrow returns what the assumptions of this world leave of the hole: a literal, or the hole with fewer choices.
func (e *evaluator) narrow(h *policy.Hole, span source.Span) policy.Part {
	if e.world == nil || e.quiet || len(e.world.assumed) == 0 || h.Many {
		return policy.HolePart(h, span)
	}
	if e.world.groups[h.Expr] == nil {
		return policy.HolePart(h, span)
	}
	v := newSolver(e.world.related([]string{h.Expr})).variable(h.Expr)
	self := policy.NewText(policy.HolePart(h, span))
	var left []string
	others := make([]*formula, 0, len(v.values))
	for _, value := range v.values {
		is := newEquals(self, policy.String(value, source.Span{}))
		if e.world.satisfiable(constraint{is, true}) {
			left = append(left, value)
		}
		others = append(others, is)
	}
	if h.Default != nil && !e.world.satisfiable(constraint{newEquals(self, policy.String(*h.Default, source.Span{})), true}) {
		without := *h
		without.Default = nil
		h = &without
	}
	if v.open && e.world.satisfiable(constraint{connect(or, others...), false}) {
		return policy.HolePart(h, span)
	}
	switch {
	case len(left) == 1:
		return policy.Literal(left[0], span)
	case len(left) == 0 || len(left) == len(h.Choices):
		return policy.HolePart(h, span)
	}
	narrowed := *h
	narrowed.Choices = left
	return policy.HolePart(&narrowed, span)
}
