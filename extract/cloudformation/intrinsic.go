package cloudformation

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// arity reports a function that is called with the wrong arguments and returns an unknown value for it.
func (e *evaluator) arity(n *node, function, want string) *policy.Value {
	e.problem(n.span(), "%s needs %s", function, want)
	return e.hidden(n, function, function+" needs "+want)
}

// call evaluates the function that n calls.
func (e *evaluator) call(n *node, s scope) *policy.Value {
	function, arg := n.members[0].key.text, n.members[0].value
	args := arg.elements
	eval := func(n *node) *policy.Value { return e.eval(n, s) }
	switch function {
	case "Ref":
		name, ok := asText(eval(arg))
		if !ok {
			return e.arity(n, function, "a name")
		}
		return e.ref(n, name, s)
	case "Fn::GetAtt":
		return e.getAtt(n, s)
	case "Fn::Sub":
		return e.sub(n, s)
	case "Fn::If":
		if len(args) != 3 || !args[0].scalar() {
			return e.arity(n, function, "a condition and two values")
		}
		name := e.text(args[0], s).String()
		if e.quiet {
			switch f := e.condition(name, s); f.op {
			case constTrue:
				return eval(args[1])
			case constFalse:
				return eval(args[2])
			default:
				return e.hidden(n, "Fn::If "+s.t.prefix+name, "")
			}
		}
		if e.decide(name, s) {
			return eval(args[1])
		}
		return eval(args[2])
	case "Fn::Join":
		if len(args) != 2 || !args[0].scalar() {
			return e.arity(n, function, "a delimiter and a list")
		}
		return e.join(n, e.text(args[0], s), eval(args[1]))
	case "Fn::Split":
		if len(args) != 2 || !args[0].scalar() {
			return e.arity(n, function, "a delimiter and a text")
		}
		delimiter, known := e.text(args[0], s).Literal()
		text, ok := asText(eval(args[1]))
		if !known || delimiter == "" || !ok {
			return e.arity(n, function, "a delimiter and a text")
		}
		return splitValue(text, delimiter, n.span())
	case "Fn::Select":
		if len(args) != 2 {
			return e.arity(n, function, "an index and a list")
		}
		return e.selectElement(n, eval(args[0]), eval(args[1]))
	case "Fn::FindInMap":
		return e.findInMap(n, s)
	case "Fn::Base64":
		text, ok := asText(eval(arg))
		if !ok {
			return e.arity(n, function, "a text")
		}
		if lit, known := text.Literal(); known {
			return stringValue(unplaced(base64.StdEncoding.EncodeToString([]byte(lit)), n.span()), n.span())
		}
		return e.unknownText(n, "Fn::Base64 "+text.String())
	case "Fn::ToJsonString":
		v := eval(arg)
		if v == nil || v.Kind != policy.Object && v.Kind != policy.Array && v.Kind != policy.Hidden {
			return e.arity(n, function, "an object or a list")
		}
		// The text is parsed back where it is used, so the value itself says the same with places.
		return v
	case "Fn::Length":
		v := eval(arg)
		switch {
		case v == nil || v.Kind != policy.Array:
			return e.arity(n, function, "a list")
		case hasMany(v.Elements):
			return e.unknownText(n, "Fn::Length")
		}
		return &policy.Value{Kind: policy.Number, Text: unplaced(strconv.Itoa(len(v.Elements)), n.span()), Span: n.span()}
	case "Fn::ImportValue":
		text, ok := asText(eval(arg))
		if !ok {
			return e.arity(n, function, "a name")
		}
		return e.unknownText(n, "ImportValue:"+text.String())
	case "Fn::GetStackOutput":
		return e.unknownText(n, "GetStackOutput:"+string(argJSON(eval(arg))))
	case "Rain::Embed":
		return e.embed(n, arg, s)
	case "Fn::GetAZs", "Fn::Cidr":
		return &policy.Value{Kind: policy.Array, Span: n.span(), Elements: []*policy.Value{
			{Kind: policy.Hidden, Hole: &policy.Hole{Expr: function, Many: true}, Span: n.span()}}}
	case "Fn::Transform":
		return e.transform(n, s)
	case "Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals":
		f := e.formula(n, s, function)
		if f.op == constTrue || f.op == constFalse {
			return &policy.Value{Kind: policy.Bool, Text: unplaced(strconv.FormatBool(f.op == constTrue), n.span()), Span: n.span()}
		}
		return e.unknownText(n, function)
	}
	v := e.hidden(n, function, "trustvet does not know the function "+function)
	e.problem(n.span(), "trustvet does not know the function %s", function)
	return v
}

func argJSON(v *policy.Value) []byte {
	if v == nil {
		return nil
	}
	return v.JSON()
}

// unplaced returns the text s, which is computed from what stands under span rather than written there.
func unplaced(s string, span source.Span) policy.Text {
	return policy.Text{Parts: []policy.Part{{Literal: s, Span: span}}, Span: span}
}

// unknownText returns a string that is not known in the place of n.
func (e *evaluator) unknownText(n *node, expr string) *policy.Value {
	span := n.span()
	return stringValue(policy.NewText(policy.HolePart(&policy.Hole{Expr: expr}, span)), span)
}

func hasMany(elements []*policy.Value) bool {
	for _, el := range elements {
		if el.Kind == policy.Hidden && el.Hole.Many {
			return true
		}
	}
	return false
}

// join returns the text of the list v with delimiter between its elements. Elements that are AWS::NoValue are gone already.
func (e *evaluator) join(n *node, delimiter policy.Text, v *policy.Value) *policy.Value {
	if v == nil {
		return e.arity(n, "Fn::Join", "a delimiter and a list")
	}
	elements := v.Elements
	if v.Kind == policy.Hidden {
		elements = []*policy.Value{v}
	} else if v.Kind != policy.Array {
		return e.arity(n, "Fn::Join", "a delimiter and a list")
	}
	var parts []policy.Part
	for i, el := range elements {
		if i > 0 && !delimiter.Is("") {
			for _, p := range delimiter.Parts {
				parts = append(parts, policy.Part{Literal: p.Literal, Hole: p.Hole, Span: p.Span})
			}
		}
		t, ok := asText(el)
		if !ok {
			if el.Kind == policy.Null {
				continue
			}
			return e.arity(n, "Fn::Join", "a list of strings")
		}
		for _, p := range t.Parts {
			if p.Hole != nil {
				p = policy.HolePart(single(p.Hole), p.Span)
			}
			parts = append(parts, p)
		}
	}
	span := n.span()
	if len(parts) == 0 {
		return stringValue(unplaced("", span), span)
	}
	text := policy.NewText(parts...)
	for _, el := range elements {
		if len(text.Via) < maxVia {
			text.Via = append(text.Via, el.Via...)
		}
	}
	return stringValue(text, span)
}

// single returns the hole that h is within a text, where it stands for a string even when it is a list elsewhere.
func single(h *policy.Hole) *policy.Hole {
	if h == nil || !h.Many {
		return h
	}
	one := *h
	one.Many = false
	return &one
}

// maxPieces is how many pieces of Fn::Split are told apart.
const maxPieces = 10_000

// splitValue returns the list of the pieces of text. A piece that is not known may be several.
func splitValue(text policy.Text, delimiter string, span source.Span) *policy.Value {
	v := &policy.Value{Kind: policy.Array, Span: span}
	pieces := split(text, delimiter)
	if len(pieces) > maxPieces {
		hole := &policy.Hole{Expr: "Fn::Split", Many: true, Reason: "more pieces than trustvet looks at"}
		return &policy.Value{Kind: policy.Hidden, Hole: hole, Span: span}
	}
	for _, piece := range pieces {
		if len(piece.Parts) == 1 && piece.Parts[0].Hole != nil && piece.Parts[0].Hole.Kind == policy.Unknown {
			many := *piece.Parts[0].Hole
			many.Many = true
			v.Elements = append(v.Elements, &policy.Value{Kind: policy.Hidden, Hole: &many, Span: piece.Parts[0].Span, Via: piece.Via})
			continue
		}
		v.Elements = append(v.Elements, stringValue(piece, span))
	}
	return v
}

func (e *evaluator) selectElement(n *node, index, list *policy.Value) *policy.Value {
	text, ok := asText(index)
	if !ok || list == nil {
		return e.arity(n, "Fn::Select", "an index and a list")
	}
	if list.Kind == policy.Hidden {
		return e.hidden(n, "Fn::Select "+text.String()+" "+list.Hole.Expr, list.Hole.Reason)
	}
	lit, known := text.Literal()
	i, err := strconv.Atoi(lit)
	switch {
	case list.Kind != policy.Array:
		return e.arity(n, "Fn::Select", "an index and a list")
	case !known:
		return e.unknownText(n, "Fn::Select "+text.String())
	case err != nil || i < 0:
		return e.arity(n, "Fn::Select", "an index from 0 on")
	}
	for j, el := range list.Elements {
		if el.Kind == policy.Hidden && el.Hole.Many {
			return e.unknownText(n, "Fn::Select "+lit+" "+el.Hole.Expr)
		}
		if j == i {
			return el
		}
	}
	return e.arity(n, "Fn::Select", "an index below the length of its list")
}

// ref returns what Ref name stands for. n is the call.
func (e *evaluator) ref(n *node, name policy.Text, s scope) *policy.Value {
	span := n.span()
	lit, known := name.Literal()
	if !known {
		return e.hidden(n, name.String(), "the name of what is referred to is not known")
	}
	lit = strings.TrimSpace(lit)
	if lit == "AWS::NoValue" {
		return nil
	}
	return e.named(lit, s, span)
}

// named returns the value of a loop variable, pseudo parameter, parameter or resource, which is referred to at span.
func (e *evaluator) named(name string, s scope, span source.Span) *policy.Value {
	for l := s.loops; l != nil; l = l.outer {
		if l.name == name {
			return stringValue(relocated(l.value, span), span)
		}
	}
	if strings.HasPrefix(name, "AWS::") {
		return e.pseudo(name, span)
	}
	if v := e.parameter(name, s, span); v != nil {
		return v
	}
	if v := e.resourceRef(name, s, span); v != nil {
		return v
	}
	return stringValue(policy.NewText(policy.HolePart(&policy.Hole{Expr: s.t.prefix + name}, span)), span)
}

// maxVia bounds the places that a text is said to come through.
const maxVia = 16

// relocated returns t as if it stood under span.
func relocated(t policy.Text, span source.Span) policy.Text {
	parts := make([]policy.Part, len(t.Parts))
	for i, p := range t.Parts {
		parts[i] = policy.Part{Literal: p.Literal, Hole: p.Hole, Span: span}
	}
	via := t.Via
	if !t.Span.IsZero() && len(via) < maxVia {
		via = append(append([]source.Span(nil), via...), t.Span)
	}
	return policy.Text{Parts: parts, Span: span, Via: via}
}

// pseudo returns the value of a pseudo parameter.
func (e *evaluator) pseudo(name string, span source.Span) *policy.Value {
	if given, ok := e.opts.Parameters[name]; ok {
		return stringValue(unplaced(given, span), span)
	}
	hole := &policy.Hole{Expr: name}
	switch name {
	case "AWS::AccountId":
		hole.Kind = policy.OwnAccount
	case "AWS::Partition":
		hole.Kind = policy.Partition
	case "AWS::Region":
		hole.Kind = policy.Region
	case "AWS::URLSuffix":
		hole.Kind = policy.DNSSuffix
	case "AWS::NotificationARNs":
		hole.Many = true
		return &policy.Value{Kind: policy.Array, Span: span, Elements: []*policy.Value{{Kind: policy.Hidden, Hole: hole, Span: span}}}
	}
	return stringValue(policy.NewText(policy.HolePart(hole, span)), span)
}
