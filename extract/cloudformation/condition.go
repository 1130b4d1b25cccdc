package cloudformation

import (
	"crypto/sha256"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// A formula is a condition of a template over the values that are not known. Formulas share their parts: conditions that name
// each other make a graph, which is walked with each part once.
type formula struct {
	op          operator
	args        []*formula  // of and, or, not
	left, right policy.Text // of equals
	key         digest      // the same for formulas that are the same
	byDefault   bool        // it holds when every parameter has its default and the stack is in us-east-1
}

// A digest stands for a text of any length.
type digest [16]byte

func digestOf(parts ...string) digest {
	h := sha256.New()
	for _, p := range parts {
		io.WriteString(h, strconv.Itoa(len(p))+":"+p)
	}
	return digest(h.Sum(nil)[:len(digest{})])
}

// variable returns the name of the variable that says how a comparison which the values do not decide turns out.
func (d digest) variable() string { return other + string(d[:]) }

// maxFormula is the number of parts past which a formula counts as not known.
const maxFormula = 2_000

type operator uint8

const (
	constTrue operator = iota
	constFalse
	and
	or
	not
	equals
	free // true or false, nothing is known about it
)

var (
	always = &formula{op: constTrue, key: digest{1}, byDefault: true}
	never  = &formula{op: constFalse, key: digest{2}}
)

func constant(b bool) *formula {
	if b {
		return always
	}
	return never
}

// newFree returns a formula of which nothing is known but what it is called.
func newFree(name string) *formula { return &formula{op: free, key: digestOf("?", name)} }

func newEquals(left, right policy.Text) *formula {
	l, leftKnown := left.Literal()
	r, rightKnown := right.Literal()
	if leftKnown && rightKnown {
		return constant(l == r)
	}
	ls, rs := left.String(), right.String()
	if ls == rs {
		return always
	}
	key := digestOf(append(choices(left, choices(right, nil)), "=", ls, rs)...)
	return &formula{op: equals, left: left, right: right, key: key, byDefault: defaultText(left) == defaultText(right)}
}

// choices appends what the holes of t may stand for: a parameter of the same name may have other values in another template.
func choices(t policy.Text, to []string) []string {
	for _, p := range t.Parts {
		if p.Hole != nil && p.Hole.Choices != nil {
			to = append(append(to, p.Hole.Expr), p.Hole.Choices...)
		}
	}
	return to
}

// connect returns the formula of args joined by op, without those that are constant and those that are there already.
func connect(op operator, args ...*formula) *formula {
	if op == not {
		switch args[0].op {
		case constTrue:
			return never
		case constFalse:
			return always
		case not:
			return args[0].args[0]
		}
		return &formula{op: not, args: args, key: digestOf("!", string(args[0].key[:])), byDefault: !args[0].byDefault}
	}
	neutral, absorbing := constTrue, constFalse
	if op == or {
		neutral, absorbing = constFalse, constTrue
	}
	f := &formula{op: op, byDefault: op == and}
	keys := []string{map[operator]string{and: "&", or: "|"}[op]}
	seen := map[digest]bool{}
	for _, a := range args {
		switch {
		case a.op == absorbing:
			return a
		case a.op == neutral || seen[a.key]:
			continue
		}
		seen[a.key] = true
		f.args = append(f.args, a)
		keys = append(keys, string(a.key[:]))
		if op == and {
			f.byDefault = f.byDefault && a.byDefault
		} else {
			f.byDefault = f.byDefault || a.byDefault
		}
	}
	switch len(f.args) {
	case 0:
		return constant(op == and)
	case 1:
		return f.args[0]
	}
	f.key = digestOf(keys...)
	return f
}

// walk calls visit for each part of f once, until visit returns false.
func (f *formula) walk(visit func(*formula) bool) {
	seen := map[digest]bool{}
	var walk func(f *formula) bool
	walk = func(f *formula) bool {
		if seen[f.key] {
			return true
		}
		seen[f.key] = true
		for _, a := range f.args {
			if !walk(a) {
				return false
			}
		}
		return visit(f)
	}
	walk(f)
}

// parts counts the parts of f, up to just past most.
func (f *formula) parts(most int) int {
	n := 0
	f.walk(func(*formula) bool { n++; return n <= most })
	return n
}

// variables returns the names of what f compares.
func (f *formula) variables() []string {
	var names []string
	f.walk(func(f *formula) bool {
		switch f.op {
		case free:
			names = append(names, f.key.variable())
		case equals:
			for _, t := range []policy.Text{f.left, f.right} {
				for _, p := range t.Parts {
					if p.Hole != nil {
						names = append(names, p.Hole.Expr)
					}
				}
			}
		}
		return true
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// condition returns the formula of the template's condition of that name.
func (e *evaluator) condition(name string, s scope) *formula {
	t := s.t
	if f, ok := t.formulas[name]; ok {
		if f == nil { // being built
			e.problem(t.conditions[name].node.span(), "the condition %s depends on itself", name)
			return newFree(t.prefix + name)
		}
		return f
	}
	c, ok := t.conditions[name]
	if !ok {
		e.problem(t.conditionsSpan(), "the template has no condition %q", name)
		f := newFree(t.prefix + name)
		t.formulas[name] = f
		return f
	}
	t.formulas[name] = nil
	quiet := e.quiet
	e.quiet = true
	f := e.formula(c.node, scope{t, c.loops}, name)
	e.quiet = quiet
	n := f.parts(maxFormula)
	e.total += n
	if n > maxFormula {
		e.problem(c.node.span(), "the condition %s has more than %d parts: it counts as not known", name, maxFormula)
		f = newFree(t.prefix + name)
	}
	t.formulas[name] = f
	return f
}

// formula reads the condition that n is. name says which one it belongs to.
func (e *evaluator) formula(n *node, s scope, name string) *formula {
	unknown := newFree(s.t.prefix + name)
	e.depth++
	defer func() { e.depth-- }()
	if !e.step() || e.depth > maxDepth {
		return unknown
	}
	switch n.kind {
	case boolNode:
		return constant(truth(n.text) == "true")
	case stringNode:
		switch text := e.text(n, s); {
		case text.Is("true"), text.Is("True"):
			return always
		case text.Is("false"), text.Is("False"):
			return never
		}
		return unknown
	case mappingNode:
	default:
		return unknown
	}
	if len(n.members) != 1 {
		e.problem(n.span(), "the condition %s is not one function", name)
		return unknown
	}
	function, arg := n.members[0].key.text, n.members[0].value
	args := arg.elements
	switch function {
	case "Condition":
		if arg.scalar() {
			if ref, known := e.text(arg, s).Literal(); known {
				return e.condition(ref, s)
			}
		}
		return unknown
	case "Fn::Not":
		if arg.kind != listNode {
			args = []*node{arg} // !Not !Condition X, which the service takes too
		}
		if len(args) != 1 {
			e.arity(n, function, "one condition")
			return unknown
		}
		return connect(not, e.formula(args[0], s, name))
	case "Fn::And", "Fn::Or":
		if len(args) == 0 {
			e.arity(n, function, "a list of conditions")
			return unknown
		}
		op := and
		if function == "Fn::Or" {
			op = or
		}
		var fs []*formula
		for _, a := range args {
			fs = append(fs, e.formula(a, s, name))
		}
		return connect(op, fs...)
	case "Fn::Equals":
		if len(args) != 2 {
			e.arity(n, function, "two values")
			return unknown
		}
		var either []*formula
		for _, a := range e.cases(args[0], s) {
			for _, b := range e.cases(args[1], s) {
				either = append(either, connect(and, a.when, b.when, e.equal(a.value, b.value, unknown)))
			}
		}
		if len(either) > maxCases {
			return unknown
		}
		return connect(or, either...)
	case "Fn::If":
		if len(args) == 3 && args[0].scalar() {
			c := e.condition(args[0].text, s)
			return connect(or, connect(and, c, e.formula(args[1], s, name)),
				connect(and, connect(not, c), e.formula(args[2], s, name)))
		}
	}
	return unknown
}

// A guarded value is one of the values that something has, with when it has it.
type guarded struct {
	when  *formula
	value *policy.Value
}

// maxCases is how many combinations of values a comparison may have before its outcome counts as not known.
const maxCases = 64

// cases returns the values of n by the conditions that it depends on: of Fn::If, and of a parameter that a parent template
// gives such a value. Nothing is assumed.
func (e *evaluator) cases(n *node, s scope) []guarded {
	if e.depth < maxDepth && n.call() != nil {
		arg := n.members[0].value
		switch {
		case n.members[0].key.text == "Fn::If" && len(arg.elements) == 3 && arg.elements[0].scalar():
			c := e.condition(e.text(arg.elements[0], s).String(), s)
			var all []guarded
			for i, when := range []*formula{c, connect(not, c)} {
				if when.op == constFalse {
					continue
				}
				e.depth++
				for _, g := range e.cases(arg.elements[i+1], s) {
					all = append(all, guarded{connect(and, when, g.when), g.value})
				}
				e.depth--
			}
			if len(all) > 0 && len(all) <= maxCases {
				return all
			}
		case n.members[0].key.text == "Ref" && arg.scalar():
			if a, ok := s.t.arguments[arg.text]; ok && a.node.call() != nil && a.node.members[0].key.text == "Fn::If" {
				return e.cases(a.node, a.scope)
			}
		}
	}
	return []guarded{{always, e.eval(n, s)}}
}

// equal returns the formula that says that two values are the same.
func (e *evaluator) equal(a, b *policy.Value, unknown *formula) *formula {
	if a == nil || b == nil {
		return constant(a == nil && b == nil)
	}
	left, leftOK := asText(a)
	right, rightOK := asText(b)
	if leftOK && rightOK {
		return newEquals(left, right)
	}
	l, r := string(a.JSON()), string(b.JSON())
	if l == r {
		return always
	}
	if !strings.Contains(l, "${") && !strings.Contains(r, "${") {
		return never
	}
	return newFree(l + "=" + r)
}

// asText returns the text that v is or, for an unknown value, stands for.
func asText(v *policy.Value) (policy.Text, bool) {
	switch {
	case v == nil:
	case v.Scalar():
		return v.Text, true
	case v.Kind == policy.Hidden:
		return policy.NewText(policy.HolePart(v.Hole, v.Span)), true
	}
	return policy.Text{}, false
}
