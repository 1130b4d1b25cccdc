package terraform

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/source"
)

// steps follows the steps of a traversal from v.
func (s *scope) steps(v *value, steps hcl.Traversal, span source.Span) *value {
	for _, step := range steps {
		switch step := step.(type) {
		case hcl.TraverseAttr:
			v = attribute(v, step.Name, span)
		case hcl.TraverseIndex:
			key := text("", span)
			if step.Key.Type() == cty.Number {
				key = number(step.Key.AsBigFloat(), span)
			} else if step.Key.Type() == cty.String && !step.Key.IsNull() {
				key = text(step.Key.AsString(), span)
			}
			v = s.index(v, key, span)
		default:
			return failed(span, "syntax error")
		}
		if v.kind == failedKind {
			return v
		}
		if s.e.picking {
			s.e.take(v.more().chosen...)
		}
	}
	return v
}

// attribute returns v.name.
func attribute(v *value, name string, span source.Span) *value {
	switch v.kind {
	case failedKind:
		return v
	case objectKind:
		if got := v.get(name); got != nil {
			return got
		}
		return failed(span, fmt.Sprintf("%s has no attribute %q", describe(v), name))
	case nullKind:
		if v.hole != nil {
			return unknown(v.hole.Expr+"."+name, cty.NilType, span)
		}
		return failed(span, fmt.Sprintf("attribute %q of null", name))
	case unknownKind:
		return unknownMember(v, "."+name, name, span)
	case listKind:
		// A resource with count used as if it had none, as Terraform 0.11 allowed.
		if len(v.elems) == 1 && v.elems[0].kind == objectKind && v.elems[0].more().address != "" {
			return attribute(v.elems[0], name, span)
		}
	}
	return failed(span, fmt.Sprintf("attribute %q of %s", name, article(v)))
}

// unknownMember returns the member of an unknown value that suffix selects.
func unknownMember(v *value, suffix, name string, span source.Span) *value {
	typ := cty.NilType
	if t := v.typ; t != cty.NilType {
		switch {
		case t.IsObjectType():
			if !t.HasAttribute(name) {
				return failed(span, fmt.Sprintf("%s has no attribute %q", v.hole.Expr, name))
			}
			typ = t.AttributeType(name)
		case t.IsMapType() || t.IsListType() || t.IsSetType():
			typ = t.ElementType()
		case t.IsTupleType():
			if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < t.Length() {
				typ = t.TupleElementType(i)
			}
		case t.IsPrimitiveType():
			return failed(span, fmt.Sprintf("attribute %q of a %s", name, t.FriendlyName()))
		}
	}
	u := unknown(v.hole.Expr+suffix, typ, span)
	u.hole.Reason = v.hole.Reason
	u.via = v.via
	return u
}

// index returns v[key].
func (s *scope) index(v, key *value, span source.Span) *value {
	if v.kind == failedKind {
		return v
	}
	if key.kind == failedKind {
		return key
	}
	name, literal := key.literal()
	if v.kind == unknownKind {
		if literal {
			suffix := "[" + name + "]"
			if key.kind == stringKind {
				suffix = "[" + strconv.Quote(name) + "]"
			}
			return unknownMember(v, suffix, name, span)
		}
		_, el := s.e.unknownElement(v)
		el.hole.Expr = v.hole.Expr + "[" + describe(key) + "]"
		return el
	}
	switch v.kind {
	case nullKind:
		if v.hole != nil {
			return unknown(v.hole.Expr+"["+describe(key)+"]", cty.NilType, span)
		}
		return failed(span, "an element of null")
	case objectKind:
		if literal {
			if got := v.get(name); got != nil {
				return got.single()
			}
			if !v.exact() {
				return unknown(describe(v)+"["+strconv.Quote(name)+"]", cty.NilType, span)
			}
			return failed(span, fmt.Sprintf("%s has no member %q", describe(v), name))
		}
		if len(v.members) == 1 && v.more().fetch == nil {
			m := v.members[0]
			if describe(m.key) == describe(key) {
				return m.val.single().through(v.via...)
			}
		}
		for _, m := range v.members {
			if describe(m.key.single()) == describe(key) {
				return m.val.single().through(v.via...)
			}
		}
		u := unknown(describe(v)+"["+describe(key)+"]", cty.NilType, span)
		if u.hole.Choices = literals(v, key); u.hole.Choices != nil {
			u.typ = cty.String
		} else if m := s.e.anyMember(v, key, nil, span); m != nil {
			return m.through(v.via...)
		}
		return u
	case listKind:
		if v.set {
			return failed(span, "an element of a set")
		}
		if !literal {
			if len(v.elems) == 1 {
				return v.elems[0].single().through(v.via...)
			}
			if el := s.e.anyElement(v, operand(key)); el != nil {
				return el.through(v.via...)
			}
			return unknown(describe(v)+"["+describe(key)+"]", cty.NilType, span)
		}
		i, err := strconv.Atoi(name)
		if err != nil {
			return failed(span, fmt.Sprintf("%q is no index of a list", name))
		}
		return s.element(v, i, span)
	}
	return failed(span, "an element of "+article(v))
}

// literals returns the strings that the members of an object are which key may name, nil when they are not all known
// strings.
func literals(o, key *value) []string {
	const most = 20
	if !o.exact() || o.more().fetch != nil || len(o.members) > most {
		return nil
	}
	var out []string
	for _, m := range o.members {
		if equal(m.key, key) == no {
			continue
		}
		s, ok := m.val.literal()
		if !ok || m.val.kind != stringKind {
			return nil
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// anyMember returns the member of an object that a key selects of which the code does not say what it is: which one is a
// choice. otherwise is what there is where no member has that name, nil where that is an error. It returns nil where the
// members are not known or too many.
func (e *evaluator) anyMember(o, key, otherwise *value, span source.Span) *value {
	if !o.exact() || o.more().fetch != nil || len(o.members) == 0 {
		return nil
	}
	var conds []string
	var values []*value
	for _, m := range sorted(o.members) {
		if _, known := m.key.literal(); !known {
			return nil
		}
		if equal(m.key, key) != no {
			conds = append(conds, e.equals(key, m.key))
			values = append(values, m.val)
		}
	}
	if len(values) == 0 {
		return otherwise
	}
	return e.member(describe(o)+"["+describe(key)+"]", conds, values, otherwise, span)
}

// anyElement returns the element of a list that an index selects of which the code does not say what it is.
func (e *evaluator) anyElement(l *value, index string) *value {
	if l.kind != listKind || !l.exact() || len(l.elems) == 0 {
		return nil
	}
	conds := make([]string, len(l.elems))
	for i := range l.elems {
		conds[i] = e.equality(index, strconv.Itoa(i))
	}
	return e.member(describe(l)+"["+index+"]", conds, l.elems, nil, l.span)
}

// element returns element i of a list.
func (s *scope) element(v *value, i int, span source.Span) *value {
	for at, el := range v.elems {
		if el.many {
			if at == 0 && len(v.elems) == 1 {
				return el.single().through(v.via...)
			}
			return unknown(fmt.Sprintf("%s[%d]", describe(v), i), cty.NilType, span)
		}
		if at == i {
			return el.through(v.via...)
		}
	}
	return failed(span, fmt.Sprintf("a list of %d has no element %d", len(v.elems), i))
}
