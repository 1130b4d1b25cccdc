package cloudformation

import (
	"slices"
	"strconv"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

const (
	// maxRows is how many different values of a mapping are told apart when the key is not known. Of more the reader learns
	// nothing that the list of them does not say.
	maxRows = 8
	// maxRowsDeployed is the same where a deployment is described, except for a key that it does not say, the region.
	maxRowsDeployed = maxAlternatives
)

// A row is a value that a mapping may give, with when it does.
type row struct {
	value *policy.Value
	json  string
	when  []*formula
	keys  []string // as "key is a" says it
	byDef bool
}

// findInMap evaluates Fn::FindInMap. With a key that is not known, each different value is one choice.
func (e *evaluator) findInMap(n *node, s scope) *policy.Value {
	args := n.members[0].value.elements
	var fallback *node
	if len(args) == 4 {
		fallback = args[3].get("DefaultValue")
	}
	if len(args) < 3 || len(args) > 4 || len(args) == 4 && fallback == nil {
		return e.arity(n, "Fn::FindInMap", "a mapping and two keys")
	}
	var keys [3]policy.Text
	for i := range keys {
		t, ok := asText(e.eval(args[i], s))
		if !ok {
			return e.arity(n, "Fn::FindInMap", "names that are strings")
		}
		keys[i] = t
	}
	span := n.span()
	name, known := keys[0].Literal()
	if !known {
		return e.hidden(n, "Fn::FindInMap "+keys[0].String(), "the name of the mapping is not known")
	}
	mappings := s.t.root.get("Mappings")
	mapping := mappings.get(name)
	if mapping == nil && mappings.get("Fn::Transform") != nil {
		return e.hidden(n, "Fn::FindInMap "+name, "the mapping comes from a macro")
	}
	if mapping == nil && fallback == nil {
		e.problem(span, "the template has no mapping %q", name)
		return e.hidden(n, "Fn::FindInMap "+name, "there is no such mapping")
	}
	rows := e.rows(mapping, keys[1], keys[2], s)
	if fallback != nil {
		var found []*formula
		for _, r := range rows {
			found = append(found, r.when...)
		}
		none := connect(not, connect(or, found...))
		if none.op != constFalse && e.possible(none) {
			v := e.eval(fallback, s) // nil for AWS::NoValue
			rows = append(rows, &row{value: v, json: string(argJSON(v)), when: []*formula{none}, keys: []string{"in no row of " + name}, byDef: none.byDefault})
		}
	}
	expr := "Fn::FindInMap " + name + " " + expression(keys[1]) + " " + expression(keys[2])
	switch {
	case len(rows) == 0:
		e.problem(span, "the mapping %s has no value for %s, %s", name, keys[1], keys[2])
		return e.hidden(n, expr, "the mapping has no such value")
	case len(rows) == 1:
		return through(rows[0].value, span)
	}
	if v := follows(rows, keys, span); v != nil {
		return v
	}
	most := maxRows
	if e.opts.Parameters != nil {
		most = maxRowsDeployed
	}
	if e.world == nil || e.quiet || len(rows) > most {
		hole := &policy.Hole{Expr: expr}
		for _, r := range rows {
			lit, known := literalOf(r.value)
			if !known {
				return &policy.Value{Kind: policy.Hidden, Hole: &policy.Hole{Expr: expr, Reason: "the mapping has " + strconv.Itoa(len(rows)) + " values"}, Span: span}
			}
			hole.Choices = append(hole.Choices, lit)
		}
		return stringValue(policy.NewText(policy.HolePart(hole, span)), span)
	}
	options := make([]option, len(rows))
	for i, r := range rows {
		options[i] = option{constraint{connect(or, r.when...), true}, e.rowLabel(keys, r), i, r.byDef}
	}
	return through(rows[e.world.choose(options)].value, span)
}

// rows returns the different values that the mapping may give for two keys.
func (e *evaluator) rows(mapping *node, top, second policy.Text, s scope) []*row {
	if mapping == nil {
		return nil
	}
	var rows []*row
	byJSON := map[string]*row{}
	pick := func(n *node, key policy.Text) []member {
		if lit, known := key.Literal(); known {
			e.total += len(n.members) / 16 // a mapping of AWS has 200 at the most
			for i := len(n.members) - 1; i >= 0; i-- {
				if n.members[i].key.canonical() == lit {
					return n.members[i : i+1]
				}
			}
			return nil
		}
		return n.members
	}
	for _, outer := range pick(mapping, top) {
		first := newEquals(top, policy.String(outer.key.canonical(), source.Span{}))
		if !e.possible(first) {
			continue
		}
		for _, inner := range pick(outer.value, second) {
			both := connect(and, first, newEquals(second, policy.String(inner.key.canonical(), source.Span{})))
			if !e.possible(both) {
				continue
			}
			v := e.eval(inner.value, scope{t: s.t})
			if v == nil {
				continue
			}
			json := string(v.JSON())
			r := byJSON[json]
			if r == nil {
				r = &row{value: v, json: json}
				byJSON[json] = r
				rows = append(rows, r)
			}
			r.when = append(r.when, both)
			r.byDef = r.byDef || both.byDefault
			var label []string
			if _, known := top.Literal(); !known {
				label = append(label, outer.key.canonical())
			}
			if _, known := second.Literal(); !known {
				label = append(label, inner.key.canonical())
			}
			r.keys = append(r.keys, strings.Join(label, ", "))
		}
	}
	return rows
}

// possible reports whether f can hold in this world.
func (e *evaluator) possible(f *formula) bool {
	if f.op == constTrue || f.op == constFalse {
		return f.op == constTrue
	}
	if e.world == nil {
		return e.satisfiable([]constraint{{f, true}})
	}
	return e.world.satisfiable(constraint{f, true})
}

// expression returns t as a part of a hole's expression: the name alone where it is one.
func expression(t policy.Text) string {
	if len(t.Parts) == 1 && t.Parts[0].Hole != nil {
		return t.Parts[0].Hole.Expr
	}
	return strings.NewReplacer("${", "", "}", "").Replace(t.String())
}

// follows returns the value of a mapping whose rows all have the unknown key in the same place of their text, as the CDK's
// mapping of service principals has the region: states.us-east-1.amazonaws.com. It is nil for other mappings.
func follows(rows []*row, keys [3]policy.Text, span source.Span) *policy.Value {
	var key policy.Text
	switch _, topKnown := keys[1].Literal(); {
	case keys[1].Hole() != nil && keys[2].Hole() == nil:
		key = keys[1]
	case topKnown && keys[2].Hole() != nil:
		key = keys[2]
	default:
		return nil
	}
	var before, after string
	for i, r := range rows {
		text, known := literalOf(r.value)
		if !known || len(r.keys) != 1 || r.keys[0] == "" {
			return nil
		}
		b, a, ok := strings.Cut(text, r.keys[0])
		if !ok || strings.Contains(a, r.keys[0]) || i > 0 && (b != before || a != after) {
			return nil
		}
		before, after = b, a
	}
	parts := []policy.Part{{Literal: before, Span: span}}
	for _, p := range key.Parts {
		parts = append(parts, policy.Part{Literal: p.Literal, Hole: p.Hole, Span: span})
	}
	parts = append(parts, policy.Part{Literal: after, Span: span})
	text := policy.NewText(parts...)
	text.Via = []source.Span{rows[0].value.Span}
	return stringValue(text, span)
}

// rowLabel says when r is the mapping's value: "AWS::Region is us-east-1 or us-west-2".
func (e *evaluator) rowLabel(keys [3]policy.Text, r *row) string {
	var subject []string
	for _, k := range keys[1:] {
		if len(k.Parts) == 1 && k.Parts[0].Hole != nil {
			subject = append(subject, k.Parts[0].Hole.Expr)
		} else if k.Hole() != nil {
			subject = append(subject, k.String())
		}
	}
	values := slices.Compact(slices.Clone(r.keys))
	text := values[0]
	switch n := len(values); {
	case n > 4:
		text = strings.Join(values[:3], ", ") + " or one of " + strconv.Itoa(n-3) + " others"
	case n > 1:
		text = strings.Join(values[:n-1], ", ") + " or " + values[n-1]
	}
	return strings.Join(subject, ", ") + " is " + text
}

// literalOf returns the text of a scalar that is known.
func literalOf(v *policy.Value) (string, bool) {
	if v == nil || !v.Scalar() {
		return "", false
	}
	return v.Text.Literal()
}

// through returns v with the place span on the way that it came.
func through(v *policy.Value, span source.Span) *policy.Value {
	if v == nil {
		return nil
	}
	c := *v
	c.Via = append(slices.Clip(slices.Clone(v.Via)), span)
	c.Text.Via = c.Via
	if v.Elements != nil {
		c.Elements = make([]*policy.Value, len(v.Elements))
		for i, el := range v.Elements {
			c.Elements[i] = through(el, span)
		}
	}
	return &c
}
