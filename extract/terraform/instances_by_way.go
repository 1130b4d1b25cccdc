package terraform

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Where the code does not decide which of several collections for_each is given, as in local.roles[var.environment], the block
// has the instances of all of them, each under the conditions that lead to it. So it is with numbers and count.

// A givenByWay is what for_each or count of a block is given in each way in which the choices that it depends on can turn out.
type givenByWay struct {
	s    *scope
	a    *hclsyntax.Attribute
	ways []*remembered
}

// outcomes returns what a is in each of the ways, given what its module instance exists under. It reports false where that is not
// known.
func (c *givenByWay) outcomes() ([]alternative[*value], bool) {
	s, e := c.s, c.s.e
	if e.spent != "" {
		return nil, false
	}
	steps, bytes := e.steps, e.bytes
	var ways []alternative[*value]
	complete := false
	e.apart(func() {
		ways, complete = runs(e, s.inst.exists, func() *value {
			if slices.ContainsFunc(s.inst.present, func(present func() bool) bool { return !present() }) {
				return null(s.span(c.a.Expr.Range()))
			}
			v := c.evaluate()
			if r := e.chosen[c.key()]; r != nil {
				c.ways = append(c.ways, r)
			}
			return v
		})
	})
	if e.spent != "" && e.total <= maxRootSteps {
		e.steps, e.bytes, e.spent = steps, bytes, "" // one instance for all of them does too
		return nil, false
	}
	return ways, complete && e.spent == ""
}

// countNeeds reports whether the count is 0 in every way in which one of the picks does not hold, or that is not known.
func (c *givenByWay) countNeeds(picks []assumption) bool {
	ways, ok := c.outcomes()
	return !ok || !slices.ContainsFunc(ways, func(way alternative[*value]) bool {
		return !hollow(way.result) && slices.ContainsFunc(picks, func(p assumption) bool { return c.s.e.rulesOut(way.assumptions, p) })
	})
}

// countInto changes x and its count n, which rest on the branches with instances, where other ways make other instances.
func (c *givenByWay) countInto(x *expansion, n *int64) {
	e := c.s.e
	ways, ok := c.outcomes()
	if !ok {
		return
	}
	var counts []int64
	most := int64(0)
	for _, way := range ways {
		count := int64(0)
		switch v := toNumber(way.result); v.kind {
		case numberKind:
			count, _ = v.num.Int64()
		case failedKind, nullKind:
			if way.result.limit || way.result.hole != nil {
				return
			}
		default:
			return
		}
		counts = append(counts, count)
		most = max(most, count)
	}
	if most > maxInstances {
		return
	}
	y := &expansion{}
	asPicked := most == *n
	for i := range most {
		if !e.spend(1 + len(ways)) {
			return
		}
		var in []int
		for w, count := range counts {
			if count > i {
				in = append(in, w)
			}
		}
		there, unclear := e.leadingTo(ways, in)
		asPicked = asPicked && !unclear && sameAssumptions(there, x.picks)
		y.there, y.present = append(y.there, there), append(y.present, nil)
		if unclear {
			y.present[i] = func() bool {
				v := toNumber(c.inRun())
				return v.kind != numberKind || v.num.Cmp(big.NewFloat(float64(i))) > 0
			}
		}
	}
	if !asPicked {
		*n, x.picks, x.there, x.present = most, nil, y.there, y.present
	}
}

// sameAssumptions reports whether a and b say the same.
func sameAssumptions(a, b []assumption) bool {
	within := func(a, b []assumption) bool {
		return !slices.ContainsFunc(a, func(x assumption) bool {
			return !slices.ContainsFunc(b, func(y assumption) bool { return x.cond == y.cond && x.truth == y.truth })
		})
	}
	return within(a, b) && within(b, a)
}

// sameItems reports whether what the branches with instances make, under picks, is what is there in any way.
func sameItems(picked []item, picks []assumption, all []item) bool {
	return slices.EqualFunc(picked, all, func(p, it item) bool {
		name, known := p.key.asString().literal()
		return known && !p.many && it.key.is(name) && !it.unclear && !it.varies &&
			sameAssumptions(append(slices.Clip(picks), p.there...), it.there) && equal(p.val, it.val) == yes
	})
}

// items returns what there is to iterate over in any way in which the choices can turn out. It reports false where that is
// not known. Where no conditions lead to an item alone, it has none: see presence.
func (c *givenByWay) items() ([]item, bool) {
	s, e := c.s, c.s.e
	ways, ok := c.outcomes()
	if !ok {
		return nil, false
	}
	var items []item
	index := map[string]int{} // of an item, by its name
	var in [][]int            // the ways in which each is there
	for w, way := range ways {
		v := way.result
		switch v.kind {
		case failedKind, nullKind:
			if v.limit || v.hole != nil {
				return nil, false
			}
			continue // no instances in this way, nor anything else: Terraform stops
		case objectKind:
			if v.more().fetch != nil {
				return nil, false
			}
		case listKind:
		default:
			return nil, false
		}
		each, err := e.iterate(v)
		if err != nil || !v.exact() {
			return nil, false
		}
		for _, it := range each {
			if v.kind == listKind {
				it.key = it.val
			}
			it.key = it.key.asString()
			name, known := it.key.literal()
			if !known || !e.spend(1) {
				return nil, false
			}
			i, seen := index[name]
			if !seen {
				i = len(items)
				index[name] = i
				items, in = append(items, it), append(in, nil)
			} else if equal(items[i].val, it.val) != yes {
				span := s.span(c.a.Expr.Range())
				items[i].varies = true
				items[i].val = unknown(firstLine(span.Text())+"["+describe(it.key)+"]", cty.NilType, span)
			}
			in[i] = append(in[i], w)
		}
	}
	for i := range items {
		items[i].there, items[i].unclear = e.leadingTo(ways, in[i])
	}
	slices.SortStableFunc(items, func(a, b item) int {
		s, _ := a.key.literal()
		t, _ := b.key.literal()
		return strings.Compare(s, t)
	})
	return items, true
}

// leadingTo returns conditions that hold in the ways of that index, and whether they hold in others too.
func (e *evaluator) leadingTo(ways []alternative[*value], index []int) (there []assumption, unclear bool) {
	if len(index) == 1 {
		return ways[index[0]].assumptions, false
	}
	for w, way := range ways {
		if slices.Contains(index, w) {
			continue
		}
		// Something that this way assumes and that none of those does.
		i := slices.IndexFunc(way.assumptions, func(a assumption) bool {
			return !slices.ContainsFunc(index, func(w int) bool { return !e.rulesOut(ways[w].assumptions, a) })
		})
		if i < 0 {
			unclear = true
		} else if not := way.assumptions[i].not(); !slices.Contains(there, not) {
			there = append(there, not)
		}
	}
	return there, unclear
}

func (c *givenByWay) key() memoKey {
	return memoKey{c.s.inst, fmt.Sprintf("%s at %s:%d", c.a.Name, c.a.SrcRange.Filename, c.a.SrcRange.Start.Byte)}
}

func (c *givenByWay) evaluate() *value {
	k := c.key()
	return c.s.e.once(k.inst, k.name, c.s.span(c.a.Expr.Range()), func() *value { return c.s.eval(c.a.Expr) })
}

// inRun returns what the argument is given in the current run.
func (c *givenByWay) inRun() *value {
	e := c.s.e
	e.consulted++
	for _, r := range c.ways {
		if r.state == e.state() && e.answersAlike(r) {
			e.rest(r)
			e.spend((len(r.val.elems) + len(r.val.members)) / 64) // to find one in it
			return r.val
		}
	}
	return c.evaluate()
}

// presence returns what says in a run whether for_each has an element of that name.
func (c *givenByWay) presence(name string) func() bool {
	return func() bool {
		coll := c.inRun()
		switch coll.kind {
		case objectKind:
			return coll.get(name) != nil
		case listKind:
			return slices.ContainsFunc(coll.elems, func(el *value) bool { return el.is(name) })
		}
		return true
	}
}

// rulesOut reports whether a is false where all of as hold.
func (c *choices) rulesOut(as []assumption, a assumption) bool {
	return slices.ContainsFunc(as, func(other assumption) bool {
		if other.cond == a.cond {
			return other.truth != a.truth
		}
		eq, ok := c.equalities[a.cond]
		o, too := c.equalities[other.cond]
		return ok && too && a.truth && other.truth && eq.subject == o.subject && eq.literal != o.literal
	})
}

// apart calls f, which makes runs of its own, and goes on with the choices of now.
func (e *evaluator) apart(f func()) {
	outer := e.choices
	e.choices = choices{settled: outer.settled, fixed: outer.fixed, equalities: outer.equalities}
	e.chosen, e.earlier, e.picked = map[memoKey]*remembered{}, map[memoKey][]*remembered{}, map[memoKey]candidate{}
	f()
	outer.equalities = e.equalities
	e.choices = outer
}
