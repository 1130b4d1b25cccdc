package terraform

import (
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// merge adds what o says: a statement takes the place of the one with the same Sid.
func (d *document) merge(o *document) {
	if o.id != nil && !o.id.is("") {
		d.id = o.id
	}
	if o.version != nil {
		if s, ok := o.version.literal(); ok && d.version != nil {
			if t, ok := d.version.literal(); !ok || s >= t {
				d.version = o.version
			}
		} else {
			d.version = o.version
		}
	}
	for _, st := range o.statements {
		sid := st.get("Sid")
		replaced := false
		if sid != nil && !sid.is("") {
			for i, other := range d.statements {
				if t := other.get("Sid"); t != nil && equal(sid, t) == yes {
					d.statements[i] = st
					replaced = true
					break
				}
			}
		}
		if !replaced {
			d.statements = append(d.statements, st)
		}
	}
	if o.rest != nil {
		d.rest = o.rest
	}
}

// documents returns the policy documents, JSON strings, that an attribute lists.
func (r *resource) documents(attr string) ([]*value, *value) {
	v := r.configured(attr)
	if v == nil || v.kind == nullKind && v.hole == nil {
		return nil, nil
	}
	switch v.kind {
	case failedKind:
		return nil, v
	case stringKind:
		return []*value{v}, nil
	case listKind:
		var docs []*value
		for _, el := range v.elems {
			el = el.through(v.via...)
			switch {
			case el.kind == failedKind:
				return nil, el
			case el.kind == nullKind && el.hole == nil || el.is(""):
			default:
				docs = append(docs, el)
			}
		}
		return docs, nil
	}
	return []*value{v}, nil
}

// parseDocument reads a source or override document.
func (e *evaluator) parseDocument(v *value) (*document, *value) {
	if v.many {
		d, err := e.parseDocument(v.single())
		if err == nil {
			for i, st := range d.statements {
				d.statements[i] = st.asMany()
			}
		}
		return d, err
	}
	if v.kind == unknownKind || v.kind == nullKind {
		return &document{rest: unknown("statements of "+describe(v), cty.NilType, v.span)}, nil
	}
	o := e.decode(v, v.span)
	switch o.kind {
	case failedKind:
		return nil, failed(v.span, "a policy document that is no JSON: "+o.more().reason)
	case unknownKind:
		return &document{rest: unknown("statements of "+describe(v), cty.NilType, v.span)}, nil
	case objectKind:
	default:
		return nil, failed(v.span, "a policy document that is "+article(o))
	}
	o = elements(o, "Version", "Id", "Statement")
	d := &document{}
	if s := o.get("Version"); s != nil {
		d.version = s.asString()
	}
	if s := o.get("Id"); s != nil {
		d.id = s.asString()
	}
	switch st := o.get("Statement"); {
	case st == nil:
	case st.kind == objectKind:
		d.statements = append(d.statements, e.normalStatement(st))
	case st.kind == listKind:
		for _, el := range st.elems {
			el = el.through(st.via...)
			switch el.kind {
			case objectKind:
				d.statements = append(d.statements, e.normalStatement(el))
			case unknownKind:
				d.rest = el
			default:
				return nil, failed(el.span, "a statement that is "+article(el))
			}
		}
	default:
		d.rest = unknown("statements of "+describe(v), cty.NilType, v.span)
	}
	if !o.exact() && d.rest == nil && o.get("Statement") == nil {
		d.rest = unknown("statements of "+describe(v), cty.NilType, v.span)
	}
	return d, nil
}

// elements returns what of object o the provider reads and writes: members of those names, in any letter case since it
// reads JSON as Go does, that are not null. Members whose name is not known stay.
func elements(o *value, names ...string) *value {
	out := *o
	out.members = nil
	for _, m := range o.members {
		name, ok := m.key.literal()
		if !ok {
			out.members = append(out.members, m)
			continue
		}
		i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
		if i < 0 || m.val.kind == nullKind && m.val.hole == nil {
			continue
		}
		if names[i] != name {
			m.key = text(names[i], m.key.span)
		}
		out.members = setMember(out.members, m)
	}
	return &out
}

// normalStatement returns a statement of a source document as the provider reads and writes it: principals sorted
// backwards, booleans in conditions as strings. Numbers in conditions are dropped, condition and all.
func (e *evaluator) normalStatement(st *value) *value {
	out := elements(st, "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition")
	members := out.members
	out.members = nil
	for _, m := range members {
		switch name, _ := m.key.literal(); name {
		case "Sid", "Effect":
			if m.val.is("") {
				continue
			}
		case "Principal", "NotPrincipal":
			if m.val.kind == objectKind && len(m.val.members) == 0 {
				continue
			}
			m.val = normalPrincipals(m.val)
		case "Condition":
			if m.val = normalConditions(m.val); m.val == nil {
				continue
			}
		}
		out.members = append(out.members, m)
	}
	return out
}

func normalPrincipals(v *value) *value {
	if v.kind == stringKind && wholly(v) {
		return text("*", v.span) // whatever it says
	}
	if v.kind != objectKind {
		return v
	}
	if len(v.members) == 1 && v.members[0].key.is("*") && scalarOrOnly(v.members[0].val).is("*") {
		return scalarOrOnly(v.members[0].val)
	}
	out := *v
	out.members = nil
	for _, m := range v.members {
		if m.val.kind == listKind {
			m.val = sortBackwards(m.val)
		}
		out.members = append(out.members, m)
	}
	return &out
}

// scalarOrOnly returns the only element of a list of one, otherwise v.
func scalarOrOnly(v *value) *value {
	if v.kind == listKind && len(v.elems) == 1 && !v.elems[0].many {
		return v.elems[0].through(v.via...)
	}
	return v
}

func normalConditions(v *value) *value {
	if v.kind != objectKind {
		return v
	}
	out := *v
	out.members = nil
	for _, op := range v.members {
		if op.val.kind == objectKind {
			keys := *op.val
			keys.members = nil
			for _, m := range op.val.members {
				switch m.val.kind {
				case boolKind:
					m.val = m.val.asString()
				case numberKind:
					continue
				}
				keys.members = append(keys.members, m)
			}
			if len(keys.members) == 0 {
				continue
			}
			op.val = &keys
		}
		out.members = append(out.members, op)
	}
	if len(out.members) == 0 {
		return nil
	}
	return &out
}

// sortBackwards sorts the known strings of a list in descending order, as the provider does.
func sortBackwards(v *value) *value {
	for _, el := range v.elems {
		if _, ok := el.literal(); !ok {
			return v
		}
	}
	out := *v
	out.elems = slices.Clone(v.elems)
	slices.SortStableFunc(out.elems, func(a, b *value) int {
		s, _ := a.literal()
		t, _ := b.literal()
		return strings.Compare(t, s)
	})
	return &out
}
