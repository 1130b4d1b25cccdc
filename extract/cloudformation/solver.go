package cloudformation

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// A constraint is a formula and the truth it must have.
type constraint struct {
	f    *formula
	want bool
}

func (c constraint) key() string {
	if c.want {
		return "+" + c.f.key
	}
	return "-" + c.f.key
}

// maxSearch is the number of comparisons that a search makes before it gives up and calls the constraints satisfiable: an
// impossible alternative shown is better than a possible one left out.
const maxSearch = 100_000

// A variable is something unknown that formulas compare, or a comparison whose outcome is free.
type variable struct {
	key    string
	values []string
	open   bool // it may have another value than these
}

// other is what a variable is when it has none of the values it is compared with.
const other = "\x00"

type solver struct {
	vars  []variable
	index map[string]int
	at    []int // the chosen value of each variable, len(values) for other, -1 for none yet
	cs    []constraint
	steps int
}

// maxSearches is the number of comparisons that all searches for one file make before questions are no longer searched.
const maxSearches = 20_000_000

// satisfiable reports whether all constraints can hold together. It adds the comparisons that it makes to spent, and makes
// none once that is used up.
func satisfiable(cs []constraint, spent *int) bool {
	if *spent > maxSearches {
		return true
	}
	s := &solver{index: map[string]int{}, cs: cs}
	defer func() { *spent += s.steps }()
	for _, c := range cs {
		s.collect(c.f)
	}
	s.at = make([]int, len(s.vars))
	for i := range s.at {
		s.at[i] = -1
	}
	return s.search(0)
}

func (s *solver) variable(key string) *variable {
	i, ok := s.index[key]
	if !ok {
		i = len(s.vars)
		s.index[key] = i
		s.vars = append(s.vars, variable{key: key})
	}
	return &s.vars[i]
}

func (s *solver) collect(f *formula) {
	for _, a := range f.args {
		s.collect(a)
	}
	switch f.op {
	case free:
		s.variable(f.key).values = []string{"true", "false"}
	case equals:
		s.collectText(f.left, f.right)
		s.collectText(f.right, f.left)
		if !simple(f.left, f.right) && !simple(f.right, f.left) {
			s.variable(f.key).values = []string{"true", "false"}
		}
	}
}

// simple reports whether l is one hole and r a literal.
func simple(l, r policy.Text) bool {
	_, known := r.Literal()
	return known && len(l.Parts) == 1 && l.Parts[0].Hole != nil
}

func (s *solver) collectText(l, r policy.Text) {
	for _, p := range l.Parts {
		if p.Hole == nil {
			continue
		}
		v := s.variable(p.Hole.Expr)
		if p.Hole.Choices != nil {
			v.values = p.Hole.Choices
			continue
		}
		v.open = true
		if lit, known := r.Literal(); known && len(l.Parts) == 1 && !slices.Contains(v.values, lit) {
			v.values = append(v.values, lit)
		}
	}
}

func (s *solver) search(i int) bool {
	if s.steps > maxSearch {
		return true
	}
	undecided := false
	for _, c := range s.cs {
		value, known := s.truth(c.f)
		if known && value != c.want {
			return false
		}
		undecided = undecided || !known
	}
	if !undecided {
		return true
	}
	if i == len(s.vars) {
		return true
	}
	n := len(s.vars[i].values)
	if s.vars[i].open {
		n++
	}
	for s.at[i] = 0; s.at[i] < n; s.at[i]++ {
		if s.search(i + 1) {
			return true
		}
	}
	s.at[i] = -1
	return false
}

// truth returns whether f holds under the values chosen so far.
func (s *solver) truth(f *formula) (value, known bool) {
	s.steps++
	switch f.op {
	case constTrue, constFalse:
		return f.op == constTrue, true
	case not:
		value, known = s.truth(f.args[0])
		return !value, known
	case and, or:
		known = true
		for _, a := range f.args {
			v, k := s.truth(a)
			if k && v == (f.op == or) {
				return v, true
			}
			known = known && k
		}
		return f.op == and, known
	case free:
		return s.chosen(f.key)
	}
	left, ok := s.render(f.left)
	if !ok {
		return false, false
	}
	right, ok := s.render(f.right)
	if !ok {
		return false, false
	}
	if left == right {
		return true, true
	}
	if !strings.Contains(left, other) && !strings.Contains(right, other) || simple(f.left, f.right) || simple(f.right, f.left) {
		return false, true
	}
	return s.chosen(f.key)
}

// chosen returns the value of a variable that is true or false.
func (s *solver) chosen(key string) (value, known bool) {
	i, ok := s.index[key]
	if !ok || s.at[i] < 0 {
		return false, false
	}
	return s.at[i] == 0, true
}

// render returns t with the chosen values in it.
func (s *solver) render(t policy.Text) (string, bool) {
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Hole == nil {
			b.WriteString(p.Literal)
			continue
		}
		i := s.index[p.Hole.Expr]
		switch v := s.vars[i]; {
		case s.at[i] < 0:
			return "", false
		case s.at[i] < len(v.values):
			b.WriteString(v.values[s.at[i]])
		default:
			b.WriteString(other + v.key + other)
		}
	}
	return b.String(), true
}

// defaultTruth reports whether f holds when every parameter has its default and the stack is in us-east-1.
func defaultTruth(f *formula) bool {
	switch f.op {
	case constTrue:
		return true
	case not:
		return !defaultTruth(f.args[0])
	case and, or:
		for _, a := range f.args {
			if defaultTruth(a) == (f.op == or) {
				return f.op == or
			}
		}
		return f.op == and
	case equals:
		return defaultText(f.left) == defaultText(f.right)
	}
	return false
}

func defaultText(t policy.Text) string {
	var b strings.Builder
	for _, p := range t.Parts {
		switch {
		case p.Hole == nil:
			b.WriteString(p.Literal)
		case p.Hole.Default != nil:
			b.WriteString(*p.Hole.Default)
		case p.Hole.Kind == policy.Partition:
			b.WriteString("aws")
		case p.Hole.Kind == policy.Region:
			b.WriteString("us-east-1")
		case p.Hole.Kind == policy.DNSSuffix:
			b.WriteString("amazonaws.com")
		default:
			b.WriteString(other + p.Hole.Expr + other)
		}
	}
	return b.String()
}

// holes returns the expressions of the holes that f compares.
func (f *formula) holes(into map[string]*policy.Hole) {
	for _, a := range f.args {
		a.holes(into)
	}
	for _, t := range []policy.Text{f.left, f.right} {
		for _, p := range t.Parts {
			if p.Hole != nil {
				into[p.Hole.Expr] = p.Hole
			}
		}
	}
}
