package terraform

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// A value is a Terraform value as far as the code determines it, with the place of each part. It does not change once made.
// A large configuration has hundreds of thousands of them: what only few have is in moreValue.
type value struct {
	kind   valueKind
	truth  bool
	set    bool   // the list is a set
	typing typing // of a list or object, where it matters to ==
	many   bool   // as an element: it stands for any number of elements, also none
	limit  bool   // of a failed value: a bound of ours was reached, of which Terraform knows nothing
	// size is the number of values in a list or object, itself and all below, counted as often as they are reached: values
	// share their parts, and walking one must stay affordable.
	size int32

	parts []policy.Part // of a string; of a number or boolean its spelling, where it has one
	num   *big.Float
	elems []*value // of a list, in order; a set holds each element once
	// members of an object, in the order written, each name once. A member whose key is a hole that may be Many stands for
	// members that are not known.
	members []member

	hole *policy.Hole // of an unknown value
	typ  cty.Type     // of an unknown value; cty.NilType when nothing is known of it

	span source.Span
	via  []source.Span

	rest *moreValue // nil: none of it is set. It is shared by copies of the value; see more and edit
}

// A moreValue is what few values have.
type moreValue struct {
	// lost are members of an object as it is written that a later one of the same name replaces without a word.
	lost []member
	// fetch returns further members of an object that are computed when asked for: attributes of resources, outputs of
	// modules. It returns nil when there is no such member.
	fetch func(name string) *value
	// names returns the names that fetch knows when all of them are needed; nil when they are not known.
	names   func() []string
	address string // of the resource, data source or module that the object is

	of      *resource // of a string: the role or managed policy of which it is the name or ARN
	decoded *value    // of a string that is JSON: what it says
	plain   *value    // of a string that is base64: what it encodes

	// contrary is, of an unknown boolean, the condition that it is the negation of: both get the same answer.
	contrary string
	reason   string // of a failed value: why there is none
	unread   bool   // of a failed value: a file is not there, which something may make before Terraform runs

	// While it is asked how many instances there are (see choices): there, under which an element or member exists, and chosen,
	// under which it is this value.
	there, chosen []assumption
}

// nothingMore is what more returns of most values. Nobody changes it.
var nothingMore moreValue

// more returns what few values have, to read.
func (v *value) more() *moreValue {
	if v.rest == nil {
		return &nothingMore
	}
	return v.rest
}

// edit returns what few values have, to change in v, which was just made or copied.
func (v *value) edit() *moreValue {
	own := *v.more()
	v.rest = &own
	return v.rest
}

type member struct {
	key *value // a string
	val *value
}

// A typing tells tuples from lists and objects from maps: Terraform holds them to be different whatever is in them, so that
// var.names == [] is never true of a list variable.
type typing uint8

const (
	untracked  typing = iota // not kept track of
	structural               // a tuple or an object
	uniform                  // a list, set or map
)

type valueKind uint8

const (
	nullKind valueKind = iota
	boolKind
	numberKind
	stringKind
	listKind // lists, tuples and sets
	objectKind
	unknownKind
	failedKind // the expression is an error: try and can see it, everything else passes it on
)

var valueKindNames = [...]string{"null", "bool", "number", "string", "list", "object", "unknown", "error"}

func null(span source.Span) *value { return &value{kind: nullKind, span: span} }

func boolean(b bool, span source.Span) *value { return &value{kind: boolKind, truth: b, span: span} }

// maxExponent bounds numbers: written out, larger ones would be longer than any text.
const maxExponent = 4096

// maxDigits bounds the spelling of numbers: to read one takes time that grows with the square of it.
const maxDigits = 2_000

// parseNumber reads a number as Terraform does.
func parseNumber(s string) (cty.Value, error) {
	if len(s) > maxDigits {
		return cty.NilVal, fmt.Errorf("a number of more than %d digits", maxDigits)
	}
	return cty.ParseNumberVal(s)
}

func number(n *big.Float, span source.Span) *value {
	if e := n.MantExp(nil); e > maxExponent || e < -maxExponent {
		return limited(span, "a number that is too large or too small")
	}
	return &value{kind: numberKind, num: n, span: span}
}

func integer(n int, span source.Span) *value {
	return number(new(big.Float).SetInt64(int64(n)), span)
}

// text returns the string s that is spelled at span, or computed from what is there.
func text(s string, span source.Span) *value {
	t := &struct { // one allocation: there are many
		value
		part [1]policy.Part
	}{part: [1]policy.Part{policy.Literal(s, span)}}
	t.value = value{kind: stringKind, parts: t.part[:], span: span}
	return &t.value
}

// stringOf returns the string made of parts.
func stringOf(parts []policy.Part, span source.Span) *value {
	return &value{kind: stringKind, parts: joinParts(parts), span: span}
}

// joinParts drops empty literals beside other parts.
func joinParts(parts []policy.Part) []policy.Part {
	if len(parts) < 2 {
		return parts
	}
	out := parts[:0:0]
	for _, p := range parts {
		if p.Hole != nil || p.Literal != "" {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		return parts[:1]
	}
	return out
}

func list(elems []*value, span source.Span) *value {
	return &value{kind: listKind, elems: elems, span: span}
}

func object(members []member, span source.Span) *value {
	return &value{kind: objectKind, members: members, span: span}
}

// unknown returns a value of type typ, cty.NilType for any, that expr stands for.
func unknown(expr string, typ cty.Type, span source.Span) *value {
	return &value{kind: unknownKind, hole: &policy.Hole{Expr: expr}, typ: typ, span: span}
}

// known returns a string that expr stands for and of which kind is known.
func known(kind policy.HoleKind, expr string, span source.Span) *value {
	return &value{kind: unknownKind, hole: &policy.Hole{Kind: kind, Expr: expr}, typ: cty.String, span: span}
}

func failed(span source.Span, reason string) *value {
	return &value{kind: failedKind, rest: &moreValue{reason: reason}, span: span}
}

// limited returns the failure of an evaluation that takes more than we do. Unlike other failures it is none that the code
// can catch.
func limited(span source.Span, reason string) *value {
	return &value{kind: failedKind, rest: &moreValue{reason: reason}, limit: true, span: span}
}

// maxVia bounds the hops that a value remembers.
const maxVia = 12

// through returns v with the hops appended to the way it came.
func (v *value) through(hops ...source.Span) *value {
	var via []source.Span
	for _, h := range hops {
		if h.IsZero() || h == v.span || len(v.via)+len(via) >= maxVia || slices.Contains(v.via, h) || slices.Contains(via, h) {
			continue
		}
		via = append(via, h)
	}
	if len(via) == 0 {
		return v
	}
	c := *v
	c.via = append(slices.Clip(v.via), via...)
	return &c
}

// listTyped reports whether v is, or has the type of, a list, set or tuple.
func (v *value) listTyped() bool {
	return v.kind == listKind || v.kind == unknownKind && v.typ != cty.NilType &&
		(v.typ.IsListType() || v.typ.IsSetType() || v.typ.IsTupleType())
}

// asParts returns the string that v converts to, false when v is not of a primitive type.
func (v *value) asParts() ([]policy.Part, bool) {
	switch v.kind {
	case stringKind:
		return v.parts, true
	case numberKind, boolKind:
		if v.parts != nil {
			return v.parts, true
		}
		return []policy.Part{policy.Literal(v.primitive(), v.span)}, true
	case unknownKind:
		if v.typ != cty.NilType && v.typ != cty.DynamicPseudoType && !v.typ.IsPrimitiveType() {
			return nil, false
		}
		return []policy.Part{policy.HolePart(v.hole, v.span)}, true
	}
	return nil, false
}

// primitive returns the spelling of a number or boolean as a string.
func (v *value) primitive() string {
	if v.kind == boolKind {
		if v.truth {
			return "true"
		}
		return "false"
	}
	if i, exact := v.num.Int64(); exact == big.Exact {
		return strconv.FormatInt(i, 10)
	}
	return v.num.Text('f', -1)
}

// weight returns the number of values that v consists of. It weighs what a function has made within its result.
func (v *value) weight() int {
	if v.size == 0 && v.more().fetch == nil && (len(v.elems) > 0 || len(v.members) > 0) {
		if v.weigh(); v.size == 0 {
			return maxSize + 1
		}
	}
	return max(1, int(v.size))
}

// maxSize bounds the size of a value.
const maxSize = 500_000

// weigh sets the size of a list or object that was just made. It returns a failure where that is too large.
func (v *value) weigh() *value {
	if v.size != 0 || v.kind != listKind && v.kind != objectKind {
		return v
	}
	n := 1
	for _, el := range v.elems {
		n += el.weight()
	}
	for _, m := range v.members {
		n += 1 + m.val.weight()
	}
	if n > maxSize {
		return limited(v.span, fmt.Sprintf("a value of more than %d parts", maxSize))
	}
	v.size = int32(n)
	return v
}

// literal returns the string that v is when all of it is known. Numbers and booleans convert.
func (v *value) literal() (string, bool) {
	parts, ok := v.asParts()
	if !ok {
		return "", false
	}
	if len(parts) == 1 {
		return parts[0].Literal, parts[0].Hole == nil
	}
	var b strings.Builder
	for _, p := range parts {
		if p.Hole != nil {
			return "", false
		}
		b.WriteString(p.Literal)
	}
	return b.String(), true
}

// is reports whether v is known to be the string s.
func (v *value) is(s string) bool {
	l, ok := v.literal()
	return ok && l == s
}

// asString returns v converted to a string; a value that does not convert fails.
func (v *value) asString() *value {
	switch v.kind {
	case stringKind, failedKind, nullKind:
		return v
	}
	parts, ok := v.asParts()
	if !ok {
		return failed(v.span, "a string is needed here, not "+article(v))
	}
	if v.kind == unknownKind && v.typ == cty.String {
		return v
	}
	if v.kind == unknownKind {
		c := *v
		c.typ = cty.String
		return &c
	}
	return &value{kind: stringKind, parts: parts, span: v.span, via: v.via}
}

func article(v *value) string {
	name := valueKindNames[v.kind]
	if v.kind == unknownKind && v.typ != cty.NilType {
		name = v.typ.FriendlyName()
	}
	if name != "" && strings.IndexByte("aeiou", name[0]) >= 0 {
		return "an " + name
	}
	return "a " + name
}

// get returns the member of that name, nil when an object has none.
func (v *value) get(name string) *value {
	open := false
	for i := len(v.members) - 1; i >= 0; i-- {
		m := v.members[i]
		if m.key.is(name) {
			return m.val.through(v.via...)
		}
		if _, ok := m.key.literal(); !ok {
			open = true
		}
	}
	if v.more().fetch != nil {
		if got := v.more().fetch(name); got != nil {
			return got
		}
	}
	if open {
		return unknown(describe(v)+"."+name, cty.NilType, v.span)
	}
	return nil
}

// all returns the members of an object, computed ones too. It reports false when they are not all known by name.
func (v *value) all() ([]member, bool) {
	if v.more().fetch == nil {
		return v.members, true
	}
	if v.more().names == nil {
		return v.members, false
	}
	members := slices.Clone(v.members)
	for _, name := range v.more().names() {
		members = append(members, member{text(name, v.span), v.more().fetch(name)})
	}
	return members, true
}

// sorted returns members in the order in which Terraform walks them: by name. Members with unknown names come last.
func sorted(members []member) []member {
	out := slices.Clone(members)
	slices.SortStableFunc(out, func(a, b member) int {
		s, oks := a.key.literal()
		t, okt := b.key.literal()
		switch {
		case oks && okt:
			return strings.Compare(s, t)
		case oks:
			return -1
		case okt:
			return 1
		}
		return 0
	})
	return out
}

// exact reports whether all elements of a list or members of an object are known to be there, none more.
func (v *value) exact() bool {
	switch v.kind {
	case listKind:
		return !slices.ContainsFunc(v.elems, func(e *value) bool { return e.many })
	case objectKind:
		return !slices.ContainsFunc(v.members, func(m member) bool { return m.key.many || m.val.many })
	}
	return false
}

// asMany returns v standing for any number of elements.
func (v *value) asMany() *value {
	if v.many {
		return v
	}
	c := *v
	c.many = true
	return &c
}

// single returns v standing for one element.
func (v *value) single() *value {
	if !v.many {
		return v
	}
	c := *v
	c.many = false
	return &c
}

// where returns v as an element or name of a member that is there under assumptions.
func (v *value) where(there []assumption) *value {
	if len(there) == 0 {
		return v
	}
	c := *v
	c.edit().there = append(slices.Clip(v.more().there), there...)
	return &c
}

// maxDescription bounds the text that a hole is described by.
const maxDescription = 160

// describe returns v as an expression with variables resolved: var.account, "arn:aws:iam::${var.account}:root".
func describe(v *value) string {
	var b strings.Builder
	writeDescription(&b, v)
	return b.String()
}

func writeDescription(b *strings.Builder, v *value) {
	if b.Len() > maxDescription {
		if !strings.HasSuffix(b.String(), "…") {
			b.WriteString("…")
		}
		return
	}
	switch v.kind {
	case nullKind:
		b.WriteString("null")
	case boolKind, numberKind:
		b.WriteString(v.primitive())
	case stringKind:
		if len(v.parts) == 1 && v.parts[0].Hole != nil {
			b.WriteString(v.parts[0].Hole.Expr)
			return
		}
		b.WriteByte('"')
		for _, p := range v.parts {
			if p.Hole != nil {
				b.WriteString("${" + p.Hole.Expr + "}")
				continue
			}
			s := p.Literal
			if len(s) > maxDescription {
				s = strings.ToValidUTF8(s[:maxDescription], "") + "…"
			}
			for _, r := range s {
				switch r {
				case '"', '\\':
					b.WriteByte('\\')
					b.WriteRune(r)
				case '\n':
					b.WriteString(`\n`)
				default:
					b.WriteRune(r)
				}
			}
		}
		b.WriteByte('"')
	case listKind:
		b.WriteByte('[')
		for i, e := range v.elems {
			if i > 0 {
				b.WriteString(", ")
			}
			writeDescription(b, e)
			if b.Len() > maxDescription {
				break
			}
		}
		b.WriteByte(']')
	case objectKind:
		if v.more().address != "" {
			b.WriteString(v.more().address)
			return
		}
		b.WriteByte('{')
		for i, m := range v.members {
			if i > 0 {
				b.WriteString(", ")
			}
			writeDescription(b, m.key)
			b.WriteString(" = ")
			writeDescription(b, m.val)
			if b.Len() > maxDescription {
				break
			}
		}
		b.WriteByte('}')
	case unknownKind:
		b.WriteString(v.hole.Expr)
	case failedKind:
		b.WriteString("error")
	}
}
