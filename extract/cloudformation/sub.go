package cloudformation

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// sub evaluates Fn::Sub: it replaces each ${name} of a text, in one pass.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
func (e *evaluator) sub(n *node, s scope) *policy.Value {
	arg := n.members[0].value
	text, variables := arg, (*node)(nil)
	if arg.kind == listNode {
		if len(arg.elements) == 0 || len(arg.elements) > 2 || len(arg.elements) == 2 && arg.elements[1].kind != mappingNode {
			return e.arity(n, "Fn::Sub", "a text and a mapping of variables")
		}
		text = arg.elements[0]
		if len(arg.elements) == 2 {
			variables = arg.elements[1]
		}
	}
	if !text.scalar() {
		if text.call() == nil {
			return e.arity(n, "Fn::Sub", "a text")
		}
		// A function in the place of the text, as the language extensions have it.
		v, ok := asText(e.eval(text, s))
		if !ok {
			return e.arity(n, "Fn::Sub", "a text")
		}
		return e.substitute(n, v, variables, s)
	}
	return e.substitute(n, e.text(text, s), variables, s)
}

func (e *evaluator) substitute(n *node, text policy.Text, variables *node, s scope) *policy.Value {
	values := map[string]*policy.Value{}
	e.members(variables, s, func(key policy.Text, m member, in scope) {
		if m.value == nil {
			return
		}
		v := e.eval(m.value, in)
		if v == nil {
			v = stringValue(unplaced("", m.value.span()), m.value.span())
		}
		values[key.String()] = v
	})
	var parts []policy.Part
	via := text.Via
	for _, p := range text.Parts {
		if p.Hole != nil {
			parts = append(parts, p)
			continue
		}
		for {
			i := strings.Index(p.Literal, "${")
			if i < 0 {
				break
			}
			size := strings.IndexByte(p.Literal[i:], '}')
			if size < 0 {
				break
			}
			end := i + size + 1
			if p.Literal[i+2] == '!' { // ${!x} is the text ${x}
				parts = append(parts, p.Slice(0, i+2), p.Slice(i+3, end))
				p = p.Slice(end, len(p.Literal))
				continue
			}
			parts = append(parts, p.Slice(0, i))
			name := strings.TrimSpace(p.Literal[i+2 : end-1])
			at := p.Slice(i, end).Span
			if !e.step() {
				parts = append(parts, policy.HolePart(&policy.Hole{Expr: name, Reason: "too large"}, at))
				p = p.Slice(len(p.Literal), len(p.Literal))
				break
			}
			v := values[name]
			if v == nil {
				v = e.variable(name, s, at)
			}
			replaced, vias := e.inText(n, name, v, at)
			parts = append(parts, replaced...)
			if len(via) < maxVia {
				via = append(via, vias...)
			}
			p = p.Slice(end, len(p.Literal))
		}
		parts = append(parts, p)
	}
	out := policy.NewText(parts...)
	out.Via = via
	return stringValue(out, n.span())
}

// variable returns the value of ${name} in a Fn::Sub.
func (e *evaluator) variable(name string, s scope, at source.Span) *policy.Value {
	for l := s.loops; l != nil; l = l.outer {
		if l.name == name {
			return stringValue(relocated(l.value, at), at)
		}
	}
	if id, attribute, ok := strings.Cut(name, "."); ok {
		return e.attribute(id, attribute, s, at)
	}
	return e.named(name, s, at)
}

// inText returns the parts that the value v of the variable name is within a text, at the place of the variable.
func (e *evaluator) inText(n *node, name string, v *policy.Value, at source.Span) (parts []policy.Part, via []source.Span) {
	elements := []*policy.Value{v}
	if v != nil && v.Kind == policy.Array {
		elements = v.Elements // a list is joined with commas
	}
	for i, el := range elements {
		t, ok := asText(el)
		if !ok {
			e.problem(at, "the variable %s of Fn::Sub is not a string", name)
			return []policy.Part{policy.HolePart(&policy.Hole{Expr: name, Reason: "it is not a string"}, at)}, nil
		}
		if i > 0 {
			parts = append(parts, policy.Part{Literal: ",", Span: at})
		}
		for _, p := range t.Parts {
			parts = append(parts, policy.Part{Literal: p.Literal, Hole: single(p.Hole), Span: at})
		}
		via = append(append(via, el.Span), t.Via...)
	}
	kept := via[:0]
	for _, span := range via {
		if !span.IsZero() && span != at {
			kept = append(kept, span)
		}
	}
	return parts, kept
}
