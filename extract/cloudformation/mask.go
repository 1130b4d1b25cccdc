package cloudformation

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"github.com/trustvet/trustvet/internal/policy"
)

// mask hides the directives of a template language around YAML or JSON (Go, Helm, Jinja, cookiecutter) behind as many bytes
// of plain text, so that what is left can be read and keeps its places. Lines of directives only become line breaks; a directive
// within a line becomes a word, which is a gap. It returns src itself when there is none.
func mask(src []byte) ([]byte, []gap) {
	first := directive(src, 0)
	if first < 0 {
		return src, nil
	}
	masked := bytes.Clone(src)
	var gaps []gap
	for i := first; i >= 0; {
		end := directiveEnd(src, i)
		if end < 0 {
			break
		}
		// Take directives that follow each other on the same lines together.
		last, whole := end, atLineStart(src, i)
		for next := blankTo(src, last); whole && next < len(src); next = blankTo(src, last) {
			if directive(src, next) != next {
				break
			}
			nextEnd := directiveEnd(src, next)
			if nextEnd < 0 {
				break
			}
			last = nextEnd
		}
		if whole && atLineEnd(src, last) {
			// Line breaks, since a line of spaces means something at the start of a block scalar.
			for j := lineStart(src, i); j < last; j++ {
				masked[j] = '\n'
			}
			gaps = append(gaps, gap{start: lineStart(src, i), end: last, hole: blanked(src[i:last])})
			i = directive(src, last)
			continue
		}
		fill, inner := byte('T'), directiveText(src[i:end])
		choice := choiceEnd(src, i)
		if choice > 0 {
			end = choice
		}
		var hole *policy.Hole
		if src[i+1] == '{' {
			hole = &policy.Hole{Expr: inner, Reason: otherLanguage}
		}
		if choice < 0 && (src[i+1] == '%' || control(inner)) {
			fill = ' '
		}
		for j := i; j < end; j++ {
			if masked[j] != '\n' && masked[j] != '\r' {
				masked[j] = fill
			} else if fill == 'T' {
				masked[j] = ' '
			}
		}
		gaps = append(gaps, gap{start: i, end: end, hole: hole})
		i = directive(src, end)
	}
	return masked, gaps
}

const otherLanguage = "written by another template language"

// directiveText returns what stands between the braces of a directive.
func directiveText(directive []byte) string {
	return strings.Trim(string(directive[2:max(2, len(directive)-2)]), "- \t\r\n")
}

// control reports whether a directive of a Go template gives no text of its own.
func control(inner string) bool {
	word, rest, _ := strings.Cut(inner, " ")
	switch word {
	case "if", "else", "end", "range", "with", "define", "block", "break", "continue", "":
		return true
	}
	return strings.HasPrefix(inner, "/*") || strings.HasPrefix(inner, "!") ||
		strings.HasPrefix(inner, "$") && (strings.HasPrefix(rest, ":=") || strings.HasPrefix(rest, "="))
}

// choiceEnd returns where a choice within a line ends whose first directive is at byte i, {{if .A}}x{{else}}y{{end}}, which as a
// whole stands for one thing or another; -1 when there is none.
func choiceEnd(src []byte, i int) int {
	depth, alternative := 0, false
	for at := i; at >= 0 && at < len(src); {
		end := directiveEnd(src, at)
		if end < 0 || bytes.IndexByte(src[i:end], '\n') >= 0 {
			return -1
		}
		word, _, _ := strings.Cut(directiveText(src[at:end]), " ")
		switch word {
		case "if", "with", "range":
			depth++
		case "else":
			alternative = alternative || depth == 1
		case "end", "endif":
			depth--
		}
		if depth == 0 {
			if alternative {
				return end
			}
			return -1
		}
		at = directive(src, end)
	}
	return -1
}

// blanked returns a hole when lines of directives stand for text of their own, rather than for loops and the like.
func blanked(directives []byte) *policy.Hole {
	for i := 0; i >= 0 && i < len(directives); {
		end := directiveEnd(directives, i)
		if end < 0 {
			return nil
		}
		if inner := directiveText(directives[i:end]); directives[i+1] == '{' && !control(inner) {
			return &policy.Hole{Expr: inner, Many: true, Reason: otherLanguage}
		}
		i = directive(directives, end)
	}
	return nil
}

var token = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`%{1,2}[A-Za-z][A-Za-z0-9_]*%{1,2}`) })

// maskTokens is mask for %NAME% and %%NAME%%, which the build scripts of AWS's own solutions replace. A plain scalar cannot
// begin with one.
func maskTokens(src []byte) ([]byte, []gap) {
	var gaps []gap
	masked := bytes.Clone(src)
	for _, m := range token().FindAllIndex(src, -1) {
		for j := m[0]; j < m[1]; j++ {
			masked[j] = 'T'
		}
		hole := &policy.Hole{Expr: strings.Trim(string(src[m[0]:m[1]]), "%"), Reason: "put in by a build script"}
		gaps = append(gaps, gap{start: m[0], end: m[1], hole: hole})
	}
	return masked, gaps
}

// directive returns the place of the first directive in src from byte i on, -1 when there is none. A dynamic reference of
// CloudFormation, {{resolve:…}}, is none.
func directive(src []byte, i int) int {
	// From where on there is a closing brace of each kind: looked for once, not again for every opening one.
	closed := map[byte]int{}
	for i < len(src) {
		n := bytes.IndexByte(src[i:], '{')
		if n < 0 || i+n+1 >= len(src) {
			return -1
		}
		i += n
		if kind := src[i+1]; kind == '{' || kind == '%' {
			if at, ok := closed[kind]; !ok || at < i {
				closing := "}}"
				if kind == '%' {
					closing = "%}"
				}
				closed[kind] = len(src)
				if n := bytes.Index(src[i:], []byte(closing)); n >= 0 {
					closed[kind] = i + n
				}
			}
			if closed[kind]-i <= longestDirective && !bytes.HasPrefix(src[i+1:], []byte("{resolve:")) && directiveEnd(src, i) > 0 {
				return i
			}
			if kind == '{' {
				i++
			}
		}
		i++
	}
	return -1
}

// longestDirective is how long a directive may be, in bytes. The longest real ones, comments, have some lines.
const longestDirective = 4096

// directiveEnd returns where the directive that begins at byte i ends, -1 when it does not.
func directiveEnd(src []byte, i int) int {
	if i+2 > len(src) {
		return -1
	}
	closing := "}}"
	if src[i+1] == '%' {
		closing = "%}"
	}
	window := src[i+2 : min(len(src), i+2+longestDirective)]
	comment := bytes.HasPrefix(bytes.TrimLeft(window, "- \t"), []byte("/*"))
	n := bytes.Index(window, []byte(closing))
	if n < 0 || !comment && bytes.IndexByte(window[:n], '\n') >= 0 && !bytes.Contains(window[:n], []byte("(")) {
		return -1
	}
	return i + 2 + n + 2
}

// blankTo returns where the white space at byte i ends, on the same line.
func blankTo(src []byte, i int) int {
	for i < len(src) && (src[i] == ' ' || src[i] == '\t') {
		i++
	}
	return i
}

func atLineStart(src []byte, i int) bool {
	for i--; i >= 0 && (src[i] == ' ' || src[i] == '\t'); i-- {
	}
	return i < 0 || src[i] == '\n'
}

func lineStart(src []byte, i int) int {
	return bytes.LastIndexByte(src[:i], '\n') + 1
}

func atLineEnd(src []byte, i int) bool {
	i = blankTo(src, i)
	return i >= len(src) || src[i] == '\n' || src[i] == '\r'
}
