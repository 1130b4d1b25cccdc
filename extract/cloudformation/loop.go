package cloudformation

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// forEach begins the name of a member that is a loop.
const forEach = "Fn::ForEach::"

const (
	maxLoops = 5      // loops within loops, as many as the service takes
	maxTurns = 10_000 // turns of all loops of a file together
)

// loop calls body for each turn of the loop that the member m is, and unknown once if it could not be read.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
func (e *evaluator) loop(m member, s scope, body func(n *node, in scope), unknown func(key policy.Text, m member, in scope)) {
	give := func(reason string) {
		e.problem(m.key.span(), "%s: %s", m.key.text, reason)
		hole := &policy.Hole{Expr: m.key.text, Many: true, Reason: reason}
		unknown(policy.NewText(policy.HolePart(hole, m.key.span())), member{key: m.key}, s)
	}
	args := m.value.elements
	if len(args) != 3 || !args[0].scalar() || args[0].text == "" || args[2].kind != mappingNode {
		give("a loop needs a name, a collection and a mapping")
		return
	}
	depth := 0
	for l := s.loops; l != nil; l = l.outer {
		depth++
		if l.name == args[0].text {
			give("a loop within this one has the same name")
			return
		}
	}
	if depth >= maxLoops {
		give("loops are nested more than 5 deep")
		return
	}
	name := args[0].text
	turn := func(value policy.Text) bool {
		if e.turns++; e.turns > maxTurns || !e.step() {
			return false
		}
		body(args[2], scope{s.t, &loop{name: name, value: value, outer: s.loops}})
		return true
	}
	quiet := e.quiet
	e.quiet = true
	collection := e.eval(args[1], s)
	e.quiet = quiet
	var elements []*policy.Value
	switch {
	case collection == nil:
	case collection.Kind == policy.Array:
		elements = collection.Elements
	default:
		elements = []*policy.Value{collection}
	}
	if len(elements) > 0 && args[1].kind == listNode {
		// An element of the collection may be a list itself: {Ref: a list parameter}.
		var flat []*policy.Value
		for _, el := range elements {
			if el.Kind == policy.Array {
				flat = append(flat, el.Elements...)
			} else {
				flat = append(flat, el)
			}
		}
		elements = flat
	}
	for _, el := range elements {
		t, ok := asText(el)
		if !ok {
			give("a collection holds strings only")
			return
		}
		if t.Hole() != nil && el.Kind == policy.Hidden {
			// Not known how many: one turn stands for all.
			hole := *t.Hole()
			hole.Many = false
			hole.Expr = name
			hole.Default = nil
			t = policy.NewText(policy.HolePart(&hole, t.Span))
		}
		if !turn(t) {
			e.exceeded(m.key.span(), "%s: the loops of a file are followed for %d turns only", m.key.text, maxTurns)
			give("more turns than trustvet follows")
			return
		}
	}
}

// reference finds ${name} and &{name} in a text, whatever function it is in.
func (l *loop) reference(s string) (start, end int, value policy.Text) {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '{')
		if i < 0 {
			return -1, 0, policy.Text{}
		}
		i += from
		if i > 0 && (s[i-1] == '$' || s[i-1] == '&') && strings.HasPrefix(s[i+1:], l.name) &&
			strings.HasPrefix(s[i+1+len(l.name):], "}") {
			value := l.value
			if s[i-1] == '&' {
				value = alphanumeric(value)
			}
			return i - 1, i + 1 + len(l.name) + 1, value
		}
		from = i + 1
	}
}

// alphanumeric returns t without characters other than letters and digits.
func alphanumeric(t policy.Text) policy.Text {
	var parts []policy.Part
	for _, p := range t.Parts {
		if p.Hole == nil {
			p = policy.Part{Span: p.Span, Literal: strings.Map(func(r rune) rune {
				if '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z' {
					return r
				}
				return -1
			}, p.Literal)}
		}
		parts = append(parts, p)
	}
	return policy.NewText(parts...)
}
