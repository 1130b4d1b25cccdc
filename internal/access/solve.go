package access

import (
	"slices"

	"github.com/trustvet/trustvet/internal/policy"
)

// A solution is a value of one key, or its absence, that satisfies clauses.
type solution struct {
	possible bool
	decided  bool // false: the budget was used up before a value was found or shown not to exist
	present  bool
	list     bool
	values   []string
}

// solve returns a solution of the clauses, which are all of one key, in the domain d: absence where that will do.
func solve(d domain, clauses []clause, b *budget) solution {
	if d.absent && every(clauses, clause.lacking) && !contradict(clauses) {
		return solution{possible: true, decided: true}
	}
	return solvePresent(d, clauses, b)
}

// solvePresent returns a solution in which the key is there.
func solvePresent(d domain, clauses []clause, b *budget) solution {
	s := solution{decided: true}
	for _, c := range clauses {
		if holds, all := c.present(); all && !holds {
			return s
		}
	}
	if contradict(clauses) {
		return s
	}
	if d.single {
		tests := make([]valueTest, 0, len(clauses)+len(d.tests))
		for _, c := range clauses {
			if _, all := c.present(); !all {
				tests = append(tests, c.test())
			}
		}
		c := choice{append(tests, d.tests...), &d}
		value, found, decided := c.find(b)
		if found {
			return solution{possible: true, decided: true, present: true, values: []string{value}}
		}
		s.decided = decided
	}
	if d.list {
		if l := solveList(d, clauses, b); l.possible || !l.decided {
			return l
		}
	}
	return s
}

// solveList returns a solution with a multivalued key. One value for each clause that asks for some value is enough, since
// each must also pass what is asked of all.
func solveList(d domain, clauses []clause, b *budget) solution {
	s := solution{decided: true}
	all := make([]valueTest, 0, len(clauses)+len(d.tests))
	var some []valueTest
	for _, c := range clauses {
		if _, done := c.present(); done {
			continue
		}
		switch {
		case c.operator == policy.NoSet: // such an operator never holds for a multivalued key
			if !c.not {
				return s
			}
		case (c.operator == policy.ForAllValues) != c.not:
			all = append(all, c.test())
		default:
			some = append(some, c.test())
		}
	}
	all = append(all, d.tests...)
	find := func(tests []valueTest) bool {
		c := choice{tests, &d}
		value, found, decided := c.find(b)
		if found {
			s.values = append(s.values, value)
		}
		s.decided = s.decided && decided
		return found
	}
	for _, t := range some {
		if !find(append(all[:len(all):len(all)], t)) {
			return solution{decided: s.decided}
		}
	}
	if len(some) == 0 && !find(all) && !d.empty {
		return solution{decided: s.decided}
	}
	s.possible, s.decided, s.present, s.list = true, true, true, true
	return s
}

func every(clauses []clause, f func(clause) bool) bool {
	for _, c := range clauses {
		if !f(c) {
			return false
		}
	}
	return true
}

// contradict reports whether a condition that is not wholly known must both hold and not hold.
func contradict(clauses []clause) bool {
	for i, c := range clauses {
		if c.inexact == "" {
			continue
		}
		for _, d := range clauses[i+1:] {
			if c.not != d.not && c.inexact == d.inexact {
				return true
			}
		}
	}
	return false
}

// A box is a set of requests: those of a class of callers that satisfy clauses. It is a product over keys: it is empty
// exactly when one of the keys has no solution, but for the few keys that depend on each other (see witness.go).
type box struct {
	class   *class
	clauses []clause
	from    *statement // the Allow
	hazy    bool       // it may be empty or too large: a budget was used up
}

// with returns the box with one more clause. It reports whether it may have requests.
func (q *question) with(b *box, c clause) (*box, bool) {
	n := &box{class: b.class, clauses: append(b.clauses[:len(b.clauses):len(b.clauses)], c), from: b.from, hazy: b.hazy}
	s := q.solveKey(n, c.key)
	n.hazy = n.hazy || !s.decided
	return n, s.possible || !s.decided
}

// solveKey solves the clauses of b about a key.
func (q *question) solveKey(b *box, key int) solution {
	if !q.budget.spend(1 + len(b.clauses)/8) {
		return solution{}
	}
	var room [8]clause
	return solve(q.domain(b.class, &q.keys[key]), q.about(room[:0], b, key), &q.budget)
}

func (q *question) about(clauses []clause, b *box, key int) []clause {
	for _, c := range b.clauses {
		if c.key == key {
			clauses = append(clauses, c)
		}
	}
	return clauses
}

// box returns the requests by callers of class c that s matches, nil when there are none.
func (q *question) box(s *statement, c *class) *box {
	b := &box{class: c, from: s, clauses: s.clauses()}
	for i, c := range b.clauses {
		first := true
		for _, d := range b.clauses[:i] {
			first = first && d.key != c.key
		}
		if !first {
			continue
		}
		s := q.solveKey(b, c.key)
		if !s.possible && s.decided {
			return nil
		}
		b.hazy = b.hazy || !s.decided
	}
	return b
}

// maxBoxes bounds the boxes that one statement falls into when others are taken away from it.
const maxBoxes = 2000

// minus returns what is left of the boxes, all of one class, when the requests that s matches are taken away. A box minus a
// box is a union of boxes: for each clause of the second, the first with that clause turned round and the clauses before it
// kept.
func (q *question) minus(boxes []*box, s *statement) []*box {
	if len(boxes) == 0 || !s.about(boxes[0].class) {
		return boxes
	}
	var left []*box
	for i, b := range boxes {
		if len(left) > maxBoxes || q.budget.left < 0 {
			for _, b := range boxes[i:] {
				b.hazy = true
				left = append(left, b)
			}
			return left
		}
		left = q.apart(left, b, s.clauses())
	}
	return left
}

// apart appends to left what is left of b without the requests that satisfy all clauses: b itself when there are none such,
// and otherwise a box for each clause.
func (q *question) apart(left []*box, b *box, clauses []clause) []*box {
	var room [8]*box
	inside := append(room[:0], b)
	exact := true
	for _, c := range clauses {
		exact = exact && c.inexact == ""
		last := inside[len(inside)-1]
		next, ok := q.with(last, c)
		if !ok {
			if exact {
				return append(left, b)
			}
			if !b.implies(c) {
				break
			}
			next = last
		}
		inside = append(inside, next)
	}
	for i, c := range clauses[:min(len(inside), len(clauses))] {
		if outside, ok := q.with(inside[i], clause{c.atom, !c.not}); ok {
			left = append(left, outside)
		}
	}
	return left
}

// implies reports whether c is not wholly known and the same as a clause of b: then all of b satisfies it, though what is known
// of the two says otherwise.
func (b *box) implies(c clause) bool {
	return c.inexact != "" && slices.ContainsFunc(b.clauses, func(d clause) bool { return d.inexact == c.inexact && d.not == c.not })
}

// clauses returns the conditions of s.
func (s *statement) clauses() []clause {
	clauses := make([]clause, len(s.atoms))
	for i, a := range s.atoms {
		clauses[i] = clause{a, false}
	}
	return clauses
}
