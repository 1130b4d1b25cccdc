package terraform

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
)

func formatFunc(c *call) *value {
	if err := c.arity(1, -1); err != nil {
		return err
	}
	f, err := c.str(0)
	if err != nil {
		return err
	}
	return c.format(f, c.args[1:])
}

// format inserts args into the format string f, which keeps the places of its own text.
func (c *call) format(f *value, args []*value) *value {
	if f.kind == unknownKind {
		return c.unknown(cty.String)
	}
	b := stringBuilder{e: c.e}
	next, used := 0, 0
	for _, p := range mergeLiterals(f.parts) {
		if p.Hole != nil {
			b.parts = append(b.parts, p)
			b.count++
			continue
		}
		s := p.Literal
		from := 0
		for i := 0; i < len(s); {
			if s[i] != '%' {
				i++
				continue
			}
			if from < i {
				b.parts = append(b.parts, p.Slice(from, i))
			}
			verb := formatVerb().FindString(s[i:])
			if verb == "" {
				return c.fail("malformed format string")
			}
			if verb == "%%" {
				b.parts = append(b.parts, p.Slice(i, i+1))
			} else {
				at := next
				if open := strings.IndexByte(verb, '['); open >= 0 {
					if _, err := fmt.Sscanf(verb[open:], "[%d]", &at); err != nil || at < 1 {
						return c.fail("malformed format string")
					}
					at--
				}
				if at >= len(args) {
					return c.fail("not enough arguments for the format string")
				}
				next = at + 1
				used = max(used, next)
				if err := c.formatOne(&b, verb, args[at]); err != nil {
					return err
				}
			}
			i += len(verb)
			from = i
		}
		if from < len(s) {
			b.parts = append(b.parts, p.Slice(from, len(s)))
		}
	}
	if used < len(args) {
		return c.fail("too many arguments for the format string")
	}
	b.count += 2 // never the argument itself
	v := b.value(c.span)
	v.via = (&value{via: f.via}).through(b.via...).via
	if f.via == nil && b.via == nil {
		v.via = nil
	}
	return v
}

// mergeLiterals makes one part of literals that follow each other, so that what is looked for is not cut in two.
func mergeLiterals(parts []policy.Part) []policy.Part {
	out := parts[:0:0]
	for _, p := range parts {
		if n := len(out); n > 0 && p.Hole == nil && out[n-1].Hole == nil {
			out[n-1] = concatenated(out[n-1], p)
			continue
		}
		out = append(out, p)
	}
	return out
}

// concatenated returns the literals p and q as one, with the place of each byte where both have one in the same file.
func concatenated(p, q policy.Part) policy.Part {
	s := p.Literal + q.Literal
	if !p.Located() || !q.Located() || p.Span.File != q.Span.File {
		return policy.Literal(s, p.Span)
	}
	places := make([]int32, 0, len(s)+1)
	for _, part := range [...]policy.Part{p, q} {
		for i := range len(part.Literal) {
			places = append(places, int32(part.Slice(i, i+1).Span.Start))
		}
	}
	return policy.LiteralAt(s, p.Span.File, append(places, int32(q.Span.End)))
}

var formatVerb = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^%[-+# 0]*(\d+|\*)?(\.(\d+|\*)?)?(\[\d+\])?[a-zA-Z%]`)
})

func (c *call) formatOne(b *stringBuilder, verb string, arg *value) *value {
	plain := len(verb) == 2 || verb[1] == '['
	letter := verb[len(verb)-1]
	if plain && arg.kind == nullKind && arg.hole == nil && letter == 'v' {
		b.parts = append(b.parts, policy.Literal("null", c.span))
		return nil
	}
	switch {
	case plain && (letter == 's' || letter == 'v'):
		if letter == 'v' && (arg.kind == listKind || arg.kind == objectKind) {
			b.parts = append(b.parts, encoded(arg, c.span).parts...)
			return nil
		}
		return b.add(arg.asString(), arg.span)
	case plain && letter == 'd':
		n := toNumber(arg)
		switch n.kind {
		case failedKind:
			return n
		case unknownKind:
			return b.add(n, arg.span)
		}
		if !n.num.IsInt() {
			break
		}
		return b.add(text(n.primitive(), arg.span), arg.span)
	}
	if wideVerb(verb) {
		return limited(c.span, "format: a width of more than 3 digits")
	}
	v, ok := toCty(arg)
	if !ok {
		if n := toNumber(arg); n.kind == unknownKind || arg.kind == stringKind {
			return b.add(unknown(fmt.Sprintf("format(%q, %s)", verb, describe(arg)), cty.String, c.span), c.span)
		}
		return failed(c.span, "format: an argument that cannot be formatted")
	}
	if at := strings.IndexByte(verb, '['); at >= 0 {
		verb = verb[:at] + verb[strings.IndexByte(verb, ']')+1:]
	}
	out, err := formatCty(verb, v)
	if err != nil {
		return c.fail("%s", firstLine(err.Error()))
	}
	b.parts = append(b.parts, policy.Literal(out, arg.span))
	return nil
}

// wideVerb reports whether a verb asks for more padding than anyone needs.
func wideVerb(verb string) bool {
	digits := 0
	for i := range len(verb) {
		if verb[i] < '0' || verb[i] > '9' {
			digits = 0
		} else if digits++; digits > 3 {
			return true
		}
	}
	return false
}

func formatListFunc(c *call) *value {
	if err := c.arity(1, -1); err != nil {
		return err
	}
	size, open := -1, false
	for _, arg := range c.args {
		if arg.listTyped() || arg.kind == unknownKind && arg.typ == cty.NilType {
			if arg.kind == unknownKind || !arg.exact() {
				open = true
				continue
			}
			if size >= 0 && size != len(arg.elems) {
				return c.fail("lists of different lengths")
			}
			size = len(arg.elems)
		}
	}
	// row formats one set of elements.
	row := func(pick func(arg *value) *value) *value {
		args := make([]*value, len(c.args))
		for i, arg := range c.args {
			args[i] = pick(arg)
		}
		f := args[0].asString()
		if f.kind == failedKind {
			return f
		}
		return c.format(f, args[1:])
	}
	out := list(nil, c.span)
	switch {
	case !open && size < 0:
		out.elems = []*value{row(func(arg *value) *value { return arg })}
	case !open:
		for i := range size {
			out.elems = append(out.elems, row(func(arg *value) *value {
				if arg.kind == listKind {
					return arg.elems[i].through(arg.via...)
				}
				return arg
			}))
		}
	default:
		// With one list that is not known whole, each of its elements makes one of the result.
		var only *value
		for _, arg := range c.args {
			if arg.kind == listKind || arg.listTyped() || arg.kind == unknownKind && arg.typ == cty.NilType {
				if only != nil && arg != only {
					return c.unknown(cty.List(cty.String))
				}
				only = arg
			}
		}
		items, err := c.e.iterate(only)
		if err != nil {
			return err
		}
		for _, it := range items {
			v := row(func(arg *value) *value {
				if arg == only {
					return it.val
				}
				return arg
			})
			if it.many {
				v = v.asMany()
			}
			out.elems = append(out.elems, v)
		}
	}
	return firstFailure(out)
}
