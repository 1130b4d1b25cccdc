package cloudformation

import (
	"slices"
	"strconv"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// A constraint is a formula and the truth it must have.
type constraint struct {
	f    *formula
	want bool
}

const (
	// maxSearch is the number of steps that a search makes before it gives up and calls the constraints satisfiable: an
	// impossible alternative shown is better than a possible one left out. A real one needs some hundred.
	maxSearch = 1_000_000
	// maxSearches is the number of steps that all searches for one file make before no question is searched.
	maxSearches = 50_000_000
)

// satisfiable reports whether all constraints can hold together.
func (e *evaluator) satisfiable(cs []constraint) bool {
	if e.searched > maxSearches {
		e.gaveUp = true
		return true
	}
	s := newSolver(cs)
	ok := s.search()
	e.searched += s.steps
	e.gaveUp = e.gaveUp || s.steps > maxSearch
	return ok
}

// A variable is something unknown that formulas compare, or a comparison whose outcome is free.
type variable struct {
	key    string
	values []string
	open   bool // it may have another value than these
	// peers are the variables that it is compared with, in turn, and itself. Their other values may be the same, so each of
	// them has as many as there are peers.
	peers *peers
}

type peers struct {
	into    *peers // which these are part of
	key     string
	members []int
}

func (p *peers) whole() *peers {
	for p.into != nil {
		p = p.into
	}
	return p
}

// others is how many values the variable may have besides those it is compared with.
func (v *variable) others() int {
	switch {
	case !v.open:
		return 0
	case v.peers == nil:
		return 1
	}
	return len(v.peers.whole().members)
}

// other is what a variable is when it has none of the values it is compared with.
const other = "\x00"

// A solver looks for values of the variables under which constraints hold. Formulas share their parts, so it has each part
// once, in an order in which a part comes after those that it is made of.
type solver struct {
	vars  []variable
	index map[string]int
	at    []int // the chosen value of each variable, from len(values) on for others, -1 for none yet

	parts []part
	place map[digest]int // of the parts
	roots []root         // what the constraints are about, and what follows of its parts
	asked []truthValue   // of the parts that are roots: what they must be
	truth []truthValue   // of the parts under the chosen values, as far as they say, and as asked otherwise
	own   []truthValue   // of the parts under the chosen values alone
	steps int            // parts evaluated
}

// A part is a formula of the constraints.
type part struct {
	*formula
	args []int
	// Of a comparison of a variable with a literal, and of something free: the variable, and the index of the value with
	// which it is true, -1 when it never is.
	variable, value int
	pair            bool // of a comparison of two variables
}

// A root is a part that must be true, or false.
type root struct {
	part int
	want bool
}

type truthValue uint8

const (
	unknown truthValue = iota
	isTrue
	isFalse
)

func truthOf(b bool) truthValue {
	if b {
		return isTrue
	}
	return isFalse
}

func newSolver(cs []constraint) *solver {
	s := &solver{index: map[string]int{}, place: map[digest]int{}}
	for _, c := range cs {
		s.roots = append(s.roots, root{s.add(c.f), c.want})
	}
	s.shareValues()
	s.asked = make([]truthValue, len(s.parts))
	for i := 0; i < len(s.roots); i++ {
		s.ask(s.roots[i])
	}
	for i := range s.parts {
		p := &s.parts[i]
		switch {
		case p.op == free:
			p.variable, p.value = s.index[p.key.variable()], 0
		case p.op != equals:
		case simple(p.left, p.right):
			p.variable, p.value = s.compared(p.left, p.right)
		case simple(p.right, p.left):
			p.variable, p.value = s.compared(p.right, p.left)
		default:
			p.variable, p.pair = -1, pair(p.left, p.right)
		}
	}
	s.steps = len(s.parts)
	s.truth, s.own = make([]truthValue, len(s.parts)), make([]truthValue, len(s.parts))
	s.at = make([]int, len(s.vars))
	for i := range s.at {
		s.at[i] = -1
	}
	return s
}

// ask notes what a root must be, and the roots that follow from it: of a conjunction that must hold all parts must.
func (s *solver) ask(r root) {
	if s.asked[r.part] == unknown {
		s.asked[r.part] = truthOf(r.want)
	}
	p := &s.parts[r.part]
	if p.op == not || p.op == and && r.want || p.op == or && !r.want {
		for _, a := range p.args {
			if s.asked[a] == unknown {
				s.roots = append(s.roots, root{a, r.want != (p.op == not)})
				s.asked[a] = truthOf(r.want != (p.op == not))
			}
		}
	}
}

// compared returns the variable that l is and the index that the literal r has among its values.
func (s *solver) compared(l, r policy.Text) (variable, value int) {
	lit, _ := r.Literal()
	i := s.index[l.Parts[0].Hole.Expr]
	return i, slices.Index(s.vars[i].values, lit)
}

// add takes up a formula with its parts and variables, and returns its place among the parts.
func (s *solver) add(f *formula) int {
	if i, known := s.place[f.key]; known {
		return i
	}
	p := part{formula: f}
	for _, a := range f.args {
		p.args = append(p.args, s.add(a))
	}
	switch f.op {
	case free:
		s.variable(f.key.variable()).values = []string{"true", "false"}
	case equals:
		s.addText(f.left, f.right)
		s.addText(f.right, f.left)
		switch {
		case simple(f.left, f.right), simple(f.right, f.left):
		case pair(f.left, f.right):
			s.join(s.index[f.left.Parts[0].Hole.Expr], s.index[f.right.Parts[0].Hole.Expr])
		default:
			s.variable(f.key.variable()).values = []string{"true", "false"}
		}
	}
	s.parts = append(s.parts, p)
	s.place[f.key] = len(s.parts) - 1
	return len(s.parts) - 1
}

func (s *solver) addText(l, r policy.Text) {
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

// join makes two variables peers.
func (s *solver) join(a, b int) {
	for _, i := range []int{a, b} {
		if s.vars[i].peers == nil {
			s.vars[i].peers = &peers{key: s.vars[i].key, members: []int{i}}
		}
	}
	to, from := s.vars[a].peers.whole(), s.vars[b].peers.whole()
	if to != from {
		to.members = append(to.members, from.members...)
		from.into, from.members = to, nil
	}
}

// shareValues gives variables the values of their peers.
func (s *solver) shareValues() {
	for i := range s.vars {
		if s.vars[i].peers == nil || s.vars[i].peers.into != nil || s.vars[i].peers.members[0] != i {
			continue
		}
		var values []string
		members := s.vars[i].peers.members
		for _, m := range members {
			values = append(values, s.vars[m].values...)
		}
		slices.Sort(values)
		values = slices.Compact(values)
		for _, m := range members {
			if s.vars[m].open {
				s.vars[m].values = values
			}
		}
	}
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

// simple reports whether l is one hole and r a literal.
func simple(l, r policy.Text) bool {
	_, known := r.Literal()
	return known && len(l.Parts) == 1 && l.Parts[0].Hole != nil
}

// pair reports whether both are one hole.
func pair(l, r policy.Text) bool {
	return len(l.Parts) == 1 && l.Parts[0].Hole != nil && len(r.Parts) == 1 && r.Parts[0].Hole != nil
}

// search reports whether there are values for the variables without one, with those that are chosen, under which the
// constraints hold. Chosen next is what the first constraint that is not decided depends on.
func (s *solver) search() bool {
	if s.steps > maxSearch {
		return true
	}
	s.evaluate()
	open := -1
	for i, r := range s.roots {
		t := s.own[r.part]
		if t != unknown && t != truthOf(r.want) {
			return false
		}
		if t == unknown && open < 0 {
			open = i
		}
	}
	if open < 0 {
		return true
	}
	v, wanted := s.next(s.roots[open])
	n := len(s.vars[v].values) + s.vars[v].others()
	if wanted >= 0 {
		s.at[v] = wanted
		if s.search() {
			return true
		}
	}
	for i := range n {
		if i == wanted {
			continue
		}
		s.at[v] = i
		if s.search() {
			return true
		}
	}
	s.at[v] = -1
	return false
}

// evaluate finds the truth of all parts under the chosen values.
func (s *solver) evaluate() {
	s.steps += len(s.parts)
	for i := range s.parts {
		s.own[i] = s.evaluatePart(&s.parts[i])
		if s.truth[i] = s.own[i]; s.truth[i] == unknown {
			s.truth[i] = s.asked[i]
		}
	}
}

func (s *solver) evaluatePart(p *part) truthValue {
	switch p.op {
	case constTrue, constFalse:
		return truthOf(p.op == constTrue)
	case not:
		switch s.truth[p.args[0]] {
		case isTrue:
			return isFalse
		case isFalse:
			return isTrue
		}
		return unknown
	case and, or:
		absorbing, all := truthOf(p.op == or), true
		s.steps += len(p.args)
		for _, a := range p.args {
			if s.truth[a] == absorbing {
				return absorbing
			}
			all = all && s.truth[a] != unknown
		}
		if !all {
			return unknown
		}
		return truthOf(p.op == and)
	}
	if p.variable >= 0 {
		if s.at[p.variable] < 0 {
			return unknown
		}
		return truthOf(s.at[p.variable] == p.value)
	}
	s.steps += len(p.left.Parts) + len(p.right.Parts)
	left, ok := s.render(p.left)
	if !ok {
		return unknown
	}
	right, ok := s.render(p.right)
	switch {
	case !ok:
		return unknown
	case left == right:
		return isTrue
	case p.pair || !strings.Contains(left, other) && !strings.Contains(right, other):
		return isFalse
	}
	if chosen := s.at[s.index[p.key.variable()]]; chosen >= 0 {
		return truthOf(chosen == 0)
	}
	return unknown
}

// next returns a variable without a value that decides whether the root holds, and the value that helps it to be as it is
// wanted, -1 when any may.
func (s *solver) next(r root) (v, value int) {
	i, want := r.part, r.want
	for {
		p := &s.parts[i]
		if len(p.args) == 0 {
			break
		}
		if p.op == not {
			want = !want
		}
		i = p.args[slices.IndexFunc(p.args, func(a int) bool { return s.truth[a] == unknown })]
	}
	p := &s.parts[i]
	if p.variable >= 0 {
		switch {
		case want:
			return p.variable, p.value
		case p.op == free:
			return p.variable, 1
		}
		return p.variable, -1
	}
	for _, t := range []policy.Text{p.left, p.right} {
		for _, part := range t.Parts {
			if part.Hole != nil {
				if v := s.index[part.Hole.Expr]; s.at[v] < 0 {
					return v, -1
				}
			}
		}
	}
	return s.index[p.key.variable()], -1
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
		case v.peers != nil:
			b.WriteString(other + v.peers.whole().key + strconv.Itoa(s.at[i]-len(v.values)) + other)
		default:
			b.WriteString(other + v.key + other)
		}
	}
	return b.String(), true
}

// defaultText returns t as it is when every parameter has its default and the stack is in us-east-1.
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
