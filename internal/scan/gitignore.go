package scan

import (
	"bytes"
	"path"
	"strings"
)

// An ignoreFile is the patterns of one .gitignore file. https://git-scm.com/docs/gitignore
type ignoreFile struct {
	dir      string // the directory it lies in; its patterns are relative to that
	patterns []ignorePattern
}

type ignorePattern struct {
	segments []string // between slashes; "**" stands for any number of directories
	anchored bool     // the whole path below dir must match, not only its last element
	negated  bool     // what matches is not ignored after all
	dirOnly  bool
}

// What is longer than a name can be, or a file of patterns larger than anybody writes, is there to take time: it leaves
// nothing out, so that more is looked at and not less.
const (
	maxPattern    = 4096 // bytes
	maxBrackets   = 64   // of one pattern
	maxIgnoreFile = 1 << 20
)

// A matching bounds the work of matching many names with patterns, which for one name is the product of the lengths.
type matching struct {
	left int // steps
}

// A run may take some steps in all, and some more for each name: usual patterns take a few for each of them.
const (
	stepsPerRun  = 50_000_000
	stepsPerName = 10_000
)

func newMatching() *matching { return &matching{left: stepsPerRun} }

// exhausted reports whether the steps are used up. Then nothing matches any more.
func (m *matching) exhausted() bool { return m.left <= 0 }

// parseIgnore reads the content of a .gitignore file in dir.
func parseIgnore(dir string, src []byte) ignoreFile {
	f := ignoreFile{dir: dir}
	src = bytes.TrimPrefix(src, []byte("\uFEFF"))
	for line := range bytes.SplitSeq(src, []byte("\n")) {
		if p, ok := parseIgnorePattern(string(bytes.TrimSuffix(line, []byte("\r")))); ok {
			f.patterns = append(f.patterns, p)
		}
	}
	return f
}

func parseIgnorePattern(line string) (ignorePattern, bool) {
	var p ignorePattern
	if strings.HasPrefix(line, "#") || len(line) > maxPattern || strings.Count(line, "[") > maxBrackets {
		return p, false
	}
	line = trimTrailingSpaces(line)
	if rest, ok := strings.CutPrefix(line, "!"); ok {
		p.negated, line = true, rest
	}
	if rest, ok := strings.CutSuffix(line, "/"); ok {
		p.dirOnly, line = true, rest
	}
	if line == "" {
		return p, false
	}
	p.anchored = strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	p.segments = splitPattern(line)
	return p, true
}

// splitPattern splits a pattern at its slashes. One in a bracket expression does not count, nor does it match anything.
func splitPattern(s string) []string {
	var segments []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			if n, _ := matchClass(s[i:], 0); n > 0 {
				i += n - 1
			}
		case '/':
			segments = append(segments, s[start:i])
			start = i + 1
		}
	}
	return append(segments, s[start:])
}

// trimTrailingSpaces drops the spaces at the end of s that no backslash protects.
func trimTrailingSpaces(s string) string {
	end := 0 // behind the last byte to keep
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ':
		case '\\':
			i++
			end = min(i+1, len(s))
		default:
			end = i + 1
		}
	}
	return s[:end]
}

// ignored reports whether the entry of that path relative to the root is ignored. The files must go from the root's down
// to that of the entry's own directory. Of all patterns that match, the last one decides. The caller has established that
// no directory on the way is ignored: nothing below such a directory can be taken in again.
func (m *matching) ignored(files []ignoreFile, name string, isDir bool) bool {
	if m.exhausted() {
		return false
	}
	m.left += stepsPerName
	for i := len(files) - 1; i >= 0; i-- {
		f := files[i]
		rel := name
		if f.dir != "." {
			rel = strings.TrimPrefix(name, f.dir+"/")
		}
		for j := len(f.patterns) - 1; j >= 0; j-- {
			if m.matches(&f.patterns[j], rel, isDir) {
				return !f.patterns[j].negated
			}
		}
	}
	return false
}

func (m *matching) matches(p *ignorePattern, rel string, isDir bool) bool {
	if m.left--; m.exhausted() {
		return false
	}
	if p.dirOnly && !isDir {
		return false
	}
	if !p.anchored {
		return m.segment(p.segments[0], path.Base(rel))
	}
	return m.segments(p.segments, strings.Split(rel, "/"))
}

// segments matches a path. Only the last "**" ever needs to be tried again, so the work is bounded by the product of
// the lengths.
func (m *matching) segments(pattern, names []string) bool {
	i, j := 0, 0
	star, resume := -1, 0
	for j < len(names) {
		if m.left--; m.exhausted() {
			return false
		}
		switch {
		case i < len(pattern) && pattern[i] == "**":
			if i == len(pattern)-1 {
				return true // a trailing "**" takes at least one name: names[j]
			}
			star, resume = i, j
			i++
		case i < len(pattern) && m.segment(pattern[i], names[j]):
			i++
			j++
		case star >= 0:
			resume++
			i, j = star+1, resume
		default:
			return false
		}
	}
	return i == len(pattern)
}

// segment matches one name, which has no slash, with the wildcards *, ? and [...] and the backslash. Only the last *
// ever needs to be tried again.
func (m *matching) segment(pattern, name string) bool {
	i, j := 0, 0
	star, resume := -1, 0
	for j < len(name) {
		m.left--
		if i < len(pattern) && pattern[i] == '[' {
			m.left -= len(pattern) - i
		}
		if m.exhausted() {
			return false
		}
		if i < len(pattern) && pattern[i] == '*' {
			star, resume = i, j
			i++
			continue
		}
		if i < len(pattern) {
			if n, ok := matchByte(pattern[i:], name[j]); ok {
				i += n
				j++
				continue
			}
		}
		if star < 0 {
			return false
		}
		resume++
		i, j = star+1, resume
	}
	for i < len(pattern) && pattern[i] == '*' {
		i++
	}
	return i == len(pattern)
}

// matchByte matches b with the first element of pattern, which is not *, and returns the length of that element.
func matchByte(pattern string, b byte) (n int, ok bool) {
	switch pattern[0] {
	case '?':
		return 1, true
	case '\\':
		if len(pattern) < 2 {
			return 0, false // a pattern that ends in a backslash matches nothing
		}
		return 2, pattern[1] == b
	case '[':
		return matchClass(pattern, b)
	}
	return 1, pattern[0] == b
}

// matchClass matches b with the bracket expression that pattern begins with. One that is not closed matches nothing.
func matchClass(pattern string, b byte) (n int, ok bool) {
	i := 1
	negated := false
	if i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^') {
		negated = true
		i++
	}
	in := false
	for first := true; ; first = false {
		if i >= len(pattern) {
			return 0, false
		}
		if pattern[i] == ']' && !first {
			return i + 1, in != negated
		}
		if strings.HasPrefix(pattern[i:], "[:") {
			if end := strings.Index(pattern[i+2:], ":]"); end >= 0 {
				in = in || inNamedClass(pattern[i+2:i+2+end], b)
				i += end + 4
				continue
			}
		}
		lo, next := classByte(pattern, i)
		hi := lo
		if next+1 < len(pattern) && pattern[next] == '-' && pattern[next+1] != ']' {
			hi, next = classByte(pattern, next+1)
		}
		in = in || b == lo || lo <= b && b <= hi // the start of a range counts even when the range is empty
		i = next
	}
}

// classByte returns the byte spelled at i in a bracket expression and the index behind it.
func classByte(pattern string, i int) (byte, int) {
	if pattern[i] == '\\' && i+1 < len(pattern) {
		i++
	}
	return pattern[i], i + 1
}

func inNamedClass(name string, b byte) bool {
	lower, upper, digit := 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9'
	switch name {
	case "alpha":
		return lower || upper
	case "digit":
		return digit
	case "alnum":
		return lower || upper || digit
	case "lower":
		return lower
	case "upper":
		return upper
	case "xdigit":
		return digit || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
	case "space":
		return b == ' ' || '\t' <= b && b <= '\r'
	case "blank":
		return b == ' ' || b == '\t'
	case "punct":
		return '!' <= b && b <= '~' && !lower && !upper && !digit
	case "print":
		return ' ' <= b && b <= '~'
	case "graph":
		return '!' <= b && b <= '~'
	case "cntrl":
		return b < ' ' || b == 0x7F
	}
	return false
}
