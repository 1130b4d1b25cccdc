package terraform

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/zclconf/go-cty/cty"
)

func mergeFunc(c *call) *value {
	out := object(nil, c.span)
	for _, arg := range c.args {
		switch arg.kind {
		case nullKind:
			if arg.hole != nil {
				c.mayReplace(out, arg)
				h := unknown(arg.hole.Expr, cty.NilType, arg.span)
				out.members = append(out.members, member{h.asMany(), h})
			}
		case unknownKind:
			val := arg.single()
			if arg.typ != cty.NilType && arg.typ.IsObjectType() {
				for _, name := range sortedNames(arg.typ.AttributeTypes()) {
					out.members = setMember(out.members, member{text(name, arg.span), unknownMember(val, "."+name, name, arg.span)})
				}
				continue
			}
			_, el := c.e.unknownElement(val)
			key := unknown("keys("+arg.hole.Expr+")[*]", cty.String, arg.span)
			c.mayReplace(out, arg)
			out.members = append(out.members, member{key.asMany(), el})
		case objectKind:
			members, complete := arg.all()
			for _, m := range members {
				if arg.many {
					m.key = m.key.asMany()
				}
				out.members = setMember(out.members, member{m.key, m.val.through(arg.via...)})
			}
			if !complete {
				c.mayReplace(out, arg)
				h := unknown(describe(arg), cty.NilType, arg.span)
				out.members = append(out.members, member{h.asMany(), h})
			}
			if !c.e.spend(len(members)) {
				return failed(c.span, c.e.spent)
			}
		default:
			return c.fail("an object is needed, not %s", article(arg))
		}
	}
	return out
}

// mayReplace makes the members of o unknown where arg, of which not all members are known, has some of the same names.
func (c *call) mayReplace(o, arg *value) {
	if len(o.members) == 0 {
		return
	}
	if c.e.picking {
		c.e.consulted++
		return
	}
	names := make([]*value, len(o.members))
	for i, m := range o.members {
		names[i] = m.key
	}
	if !c.e.choose(describe(arg) + " has one of " + describe(list(names, arg.span))) {
		return
	}
	for i, m := range o.members {
		u := unknown(fmt.Sprintf("lookup(%s, %s, %s)", describe(arg), describe(m.key), describe(m.val)), cty.NilType, m.val.span)
		o.members[i].val = u
	}
}

func sortedNames[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func tomapFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	switch v := c.args[0]; v.kind {
	case objectKind:
		out := *v
		if len(v.members) > 0 {
			out.typing = uniform
		}
		vals := make([]*value, len(v.members))
		for i, m := range v.members {
			vals[i] = m.val
		}
		vals = unifyElements(vals)
		out.members = make([]member, len(v.members))
		for i, m := range v.members {
			out.members[i] = member{m.key, vals[i]}
		}
		return &out
	case unknownKind, nullKind:
		return v
	default:
		return c.fail("an object is needed, not %s", article(v))
	}
}

// legacyFunc is map() and list() of Terraform 0.11.
func legacyFunc(c *call) *value {
	if c.name == "list" {
		return list(c.args, c.span)
	}
	out := object(nil, c.span)
	for i := 0; i+1 < len(c.args); i += 2 {
		out.members = setMember(out.members, member{c.args[i].asString(), c.args[i+1]})
	}
	return out
}

func lookupFunc(c *call) *value {
	if err := c.arity(2, 3); err != nil {
		return err
	}
	key, ok, err := c.literal(1)
	if err != nil {
		return err
	}
	m := c.args[0]
	switch m.kind {
	case objectKind:
		if !ok {
			return lookupUnknown(c, m)
		}
		if got := m.get(key); got != nil {
			return got
		}
		if !m.exact() {
			return c.unknown(cty.NilType)
		}
		if len(c.args) == 3 {
			return c.args[2]
		}
		return c.fail("%s has no member %q", describe(m), key)
	case unknownKind:
		if ok && m.typ != cty.NilType && m.typ.IsObjectType() {
			if m.typ.HasAttribute(key) {
				return unknownMember(m, "."+key, key, c.span)
			}
			if len(c.args) == 3 {
				return c.args[2]
			}
		}
		return c.unknown(cty.NilType)
	case nullKind:
		if m.hole != nil {
			return c.unknown(cty.NilType)
		}
	}
	return c.fail("an object is needed, not %s", article(m))
}

// lookupUnknown looks up a name that the code does not say in the object m.
func lookupUnknown(c *call, m *value) *value {
	var otherwise *value
	if len(c.args) == 3 {
		otherwise = c.args[2]
	}
	u := c.unknown(cty.NilType)
	if u.hole.Choices = literals(m, c.args[1]); u.hole.Choices != nil && otherwise != nil {
		if s, ok := otherwise.literal(); !ok || otherwise.kind != stringKind {
			u.hole.Choices = nil
		} else if !slices.Contains(u.hole.Choices, s) {
			u.hole.Choices = append(u.hole.Choices, s)
		}
	}
	if u.hole.Choices != nil {
		u.typ = cty.String
		return u
	}
	if got := c.e.anyMember(m, c.args[1], otherwise, c.span); got != nil {
		return got
	}
	return u
}

func keysFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	m := c.args[0]
	switch m.kind {
	case unknownKind, objectKind:
	default:
		if m.kind == nullKind && m.hole != nil {
			return c.unknown(cty.NilType)
		}
		return c.fail("an object is needed, not %s", article(m))
	}
	items, err := c.e.iterate(m)
	if err != nil {
		return err
	}
	out := list(nil, m.span)
	for _, it := range items {
		v := it.key
		if c.name == "values" {
			v = it.val
		}
		if it.many {
			v = v.asMany()
		}
		out.elems = append(out.elems, v)
	}
	return out
}

func zipmapFunc(c *call) *value {
	if err := c.arity(2, 2); err != nil {
		return err
	}
	k, v := c.args[0], c.args[1]
	if k.kind != listKind || v.kind != listKind || !k.exact() || !v.exact() {
		if k.kind == listKind && k.exact() && v.kind == unknownKind {
			out := object(nil, c.span)
			for i, el := range k.elems {
				name, _ := el.literal()
				_ = i
				out.members = append(out.members, member{el.asString(), unknownMember(v, "["+strconv.Itoa(i)+"]", name, c.span)})
			}
			return out
		}
		return c.unknown(cty.NilType)
	}
	if len(k.elems) != len(v.elems) {
		return c.fail("lists of different lengths")
	}
	out := object(nil, c.span)
	for i, el := range k.elems {
		out.members = setMember(out.members, member{el.asString(), v.elems[i].through(v.via...)})
	}
	return out
}

func matchkeysFunc(c *call) *value {
	if err := c.arity(3, 3); err != nil {
		return err
	}
	vals, keys, wanted := c.args[0], c.args[1], c.args[2]
	for _, l := range c.args {
		if l.kind != listKind || !l.exact() {
			return c.unknown(vals.typ)
		}
	}
	if len(vals.elems) != len(keys.elems) {
		return c.fail("lists of different lengths")
	}
	out := list(nil, c.span)
	for i, key := range keys.elems {
		for _, w := range wanted.elems {
			if !c.e.spend(1) {
				return failed(c.span, c.e.spent)
			}
			t := equal(key, w)
			if t == maybe {
				return c.unknown(vals.typ)
			}
			if t == yes {
				out.elems = append(out.elems, vals.elems[i].through(vals.via...))
				break
			}
		}
	}
	return out
}

func transposeFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	m := c.args[0]
	if m.kind != objectKind || !m.exact() || m.more().fetch != nil {
		return c.unknown(cty.NilType)
	}
	byName := map[string]*value{}
	for _, mem := range sorted(m.members) {
		if mem.val.kind != listKind {
			return c.unknown(cty.NilType)
		}
		for _, el := range mem.val.elems {
			name, ok := el.literal()
			if !ok || !c.e.spend(1) {
				return c.unknown(cty.NilType)
			}
			if byName[name] == nil {
				byName[name] = list(nil, c.span)
			}
			byName[name].elems = append(byName[name].elems, mem.key)
		}
	}
	out := object(nil, c.span)
	for _, name := range sortedNames(byName) {
		out.members = append(out.members, member{text(name, c.span), byName[name]})
	}
	return out
}
