package cloudformation

import (
	"bytes"
	"unicode/utf8"
)

// yaml.v3 says where a node begins, as a line and a column in code points, and nothing else. This file finds the rest: the
// byte at which the node's own text begins, the byte that each byte of a scalar is spelled at, and where it ends.

// markEvery is the distance of marks on a line, in columns.
const markEvery = 256

// yamlLines holds the byte offset at which each line of a page starts. YAML ends lines at more characters than editors do.
type yamlLines struct {
	starts []int32
	// Of a long line with other characters than ASCII, the offset of every markEvery-th column, so that the line is not counted
	// from its start for each node on it.
	marks map[int][]int32
}

func newYAMLLines(src []byte) *yamlLines {
	l := &yamlLines{starts: make([]int32, 1, 64)}
	if bytes.HasPrefix(src, byteOrderMark) {
		l.starts[0] = int32(len(byteOrderMark))
	}
	for i := 0; i < len(src); {
		if src[i] >= 0x20 && src[i] < 0x80 {
			i++
			continue
		}
		if n := lineBreak(src, i); n > 0 {
			i += n
			l.starts = append(l.starts, int32(i))
			continue
		}
		i++
	}
	return l
}

// lineBreak returns the length of the line break at byte i, 0 when there is none.
func lineBreak(src []byte, i int) int {
	if i >= len(src) {
		return 0
	}
	switch src[i] {
	case '\n':
		return 1
	case '\r':
		if i+1 < len(src) && src[i+1] == '\n' {
			return 2
		}
		return 1
	case 0xC2: // U+0085
		if i+1 < len(src) && src[i+1] == 0x85 {
			return 2
		}
	case 0xE2: // U+2028 and U+2029
		if i+2 < len(src) && src[i+1] == 0x80 && (src[i+2] == 0xA8 || src[i+2] == 0xA9) {
			return 3
		}
	}
	return 0
}

// offset returns the byte at a line and a column in code points, both from 1.
func (p *page) offset(line, column int) int {
	if p.lines == nil {
		p.lines = newYAMLLines(p.src)
		p.ascii = isASCII(p.src)
	}
	l := p.lines
	if line < 1 || line > len(l.starts) {
		return len(p.src)
	}
	if p.ascii {
		return min(int(l.starts[line-1])+column-1, len(p.src))
	}
	c, offset := 1, int(l.starts[line-1])
	if column > 2*markEvery {
		marks := l.lineMarks(p.src, line)
		n := min((column-1)/markEvery, len(marks)-1)
		c, offset = 1+n*markEvery, int(marks[n])
	}
	for ; c < column && offset < len(p.src); c++ {
		_, size := utf8.DecodeRune(p.src[offset:])
		offset += size
	}
	return offset
}

// lineMarks returns the marks of a line, the first of them its start.
func (l *yamlLines) lineMarks(src []byte, line int) []int32 {
	if marks, ok := l.marks[line]; ok {
		return marks
	}
	start, end := int(l.starts[line-1]), len(src)
	if line < len(l.starts) {
		end = int(l.starts[line])
	}
	var marks []int32
	for c, i := 0, start; i < end || c == 0; c++ {
		if c%markEvery == 0 {
			marks = append(marks, int32(i))
		}
		_, size := utf8.DecodeRune(src[i:])
		i += max(size, 1)
	}
	if l.marks == nil {
		l.marks = map[int][]int32{}
	}
	l.marks[line] = marks
	return marks
}

// locate finds the byte at which a YAML node begins, behind its tag and anchor.
func (n *node) locate() {
	if n.line == 0 {
		return
	}
	src := n.page.src
	i := n.page.offset(int(n.line), int(n.column))
	n.line = 0
	for i < len(src) && (src[i] == '!' || src[i] == '&') {
		i = skipBlank(src, skipProperty(src, i))
	}
	n.start = int32(i)
}

// skipProperty returns where the tag or anchor at byte i ends.
func skipProperty(src []byte, i int) int {
	if src[i] == '&' {
		for i++; i < len(src) && (src[i] == '_' || src[i] == '-' || '0' <= src[i] && src[i] <= '9' || 'a' <= src[i]|0x20 && src[i]|0x20 <= 'z'); i++ {
		}
		return i
	}
	for i < len(src) && src[i] != ' ' && src[i] != '\t' && lineBreak(src, i) == 0 {
		i++
	}
	return i
}

// skipBlank skips white space, line breaks and comments from byte i on.
func skipBlank(src []byte, i int) int {
	for i < len(src) {
		switch {
		case src[i] == ' ' || src[i] == '\t':
			i++
		case src[i] == '#' && (i == 0 || src[i-1] == ' ' || src[i-1] == '\t' || src[i-1] == '\n' || src[i-1] == '\r'):
			for i < len(src) && lineBreak(src, i) == 0 {
				i++
			}
		default:
			size := lineBreak(src, i)
			if size == 0 {
				return i
			}
			i += size
		}
	}
	return i
}

// finish returns where n ends in the page, with its closing quote or bracket.
func (n *node) finish() int {
	n.locate()
	if n.end >= 0 {
		return int(n.end)
	}
	src, end := n.page.src, int(n.start)
	switch n.kind {
	case listNode, mappingNode:
		n.end = n.start // guards against cycles
		for i := len(n.elements) - 1; i >= 0 && end == int(n.start); i-- {
			end = max(end, n.elements[i].finishAfter(n))
		}
		for i := len(n.members) - 1; i >= 0 && end == int(n.start); i-- {
			end = max(n.members[i].value.finishAfter(n), n.members[i].key.finishAfter(n), end)
		}
		if int(n.start) < len(src) && (src[n.start] == '{' || src[n.start] == '[') {
			end = max(end, int(n.start)+1)
			for end < len(src) && src[end] != '}' && src[end] != ']' {
				next := skipBlank(src, end)
				if next == end {
					next++
				}
				end = next
			}
			end = min(end+1, len(src))
		}
	case brokenNode:
	default:
		_, end = n.inside()
		if (n.style == singleQuoted || n.style == doubleQuoted) && end < len(src) {
			end++
		}
	}
	n.end = int32(end)
	return end
}

// finishAfter returns where n ends when it stands behind the start of the node it is in, 0 when it comes from elsewhere.
func (n *node) finishAfter(in *node) int {
	if n.page != in.page {
		return 0
	}
	n.locate()
	if n.start < in.start {
		return 0
	}
	return n.finish()
}

// spell returns where text is spelled that the token at byte start of src stands for: a nil places when it stands there byte
// for byte from first on, and otherwise the offset of each of its bytes and of its end. ok is false when that is not known.
func spell(src []byte, start int, style textStyle, text string) (first int, places []int32, ok bool) {
	switch style {
	case derived:
		return start, nil, false
	case singleQuoted, doubleQuoted, jsonString:
		start++ // the quote
	}
	exact := start+len(text) <= len(src) && string(src[start:start+len(text)]) == text
	var s speller
	switch style {
	case plainStyle:
		if exact {
			return start, nil, true
		}
		s = speller{src: src, pos: start, text: text}
		s.flow('\\') // which is itself in a plain scalar
	case singleQuoted:
		if exact && start+len(text) < len(src) && src[start+len(text)] == '\'' && !bytes.HasPrefix(src[start+len(text):], []byte("''")) {
			return start, nil, true
		}
		s = speller{src: src, pos: start, text: text}
		s.flow('\'')
	case doubleQuoted, jsonString:
		if exact && start+len(text) < len(src) && src[start+len(text)] == '"' {
			return start, nil, true
		}
		s = speller{src: src, pos: start, text: text, json: style == jsonString}
		s.flow('"')
	default:
		s = speller{src: src, pos: start, text: text}
		s.block(style == foldedBlock)
	}
	if s.failed || len(s.places) != len(text) {
		return start, nil, false
	}
	return start, append(s.places, int32(s.pos)), true
}

// A speller walks over the source of a scalar and its text in step.
type speller struct {
	src    []byte
	pos    int
	text   string
	json   bool    // in which line and paragraph separators end no line
	places []int32 // of the bytes of text walked over so far
	failed bool
}

// rest returns the text not walked over yet.
func (s *speller) rest() string { return s.text[len(s.places):] }

// take walks over n bytes of the text that are spelled by size bytes of the source.
func (s *speller) take(n, size int) {
	for i := range n {
		at := s.pos
		if n == size {
			at += i
		}
		s.places = append(s.places, int32(at))
	}
	s.pos += size
}

// flow walks over a plain scalar, for which quote is '\\', or a quoted one.
func (s *speller) flow(quote byte) {
	for rest := s.rest(); rest != "" && !s.failed; rest = s.rest() {
		if s.pos >= len(s.src) {
			s.failed = true
			return
		}
		c := s.src[s.pos]
		switch {
		case quote == '\'' && c == '\'':
			if rest[0] != '\'' {
				s.failed = true
				return
			}
			s.take(1, 2)
			continue
		case quote == '"' && c == '\\':
			if !s.escape() {
				s.failed = true
				return
			}
			continue
		}
		if !s.json && (c == ' ' || c == '\t' || lineBreak(s.src, s.pos) > 0) && s.fold() {
			continue
		}
		if c != rest[0] {
			s.failed = true
			return
		}
		s.take(1, 1)
	}
	// An escaped line break may stand before the closing quote.
	for quote == '"' && s.pos < len(s.src) && s.src[s.pos] == '\\' && lineBreak(s.src, s.pos+1) > 0 {
		if !s.escape() {
			return
		}
	}
}

// fold walks over white space with a line break in it, which is a space or, of several breaks, all but the first. A line or
// paragraph separator stays what it is though it comes first. It reports whether there is a break.
func (s *speller) fold() bool {
	i := s.pos
	for i < len(s.src) && (s.src[i] == ' ' || s.src[i] == '\t') {
		i++
	}
	if lineBreak(s.src, i) == 0 {
		return false
	}
	var breaks []int
	for i < len(s.src) {
		if n := lineBreak(s.src, i); n > 0 {
			breaks = append(breaks, i)
			i += n
			continue
		}
		if s.src[i] != ' ' && s.src[i] != '\t' {
			break
		}
		i++
	}
	if separator := lineBreak(s.src, breaks[0]) == 3; !separator && len(breaks) == 1 {
		if s.rest()[0] != ' ' {
			s.failed = true
			return true
		}
		s.places = append(s.places, int32(breaks[0]))
		s.pos = i
		return true
	} else if !separator {
		breaks = breaks[1:]
	}
	for _, at := range breaks {
		size := breakText(s.rest())
		if size == 0 { // the text is not written here: an empty node stands before blank lines
			s.failed = true
			return true
		}
		for range size {
			s.places = append(s.places, int32(at))
		}
	}
	s.pos = i
	return true
}

// breakText returns the length of the line break that text begins with: line and paragraph separators stay as they are.
func breakText(text string) int {
	if text == "" {
		return 0
	}
	if text[0] == '\n' {
		return 1
	}
	if n := lineBreak([]byte(text[:min(3, len(text))]), 0); n == 3 {
		return 3
	}
	return 0
}

// escape walks over an escape of a double-quoted scalar and reports whether it is one.
func (s *speller) escape() bool {
	i := s.pos + 1
	if i >= len(s.src) {
		return false
	}
	if n := lineBreak(s.src, i); n > 0 { // an escaped line break is nothing
		i += n
		for i < len(s.src) && (s.src[i] == ' ' || s.src[i] == '\t') {
			i++
		}
		// Blank lines behind it are line breaks of the text.
		for n := lineBreak(s.src, i); n > 0 && s.rest() != "" && s.rest()[0] == '\n'; n = lineBreak(s.src, i) {
			s.places = append(s.places, int32(i))
			i += n
			for i < len(s.src) && (s.src[i] == ' ' || s.src[i] == '\t') {
				i++
			}
		}
		s.pos = i
		return true
	}
	var ch rune
	size := 2
	switch s.src[i] {
	case '0':
		ch = 0
	case 'a':
		ch = 7
	case 'b':
		ch = '\b'
	case 't', '\t':
		ch = '\t'
	case 'n':
		ch = '\n'
	case 'v':
		ch = '\v'
	case 'f':
		ch = '\f'
	case 'r':
		ch = '\r'
	case 'e':
		ch = 0x1B
	case 'N':
		ch = 0x85
	case '_':
		ch = 0xA0
	case 'L':
		ch = 0x2028
	case 'P':
		ch = 0x2029
	case 'x', 'u', 'U':
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s.src[i]]
		var ok bool
		if ch, ok = hex(s.src, i+1, digits); !ok {
			return false
		}
		size += digits
		if 0xD800 <= ch && ch < 0xDC00 { // half a pair of surrogates, which only JSON has
			if n, pair := jsonEscape(s.src[s.pos:min(len(s.src), s.pos+12)]); n == 12 {
				ch, size = pair, n
			} else {
				ch = utf8.RuneError
			}
		}
	default:
		ch = rune(s.src[i])
	}
	n := utf8.RuneLen(ch)
	if n < 0 {
		ch, n = utf8.RuneError, 3
	}
	if rest := s.rest(); len(rest) < n {
		return false
	} else if got, _ := utf8.DecodeRuneInString(rest); got != ch {
		return false
	}
	for range n {
		s.places = append(s.places, int32(s.pos))
	}
	s.pos += size
	return true
}

// block walks over a literal or folded block scalar, from its | or > on.
func (s *speller) block(folded bool) {
	for s.pos < len(s.src) && lineBreak(s.src, s.pos) == 0 {
		s.pos++ // the indicators and a comment
	}
	s.pos += lineBreak(s.src, s.pos)
	indent := s.indent()
	for first := true; s.rest() != "" && !s.failed; first = false {
		if s.pos >= len(s.src) {
			// Text without source: the last line break of a file that does not end in one.
			if s.rest() == "\n" {
				s.take(1, 0)
				return
			}
			s.failed = true
			return
		}
		if folded && !first {
			// s.pos is at the break that ends a line with text.
			s.foldBlock(indent)
			continue
		}
		s.margin(indent)
		s.line()
		if !folded {
			s.breakLine()
		}
	}
}

// indent returns the indentation of the block at s.pos: what the first line with text has in front of it.
func (s *speller) indent() int {
	pos := s.pos
	for _, want := range bytes.Split([]byte(s.text), []byte("\n")) {
		end := pos
		for end < len(s.src) && lineBreak(s.src, end) == 0 {
			end++
		}
		line := s.src[pos:end]
		if len(want) > 0 && len(bytes.TrimLeft(line, " ")) > 0 {
			// A folded block joins the lines that follow with spaces: want begins with the line then.
			trimmed := bytes.TrimLeft(line, " ")
			spaces := len(line) - len(trimmed)
			own := len(want) - len(bytes.TrimLeft(want, " "))
			return max(0, spaces-own)
		}
		if len(want) > 0 {
			return max(0, len(line)-len(want)) // a line of spaces only
		}
		pos = end + lineBreak(s.src, end)
	}
	return len(s.src) // line breaks only: whatever is on these lines is indentation
}

// margin skips the indentation of a line.
func (s *speller) margin(indent int) {
	for i := 0; i < indent && s.pos < len(s.src) && s.src[s.pos] == ' '; i++ {
		s.pos++
	}
}

// line walks over the text up to the end of the source's line.
func (s *speller) line() {
	for rest := s.rest(); rest != ""; rest = s.rest() {
		if s.pos >= len(s.src) || lineBreak(s.src, s.pos) > 0 {
			return
		}
		if rest[0] != s.src[s.pos] {
			s.failed = true
			return
		}
		s.take(1, 1)
	}
}

// breakLine walks over a line break that is one in the text too.
func (s *speller) breakLine() {
	rest := s.rest()
	if rest == "" || s.failed {
		return
	}
	n := breakText(rest)
	size := lineBreak(s.src, s.pos)
	if n == 0 || size == 0 && s.pos < len(s.src) {
		s.failed = true
		return
	}
	for range n {
		s.places = append(s.places, int32(s.pos))
	}
	s.pos += size
}

// foldBlock walks over the line breaks between two lines of a folded block and over the second line.
func (s *speller) foldBlock(indent int) {
	var breaks []int
	next := s.pos
	for {
		size := lineBreak(s.src, next)
		if size == 0 {
			break
		}
		breaks = append(breaks, next)
		next += size
		blank := next
		for i := 0; i < indent && blank < len(s.src) && s.src[blank] == ' '; i++ {
			blank++
		}
		if lineBreak(s.src, blank) == 0 {
			if blank >= len(s.src) {
				next = blank
			}
			break
		}
		next = blank
	}
	if len(breaks) == 0 {
		s.failed = true
		return
	}
	rest := s.rest()
	newlines := 0
	for newlines < len(rest) && rest[newlines] == '\n' {
		newlines++
	}
	switch {
	case newlines == 0 && rest[0] == ' ':
		s.places = append(s.places, int32(breaks[0]))
	case newlines == 0:
		if n := breakText(rest); n > 0 {
			for range n {
				s.places = append(s.places, int32(breaks[0]))
			}
		} else {
			s.failed = true
			return
		}
	default:
		for i := range newlines {
			at := len(breaks) - newlines + i
			s.places = append(s.places, int32(breaks[max(0, min(at, len(breaks)-1))]))
		}
	}
	s.pos = next
	if s.rest() == "" {
		return
	}
	s.margin(indent)
	s.line()
}
