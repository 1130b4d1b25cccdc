package terraform

import (
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// encoded returns the string that is v as JSON. The string remembers v, so that reading it again loses nothing.
func encoded(v *value, span source.Span) *value {
	w := jsonWriter{span: span}
	w.write(v)
	out := stringOf(w.parts, span)
	out.edit().decoded = v
	return out
}

// A jsonWriter writes values as JSON, byte for byte like Terraform's jsonencode where they are known.
type jsonWriter struct {
	parts []policy.Part
	span  source.Span
}

func (w *jsonWriter) literal(s string) {
	if n := len(w.parts); n > 0 && w.parts[n-1].Hole == nil && w.parts[n-1].Span == w.span && !w.parts[n-1].Located() {
		w.parts[n-1] = policy.Literal(w.parts[n-1].Literal+s, w.span)
		return
	}
	w.parts = append(w.parts, policy.Literal(s, w.span))
}

func (w *jsonWriter) hole(v *value) {
	h := v.hole
	if v.many && !h.Many {
		c := *h
		c.Many = true
		h = &c
	}
	w.parts = append(w.parts, policy.HolePart(h, v.span))
}

func (w *jsonWriter) write(v *value) {
	switch v.kind {
	case nullKind:
		w.literal("null")
	case boolKind, numberKind:
		if v.parts != nil && v.kind == boolKind {
			w.parts = append(w.parts, v.parts...)
			return
		}
		w.literal(v.primitive())
	case stringKind:
		w.literal(`"`)
		for _, p := range v.parts {
			w.parts = append(w.parts, escapeJSON(p))
		}
		w.literal(`"`)
	case listKind:
		w.literal("[")
		for i, e := range v.elems {
			if i > 0 {
				w.literal(",")
			}
			w.write(e)
		}
		w.literal("]")
	case objectKind:
		members, complete := v.all()
		w.literal("{")
		for i, m := range sorted(members) {
			if i > 0 {
				w.literal(",")
			}
			w.write(m.key)
			w.literal(":")
			w.write(m.val)
		}
		if !complete {
			if len(members) > 0 {
				w.literal(",")
			}
			w.parts = append(w.parts, policy.HolePart(&policy.Hole{Expr: describe(v), Many: true}, v.span))
		}
		w.literal("}")
	case unknownKind:
		if stringTyped(v) {
			w.literal(`"`)
			w.hole(v)
			w.literal(`"`)
			return
		}
		w.hole(v)
	case failedKind:
		w.parts = append(w.parts, policy.HolePart(&policy.Hole{Expr: "error", Reason: v.more().reason, Limit: v.limit}, v.span))
	}
}

// stringTyped reports whether an unknown value is surely a string.
func stringTyped(v *value) bool {
	return v.typ != cty.NilType && v.typ == cty.String || v.hole.Kind != policy.Unknown
}

// escapeJSON returns p as it stands between the quotes of a JSON string.
func escapeJSON(p policy.Part) policy.Part {
	if p.Hole != nil || !needsEscape(p.Literal) {
		return p
	}
	var b strings.Builder
	var places []int32
	located := p.Located()
	for i := 0; i < len(p.Literal); {
		r, size := utf8.DecodeRuneInString(p.Literal[i:])
		before := b.Len()
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r < 0x20 || r == '<' || r == '>' || r == '&' || r == '\u2028' || r == '\u2029':
			const hex = "0123456789abcdef"
			b.WriteString(`\u`)
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(hex[r>>shift&15])
			}
		default:
			b.WriteString(p.Literal[i : i+size])
		}
		if located {
			at := int32(p.Slice(i, i+size).Span.Start)
			for range b.Len() - before {
				places = append(places, at)
			}
		}
		i += size
	}
	if !located {
		return policy.Literal(b.String(), p.Span)
	}
	return policy.LiteralAt(b.String(), p.Span.File, append(places, int32(p.Span.End)))
}

func needsEscape(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c == 0xE2 {
			return true
		}
	}
	return false
}

// decode returns what the JSON string v says.
func (e *evaluator) decode(v *value, span source.Span) *value {
	switch v.kind {
	case failedKind:
		return v
	case nullKind:
		if v.hole == nil {
			return failed(span, "null is no JSON")
		}
		return unknown("jsondecode("+v.hole.Expr+")", cty.NilType, span)
	case unknownKind:
		u := unknown("jsondecode("+v.hole.Expr+")", cty.NilType, span)
		u.hole.Reason = v.hole.Reason
		return u
	}
	if v.more().decoded != nil {
		return v.more().decoded.through(v.via...)
	}
	parts, ok := v.asParts()
	if !ok {
		return failed(span, article(v)+" is no JSON")
	}
	if !e.spend(len(parts)) {
		return failed(span, e.spent)
	}
	doc, err := policy.ParseJSON(policy.NewText(parts...))
	if err != nil {
		return failed(span, "JSON syntax error: "+err.Message)
	}
	return fromPolicy(doc).weigh().through(v.via...)
}

// fromPolicy returns JSON as a value.
func fromPolicy(p *policy.Value) *value {
	v := &value{span: p.Span, via: p.Via}
	switch p.Kind {
	case policy.Bool:
		v.kind, v.truth, v.parts = boolKind, p.Text.Is("true"), p.Text.Parts
	case policy.Number:
		s, _ := p.Text.Literal()
		n, err := parseNumber(s)
		if err != nil {
			return failed(p.Span, "JSON syntax error: a malformed number")
		}
		if v = number(n.AsBigFloat(), p.Span); v.kind == failedKind {
			return v
		}
		v.parts = p.Text.Parts
	case policy.StringKind:
		v.kind, v.parts = stringKind, p.Text.Parts
		v.via = p.Text.Via
		if len(v.parts) == 1 && v.parts[0].Hole != nil {
			v.kind, v.hole, v.typ, v.parts = unknownKind, v.parts[0].Hole, cty.String, nil
			v.many = v.hole.Many
		}
	case policy.Array:
		v.kind = listKind
		v.elems = make([]*value, len(p.Elements))
		for i, el := range p.Elements {
			v.elems[i] = fromPolicy(el).weigh()
		}
	case policy.Object:
		v.kind = objectKind
		var index memberIndex
		for _, m := range p.Members {
			key := stringOf(m.Key.Parts, m.Key.Span)
			if h := m.Key.Hole(); h != nil && len(m.Key.Parts) == 1 {
				key = &value{kind: unknownKind, hole: h, typ: cty.String, span: m.Key.Span, many: h.Many}
			}
			v.members = index.set(v.members, member{key, fromPolicy(m.Value).weigh()})
		}
	case policy.Hidden:
		v.kind, v.hole = unknownKind, p.Hole
		v.many = p.Hole != nil && p.Hole.Many
		if v.hole == nil {
			v.hole = &policy.Hole{}
		}
	}
	return v
}

// toPolicy returns v as JSON. via is what the value around it came through; provider is the one of the resource that
// the policy belongs to.
func (e *evaluator) toPolicy(v *value, via []source.Span, provider string) *policy.Value {
	v = v.through(via...)
	p := &policy.Value{Span: v.span, Via: v.via}
	switch v.kind {
	case boolKind, numberKind:
		p.Kind = policy.Bool
		if v.kind == numberKind {
			p.Kind = policy.Number
		}
		part := policy.Literal(v.primitive(), v.span)
		if len(v.parts) == 1 && v.parts[0].Literal == part.Literal {
			part = v.parts[0]
		}
		p.Text = e.toText([]policy.Part{part}, v, provider)
	case stringKind:
		p.Kind = policy.StringKind
		p.Text = e.toText(v.parts, v, provider)
		p.Span = p.Text.Span
	case listKind:
		p.Kind = policy.Array
		p.Elements = make([]*policy.Value, 0, len(v.elems))
		for _, el := range v.elems {
			elem := e.toPolicy(el, v.via, provider)
			elem.Many = el.many
			p.Elements = append(p.Elements, elem)
		}
	case objectKind:
		p.Kind = policy.Object
		members, complete := v.all()
		for _, m := range slices.Concat(v.more().lost, members) {
			key := m.key
			if m.val.many {
				key = key.asMany()
			}
			k := e.toPolicy(key, v.via, provider)
			if k.Kind == policy.Hidden {
				k.Text = policy.NewText(policy.HolePart(k.Hole, k.Span))
			}
			p.Members = append(p.Members, policy.Member{Key: k.Text, Value: e.toPolicy(m.val.single(), v.via, provider)})
		}
		if !complete {
			h := e.toHole(&policy.Hole{Expr: describe(v), Many: true}, true, provider, v.span, v.via)
			rest := &policy.Value{Kind: policy.Hidden, Hole: h, Span: v.span}
			p.Members = append(p.Members, policy.Member{Key: policy.NewText(policy.HolePart(h, v.span)), Value: rest})
		}
	case unknownKind:
		if stringTyped(v) {
			p.Kind = policy.StringKind
			p.Text = e.toText([]policy.Part{policy.HolePart(v.hole, v.span)}, v, provider)
			return p
		}
		p.Kind = policy.Hidden
		p.Hole = e.toHole(v.hole, v.many, provider, v.span, v.via)
	case failedKind:
		p.Kind = policy.Hidden
		h := &policy.Hole{Expr: v.span.Text(), Reason: v.more().reason, Limit: v.limit}
		p.Hole = e.toHole(h, v.many, provider, v.span, v.via)
	}
	return p
}

func (e *evaluator) toText(parts []policy.Part, v *value, provider string) policy.Text {
	out := make([]policy.Part, len(parts))
	var via []source.Span // of a string that is one hole
	if len(parts) == 1 {
		via = v.via
	}
	for i, p := range parts {
		if p.Hole != nil {
			p.Hole = e.toHole(p.Hole, v.many, provider, p.Span, via)
		}
		out[i] = p
	}
	t := policy.NewText(out...)
	t.Via = v.via
	if len(t.Parts) > 1 && !v.span.IsZero() {
		t.Span = unquoted(v.span)
	}
	return t
}

// unquoted returns span without the quotes that it begins and ends with.
func unquoted(span source.Span) source.Span {
	src := span.File.Src
	if span.End-span.Start >= 2 && src[span.Start] == '"' && src[span.End-1] == '"' {
		span.Start++
		span.End--
	}
	return span
}

// toHole returns h, written at span, as the policy of a resource of that provider sees it: the own account of another
// provider's configuration is some account.
func (e *evaluator) toHole(h *policy.Hole, many bool, provider string, span source.Span, via []source.Span) *policy.Hole {
	foreign := h.Kind == policy.OwnAccount && !e.sameAccount(e.accounts[h], provider)
	shown := e.shown(h, span, via)
	if (h.Many || !many) && !foreign && shown == h.Expr {
		return h
	}
	c := *h
	c.Many = h.Many || many
	c.Expr = shown
	if foreign {
		c.Kind = policy.Unknown
		c.Expr = "account of provider " + e.accounts[h]
	}
	return &c
}

// asInt returns a number as an int, false when it is none.
func (v *value) asInt() (int, bool) {
	if v.kind != numberKind || !v.num.IsInt() {
		return 0, false
	}
	n, acc := v.num.Int64()
	return int(n), acc == big.Exact
}
