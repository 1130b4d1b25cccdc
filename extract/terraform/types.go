package terraform

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// A constraint is the type of a variable with the defaults of its optional attributes.
type constraint struct {
	typ      cty.Type // cty.NilType for any
	defaults *typeexpr.Defaults
}

// constraint returns the type of the variable with that body.
func (l *loader) constraint(body *hclsyntax.Body) constraint {
	a := body.Attributes["type"]
	if a == nil {
		return constraint{}
	}
	if t, ok := a.Expr.(*hclsyntax.TemplateExpr); ok && t.IsStringLiteral() {
		// Terraform 0.11 quoted types, and its "list" and "map" are those of strings.
		switch v, _ := t.Value(nil); v.AsString() {
		case "string":
			return constraint{typ: cty.String}
		case "list":
			return constraint{typ: cty.List(cty.DynamicPseudoType)}
		case "map":
			return constraint{typ: cty.Map(cty.DynamicPseudoType)}
		}
		return constraint{}
	}
	typ, defaults, diags := typeexpr.TypeConstraintWithDefaults(a.Expr)
	if diags.HasErrors() {
		return constraint{}
	}
	return constraint{typ, defaults}
}

// child returns the constraint of the attribute or element of that name.
func (c constraint) child(name string, typ cty.Type) constraint {
	out := constraint{typ: typ}
	if c.defaults != nil {
		out.defaults = c.defaults.Children[name]
	}
	return out
}

// convert converts v as an argument of that type. What does not convert fails, what is not known keeps its holes.
func (e *evaluator) convert(v *value, c constraint) *value {
	t := c.typ
	if !e.spend(1) {
		return failed(v.span, e.spent)
	}
	if t == cty.NilType || t == cty.DynamicPseudoType || v.kind == failedKind || v.kind == nullKind {
		return v
	}
	if v.kind == unknownKind {
		if v.typ == cty.NilType || v.typ == cty.DynamicPseudoType {
			u := *v
			u.typ = t.WithoutOptionalAttributesDeep()
			return &u
		}
		return v
	}
	switch {
	case t == cty.String:
		return v.asString()
	case t == cty.Number:
		n := toNumber(v)
		return n
	case t == cty.Bool:
		return toBool(v)
	case t.IsListType() || t.IsSetType():
		return e.convertList(v, c)
	case t.IsTupleType():
		if v.kind != listKind || !v.exact() {
			break
		}
		if len(v.elems) != t.Length() {
			return failed(v.span, "a tuple of another length is needed here")
		}
		out := *v
		out.elems = make([]*value, len(v.elems))
		for i, el := range v.elems {
			out.elems[i] = e.convert(el, constraint{typ: t.TupleElementType(i)})
		}
		return &out
	case t.IsMapType() && v.kind == objectKind:
		out := *v
		child := c.child("", t.ElementType())
		vals := make([]*value, len(v.members))
		for i, m := range v.members {
			vals[i] = e.convert(m.val, child)
		}
		if child.typ == cty.DynamicPseudoType {
			vals = unifyElements(vals)
		}
		out.typing = uniform
		out.members = make([]member, len(v.members))
		for i, m := range v.members {
			out.members[i] = member{m.key, vals[i]}
		}
		return firstFailure(&out)
	case t.IsObjectType() && v.kind == objectKind:
		return e.convertObject(v, c)
	}
	if v.kind == objectKind && v.more().fetch != nil {
		return v
	}
	return failed(v.span, "a value of type "+t.FriendlyName()+" is needed here, not "+article(v))
}

func (e *evaluator) convertList(v *value, c constraint) *value {
	if v.kind != listKind {
		return failed(v.span, "a value of type "+c.typ.FriendlyName()+" is needed here, not "+article(v))
	}
	child := c.child("", c.typ.ElementType())
	out := *v
	out.set = c.typ.IsSetType()
	out.typing = uniform
	out.elems = nil
	for _, el := range v.elems {
		converted := e.convert(el.single(), child)
		if el.many {
			converted = converted.asMany()
		}
		out.elems = append(out.elems, converted)
	}
	if child.typ == cty.DynamicPseudoType {
		out.elems = unifyElements(out.elems)
	}
	if out.set {
		return firstFailure(e.toSet(&out))
	}
	return firstFailure(&out)
}

// toSet returns a list as a set: each element once, strings in order.
func (e *evaluator) toSet(v *value) *value {
	out := *v
	out.set = true
	out.elems = nil
	seen := map[string]bool{}
	for _, el := range v.elems {
		if s, ok := el.literal(); ok && el.kind == stringKind && !el.many {
			if seen[s] {
				continue
			}
			seen[s] = true
		} else if !e.spend(len(out.elems)) {
			return failed(v.span, e.spent)
		} else if slices.ContainsFunc(out.elems, func(o *value) bool { return o.many == el.many && equal(o, el) == yes }) {
			continue
		}
		out.elems = append(out.elems, el)
	}
	slices.SortStableFunc(out.elems, compareElements)
	return &out
}

// compareElements gives the order in which Terraform walks a set: numbers and strings by value, objects by their attributes
// in the order of names.
func compareElements(a, b *value) int {
	switch {
	case a.kind == numberKind && b.kind == numberKind:
		return a.num.Cmp(b.num)
	case a.kind == objectKind && b.kind == objectKind && a.exact() && b.exact() && a.more().fetch == nil && b.more().fetch == nil:
		ms, ns := sorted(a.members), sorted(b.members)
		for i := range min(len(ms), len(ns)) {
			if c := compareElements(ms[i].val, ns[i].val); c != 0 {
				return c
			}
		}
		return 0
	}
	s, oks := a.literal()
	t, okt := b.literal()
	if !oks || !okt {
		return 0
	}
	return strings.Compare(s, t)
}

// convertObject converts to an object type: attributes that it does not have go, optional ones get their defaults.
func (e *evaluator) convertObject(v *value, c constraint) *value {
	t := c.typ
	out := object(nil, v.span)
	out.via = v.via
	var missing string
	add := func(name string) {
		typ := t.AttributeType(name)
		child := c.child(name, typ)
		got := v.get(name)
		if got == nil && !v.exact() {
			got = unknown(describe(v)+"."+name, typ.WithoutOptionalAttributesDeep(), v.span)
		}
		if got == nil || got.kind == nullKind {
			if got == nil && !t.AttributeOptional(name) {
				missing = name
				return
			}
			if c.defaults != nil {
				if def, ok := c.defaults.DefaultValues[name]; ok {
					got = e.convert(fromCty(def, v.span), child)
				}
			}
			if got == nil {
				got = null(v.span)
			}
			out.members = append(out.members, member{text(name, v.span), got})
			return
		}
		out.members = append(out.members, member{text(name, v.span), e.convert(got, child)})
	}
	// In the order written, then the rest by name.
	done := map[string]bool{}
	for _, m := range v.members {
		if name, ok := m.key.literal(); ok && t.HasAttribute(name) && !done[name] {
			done[name] = true
			add(name)
			if last := len(out.members) - 1; last >= 0 && out.members[last].key.is(name) {
				out.members[last].key = m.key
			}
		}
	}
	var rest []string
	for name := range t.AttributeTypes() {
		if !done[name] {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	for _, name := range rest {
		add(name)
	}
	if missing != "" {
		return failed(v.span, "attribute \""+missing+"\" is required")
	}
	return firstFailure(out)
}

// firstFailure returns the first failed element or member of v where there is one, otherwise v.
func firstFailure(v *value) *value {
	for _, el := range v.elems {
		if el.kind == failedKind {
			return el
		}
	}
	for _, m := range v.members {
		if m.val.kind == failedKind {
			return m.val
		}
	}
	return v
}

// typeOf returns the type of v as far as the code determines it; what it does not is dynamic, and then whole is false.
func typeOf(v *value) (t cty.Type, whole bool) {
	switch v.kind {
	case boolKind:
		return cty.Bool, true
	case numberKind:
		return cty.Number, true
	case stringKind:
		return cty.String, true
	case unknownKind:
		if v.typ != cty.NilType {
			return v.typ, !v.typ.HasDynamicTypes()
		}
	case listKind:
		if !v.exact() {
			break
		}
		types := make([]cty.Type, len(v.elems))
		whole := true
		for i, el := range v.elems {
			t, known := typeOf(el)
			types[i], whole = t, whole && known
		}
		if !v.set && v.typing != uniform {
			return cty.Tuple(types), whole
		}
		el := cty.DynamicPseudoType
		if len(types) > 0 {
			if el, _ = convert.UnifyUnsafe(types); el == cty.NilType {
				break
			}
		}
		if v.set {
			return cty.Set(el), whole && len(types) > 0
		}
		return cty.List(el), whole && len(types) > 0
	case objectKind:
		if !v.exact() || v.more().fetch != nil {
			break
		}
		attributes := make(map[string]cty.Type, len(v.members))
		types := make([]cty.Type, len(v.members))
		whole := true
		for i, m := range v.members {
			name, ok := m.key.literal()
			if !ok {
				return cty.DynamicPseudoType, false
			}
			t, known := typeOf(m.val)
			attributes[name], types[i], whole = t, t, whole && known
		}
		if v.typing != uniform {
			return cty.Object(attributes), whole
		}
		if el, _ := convert.UnifyUnsafe(types); el != cty.NilType && len(types) > 0 {
			return cty.Map(el), whole
		}
	}
	return cty.DynamicPseudoType, false
}
