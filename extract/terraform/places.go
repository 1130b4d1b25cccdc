package terraform

import (
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// An origin says where the bytes that the parser saw under some file name come from: a file, byte for byte, or parts of
// files that make up a text which was parsed on its own (a string of a .tf.json file, a template in a string).
type origin struct {
	src   []byte
	file  *source.File
	parts []policy.Part // literals whose concatenation is src; unused where file is set
	start []int         // offset in src at which each part begins
	at    source.Span   // of a stub: the module call, the place of everything in it
}

func (l *loader) addOrigin(name string, o *origin) {
	l.originMu.Lock()
	l.origins[name] = o
	l.originMu.Unlock()
}

func (l *loader) origin(name string) *origin {
	l.originMu.RLock()
	defer l.originMu.RUnlock()
	return l.origins[name]
}

// addText makes the literal parts a text to parse and returns the name to parse it under.
func (l *loader) addText(parts []policy.Part) (name string, src []byte) {
	o := &origin{parts: parts}
	for _, p := range parts {
		o.start = append(o.start, len(o.src))
		o.src = append(o.src, p.Literal...)
	}
	return l.addUnnamed(o), o.src
}

// addUnnamed gives o a name that no file has.
func (l *loader) addUnnamed(o *origin) (name string) {
	l.originMu.Lock()
	defer l.originMu.Unlock()
	name = "\x00" + strconv.Itoa(l.unnamed)
	l.unnamed++
	l.origins[name] = o
	return name
}

// slice returns the parts of bytes i up to, not including, j.
func (o *origin) slice(i, j int) []policy.Part {
	var out []policy.Part
	k := max(0, sort.SearchInts(o.start, i+1)-1)
	for ; k < len(o.parts) && o.start[k] < j; k++ {
		p, base := o.parts[k], o.start[k]
		from, to := max(i-base, 0), min(j-base, len(p.Literal))
		if from < to {
			out = append(out, p.Slice(from, to))
		}
	}
	return out
}

// span returns the place of what the parser saw at rng.
func (l *loader) span(rng hcl.Range) source.Span {
	o := l.origin(rng.Filename)
	if o == nil {
		return source.Span{}
	}
	if !o.at.IsZero() {
		return o.at
	}
	start, end := clampRange(rng, len(o.src))
	if o.file != nil {
		return source.Span{File: o.file, Start: start, End: end}
	}
	if start == end && end < len(o.src) {
		end++
	}
	parts := o.slice(start, end)
	if len(parts) == 0 {
		return source.Span{}
	}
	return spanOfParts(parts)
}

func clampRange(rng hcl.Range, size int) (start, end int) {
	start = max(0, min(rng.Start.Byte, size))
	return start, max(start, min(rng.End.Byte, size))
}

func spanOfParts(parts []policy.Part) source.Span {
	span := parts[0].Span
	for _, p := range parts[1:] {
		if p.Span.File != span.File || p.Span.Start < span.Start {
			return parts[0].Span
		}
		span.End = max(span.End, p.Span.End)
	}
	return span
}

// text returns what the parser saw at rng.
func (l *loader) text(rng hcl.Range) string {
	o := l.origin(rng.Filename)
	if o == nil {
		return ""
	}
	start, end := clampRange(rng, len(o.src))
	return string(o.src[start:end])
}

// literal returns val, the value of a template literal at rng, with the place of each byte.
func (l *loader) literal(val string, rng hcl.Range) []policy.Part {
	o := l.origin(rng.Filename)
	if o == nil {
		return []policy.Part{policy.Literal(val, source.Span{})}
	}
	if !o.at.IsZero() {
		return []policy.Part{policy.Literal(val, o.at)}
	}
	start, end := clampRange(rng, len(o.src))
	raw := o.src[start:end]
	if o.file != nil {
		if string(raw) == val {
			return []policy.Part{policy.Literal(val, source.Span{File: o.file, Start: start, End: end})}
		}
		if places := locate(raw, val, start); places != nil {
			return []policy.Part{policy.LiteralAt(val, o.file, places)}
		}
		return []policy.Part{policy.Literal(val, source.Span{File: o.file, Start: start, End: end})}
	}
	if string(raw) == val {
		if parts := o.slice(start, end); len(parts) > 0 {
			return parts
		}
		return []policy.Part{policy.Literal(val, l.span(rng))}
	}
	offsets := locate(raw, val, start)
	parts := o.slice(start, end)
	if offsets == nil || len(parts) != 1 || !parts[0].Located() {
		return []policy.Part{policy.Literal(val, l.span(rng))}
	}
	places := make([]int32, len(offsets))
	for i, at := range offsets {
		at := int(at) - start
		if at < len(parts[0].Literal) {
			places[i] = int32(parts[0].Slice(at, at+1).Span.Start)
		} else {
			places[i] = int32(parts[0].Span.End)
		}
	}
	return []policy.Part{policy.LiteralAt(val, parts[0].Span.File, places)}
}

// locate returns the offset, from base, at which each byte of val is spelled in raw, and that of the end. It returns nil
// when it cannot tell. raw differs from val by escapes, by the indentation that <<- takes off, and by the space that a
// template's "~" takes off; hclsyntax does not say which.
func locate(raw []byte, val string, base int) []int32 {
	if places := align(raw, val, base, true); places != nil {
		return places
	}
	return align(raw, val, base, false)
}

func align(raw []byte, val string, base int, escapes bool) []int32 {
	places := make([]int32, 0, len(val)+1)
	i, j := 0, 0
	for {
		if i == 0 || raw[i-1] == '\n' {
			i += max(0, leadingSpace(string(raw[i:]), i == 0)-leadingSpace(val[j:], i == 0))
		}
		if j == len(val) {
			break
		}
		if i >= len(raw) {
			return nil
		}
		size, decoded := 1, string(raw[i])
		switch c := raw[i]; {
		case escapes && c == '\\':
			size, decoded = unescape(raw[i:])
			if size == 0 {
				return nil
			}
		case (c == '$' || c == '%') && i+2 < len(raw) && raw[i+1] == c && raw[i+2] == '{':
			size, decoded = 3, string(c)+"{"
		}
		if !strings.HasPrefix(val[j:], decoded) {
			return nil
		}
		for k := range len(decoded) {
			at := i
			if size == 3 && k == 1 && decoded[1] == '{' {
				at = i + 2
			}
			places = append(places, int32(base+at))
		}
		i += size
		j += len(decoded)
	}
	if strings.TrimSpace(string(raw[i:])) != "" {
		return nil
	}
	return append(places, int32(base+i))
}

// leadingSpace returns the number of bytes of space at the start of s, up to the end of the line unless lines is set.
func leadingSpace(s string, lines bool) int {
	n := 0
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if !unicode.IsSpace(r) || r == '\n' && !lines {
			break
		}
		n += size
	}
	return n
}

// unescape decodes the escape sequence at the start of raw.
func unescape(raw []byte) (size int, decoded string) {
	if len(raw) < 2 {
		return 0, ""
	}
	digits := 0
	switch raw[1] {
	case 'n':
		return 2, "\n"
	case 'r':
		return 2, "\r"
	case 't':
		return 2, "\t"
	case '"', '\\':
		return 2, string(raw[1])
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		return 0, ""
	}
	if len(raw) < 2+digits {
		return 0, ""
	}
	r, err := strconv.ParseUint(string(raw[2:2+digits]), 16, 32)
	if err != nil {
		return 0, ""
	}
	return 2 + digits, string(rune(r))
}
