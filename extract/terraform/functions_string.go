package terraform

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
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
	return h.Kind == policy.Unknown && len(sep) < 2
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

func replaceFunc(c *call) *value {
	if err := c.arity(3, 3); err != nil {
		return err
	}
	s, err := c.str(0)
	if err != nil {
		return err
	}
	from, fromOK, err := c.literal(1)
	if err != nil {
		return err
	}
	to, err := c.str(2)
	if err != nil {
		return err
	}
	if !fromOK {
		return c.unknown(cty.String)
	}
	if len(from) > 1 && strings.HasPrefix(from, "/") && strings.HasSuffix(from, "/") {
		return c.replaceRegexp(s, from[1:len(from)-1], to)
	}
	if from == "" {
		full, _ := s.literal()
		inserted, _ := to.literal()
		if !c.e.spendBytes((len(full) + 1) * len(inserted)) {
			return failed(c.span, c.e.spent)
		}
		return c.viaCty(cty.String)
	}
	b := stringBuilder{e: c.e}
	for i, p := range partsOf(s) {
		if p.Hole != nil {
			if p.Hole.Kind == policy.Unknown && (i == 0 || !strings.Contains(from, "://")) {
				h := *p.Hole
				h.Expr = fmt.Sprintf("replace(%s, %q, %s)", p.Hole.Expr, from, describe(to))
				p = policy.HolePart(&h, c.span)
			}
			b.parts = append(b.parts, p)
			continue
		}
		rest, base := p.Literal, 0
		for {
			at := strings.Index(rest, from)
			if at < 0 {
				break
			}
			if at > 0 {
				b.parts = append(b.parts, p.Slice(base, base+at))
			}
			if err := b.add(to, to.span); err != nil {
				return err
			}
			base += at + len(from)
			rest = p.Literal[base:]
		}
		if rest != "" || p.Literal == "" {
			b.parts = append(b.parts, p.Slice(base, len(p.Literal)))
		}
	}
	b.count += 2
	v := b.value(c.span)
	v.via = s.via
	return v
}

func (c *call) replaceRegexp(s *value, pattern string, to *value) *value {
	size := 0
	for _, p := range s.parts {
		size += len(p.Literal)
	}
	re, failure := c.compile(pattern, size)
	if failure != nil {
		return failure
	}
	template, ok := to.literal()
	if ok && template == "" {
		// Everything up to some word goes, as in "/^(.*provider/)/": what is behind it need not be known.
		if m := upToWord().FindStringSubmatch(pattern); m != nil && s.kind == stringKind {
			if _, known := s.literal(); !known {
				if after, found := afterLast(s, m[1]); found {
					return after
				}
			}
		}
	}
	if !ok || s.kind == unknownKind {
		return c.unknown(cty.String)
	}
	if len(s.parts) != 1 || s.parts[0].Hole != nil {
		full, ok := s.literal()
		if !ok {
			return c.unknown(cty.String)
		}
		return text(re.ReplaceAllString(full, template), s.span)
	}
	p := s.parts[0]
	b := stringBuilder{e: c.e, count: 2}
	last := 0
	for _, m := range re.FindAllStringSubmatchIndex(p.Literal, -1) {
		if m[0] > last {
			b.parts = append(b.parts, p.Slice(last, m[0]))
		}
		if out := re.ExpandString(nil, template, p.Literal, m); len(out) > 0 {
			if !c.e.spendBytes(len(out)) {
				return failed(c.span, c.e.spent)
			}
			b.parts = append(b.parts, policy.Literal(string(out), to.span))
		}
		last = m[1]
	}
	if last < len(p.Literal) {
		b.parts = append(b.parts, p.Slice(last, len(p.Literal)))
	}
	v := b.value(s.span)
	v.via = s.via
	return v
}

var upToWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\^?\(?\.\*([A-Za-z/:_-]{4,})\)?$`) })

// afterLast returns what follows the last occurrence of word in the literals of s.
func afterLast(s *value, word string) (*value, bool) {
	found := false
	for {
		_, after, ok := cutString(s, word)
		if !ok {
			return s, found
		}
		s, found = after, true
	}
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
	out.decoded = nil
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
	} else if last != first {
		c.trimHole(last, cut)
	}
	out := stringOf(parts, s.span)
	out.via = s.via
	return out
}

// trimHole marks that an end of the hole may be trimmed.
func (c *call) trimHole(p *policy.Part, cut string) {
	if p.Hole.Kind != policy.Unknown {
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
