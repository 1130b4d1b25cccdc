package terraform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// The data source aws_iam_policy_document, as the provider makes JSON of it.
// https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/policy_document_data_source.go

// policyDocument returns the json attribute of r.
func (r *resource) policyDocument() *value {
	if !r.e.aside {
		r.b.used.Store(true)
	}
	return r.e.once(r.inst, r.addr+" document", r.b.header(), func() *value {
		if r.b.load(r.e.l); r.b.broken != "" {
			return failed(r.b.header(), "syntax error: "+r.b.broken)
		}
		d, err := r.document()
		if err != nil {
			return err
		}
		return encoded(d.value(r.b.header()), r.b.header())
	})
}

// A document is a policy document while it is put together.
type document struct {
	version, id *value // strings, nil where not set
	statements  []*value
	rest        *value // an unknown source document: more statements, nil when there is none
}

func (d *document) value(span source.Span) *value {
	o := object(nil, span)
	add := func(name string, v *value) {
		o.members = append(o.members, member{text(name, span), v})
	}
	if d.version != nil {
		add("Version", d.version)
	}
	if d.id != nil {
		add("Id", d.id)
	}
	statements := d.statements
	if d.rest != nil {
		statements = append(slices.Clip(statements), d.rest.asMany())
	}
	if len(statements) > 0 {
		add("Statement", list(statements, span))
	}
	return o
}

// maxStatements is how many statements a document may have that is made of others, which may be made of others. The longest
// policy that IAM takes, of 10,240 characters, has room for a tenth of that.
const maxStatements = 2_000

// document puts together what r says.
func (r *resource) document() (*document, *value) {
	d := &document{}
	tooManyStatements := fmt.Sprintf("a policy document of more than %d statements", maxStatements)
	var sourceSids []*value
	for _, attr := range []string{"source_json", "source_policy_documents"} {
		docs, err := r.documents(attr)
		if err != nil {
			return nil, err
		}
		for _, doc := range docs {
			src, err := r.e.parseDocument(doc)
			if err != nil {
				return nil, err
			}
			for _, st := range src.statements {
				sid := st.get("Sid")
				if sid == nil || sid.is("") || attr == "source_json" {
					continue
				}
				for _, other := range sourceSids {
					if equal(sid, other) == yes {
						return nil, failed(doc.span, fmt.Sprintf("duplicate Sid %s in source_policy_documents", describe(sid)))
					}
				}
				sourceSids = append(sourceSids, sid)
			}
			if d.merge(src); len(d.statements) > maxStatements {
				return nil, limited(doc.span, tooManyStatements)
			}
		}
	}
	own, err := r.ownDocument()
	if err != nil {
		return nil, err
	}
	d.merge(own)
	for _, attr := range []string{"override_policy_documents", "override_json"} {
		docs, err := r.documents(attr)
		if err != nil {
			return nil, err
		}
		for _, doc := range docs {
			over, err := r.e.parseDocument(doc)
			if err != nil {
				return nil, err
			}
			if d.merge(over); len(d.statements) > maxStatements {
				return nil, limited(doc.span, tooManyStatements)
			}
		}
	}
	return d, nil
}

// ownDocument returns what r itself states.
func (r *resource) ownDocument() (*document, *value) {
	d := &document{version: r.setting("version", "2012-10-17")}
	if id := r.configured("policy_id"); id != nil && id.kind != nullKind {
		d.id = id.asString()
	}
	blocks, err := r.e.nested(r.s, r.b.load(r.e.l), "statement")
	if err != nil {
		return nil, err
	}
	old := d.version.is("2008-10-17")
	var sids []*value
	for _, nb := range blocks {
		complete, err := r.e.eachElement(nb.many, func() *value {
			st, err := r.statement(nb, old)
			if err != nil {
				return err
			}
			if nb.many {
				d.statements = append(d.statements, st.asMany())
				return nil
			}
			if sid := st.get("Sid"); sid != nil && !sid.is("") {
				for _, other := range sids {
					if equal(sid, other) == yes {
						return failed(nb.span, fmt.Sprintf("duplicate Sid %s", describe(sid)))
					}
				}
				sids = append(sids, sid)
			}
			d.statements = append(d.statements, st)
			return nil
		})
		if err != nil {
			return nil, err
		}
		if !complete {
			d.rest = unknown("further statements", cty.NilType, nb.span)
		}
	}
	return d, nil
}

// argument returns an argument of a nested block, nil where it is not set.
func (b nestedBlock) argument(name string) *value {
	a := b.body.Attributes[name]
	if a == nil {
		return nil
	}
	v := b.s.eval(a.Expr)
	if v.kind == nullKind {
		if v.hole == nil {
			return nil
		}
		return unknown(v.hole.Expr, cty.NilType, v.span)
	}
	return v
}

// key returns the name of an argument as a string, for the element that it makes.
func (b nestedBlock) key(argument, element string) *value {
	if a := b.body.Attributes[argument]; a != nil {
		return text(element, b.s.span(a.NameRange))
	}
	return text(element, b.span)
}

func (r *resource) statement(b nestedBlock, old bool) (*value, *value) {
	st := object(nil, b.span)
	if sid := b.argument("sid"); sid != nil {
		sid = sid.asString()
		if sid.kind == failedKind {
			return nil, sid
		}
		if !sid.is("") {
			st.members = append(st.members, member{b.key("sid", "Sid"), sid})
		}
	}
	effect := text("Allow", b.span)
	if v := b.argument("effect"); v != nil {
		effect = v.asString()
		if effect.kind == failedKind {
			return nil, effect
		}
	}
	st.members = append(st.members, member{b.key("effect", "Effect"), effect})
	for _, p := range [...][2]string{{"principals", "Principal"}, {"not_principals", "NotPrincipal"}} {
		v, err := r.principals(b, p[0], old)
		if err != nil {
			return nil, err
		}
		if v != nil {
			st.members = append(st.members, member{text(p[1], v.span), v})
		}
	}
	for _, a := range [...]struct {
		argument, element string
		variables         bool
	}{{"actions", "Action", false}, {"not_actions", "NotAction", false}, {"resources", "Resource", true}, {"not_resources", "NotResource", true}} {
		v := b.argument(a.argument)
		if v == nil {
			continue
		}
		v, err := r.strings(v, a.variables, old, true)
		if err != nil {
			return nil, err
		}
		if v != nil {
			st.members = append(st.members, member{b.key(a.argument, a.element), scalarOrOnly(v)})
		}
	}
	v, err := r.conditions(b, old)
	if err != nil {
		return nil, err
	}
	if v != nil {
		st.members = append(st.members, member{text("Condition", v.span), v})
	}
	return st, nil
}

// strings returns a list of strings as the provider reads it: a set, sorted backwards, with &{ for ${ where variables is
// set. It returns nil for an empty list.
func (r *resource) strings(v *value, variables, old, set bool) (*value, *value) {
	switch v.kind {
	case failedKind:
		return nil, v
	case unknownKind:
		if v.typ != cty.NilType && v.typ.IsPrimitiveType() {
			return nil, failed(v.span, "a list is needed here, not "+article(v))
		}
		return v.asMany(), nil
	case listKind:
	default:
		return nil, failed(v.span, "a list is needed here, not "+article(v))
	}
	out := *v
	out.elems = nil
	for _, el := range v.elems {
		s := el.asString()
		if s.kind == failedKind {
			return nil, s
		}
		if s.kind == nullKind {
			if s.hole == nil {
				continue
			}
			s = unknown(s.hole.Expr, cty.String, s.span)
		}
		if variables {
			var err *value
			if s, err = policyVariables(s, old); err != nil {
				return nil, err
			}
		}
		if el.many {
			s = s.asMany()
		}
		if set && slices.ContainsFunc(out.elems, func(o *value) bool { return equal(o, s) == yes }) {
			continue
		}
		out.elems = append(out.elems, s)
	}
	if len(out.elems) == 0 {
		return nil, nil
	}
	if set {
		return sortBackwards(&out), nil
	}
	return &out, nil
}

// policyVariables writes &{ as ${: Terraform would take the latter for a template.
func policyVariables(v *value, old bool) (*value, *value) {
	if v.kind != stringKind {
		return v, nil
	}
	for _, p := range v.parts {
		if p.Hole == nil && strings.Contains(p.Literal, "&{") {
			if old {
				return nil, failed(v.span, "policy variables need version 2012-10-17")
			}
			return replaceLiteral(v, "&{", "${"), nil
		}
	}
	return v, nil
}

// replaceLiteral replaces from in the literals of v by to, of the same length, which keeps the place of from.
func replaceLiteral(v *value, from, to string) *value {
	out := *v
	out.edit().decoded = nil
	out.parts = nil
	for _, p := range v.parts {
		if p.Hole != nil || !strings.Contains(p.Literal, from) {
			out.parts = append(out.parts, p)
			continue
		}
		replaced := strings.ReplaceAll(p.Literal, from, to)
		if !p.Located() {
			out.parts = append(out.parts, policy.Literal(replaced, p.Span))
			continue
		}
		places := make([]int32, 0, len(replaced)+1)
		for i := range len(p.Literal) {
			places = append(places, int32(p.Slice(i, i+1).Span.Start))
		}
		out.parts = append(out.parts, policy.LiteralAt(replaced, p.Span.File, append(places, int32(p.Span.End))))
	}
	return &out
}

// principals returns the Principal or NotPrincipal element that the blocks of that type make, nil where there are none.
func (r *resource) principals(b nestedBlock, typ string, old bool) (*value, *value) {
	blocks, err := r.e.nested(b.s, b.body, typ)
	if err != nil || len(blocks) == 0 {
		return nil, err
	}
	o := object(nil, blocks[0].span)
	for _, nb := range asSet(blocks, "type", "identifiers") {
		complete, err := r.e.eachElement(nb.many, func() *value { return r.addPrincipal(o, nb, old) })
		if err != nil {
			return nil, err
		}
		if !complete {
			o.members = append(o.members, furtherMembers("principals", nb.span))
		}
	}
	if len(o.members) == 1 && o.members[0].key.is("*") && o.members[0].val.is("*") {
		return o.members[0].val, nil
	}
	return o, nil
}

// addPrincipal adds the member that a block makes to o.
func (r *resource) addPrincipal(o *value, nb nestedBlock, old bool) *value {
	key := nb.argument("type")
	if key == nil {
		return failed(nb.span, "principals without a type")
	}
	if key = key.asString(); key.kind == failedKind {
		return key
	}
	ids := nb.argument("identifiers")
	if ids == nil {
		return failed(nb.span, "principals without identifiers")
	}
	v, err := r.strings(ids, true, old, true)
	if err != nil {
		return err
	}
	v = nb.listed(v, ids.span)
	if nb.many && !wholly(key) {
		key, v = key.asMany(), v.asMany()
	}
	o.members = appendTo(o.members, key, v)
	return nil
}

// listed returns the strings v that a block lists, as they stand in the document: the only one without its list.
func (b nestedBlock) listed(v *value, span source.Span) *value {
	switch {
	case v == nil:
		return list(nil, span)
	case v.kind == unknownKind:
		return list([]*value{v}, v.span)
	case b.many && v.kind == listKind:
		out := *v
		out.elems = nil
		for _, el := range v.elems {
			out.elems = append(out.elems, el.asMany())
		}
		return &out
	}
	return scalarOrOnly(v)
}

// furtherMembers returns the member that stands for those that are not known.
func furtherMembers(what string, span source.Span) member {
	return member{unknown("further "+what, cty.String, span).asMany(), unknown("further "+what, cty.NilType, span)}
}

// wholly reports whether all of v is known.
func wholly(v *value) bool {
	_, ok := v.literal()
	return ok
}

// appendTo appends v to what members hold under key, making a list of it.
func appendTo(members []member, key, v *value) []member {
	for i, m := range members {
		if !key.many && equal(m.key, key) == yes {
			members[i].val = list(slices.Concat(listElements(m.val), listElements(v)), m.val.span)
			return members
		}
	}
	return append(members, member{key, v})
}

// listElements returns the elements of a list, or v as the only one.
func listElements(v *value) []*value {
	switch {
	case v.kind != listKind:
		return []*value{v}
	case len(v.via) == 0:
		return v.elems
	}
	elems := make([]*value, len(v.elems))
	for i, el := range v.elems {
		elems[i] = el.through(v.via...)
	}
	return elems
}

// conditions returns the Condition element, nil where there is none. Values of the same operator and key add up.
func (r *resource) conditions(b nestedBlock, old bool) (*value, *value) {
	blocks, err := r.e.nested(b.s, b.body, "condition")
	if err != nil || len(blocks) == 0 {
		return nil, err
	}
	o := object(nil, blocks[0].span)
	for _, nb := range asSet(blocks, "test", "variable", "values") {
		complete, err := r.e.eachElement(nb.many, func() *value { return r.addCondition(o, nb, old) })
		if err != nil {
			return nil, err
		}
		if !complete {
			o.members = append(o.members, furtherMembers("conditions", nb.span))
		}
	}
	return o, nil
}

// addCondition adds what a block says to the Condition element o.
func (r *resource) addCondition(o *value, nb nestedBlock, old bool) *value {
	test, variable, values := nb.argument("test"), nb.argument("variable"), nb.argument("values")
	if test == nil || variable == nil || values == nil {
		return failed(nb.span, "a condition without test, variable or values")
	}
	test, variable = test.asString(), variable.asString()
	if test.kind == failedKind {
		return test
	}
	if variable.kind == failedKind {
		return variable
	}
	v, err := r.strings(values, true, old, false)
	if err != nil {
		return err
	}
	v = nb.listed(v, values.span)
	more := furtherMembers("conditions of "+describe(variable), nb.span)
	if nb.many && !wholly(test) {
		o.members = append(o.members, more)
	}
	i := slices.IndexFunc(o.members, func(m member) bool { return !m.key.many && equal(m.key, test) == yes })
	if i < 0 {
		i = len(o.members)
		o.members = append(o.members, member{test, object(nil, nb.span)})
	}
	keys := *o.members[i].val
	keys.members = appendTo(slices.Clone(keys.members), variable, v)
	if nb.many && !wholly(variable) {
		keys.members = append(keys.members, more)
	}
	o.members[i].val = &keys
	return nil
}
