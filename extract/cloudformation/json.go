package cloudformation

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep a template may be nested. The deepest real ones have about 30 levels.
const maxDepth = 500

// maxNodes is how many values and names a JSON file may have. The largest real template has a tenth of that; AWS takes 1 MB.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const maxNodes = 1_000_000

// A syntaxError says where a page is not JSON or YAML.
type syntaxError struct {
	offset  int // in the page
	message string
}

func (e *syntaxError) Error() string { return e.message }

// readJSON reads the page as JSON. It keeps members of the same name.
func readJSON(p *page) (n *node, err error) {
	r := &jsonReader{page: p, src: p.src, pos: p.body()}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *syntaxError:
			n, err = nil, e
		default:
			panic(e)
		}
	}()
	n = r.value(0)
	r.space()
	if r.pos < len(r.src) {
		r.fail("there is more text after the end of the JSON value")
	}
	return n, nil
}

type jsonReader struct {
	page *page
	src  []byte
	pos  int
	slab []node // nodes not given out yet
	made int
}

func (r *jsonReader) fail(format string, args ...any) {
	panic(&syntaxError{min(r.pos, len(r.src)), fmt.Sprintf(format, args...)})
}

// node returns a new node. They are made many at a time.
func (r *jsonReader) node(kind nodeKind) *node {
	if len(r.slab) == 0 {
		if r.made += 128; r.made > maxNodes {
			r.fail("there are more than %d values and names", maxNodes)
		}
		r.slab = make([]node, 128)
	}
	n := &r.slab[0]
	r.slab = r.slab[1:]
	n.kind, n.page, n.start = kind, r.page, int32(r.pos)
	return n
}

func (r *jsonReader) space() {
	for r.pos < len(r.src) {
		switch r.src[r.pos] {
		case ' ', '\n', '\r', '\t':
			r.pos++
		default:
			return
		}
	}
}

func (r *jsonReader) next() byte {
	r.space()
	if r.pos >= len(r.src) {
		return 0
	}
	return r.src[r.pos]
}

func (r *jsonReader) value(depth int) *node {
	if depth > maxDepth {
		r.fail("nested more than %d levels deep", maxDepth)
	}
	switch c := r.next(); {
	case c == '{':
		return r.object(depth)
	case c == '[':
		return r.array(depth)
	case c == '"':
		return r.string()
	case c == '-' || '0' <= c && c <= '9':
		return r.word(numberNode)
	case c == 't' || c == 'f':
		return r.word(boolNode)
	case c == 'n':
		return r.word(nullNode)
	case c == 0 && r.pos >= len(r.src):
		r.fail("the text ends where a value must follow")
	default:
		if r.page.gapAt(r.pos) != nil {
			return r.word(stringNode)
		}
		ch, _ := utf8.DecodeRune(r.src[r.pos:])
		r.fail("a value must stand here, not %q", ch)
	}
	return nil
}

func (r *jsonReader) object(depth int) *node {
	n := r.node(mappingNode)
	r.pos++
	if r.next() == '}' {
		r.pos++
		n.end = int32(r.pos)
		return n
	}
	for {
		if r.next() != '"' {
			r.fail("a name in double quotes must stand here")
		}
		key := r.string()
		if r.next() != ':' {
			r.fail("a colon must stand here")
		}
		r.pos++
		n.members = append(n.members, member{key, r.value(depth + 1)})
		switch r.next() {
		case ',':
			r.pos++
		case '}':
			r.pos++
			n.end = int32(r.pos)
			return n
		default:
			r.fail("a comma or } must stand here")
		}
	}
}

func (r *jsonReader) array(depth int) *node {
	n := r.node(listNode)
	r.pos++
	if r.next() == ']' {
		r.pos++
		n.end = int32(r.pos)
		return n
	}
	for {
		n.elements = append(n.elements, r.value(depth+1))
		switch r.next() {
		case ',':
			r.pos++
		case ']':
			r.pos++
			n.end = int32(r.pos)
			return n
		default:
			r.fail("a comma or ] must stand here")
		}
	}
}

// word reads a number, true, false, null or a masked directive.
func (r *jsonReader) word(kind nodeKind) *node {
	n := r.node(kind)
	for r.pos < len(r.src) {
		c := r.src[r.pos]
		if c != '-' && c != '+' && c != '.' && !('0' <= c && c <= '9') && !('a' <= c|0x20 && c|0x20 <= 'z') {
			break
		}
		r.pos++
	}
	n.end = int32(r.pos)
	n.text = string(r.src[n.start:n.end])
	switch {
	case r.page.gapsIn(int(n.start), int(n.end)):
		n.kind = stringNode
	case kind == boolNode && n.text != "true" && n.text != "false", kind == nullNode && n.text != "null",
		kind == numberNode && !jsonNumber(n.text):
		r.pos = int(n.start)
		r.fail("%q is not a JSON value", n.text)
	}
	return n
}

// jsonNumber reports whether s, which has only digits, letters and the signs of a number, is one to JSON. Numbers with
// leading zeros pass: other tools read them too, and an account id without quotes is worth keeping.
func jsonNumber(s string) bool {
	digits := 0
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			digits++
		case c == '.' || c == 'e' || c == 'E' || c == '+':
			if i == 0 {
				return false
			}
		case c == '-':
			if i > 0 && s[i-1]|0x20 != 'e' {
				return false
			}
		default:
			return false
		}
	}
	return digits > 0
}

// string reads the string that begins with the quote at the reader's place.
func (r *jsonReader) string() *node {
	n := r.node(stringNode)
	n.style = jsonString
	r.pos++
	start := r.pos
	escaped := false
	for {
		if r.pos >= len(r.src) {
			r.pos = start - 1
			r.fail("this string does not end")
		}
		c := r.src[r.pos]
		if c == '"' {
			break
		}
		if c == '\\' {
			escaped = true
			r.pos++
		} else if c < 0x20 && c != '\t' {
			r.fail("a string must not hold a line break or another control character")
		}
		r.pos++
	}
	n.end = int32(r.pos + 1)
	raw := r.src[start:r.pos]
	if escaped {
		text := make([]byte, 0, len(raw))
		for i := 0; i < len(raw); {
			if raw[i] != '\\' {
				text = append(text, raw[i])
				i++
				continue
			}
			size, ch := jsonEscape(raw[i:])
			if size == 0 {
				r.pos = start + i
				r.fail("JSON has no such escape")
			}
			text = utf8.AppendRune(text, ch)
			i += size
		}
		n.text = string(text)
	} else {
		n.text = string(raw)
	}
	r.pos = int(n.end)
	return n
}

// jsonEscape returns the length of the escape that b begins with and the character it stands for; 0 when it is none.
func jsonEscape(b []byte) (size int, ch rune) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return 2, rune(b[1])
	case 'b':
		return 2, '\b'
	case 'f':
		return 2, '\f'
	case 'n':
		return 2, '\n'
	case 'r':
		return 2, '\r'
	case 't':
		return 2, '\t'
	case 'u':
		unit, ok := hex(b, 2, 4)
		if !ok {
			return 0, 0
		}
		if utf16.IsSurrogate(unit) {
			if len(b) > 7 && b[6] == '\\' && b[7] == 'u' {
				if low, ok := hex(b, 8, 4); ok {
					if ch := utf16.DecodeRune(unit, low); ch != utf8.RuneError {
						return 12, ch
					}
				}
			}
			return 6, utf8.RuneError
		}
		return 6, unit
	}
	return 0, 0
}

// hex returns the number that the n hexadecimal digits of b from i on are.
func hex(b []byte, i, n int) (rune, bool) {
	if len(b) < i+n {
		return 0, false
	}
	var v rune
	for _, c := range b[i : i+n] {
		switch {
		case '0' <= c && c <= '9':
			v = v<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			v = v<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}
