package terraform

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
)

func decodeRune(s string) (rune, int) { return utf8.DecodeRuneInString(s) }

func collectionFunction(name string) builtin {
	switch name {
	case "concat":
		return concatFunc
	case "merge":
		return mergeFunc
	case "flatten":
		return flattenFunc
	case "distinct", "compact", "toset", "tolist", "reverse", "sort":
		return listFunc
	case "tomap":
		return tomapFunc
	case "map", "list":
		return legacyFunc
	case "lookup":
		return lookupFunc
	case "coalesce", "coalescelist":
		return coalesceFunc
	case "one":
		return oneFunc
	case "element":
		return elementFunc
	case "slice":
		return sliceFunc
	case "length":
		return lengthFunc
	case "contains":
		return containsFunc
	case "keys", "values":
		return keysFunc
	case "alltrue", "anytrue":
		return truthsFunc
	case "zipmap":
		return zipmapFunc
	case "setunion", "setintersection", "setsubtract":
		return setFunc
	case "chunklist":
		return chunklistFunc
	case "setproduct":
		return setproductFunc
	case "index":
		return indexFunc
	case "matchkeys":
		return matchkeysFunc
	case "transpose":
		return transposeFunc
	}
	return nil
}

// asList returns argument v as a list; an unknown one as a list of any number of elements.
func (c *call) asList(v *value) (l, err *value) {
	switch v.kind {
	case listKind:
		return v, nil
	case nullKind:
		if v.hole == nil {
			return nil, c.fail("a list is needed, not null")
		}
		v = unknown(v.hole.Expr, cty.NilType, v.span)
	case unknownKind:
	default:
		return nil, c.fail("a list is needed, not %s", article(v))
	}
	if v.typ != cty.NilType && v.typ.IsPrimitiveType() {
		return nil, c.fail("a list is needed, not %s", article(v))
	}
	_, el := c.e.unknownElement(v)
	out := list([]*value{el.asMany()}, v.span)
	out.via = v.via
	out.set = v.typ != cty.NilType && v.typ.IsSetType()
	return out, nil
}

// flatElements returns the elements of list v as they are on their own.
func flatElements(v *value) []*value {
	if v.via == nil {
		return v.elems
	}
	out := make([]*value, len(v.elems))
	for i, el := range v.elems {
		out[i] = el.through(v.via...)
	}
	return out
}

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
	if len(o.members) == 0 || c.e.picking {
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

// maxUnified bounds how deep in lists and objects elements are converted.
const maxUnified = 8

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
			if el.fetch == nil {
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

// toSetUnsorted returns elems with each value once, nil when the budget does not allow it.
func (e *evaluator) toSetUnsorted(elems []*value) []*value {
	out := make([]*value, 0, len(elems))
	seen := map[string]bool{}
	for _, el := range elems {
		if s, ok := el.literal(); ok && el.kind == stringKind && !el.many {
			if seen[s] {
				continue
			}
			seen[s] = true
		} else if !e.spend(len(out)) {
			return nil
		} else if slices.ContainsFunc(out, func(o *value) bool { return o.many == el.many && equal(o, el) == yes }) {
			continue
		}
		out = append(out, el)
	}
	return out
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

func coalesceFunc(c *call) *value {
	if err := c.arity(1, -1); err != nil {
		return err
	}
	for i, arg := range unifyElements(slices.Clone(c.args)) {
		switch arg.kind {
		case nullKind:
			continue
		case stringKind:
			if arg.is("") {
				continue
			}
			if len(arg.parts) == 1 && arg.parts[0].Hole != nil {
				break
			}
			return arg
		case listKind:
			if c.name == "coalescelist" && arg.set {
				return c.fail("a list is needed, not a set")
			}
			if c.name == "coalescelist" && len(arg.elems) == 0 {
				continue
			}
			return arg
		case unknownKind:
		default:
			return arg
		}
		if i == len(c.args)-1 {
			return arg
		}
		if equalNull(arg, null(c.span)) == no {
			return arg
		}
		d := describe(arg)
		if c.e.picking {
			return c.unknown(arg.typ)
		}
		if !c.e.choose(d + " is empty") {
			return arg
		}
	}
	return c.fail("all arguments are null or empty")
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

func lengthFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	v := c.args[0]
	switch v.kind {
	case listKind:
		if v.exact() {
			for _, el := range v.elems {
				c.e.take(el.there...)
			}
			return integer(len(v.elems), c.span)
		}
	case objectKind:
		for _, m := range v.members {
			c.e.take(m.key.there...)
		}
		if members, complete := v.all(); complete && v.exact() {
			return integer(len(members), c.span)
		}
		if v.fetch != nil && v.names == nil {
			return integer(1, c.span) // a resource: at least it is not empty
		}
	case stringKind:
		if _, ok := v.literal(); ok {
			return c.viaCty(cty.Number)
		}
	case unknownKind:
	case nullKind:
		if v.hole == nil {
			return c.fail("null")
		}
	default:
		return c.fail("a collection is needed, not %s", article(v))
	}
	return c.unknown(cty.Number)
}

func containsFunc(c *call) *value {
	if err := c.arity(2, 2); err != nil {
		return err
	}
	l, err := c.asList(c.args[0])
	if err != nil {
		return err
	}
	result := no
	for _, el := range l.elems {
		switch t := equal(el, c.args[1]); {
		case t == yes && !el.many:
			return boolean(true, c.span)
		case t != no:
			result = maybe
		}
	}
	if result == no {
		return boolean(false, c.span)
	}
	return c.unknown(cty.Bool)
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

func truthsFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	l, err := c.asList(c.args[0])
	if err != nil {
		return err
	}
	stop := c.name == "anytrue"
	open := false
	for _, el := range l.elems {
		switch b := toBool(el); b.kind {
		case boolKind:
			if b.truth == stop {
				return boolean(stop, c.span)
			}
		case failedKind:
			return b
		case nullKind:
			if !stop {
				return boolean(false, c.span)
			}
		default:
			open = true
		}
	}
	if open {
		return c.unknown(cty.Bool)
	}
	return boolean(!stop, c.span)
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

func setFunc(c *call) *value {
	if err := c.arity(1, -1); err != nil {
		return err
	}
	var sets []*value
	for _, arg := range c.args {
		l, err := c.asList(arg)
		if err != nil {
			return err
		}
		sets = append(sets, l)
	}
	if c.name == "setunion" {
		all := list(nil, c.span)
		for i, l := range sets {
			for _, el := range flatElements(l) {
				if c.args[i].many {
					el = el.asMany()
				}
				all.elems = append(all.elems, el)
			}
		}
		all.elems = unifyElements(all.elems)
		return c.e.toSet(all)
	}
	if c.name == "setsubtract" && len(sets) != 2 {
		return c.fail("wrong number of arguments")
	}
	out := list(nil, c.span)
	for _, el := range flatElements(sets[0]) {
		keep := yes
		for _, other := range sets[1:] {
			found := no
			for _, o := range other.elems {
				if !c.e.spend(1) {
					return failed(c.span, c.e.spent)
				}
				switch t := equal(el, o); {
				case t == yes && !o.many && !el.many:
					found = yes
				case t != no && found == no:
					found = maybe
				}
			}
			if c.name == "setsubtract" {
				found = found.not()
			}
			if found == no {
				keep = no
			} else if found == maybe && keep == yes {
				keep = maybe
			}
		}
		switch {
		case keep == no:
		case keep == yes || el.kind == unknownKind:
			if keep == maybe {
				el = el.asMany()
			}
			out.elems = append(out.elems, el)
		default:
			return c.unknown(cty.Set(cty.DynamicPseudoType))
		}
	}
	return c.e.toSet(out)
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

func setproductFunc(c *call) *value {
	if err := c.arity(2, -1); err != nil {
		return err
	}
	rows := [][]*value{nil}
	many := []bool{false}
	set := true
	for _, arg := range c.args {
		l, err := c.asList(arg)
		if err != nil {
			return err
		}
		set = set && l.set
		var next [][]*value
		var nextMany []bool
		if !c.e.spend(len(rows)*len(l.elems)) || len(rows)*len(l.elems) > maxElements {
			return limited(c.span, fmt.Sprintf("a product of more than %d elements", maxElements))
		}
		for i, row := range rows {
			for _, el := range flatElements(l) {
				next = append(next, append(row[:len(row):len(row)], el.single()))
				nextMany = append(nextMany, many[i] || el.many)
			}
		}
		rows, many = next, nextMany
	}
	out := list(nil, c.span)
	for i, row := range rows {
		el := list(row, c.span)
		if many[i] {
			el = el.asMany()
		}
		out.elems = append(out.elems, el)
	}
	if set {
		return c.e.toSet(out)
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
	if m.kind != objectKind || !m.exact() || m.fetch != nil {
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
