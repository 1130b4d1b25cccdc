package terraform

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
)

func stringFunction(name string) builtin {
	switch name {
	case "format":
		return formatFunc
	case "formatlist":
		return formatListFunc
	case "join":
		return joinFunc
	case "split":
		return splitFunc
	case "replace":
		return replaceFunc
	case "startswith", "endswith", "strcontains":
		return affixFunc
	case "lower", "upper":
		return caseFunc
	case "trim", "trimspace", "trimprefix", "trimsuffix", "chomp":
		return trimFunc
	case "tostring":
		return func(c *call) *value {
			if err := c.arity(1, 1); err != nil {
				return err
			}
			return c.args[0].asString()
		}
	case "tobool":
		return func(c *call) *value {
			if err := c.arity(1, 1); err != nil {
				return err
			}
			return c.e.convert(c.args[0], constraint{typ: cty.Bool})
		}
	case "tonumber":
		return func(c *call) *value {
			if err := c.arity(1, 1); err != nil {
				return err
			}
			return c.e.convert(c.args[0], constraint{typ: cty.Number})
		}
	case "sensitive", "nonsensitive", "ephemeralasnull":
		return func(c *call) *value {
			if err := c.arity(1, 1); err != nil {
				return err
			}
			return c.args[0]
		}
	case "issensitive":
		return func(c *call) *value { return c.unknown(cty.Bool) }
	}
	return nil
}

// str returns argument i as a string value: a stringKind or, where nothing of it is known, an unknownKind.
func (c *call) str(i int) (v, err *value) {
	v = c.args[i].asString()
	switch v.kind {
	case failedKind:
		return nil, v
	case nullKind:
		if v.hole == nil {
			return nil, c.fail("argument %d is null", i+1)
		}
		v = unknown(v.hole.Expr, cty.String, v.span)
	}
	return v, nil
}

// literal returns argument i as a Go string.
func (c *call) literal(i int) (s string, ok bool, err *value) {
	v, err := c.str(i)
	if err != nil {
		return "", false, err
	}
	s, ok = v.literal()
	return s, ok, nil
}

// partsOf returns the parts of a string value.
func partsOf(v *value) []policy.Part {
	parts, _ := v.asParts()
	return parts
}

func joinFunc(c *call) *value {
	if err := c.arity(1, -1); err != nil {
		return err
	}
	sep, err := c.str(0)
	if err != nil {
		return err
	}
	var elems []*value
	for _, arg := range c.args[1:] {
		switch arg.kind {
		case listKind:
			for _, el := range arg.elems {
				elems = append(elems, el.through(arg.via...))
			}
		case unknownKind:
			return c.unknown(cty.String)
		case nullKind:
			if arg.hole != nil {
				return c.unknown(cty.String)
			}
			return c.fail("a list is needed, not null")
		default:
			return c.fail("a list is needed, not %s", article(arg))
		}
	}
	if len(elems) == 1 {
		el := elems[0]
		if !el.many {
			return el.asString()
		}
		if el.kind == stringKind && sep.is("") {
			return el.single()
		}
	}
	b := stringBuilder{e: c.e}
	for i, el := range elems {
		if el.many {
			return c.unknown(cty.String)
		}
		if i > 0 {
			if err := b.add(sep, sep.span); err != nil {
				return err
			}
		}
		if err := b.add(el.asString(), el.span); err != nil {
			return err
		}
	}
	return b.value(c.span)
}

// mayContain reports whether what h stands for may hold sep.
func mayContain(h *policy.Hole, sep string) bool {
	if forms := forms(h); forms != nil {
		return slices.ContainsFunc(forms, func(form string) bool { return strings.Contains(form, sep) })
	}
	return len(sep) < 2
}

func splitFunc(c *call) *value {
	if err := c.arity(2, 2); err != nil {
		return err
	}
	sep, ok, err := c.literal(0)
	if err != nil {
		return err
	}
	s, err := c.str(1)
	if err != nil {
		return err
	}
	if !ok {
		return c.unknown(cty.List(cty.String))
	}
	if sep == "" && s.kind == unknownKind {
		return c.unknown(cty.List(cty.String))
	}
	out := list(nil, s.span)
	var parts []policy.Part
	flush := func() {
		if len(parts) == 0 {
			parts = []policy.Part{policy.Literal("", s.span)}
		}
		el := stringOf(parts, s.span)
		if len(el.parts) == 1 && el.parts[0].Hole == nil && !el.parts[0].Span.IsZero() {
			el.span = el.parts[0].Span
		}
		el.via = s.via
		for _, p := range el.parts {
			if p.Hole != nil && mayContain(p.Hole, sep) {
				u := unknown(fmt.Sprintf("split(%q, %s)[*]", sep, describe(el)), cty.String, s.span)
				if len(el.parts) == 1 {
					u = unknown(fmt.Sprintf("split(%q, %s)[*]", sep, p.Hole.Expr), cty.String, s.span)
				}
				el = u.asMany()
				break
			}
		}
		out.elems = append(out.elems, el)
		parts = nil
	}
	for _, p := range partsOf(s) {
		if p.Hole != nil {
			parts = append(parts, p)
			continue
		}
		rest, base := p.Literal, 0
		for {
			at := strings.Index(rest, sep)
			if sep == "" {
				at = 0
				if rest != "" {
					_, size := decodeRune(rest)
					at = size
				}
				if at >= len(rest) {
					at = -1
				}
			}
			if at < 0 {
				break
			}
			if at > 0 {
				parts = append(parts, p.Slice(base, base+at))
			}
			flush()
			if !c.e.spend(1) {
				return failed(c.span, c.e.spent)
			}
			base += at + len(sep)
			rest = p.Literal[base:]
		}
		if rest != "" {
			parts = append(parts, p.Slice(base, len(p.Literal)))
		}
	}
	if sep == "" && len(parts) == 0 && len(out.elems) == 0 {
		return out
	}
	flush()
	return out
}

func affixFunc(c *call) *value {
	if err := c.arity(2, 2); err != nil {
		return err
	}
	s, err := c.str(0)
	if err != nil {
		return err
	}
	t, ok, err := c.literal(1)
	if err != nil {
		return err
	}
	if !ok {
		return c.unknown(cty.Bool)
	}
	if full, ok := s.literal(); ok {
		switch c.name {
		case "startswith":
			return boolean(strings.HasPrefix(full, t), c.span)
		case "endswith":
			return boolean(strings.HasSuffix(full, t), c.span)
		}
		return boolean(strings.Contains(full, t), c.span)
	}
	parts := partsOf(s)
	edge := parts[0]
	if c.name == "endswith" {
		edge = parts[len(parts)-1]
	}
	lit := edge.Literal
	switch {
	case c.name == "strcontains":
		for _, p := range parts {
			if p.Hole == nil && strings.Contains(p.Literal, t) {
				return boolean(true, c.span)
			}
		}
	case edge.Hole != nil:
	case c.name == "startswith":
		n := min(len(lit), len(t))
		if lit[:n] != t[:n] {
			return boolean(false, c.span)
		}
		if n == len(t) {
			return boolean(true, c.span)
		}
	default:
		n := min(len(lit), len(t))
		if lit[len(lit)-n:] != t[len(t)-n:] {
			return boolean(false, c.span)
		}
		if n == len(t) {
			return boolean(true, c.span)
		}
	}
	return c.unknown(cty.Bool)
}

func caseFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	s, err := c.str(0)
	if err != nil {
		return err
	}
	convert := strings.ToLower
	if c.name == "upper" {
		convert = strings.ToUpper
	}
	out := *s
	out.edit().decoded = nil
	out.parts = nil
	out.kind = stringKind
	for _, p := range partsOf(s) {
		if p.Hole == nil {
			if changed := convert(p.Literal); changed != p.Literal {
				p = policy.Literal(changed, p.Span)
			}
		} else if p.Hole.Kind == policy.Unknown || c.name == "upper" {
			h := *p.Hole
			h.Kind = policy.Unknown
			h.Expr = c.name + "(" + p.Hole.Expr + ")"
			p = policy.HolePart(&h, c.span)
		}
		out.parts = append(out.parts, p)
	}
	return &out
}

func trimFunc(c *call) *value {
	least := 2
	if c.name == "trimspace" || c.name == "chomp" {
		least = 1
	}
	if err := c.arity(least, least); err != nil {
		return err
	}
	s, err := c.str(0)
	if err != nil {
		return err
	}
	cut := ""
	if least == 2 {
		var ok bool
		if cut, ok, err = c.literal(1); err != nil {
			return err
		} else if !ok {
			return c.unknown(cty.String)
		}
	}
	left := func(s string) string { return s }
	right := left
	switch c.name {
	case "trim":
		left = func(s string) string { return strings.TrimLeft(s, cut) }
		right = func(s string) string { return strings.TrimRight(s, cut) }
	case "trimspace":
		left = func(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) }
		right = func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }
	case "trimprefix":
		left = func(s string) string { return strings.TrimPrefix(s, cut) }
	case "trimsuffix":
		right = func(s string) string { return strings.TrimSuffix(s, cut) }
	case "chomp":
		right = func(s string) string { return strings.TrimRight(s, "\r\n") }
	}
	parts := slices.Clone(partsOf(s))
	full, whole := s.literal()
	if whole && len(parts) > 1 {
		return text(right(left(full)), s.span)
	}
	first, last := &parts[0], &parts[len(parts)-1]
	if first.Hole == nil {
		*first = first.Slice(len(first.Literal)-len(left(first.Literal)), len(first.Literal))
	} else {
		c.trimHole(first, cut)
	}
	if last.Hole == nil {
		*last = last.Slice(0, len(right(last.Literal)))
	} else if last != first && c.name != "trimprefix" {
		c.trimHole(last, cut)
	}
	out := stringOf(parts, s.span)
	out.via = s.via
	return out
}

// trimHole marks that an end of the hole may be trimmed.
func (c *call) trimHole(p *policy.Part, cut string) {
	if forms(p.Hole) != nil {
		return
	}
	h := *p.Hole
	if cut != "" {
		h.Expr = fmt.Sprintf("%s(%s, %q)", c.name, h.Expr, cut)
	} else {
		h.Expr = fmt.Sprintf("%s(%s)", c.name, h.Expr)
	}
	*p = policy.HolePart(&h, c.span)
}
