package terraform

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/source"
)

// Configurations gather much in one object and take little of it at a time: local.environments[terraform.workspace].accounts.
// Who asks for a member calls evalFor, and where the code shows which expression that member is, it is evaluated alone. The value
// of evalFor is then a part: an object with that member, and one that stands for all others if there are any. No part gets
// further than to who asked for it.

// evalFor returns the value of expr for one who asks for nothing but its member of that name.
func (s *scope) evalFor(expr hclsyntax.Expression, name string) *value {
	if name == "" || !fromLocal(expr) || !s.divides(expr, false, 0) {
		return s.eval(expr)
	}
	return s.evalPart(expr, name, false)
}

// fromLocal reports whether expr is a local value or is selected from one: a part is described by its name, as what is not in it
// would make two objects one.
func fromLocal(expr hclsyntax.Expression) bool {
	for {
		switch x := expr.(type) {
		case *hclsyntax.ParenthesesExpr:
			expr = x.Expression
		case *hclsyntax.IndexExpr:
			expr = x.Collection
		default:
			t, ok := expr.(*hclsyntax.ScopeTraversalExpr)
			return ok && t.Traversal.RootName() == "local"
		}
	}
}

// localFor is evalFor of a local value.
func (s *scope) localFor(local, name string, span source.Span) *value {
	if name == "" || !s.localDivides(local, false, 0) {
		return s.local(local, span)
	}
	return s.localPart(local, name, false, span)
}

// maxDividing bounds the expressions that are looked through on the way to an object.
const maxDividing = 20

// divides reports whether the code shows which expressions the members of expr are or, if each is set, that each of them is an
// object as it is written or the name of something.
func (s *scope) divides(expr hclsyntax.Expression, each bool, depth int) bool {
	if depth > maxDividing {
		return false
	}
	switch x := expr.(type) {
	case *hclsyntax.ParenthesesExpr:
		return s.divides(x.Expression, each, depth+1)
	case *hclsyntax.IndexExpr:
		return !each && s.divides(x.Collection, true, depth+1)
	case *hclsyntax.ScopeTraversalExpr:
		local, ok := s.wholeLocal(x)
		return ok && s.localDivides(local, each, depth+1)
	case *hclsyntax.ObjectConsExpr:
		o := s.e.layout(x)
		return o.items != nil && (!each || o.shallow)
	}
	return false
}

func (s *scope) localDivides(local string, each bool, depth int) bool {
	loc := s.inst.mod.local(s.e.l, local)
	return loc != nil && (&scope{e: s.e, inst: s.inst}).divides(loc.Expr, each, depth)
}

// wholeLocal returns the name of the local value that x stands for, false where it is a part of one or something else.
func (s *scope) wholeLocal(x *hclsyntax.ScopeTraversalExpr) (string, bool) {
	if len(x.Traversal) != 2 || x.Traversal.RootName() != "local" {
		return "", false
	}
	if v, closed := s.variable("local"); v != nil || closed {
		return "", false
	}
	return stepName(x.Traversal[1]), true
}

// evalPart is evalFor of an expression that divides or, if each is set, returns the value of expr for one who asks each of its
// members for nothing but its member of that name.
func (s *scope) evalPart(expr hclsyntax.Expression, name string, each bool) *value {
	e := s.e
	if err := s.enter(expr); err != nil {
		return err
	}
	defer e.leave()
	span := s.span(expr.Range())
	switch x := expr.(type) {
	case *hclsyntax.ParenthesesExpr:
		return s.evalPart(x.Expression, name, each)
	case *hclsyntax.IndexExpr:
		v := s.index(s.evalPart(x.Collection, name, true), s.eval(x.Key), span)
		if e.picking {
			e.take(v.more().chosen...)
		}
		return v
	case *hclsyntax.ScopeTraversalExpr:
		return s.localPart(stepName(x.Traversal[1]), name, each, span).through(span)
	case *hclsyntax.ObjectConsExpr:
		return e.exceed(s.objectPart(x, name, each).weigh())
	}
	return s.eval(expr)
}

// localPart is evalPart of a local value.
func (s *scope) localPart(local, name string, each bool, span source.Span) *value {
	key := "local." + local
	if whole := s.e.settled[memoKey{s.inst, key}]; whole != nil {
		return whole
	}
	if each {
		key += "[*]"
	}
	return s.e.once(s.inst, key+"."+name, span, func() *value {
		v := (&scope{e: s.e, inst: s.inst}).evalPart(s.inst.mod.local(s.e.l, local).Expr, name, each)
		return v.called(s.inst.address("local."+local), each)
	})
}

// called returns v, a part of the local value of that address unless it is one of another, described by the address. So are its
// members if each is set.
func (v *value) called(address string, each bool) *value {
	if v.kind != objectKind || v.more().address != "" && v.more().address != unnamed {
		return v
	}
	c := *v
	c.edit().address = address
	if each {
		c.members = slices.Clone(v.members)
		for i, m := range c.members {
			c.members[i].val = m.val.called(address+"["+describe(m.key)+"]", false)
		}
	}
	return &c
}

// unnamed is how a part is described until it is called something.
const unnamed = "{…}"

// objectPart is evalPart of an object as it is written.
func (s *scope) objectPart(x *hclsyntax.ObjectConsExpr, name string, each bool) *value {
	o := &value{kind: objectKind, typing: structural, span: s.span(x.SrcRange)}
	add := func(item hclsyntax.ObjectConsItem, val *value) {
		o.members = append(o.members, member{s.eval(item.KeyExpr).asString(), val})
	}
	if each {
		for _, item := range x.Items {
			add(item, s.memberOf(func() *value { return s.memberPart(item.ValueExpr, name) }))
		}
		return o
	}
	if i, ok := s.e.layout(x).items[name]; ok {
		add(x.Items[i], s.memberValue(x.Items[i].ValueExpr))
	}
	if len(x.Items) > len(o.members) {
		// An object with more in it is not empty, and perhaps equal to no other.
		rest := unknown("…", cty.NilType, o.span)
		rest.hole.Many = true
		o.members = append(o.members, member{text("", o.span), rest})
		o.edit().address = unnamed
	}
	return o
}

// memberPart is evalFor of a member that is an object as it is written or the name of something.
func (s *scope) memberPart(expr hclsyntax.Expression, name string) *value {
	if _, ok := expr.(*hclsyntax.ObjectConsExpr); ok {
		return s.evalPart(expr, name, false)
	}
	return s.evalFor(expr, name)
}

// An objectLayout is what the code shows of an object as it is written.
type objectLayout struct {
	items   map[string]int // by name; nil where the code does not show all names or has one twice
	shallow bool           // each member is an object of which the code shows the names, or the name of something
}

func (e *evaluator) layout(x *hclsyntax.ObjectConsExpr) objectLayout {
	if o, ok := e.layouts[x]; ok {
		return o
	}
	o := objectLayout{items: make(map[string]int, len(x.Items)), shallow: true}
	for i, item := range x.Items {
		name, ok := literalKey(item.KeyExpr)
		if _, twice := o.items[name]; !ok || twice {
			o = objectLayout{}
			break
		}
		o.items[name] = i
		switch val := item.ValueExpr.(type) {
		case *hclsyntax.ScopeTraversalExpr:
		case *hclsyntax.ObjectConsExpr:
			o.shallow = o.shallow && e.layout(val).items != nil
		default:
			o.shallow = false
		}
	}
	e.layouts[x] = o
	return o
}

// literalKey returns the string that expr is as written: the name of a member, or a string without templates.
func literalKey(expr hclsyntax.Expression) (string, bool) {
	if key, ok := expr.(*hclsyntax.ObjectConsKeyExpr); ok {
		if name := hcl.ExprAsKeyword(key.Wrapped); name != "" && !key.ForceNonLiteral {
			return name, true
		}
		expr = key.Wrapped
	}
	t, ok := expr.(*hclsyntax.TemplateExpr)
	if !ok || len(t.Parts) != 1 {
		return "", false
	}
	lit, ok := t.Parts[0].(*hclsyntax.LiteralValueExpr)
	if !ok || lit.Val.Type() != cty.String || lit.Val.IsNull() {
		return "", false
	}
	return lit.Val.AsString(), true
}
