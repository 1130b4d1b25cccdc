package terraform

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// A resource is one instance of a resource or data source.
type resource struct {
	e    *evaluator
	inst *instance
	b    *block
	s    *scope // with each or count
	typ  string // aws_iam_role; of a data source data.aws_partition
	addr string

	present []func() bool // see instance
}

// absent reports whether r does not exist in the current run.
func (r *resource) absent() bool {
	return slices.ContainsFunc(r.present, func(present func() bool) bool { return !present() })
}

// resource returns what a reference to a resource or data source stands for.
func (s *scope) resource(name string, rest hcl.Traversal, indexed bool, span source.Span) *value {
	b := s.inst.mod.resources[name]
	if b == nil {
		u := unknown(s.inst.address(name), cty.NilType, span)
		u.hole.Reason = name + " is not declared"
		return s.steps(u, rest, span)
	}
	x := s.e.expand(s.inst, b)
	v := x.collect(s.e, selects(rest, indexed), span, func(i int) *value { return s.e.newResource(s.inst, b, x, i).value(span) })
	return s.steps(v, rest, span)
}

func (e *evaluator) newResource(inst *instance, b *block, x *expansion, i int) *resource {
	name := strings.Join(b.labels, ".")
	typ := b.label(0)
	if b.typ == "data" {
		name, typ = "data."+name, "data."+typ
	}
	return &resource{e: e, inst: inst, b: b, s: x.scopes[i], typ: typ, addr: inst.address(name) + x.keys[i], present: x.presence(inst, i)}
}

// value returns r as an object whose attributes are computed when asked for.
func (r *resource) value(span source.Span) *value {
	return &value{kind: objectKind, rest: &moreValue{address: r.addr, fetch: r.attribute}, span: span}
}

// attribute returns the attribute of that name: what the code sets it to, what follows from the code, or a hole.
func (r *resource) attribute(name string) *value {
	return r.e.once(r.inst, r.addr+"."+name, r.b.header(), func() *value {
		v := r.computed(name)
		if v == nil {
			if v = r.configured(name); !isSet(v) {
				v = unknown(r.addr+"."+name, cty.NilType, r.b.header())
			} else if r.ignoresChanges(name) {
				v = unknown(r.addr+"."+name, cty.NilType, v.span)
				v.hole.Reason = "what the code sets it to is only its first value: ignore_changes names it"
			}
		}
		if r.identifies(name) && v.kind != failedKind {
			c := *v
			c.edit().of = r
			v = &c
		}
		return v
	})
}

// ignoresChanges reports whether the attribute of that name is set outside the code once the resource is there: a placeholder
// under ignore_changes is what nobody ever reads.
// https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#ignore_changes
func (r *resource) ignoresChanges(name string) bool {
	for _, nested := range r.b.load(r.e.l).Blocks {
		if nested.Type != "lifecycle" {
			continue
		}
		a := nested.Body.Attributes["ignore_changes"]
		if a == nil {
			continue
		}
		if hcl.ExprAsKeyword(a.Expr) == "all" {
			return true
		}
		ignored, _ := hcl.ExprList(a.Expr)
		for _, x := range ignored {
			if hcl.ExprAsKeyword(x) == name {
				return true
			}
		}
	}
	return false
}

// configured returns what the code sets the attribute to, nil when it does not.
func (r *resource) configured(name string) *value {
	body := r.b.load(r.e.l)
	if a := body.Attributes[name]; a != nil {
		return r.s.eval(a.Expr)
	}
	blocks, err := r.e.nested(r.s, body, name)
	if err != nil {
		return err
	}
	if len(blocks) == 0 {
		return nil
	}
	elems := make([]*value, len(blocks))
	for i, nb := range blocks {
		o := object(nil, nb.span)
		for _, a := range sortedAttributes(nb.body) {
			o.members = append(o.members, member{text(a.Name, nb.s.span(a.NameRange)), nb.s.eval(a.Expr)})
		}
		address, block := r.addr+"."+name, nb
		o.edit().fetch = func(inner string) *value {
			return unknown(address+"[0]."+inner, cty.NilType, block.span)
		}
		elems[i] = o
		if nb.many {
			elems[i] = o.asMany()
		}
	}
	return list(elems, r.b.header())
}

// setting returns the configured attribute as a string, def where it is not set.
func (r *resource) setting(name, def string) *value {
	v := r.configured(name)
	if v == nil || v.kind == nullKind && v.hole == nil {
		return text(def, r.b.header())
	}
	if v.kind == nullKind {
		return unknown(v.hole.Expr, cty.String, v.span)
	}
	return v.asString()
}

// A nestedBlock is a nested block, or one that a dynamic block makes.
type nestedBlock struct {
	body *hclsyntax.Body
	s    *scope // with the iterators of dynamic blocks around it
	span source.Span
	// many: a dynamic block over what is not known makes it, so that it stands for one or more.
	many bool
}

// nested returns the blocks of that type in body, with those that dynamic blocks make.
func (e *evaluator) nested(s *scope, body *hclsyntax.Body, typ string) ([]nestedBlock, *value) {
	var out []nestedBlock
	for _, b := range body.Blocks {
		if b.Type == typ {
			out = append(out, nestedBlock{body: b.Body, s: s, span: s.span(b.Range())})
			continue
		}
		if b.Type != "dynamic" || len(b.Labels) != 1 || b.Labels[0] != typ {
			continue
		}
		made, err := e.dynamic(s, b, typ)
		if err != nil {
			return nil, err
		}
		out = append(out, made...)
	}
	return out, nil
}

// dynamic returns the blocks that a dynamic block makes. Over a collection that is not known it makes one that stands for
// all of them; whether there is any is a choice.
func (e *evaluator) dynamic(s *scope, b *hclsyntax.Block, typ string) ([]nestedBlock, *value) {
	span := s.span(b.Range())
	each := b.Body.Attributes["for_each"]
	if each == nil {
		return nil, failed(span, "a dynamic block without for_each")
	}
	iterator := typ
	if a := b.Body.Attributes["iterator"]; a != nil {
		if name := hcl.ExprAsKeyword(a.Expr); name != "" {
			iterator = name
		}
	}
	var content *hclsyntax.Block
	for _, nb := range b.Body.Blocks {
		if nb.Type == "content" {
			content = nb
		}
	}
	if content == nil {
		return nil, failed(span, "a dynamic block without content")
	}
	coll := s.eval(each.Expr)
	items, err := e.iterate(coll)
	if err != nil {
		return nil, err
	}
	var out []nestedBlock
	for _, it := range items {
		if !e.spend(1) {
			return nil, failed(span, e.spent)
		}
		if it.many && e.choose("length("+describe(coll)+") == 0") {
			continue
		}
		val := object([]member{{text("key", span), it.key}, {text("value", span), it.val}}, span)
		out = append(out, nestedBlock{body: content.Body, s: s.with(iterator, val), span: s.span(content.Range()), many: it.many})
	}
	return out, nil
}

// text returns the string made of what is given: strings are literals, values are inserted. nil when one of them is no
// string.
func (r *resource) join(parts ...any) *value {
	b := stringBuilder{e: r.e}
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			b.parts = append(b.parts, policy.Literal(p, r.b.header()))
			b.count += 2
		case *value:
			if p == nil {
				return nil
			}
			if err := b.add(p.asString(), source.Span{}); err != nil {
				return nil
			}
		}
	}
	v := b.value(r.b.header())
	return v
}
