package terraform

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
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
}

// about returns the assumption that the unknown boolean v is truth.
func about(v *value, truth bool) assumption {
	if v.contrary != "" {
		return assumption{v.contrary, !truth}
	}
	return assumption{v.hole.Expr, truth}
}

func (a assumption) String() string {
	return fmt.Sprintf("%s is %t", a.cond, a.truth)
}

// describeAssumptions returns the conditions under which a document holds: "var.public is true".
func describeAssumptions(as []assumption) string {
	words := make([]string, 0, len(as))
	for _, a := range as {
		if w := a.String(); !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return strings.Join(words, " and ")
}

// choices is the state of the runs.
type choices struct {
	assumed   map[string]bool // of the current run
	met       []assumption    // in the current run and not given to it, in the order met
	consulted int             // how often a choice was asked for

	settled map[memoKey]*value // values that depend on no choice
	chosen  map[memoKey]*value // values of the current run
	// picking: outside runs, for count and for_each, a condition picks the branch that is not empty.
	picking bool
	picked  map[memoKey]*value
	picks   []assumption
}

// memo returns where values that depend on a choice are kept.
func (c *choices) memo() map[memoKey]*value {
	if c.picking {
		return c.picked
	}
	return c.chosen
}

// choose returns what the condition is taken to be.
func (c *choices) choose(cond string) bool {
	c.consulted++
	if c.picking {
		return true
	}
	truth, ok := c.assumed[cond]
	if !ok {
		truth = true
		if c.assumed == nil {
			c.assumed = map[string]bool{}
		}
		c.assumed[cond] = true
		c.met = append(c.met, assumption{cond, true})
	}
	return truth
}

// An alternative is one outcome of the conditions that the code does not decide.
type alternative[T any] struct {
	assumptions []assumption
	result      T
}

// alternatives calls f once for each way in which undecided conditions can turn out, given what holds anyway. It reports
// false when there are more ways than maxAlternatives.
func alternatives[T any](e *evaluator, given []assumption, f func() T) ([]alternative[T], bool) {
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
		e.chosen = map[memoKey]*value{}
		result := f()
		met := e.met
		if len(met) > maxAlternatives {
			met, complete = met[:maxAlternatives], false // the rest would never be looked at
		}
		for i := len(met) - 1; i >= 0; i-- {
			next := append(append(as[:len(as):len(as)], met[:i]...), assumption{met[i].cond, false})
			pending = append(pending, next)
		}
		out = append(out, alternative[T]{append(as[:len(as):len(as)], met...), result})
	}
	e.assumed, e.met = nil, nil
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
	chosen := e.chosen
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
			pending = append(pending, append(append(slices.Clip(as), own[:i]...), assumption{own[i].cond, false}))
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

// pick evaluates expr for how many instances a block has: where a condition is not decided, the branch with instances.
func (s *scope) pick(expr hclsyntax.Expression) (v *value, picks []assumption) {
	e := s.e
	picking, consulted, outer := e.picking, e.consulted, e.picks
	e.picking, e.picks = true, nil
	v = s.eval(expr)
	picks = e.picks
	e.picking, e.consulted, e.picks = picking, consulted, outer
	return v, picks
}

// pickBranch returns the branch of x that is not empty, or an unknown value when that does not settle it.
func (s *scope) pickBranch(x *hclsyntax.ConditionalExpr, cond *value) *value {
	s.e.consulted++
	yes, no := s.eval(x.TrueResult), s.eval(x.FalseResult)
	switch {
	case hollow(no) && !hollow(yes):
		s.e.picks = append(s.e.picks, about(cond, true))
		return yes
	case hollow(yes) && !hollow(no):
		s.e.picks = append(s.e.picks, about(cond, false))
		return no
	case describe(yes) == describe(no):
		return yes
	}
	return unknown(describe(cond)+" ? "+describe(yes)+" : "+describe(no), yes.typ, s.span(x.SrcRange))
}

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
		return len(v.members) == 0 && v.fetch == nil
	}
	return false
}
