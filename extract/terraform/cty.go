package terraform

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/source"
)

// toCty returns v when all of it is known.
func toCty(v *value) (cty.Value, bool) {
	switch v.kind {
	case nullKind:
		return cty.NullVal(cty.DynamicPseudoType), v.hole == nil
	case boolKind:
		return cty.BoolVal(v.truth), true
	case numberKind:
		return cty.NumberVal(v.num), true
	case stringKind:
		s, ok := v.literal()
		return cty.StringVal(s), ok
	case listKind:
		if !v.exact() {
			return cty.NilVal, false
		}
		elems := make([]cty.Value, len(v.elems))
		for i, el := range v.elems {
			c, ok := toCty(el)
			if !ok {
				return cty.NilVal, false
			}
			elems[i] = c
		}
		if v.set && len(elems) > 0 && sameTypes(elems) {
			return cty.SetVal(elems), true
		}
		if v.set && len(elems) == 0 {
			return cty.SetValEmpty(cty.DynamicPseudoType), true
		}
		return cty.TupleVal(elems), true
	case objectKind:
		if !v.exact() || v.more().fetch != nil {
			return cty.NilVal, false
		}
		attrs := make(map[string]cty.Value, len(v.members))
		for _, m := range v.members {
			name, ok := m.key.literal()
			if !ok {
				return cty.NilVal, false
			}
			c, ok := toCty(m.val)
			if !ok {
				return cty.NilVal, false
			}
			attrs[name] = c
		}
		return cty.ObjectVal(attrs), true
	}
	return cty.NilVal, false
}

func sameTypes(vs []cty.Value) bool {
	for _, v := range vs[1:] {
		if !v.Type().Equals(vs[0].Type()) {
			return false
		}
	}
	return true
}

// fromCty returns c as a value that was computed from what is at span.
func fromCty(c cty.Value, span source.Span) *value {
	if c.IsMarked() {
		c, _ = c.Unmark()
	}
	t := c.Type()
	switch {
	case !c.IsKnown():
		return unknown("", t, span)
	case c.IsNull():
		return null(span)
	case t == cty.String:
		return text(c.AsString(), span)
	case t == cty.Number:
		return number(c.AsBigFloat(), span)
	case t == cty.Bool:
		return boolean(c.True(), span)
	case t.IsListType() || t.IsSetType() || t.IsTupleType():
		v := list(nil, span)
		v.set = t.IsSetType()
		for it := c.ElementIterator(); it.Next(); {
			_, el := it.Element()
			v.elems = append(v.elems, fromCty(el, span))
		}
		return v
	case t.IsMapType() || t.IsObjectType():
		v := object(nil, span)
		for it := c.ElementIterator(); it.Next(); {
			key, el := it.Element()
			v.members = append(v.members, member{text(key.AsString(), span), fromCty(el, span)})
		}
		return v
	}
	return failed(span, "a value of type "+t.FriendlyName())
}
