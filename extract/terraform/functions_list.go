package terraform

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
)

func concatFunc(c *call) *value {
	if err := c.arity(1, -1); err != nil {
		return err
	}
	out := list(nil, c.span)
	if !slices.ContainsFunc(c.args, func(v *value) bool { return v.typing != uniform }) {
		out.typing = uniform
	}
	for _, arg := range c.args {
		l, err := c.asList(arg)
		if err != nil {
			return err
		}
		if l.set {
			return c.fail("a list is needed, not a set")
		}
		if arg.many {
			for _, el := range flatElements(l) {
				out.elems = append(out.elems, el.asMany())
			}
			continue
		}
		out.elems = append(out.elems, flatElements(l)...)
		if len(out.elems) > maxElements {
			return limited(c.span, fmt.Sprintf("a list has more than %d elements", maxElements))
		}
	}
	return out
}

func flattenFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	l, err := c.asList(c.args[0])
	if err != nil {
		return err
	}
	out := list(nil, c.span)
	var walk func(v *value, many bool, depth int) bool
	walk = func(v *value, many bool, depth int) bool {
		for _, el := range flatElements(v) {
			if !c.e.spend(1) || depth > maxDepth {
				return false
			}
			switch {
			case el.kind == listKind:
				if !walk(el, many || el.many, depth+1) {
					return false
				}
			case el.kind == unknownKind && (el.typ == cty.NilType || el.listTyped()):
				if el.typ != cty.NilType {
					_, inner := c.e.unknownElement(el)
					el = inner
				}
				out.elems = append(out.elems, el.asMany())
			case many:
				out.elems = append(out.elems, el.asMany())
			default:
				out.elems = append(out.elems, el)
			}
		}
		return true
	}
	if !walk(l, false, 0) {
		return limited(c.span, "a list that is too large")
	}
	return out
}

func listFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	arg := c.args[0]
	if arg.kind == nullKind && arg.hole == nil && (c.name == "toset" || c.name == "tolist") {
		return arg
	}
	if c.name == "toset" && arg.kind == unknownKind {
		if arg.typ != cty.NilType && arg.typ.IsListType() {
			u := *arg
			u.typ = cty.Set(arg.typ.ElementType())
			return &u
		}
		if arg.typ == cty.NilType {
			u := *arg
			u.typ = cty.Set(cty.DynamicPseudoType)
			return &u
		}
		return arg
	}
	l, err := c.asList(arg)
	if err != nil {
		return err
	}
	out := *l
	out.elems = slices.Clone(l.elems)
	if c.name != "reverse" && len(out.elems) > 0 {
		out.typing = uniform // tolist([]) is a list of no type, no more equal to a list of strings than [] is
	}
	switch c.name {
	case "toset":
		out.elems = unifyElements(out.elems)
		return c.e.toSet(&out)
	case "tolist":
		out.elems = unifyElements(out.elems)
		out.set = false
	case "reverse":
		slices.Reverse(out.elems)
		out.set = false
	case "sort":
		for i, el := range out.elems {
			s := el.asString()
			if s.kind == failedKind {
				return s
			}
			if _, ok := s.literal(); !ok {
				return &out
			}
			out.elems[i] = s
		}
		slices.SortStableFunc(out.elems, func(a, b *value) int {
			s, _ := a.literal()
			t, _ := b.literal()
			if s < t {
				return -1
			} else if s > t {
				return 1
			}
			return 0
		})
		out.set = false
	case "compact":
		out.elems = slices.DeleteFunc(out.elems, func(el *value) bool {
			return el.kind == nullKind && el.hole == nil || el.is("")
		})
		for i, el := range out.elems {
			if el.kind == unknownKind && el.hole.Kind == policy.Unknown || el.kind == nullKind {
				if el.kind == nullKind {
					el = unknown(el.hole.Expr, cty.String, el.span)
				}
				out.elems[i] = el.asMany() // it may be empty, and go
			}
		}
		out.set = false
	case "distinct":
		kept := c.e.toSetUnsorted(out.elems)
		if kept == nil {
			return failed(c.span, c.e.spent)
		}
		out.elems = kept
		out.set = false
	}
	return &out
}

// unifyElements converts what a collection with elements of one type holds to that type, as far as strings go: numbers and
// booleans become strings where there are strings beside them, also in the same places of lists and objects. It may change
// elems.
func unifyElements(elems []*value) []*value {
	return unifyWithin(elems, maxUnified)
}

func unifyWithin(elems []*value, depth int) []*value {
	strings, others, lists, objects := 0, 0, 0, 0
	for _, el := range elems {
		switch el.kind {
		case stringKind:
			strings++
		case numberKind, boolKind:
			others++
		case listKind:
			lists++
		case objectKind:
			if el.more().fetch == nil {
				objects++
			}
		}
	}
	switch {
	case strings > 0 && others > 0:
		for i, el := range elems {
			elems[i] = el.asString()
		}
	case depth == 0 || len(elems) < 2:
	case lists == len(elems):
		unifyParts(elems, depth, func(v *value) []*value { return v.elems }, func(v *value, parts []*value) { v.elems = parts })
	case objects == len(elems):
		for _, name := range sharedNames(elems) {
			unifyParts(elems, depth,
				func(v *value) []*value { return []*value{v.get(name)} },
				func(v *value, parts []*value) {
					v.members = setMember(slices.Clone(v.members), member{memberKey(v, name), parts[0]})
				})
		}
	}
	return elems
}

// unifyParts unifies the parts of all elems with each other.
func unifyParts(elems []*value, depth int, get func(v *value) []*value, set func(v *value, parts []*value)) {
	var all []*value
	for _, el := range elems {
		all = append(all, get(el)...)
	}
	before := slices.Clone(all)
	all = unifyWithin(all, depth-1)
	if slices.Equal(before, all) {
		return
	}
	for i, el := range elems {
		n := len(get(el))
		c := *el
		set(&c, slices.Clone(all[:n]))
		elems[i], all = &c, all[n:]
	}
}

// sharedNames returns the names that all of the objects have.
func sharedNames(objects []*value) []string {
	var names []string
	for _, m := range objects[0].members {
		name, ok := m.key.literal()
		if ok && !slices.ContainsFunc(objects, func(o *value) bool {
			return !slices.ContainsFunc(o.members, func(m member) bool { return m.key.is(name) })
		}) {
			names = append(names, name)
		}
	}
	return names
}

// memberKey returns the key of the member of that name.
func memberKey(o *value, name string) *value {
	for _, m := range o.members {
		if m.key.is(name) {
			return m.key
		}
	}
	return text(name, o.span)
}

func oneFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	l := c.args[0]
	if l.kind == unknownKind {
		if l.typ != cty.NilType && !l.listTyped() {
			return l
		}
		_, el := c.e.unknownElement(l)
		return el
	}
	if l.kind != listKind {
		if l.kind == nullKind && l.hole == nil {
			return c.fail("null")
		}
		return c.fail("a list is needed, not %s", article(l))
	}
	switch {
	case len(l.elems) == 0:
		return null(c.span)
	case len(l.elems) == 1:
		return l.elems[0].single().through(l.via...)
	case certain(l) < 2:
		for _, el := range l.elems {
			if !el.many {
				return el.through(l.via...)
			}
		}
		return c.unknown(cty.NilType)
	}
	return c.fail("a list of %d elements", len(l.elems))
}

func elementFunc(c *call) *value {
	if err := c.arity(2, 2); err != nil {
		return err
	}
	l := c.args[0]
	n := toNumber(c.args[1])
	if n.kind == failedKind {
		return n
	}
	if l.kind == listKind && l.set {
		return c.fail("a list is needed, not a set")
	}
	i, ok := n.asInt()
	if n.kind == numberKind && !ok {
		return c.fail("the index must be a whole number")
	}
	if l.kind == unknownKind || !ok {
		if l.kind == listKind && len(l.elems) == 1 {
			return l.elems[0].single().through(l.via...)
		}
		if l.kind == listKind && len(l.elems) > 1 {
			if el := c.e.anyElement(l, operand(n)+" % "+strconv.Itoa(len(l.elems))); el != nil {
				return el.through(l.via...)
			}
		}
		return c.s.index(l, n, c.span)
	}
	if l.kind != listKind {
		return c.fail("a list is needed, not %s", article(l))
	}
	if len(l.elems) == 0 {
		return c.fail("an empty list")
	}
	if l.exact() {
		i %= len(l.elems)
	}
	if i < 0 && l.exact() && l.typing == uniform {
		i += len(l.elems) // of a list -1 is the last; of a tuple it is an error
	}
	if i < 0 {
		return c.fail("the index must not be negative")
	}
	return c.s.element(l, i, c.span)
}

func sliceFunc(c *call) *value {
	if err := c.arity(3, 3); err != nil {
		return err
	}
	l, from, to := c.args[0], toNumber(c.args[1]), toNumber(c.args[2])
	i, oki := from.asInt()
	j, okj := to.asInt()
	if from.kind == failedKind || to.kind == failedKind || from.kind == numberKind && !oki || to.kind == numberKind && !okj {
		return c.fail("the indices must be whole numbers")
	}
	if l.set {
		return c.fail("a list is needed, not a set")
	}
	if l.kind != listKind || !oki || !okj {
		return c.unknown(l.typ)
	}
	for _, el := range l.elems[:max(0, min(j, len(l.elems)))] {
		if el.many {
			return c.unknown(cty.NilType)
		}
	}
	if i < 0 || j > len(l.elems) || i > j {
		if !l.exact() {
			return c.unknown(cty.NilType)
		}
		return c.fail("index out of range")
	}
	out := *l
	out.elems = l.elems[i:j]
	return &out
}

func chunklistFunc(c *call) *value {
	if err := c.arity(2, 2); err != nil {
		return err
	}
	l := c.args[0]
	n, ok := toNumber(c.args[1]).asInt()
	if l.kind != listKind || !l.exact() || !ok {
		return c.unknown(cty.NilType)
	}
	if n < 0 {
		return c.fail("a negative size")
	}
	out := list(nil, c.span)
	if n == 0 {
		n = max(1, len(l.elems))
	}
	for chunk := range slices.Chunk(flatElements(l), n) {
		out.elems = append(out.elems, list(chunk, l.span))
	}
	return out
}

func indexFunc(c *call) *value {
	if err := c.arity(2, 2); err != nil {
		return err
	}
	l := c.args[0]
	if l.kind != listKind {
		return c.unknown(cty.Number)
	}
	for i, el := range l.elems {
		switch {
		case el.many:
			return c.unknown(cty.Number)
		case equal(el, c.args[1]) == yes:
			return integer(i, c.span)
		case equal(el, c.args[1]) == maybe:
			return c.unknown(cty.Number)
		}
	}
	return c.fail("no such element")
}
