package policy

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/trustvet/trustvet/internal/source"
)

// maxDepth is how deep JSON may be nested. A trust policy needs 6 levels, a template that holds one about 20.
const maxDepth = 500

// maxParts is how many values JSON may have. A plan of a thousand resources has a tenth of that.
const maxParts = 400_000

// A SyntaxError says where a text is not JSON.
type SyntaxError struct {
	Span    source.Span // zero where no byte of the text has a place
	Message string      // lower case, without a period
	Limit   bool        // it may be JSON, but there is more of it than trustvet looks at
}

func (e *SyntaxError) Error() string { return e.Message }

// ParseJSON reads JSON from a text with holes. A hole may stand for a value, for elements or members together with the
// commas around them, or for a piece of a string. Members of the same name are all kept, numbers and booleans keep their
// spelling.
func ParseJSON(t Text) (v *Value, err *SyntaxError) {
	r := newJSONReader(t)
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *SyntaxError: // from fail
			v, err = nil, e
		default:
			panic(e)
		}
	}()
	v = r.value(0)
	r.space()
	if r.pos < len(r.buf) {
		r.fail(r.pos, "there is more text after the end of the JSON value")
	}
	return v, nil
}

// A jsonReader reads JSON from the literals of a text put together. A hole is one byte, holeByte, that belongs to it.
type jsonReader struct {
	buf    []byte
	pos    int
	parts  int
	pieces []piece // in the order of their start
}

type piece struct {
	start int // in buf
	part  Part
}

// holeByte stands for a hole in a jsonReader's buffer. It is not part of any UTF-8 text, but hostile input may hold it, so
// hole looks at the piece as well.
const holeByte = 0xFF

func newJSONReader(t Text) *jsonReader {
	r := &jsonReader{pieces: make([]piece, 0, len(t.Parts))}
	size := 0
	for _, p := range t.Parts {
		size += len(p.Literal) + 1
	}
	r.buf = make([]byte, 0, size)
	for _, p := range t.Parts {
		if p.Hole == nil && p.Literal == "" {
			continue
		}
		r.pieces = append(r.pieces, piece{len(r.buf), p})
		if p.Hole != nil {
			r.buf = append(r.buf, holeByte)
		} else {
			r.buf = append(r.buf, p.Literal...)
		}
	}
	return r
}

// piece returns the piece that byte i of the buffer belongs to. There is one unless the text is empty.
func (r *jsonReader) piece(i int) piece {
	return r.pieces[r.pieceIndex(i)]
}

func (r *jsonReader) pieceIndex(i int) int {
	n := sort.Search(len(r.pieces), func(n int) bool { return r.pieces[n].start > i })
	return max(0, n-1)
}

// hole returns the part that byte i stands for when that is a hole.
func (r *jsonReader) hole(i int) (Part, bool) {
	if i >= len(r.buf) || r.buf[i] != holeByte {
		return Part{}, false
	}
	p := r.piece(i).part
	return p, p.Hole != nil
}

// span returns the place of bytes i up to, not including, j: that of the first piece when they lie in several files.
func (r *jsonReader) span(i, j int) source.Span {
	if len(r.pieces) == 0 {
		return source.Span{}
	}
	first, last := r.at(i, i), r.at(max(i, j-1), j)
	if last.File == first.File && last.End >= first.Start {
		return source.Span{File: first.File, Start: first.Start, End: last.End}
	}
	return r.at(i, min(j, r.end(i)))
}

// end returns where the piece that byte i belongs to ends.
func (r *jsonReader) end(i int) int {
	if n := r.pieceIndex(i); n+1 < len(r.pieces) {
		return r.pieces[n+1].start
	}
	return len(r.buf)
}

// at returns the place of bytes i up to j, which lie in one piece.
func (r *jsonReader) at(i, j int) source.Span {
	p := r.piece(i)
	if p.part.Hole != nil {
		return p.part.Span
	}
	n := len(p.part.Literal)
	return p.part.Slice(min(i-p.start, n), min(max(j, i)-p.start, n)).Span
}

func (r *jsonReader) fail(i int, format string, args ...any) {
	end := min(i+1, len(r.buf))
	if end < i {
		i = end
	}
	panic(&SyntaxError{Span: r.span(i, end), Message: fmt.Sprintf(format, args...)})
}

// unexpected fails at byte i, where something else was to stand.
func (r *jsonReader) unexpected(i int, want string) {
	switch {
	case i >= len(r.buf):
		r.fail(len(r.buf), "the text ends where %s must follow", want)
	case r.buf[i] == '/' || r.buf[i] == '#':
		r.fail(i, "JSON has no comments: %s must stand here", want)
	case r.buf[i] == '\'':
		r.fail(i, "JSON has only double quotes: %s must stand here", want)
	}
	if _, ok := r.hole(i); ok {
		r.fail(i, "%s must stand here, not an expression", want)
	}
	c, _ := utf8.DecodeRune(r.buf[i:])
	r.fail(i, "%s must stand here, not %q", want, c)
}

func (r *jsonReader) space() {
	for r.pos < len(r.buf) {
		switch r.buf[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// next skips white space and returns the byte that follows, 0 at the end.
func (r *jsonReader) next() byte {
	r.space()
	if r.pos == len(r.buf) {
		return 0
	}
	return r.buf[r.pos]
}

func (r *jsonReader) value(depth int) *Value {
	if depth > maxDepth {
		r.fail(r.pos, "the JSON is nested more than %d levels deep", maxDepth)
	}
	if r.parts++; r.parts > maxParts {
		panic(&SyntaxError{Span: r.span(0, 0), Message: fmt.Sprintf("there are more than %d values", maxParts), Limit: true})
	}
	switch c := r.next(); {
	case c == '{':
		return r.object(depth)
	case c == '[':
		return r.array(depth)
	case c == '"':
		t := r.string()
		return &Value{Kind: StringKind, Text: t, Span: t.Span, Via: t.Via}
	case c == '-' || '0' <= c && c <= '9':
		return r.number()
	case c == 't' && r.word("true"), c == 'f' && r.word("false"):
		return r.scalar(Bool)
	case c == 'n' && r.word("null"):
		return r.scalar(Null)
	}
	if p, ok := r.hole(r.pos); ok {
		r.pos++
		return hidden(p)
	}
	r.unexpected(r.pos, "a value")
	return nil
}

// word reports whether w stands at the reader's place and no letter behind it.
func (r *jsonReader) word(w string) bool {
	return strings.HasPrefix(string(r.buf[r.pos:min(len(r.buf), r.pos+len(w))]), w) && !r.letter(r.pos+len(w))
}

func (r *jsonReader) letter(i int) bool {
	return i < len(r.buf) && (r.buf[i]|0x20 >= 'a' && r.buf[i]|0x20 <= 'z' || r.buf[i] == '_')
}

// scalar reads the word at the reader's place.
func (r *jsonReader) scalar(kind Kind) *Value {
	start := r.pos
	for r.letter(r.pos) {
		r.pos++
	}
	t := r.text(start, r.pos)
	if kind == Null {
		return &Value{Kind: Null, Span: t.Span}
	}
	return &Value{Kind: kind, Text: t, Span: t.Span}
}

func (r *jsonReader) number() *Value {
	start := r.pos
	digits := func() {
		first := r.pos
		for r.pos < len(r.buf) && '0' <= r.buf[r.pos] && r.buf[r.pos] <= '9' {
			r.pos++
		}
		if r.pos == first {
			r.unexpected(r.pos, "a digit")
		}
	}
	at := func(set string) bool { return r.pos < len(r.buf) && strings.IndexByte(set, r.buf[r.pos]) >= 0 }
	if at("-") {
		r.pos++
	}
	first := r.pos
	digits()
	if r.buf[first] == '0' && r.pos > first+1 {
		r.fail(first, "a JSON number does not begin with 0")
	}
	if at(".") {
		r.pos++
		digits()
	}
	if at("eE") {
		r.pos++
		if at("+-") {
			r.pos++
		}
		digits()
	}
	if r.letter(r.pos) {
		r.unexpected(r.pos, "a comma")
	}
	t := r.text(start, r.pos)
	return &Value{Kind: Number, Text: t, Span: t.Span}
}

func (r *jsonReader) array(depth int) *Value {
	start := r.pos
	r.pos++
	v := &Value{Kind: Array}
	for separated := true; ; {
		if r.next() == ']' && (!separated || len(v.Elements) == 0) {
			r.pos++
			v.Span = r.span(start, r.pos)
			return v
		}
		_, isHole := r.hole(r.pos)
		if !separated && !isHole {
			r.unexpected(r.pos, "a comma or ]")
		}
		v.Elements = append(v.Elements, r.value(depth+1))
		separated = r.comma(isHole)
	}
}

// comma reads the comma behind an element or member and reports whether another one may follow: behind a hole it may
// without a comma, since the hole may hold that.
func (r *jsonReader) comma(behindHole bool) bool {
	if r.next() == ',' {
		r.pos++
		if c := r.next(); c == ']' || c == '}' {
			r.fail(r.pos, "JSON has no comma before %q", c)
		}
		return true
	}
	return behindHole && r.next() != ']' && r.next() != '}'
}

func (r *jsonReader) object(depth int) *Value {
	start := r.pos
	r.pos++
	v := &Value{Kind: Object}
	for separated := true; ; {
		if r.next() == '}' && (!separated || len(v.Members) == 0) {
			r.pos++
			v.Span = r.span(start, r.pos)
			return v
		}
		if p, ok := r.hole(r.pos); ok {
			r.pos++
			if r.next() != ':' {
				many := *p.Hole
				many.Many = true
				v.Members = append(v.Members, Member{Key: NewText(HolePart(&many, p.Span)), Value: hidden(HolePart(&many, p.Span))})
				separated = r.comma(true)
				continue
			}
			r.pos++
			v.Members = append(v.Members, Member{Key: NewText(p), Value: r.value(depth + 1)})
			separated = r.comma(false)
			continue
		}
		if !separated {
			r.unexpected(r.pos, "a comma or }")
		}
		if r.next() != '"' {
			r.unexpected(r.pos, "a name in double quotes")
		}
		key := r.string()
		if r.next() != ':' {
			r.unexpected(r.pos, "a colon")
		}
		r.pos++
		_, isHole := r.hole(r.pos)
		v.Members = append(v.Members, Member{Key: key, Value: r.value(depth + 1)})
		separated = r.comma(isHole)
	}
}

// maxShared is the length in bytes past which a text is not kept for the sake of its parts: the few strings of a policy would
// otherwise keep the megabytes of data around it.
const maxShared = 256 << 10

// text returns bytes i up to j of the buffer as they are.
func (r *jsonReader) text(i, j int) Text {
	if i == j {
		span := r.span(i, i)
		return Text{Parts: []Part{Literal("", span)}, Span: span}
	}
	var parts []Part
	for i < j {
		p, end := r.piece(i), min(j, r.end(i))
		if p.part.Hole != nil {
			parts = append(parts, p.part)
		} else {
			part := p.part.Slice(i-p.start, end-p.start)
			if len(p.part.Literal) > maxShared {
				part.Literal = strings.Clone(part.Literal)
			}
			parts = append(parts, part)
		}
		i = end
	}
	return NewText(parts...)
}

// string reads the string that begins with the quote at the reader's place.
func (r *jsonReader) string() Text {
	r.pos++
	start := r.pos
	escaped := false
	for ; ; r.pos++ {
		if r.pos >= len(r.buf) {
			r.fail(start-1, "this string does not end")
		}
		switch c := r.buf[r.pos]; {
		case c == '"':
			end := r.pos
			r.pos++
			if !escaped {
				return r.text(start, end)
			}
			return r.unescape(start, end)
		case c == '\\':
			escaped = true
			r.pos++
		case c < 0x20:
			r.fail(r.pos, "a string must not hold a line break or another control character")
		}
	}
}

// unescape returns bytes i up to j, the inside of a string, with its escapes resolved and the place of every byte kept.
func (r *jsonReader) unescape(i, j int) Text {
	var parts []Part
	var run []byte     // resolved bytes of one piece
	var places []int32 // the source offset of each of them
	flush := func(p piece, end int) {
		if len(run) == 0 {
			return
		}
		if p.part.Located() {
			last := p.part.place(min(end-p.start, len(p.part.Literal)))
			parts = append(parts, LiteralAt(string(run), p.part.Span.File, append(places, int32(last))))
		} else {
			parts = append(parts, Part{Literal: string(run), Span: p.part.Span})
		}
		run, places = nil, nil
	}
	for i < j {
		p, end := r.piece(i), min(j, r.end(i))
		if p.part.Hole != nil {
			parts = append(parts, p.part)
			i = end
			continue
		}
		for i < end {
			size, resolved := 1, r.buf[i:i+1]
			if r.buf[i] == '\\' {
				size, resolved = r.escape(i, j)
			}
			if p.part.Located() {
				for range resolved {
					places = append(places, int32(p.part.place(i-p.start)))
				}
			}
			run = append(run, resolved...)
			i += size
		}
		flush(p, min(i, end))
	}
	if parts == nil {
		return r.text(j, j)
	}
	return NewText(parts...)
}

// escape returns the length of the escape at byte i of a string that ends at j, and what it stands for.
func (r *jsonReader) escape(i, j int) (size int, resolved []byte) {
	if i+1 >= j {
		r.fail(i, "this escape is not complete")
	}
	switch c := r.buf[i+1]; c {
	case '"', '\\', '/':
		return 2, []byte{c}
	case 'b':
		return 2, []byte{'\b'}
	case 'f':
		return 2, []byte{'\f'}
	case 'n':
		return 2, []byte{'\n'}
	case 'r':
		return 2, []byte{'\r'}
	case 't':
		return 2, []byte{'\t'}
	case 'u':
		unit, ok := r.hex4(i+2, j)
		if !ok {
			r.fail(i, `\u must be followed by four hexadecimal digits`)
		}
		if utf16.IsSurrogate(unit) && i+7 < j && r.buf[i+6] == '\\' && r.buf[i+7] == 'u' {
			if low, ok := r.hex4(i+8, j); ok {
				if c := utf16.DecodeRune(unit, low); c != utf8.RuneError {
					return 12, utf8.AppendRune(nil, c)
				}
			}
		}
		return 6, utf8.AppendRune(nil, unit) // half a pair becomes U+FFFD
	}
	r.fail(i, "JSON has no such escape")
	return 0, nil
}

func (r *jsonReader) hex4(i, j int) (rune, bool) {
	if i+4 > j {
		return 0, false
	}
	var unit rune
	for _, c := range r.buf[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
			unit = unit<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			unit = unit<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return unit, true
}
