package cloudformation

import (
	"bytes"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// mask hides the directives of a template language around YAML or JSON (Go, Helm, Jinja, cookiecutter) behind as many bytes
// of plain text, so that what is left can be read and keeps its places. Lines of directives only become blank; a directive
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
		last := end
		for next := blankTo(src, last); next < len(src); next = blankTo(src, last) {
			if directive(src, next) != next {
				break
			}
			nextEnd := directiveEnd(src, next)
			if nextEnd < 0 {
				break
			}
			last = nextEnd
		}
		if atLineStart(src, i) && atLineEnd(src, last) {
			for j := i; j < last; j++ {
				if masked[j] != '\n' && masked[j] != '\r' {
					masked[j] = ' '
				}
			}
			if hole := blanked(src[i:last]); hole != nil {
				gaps = append(gaps, gap{start: i, end: last, hole: hole})
			}
			i = directive(src, last)
			continue
		}
		fill, inner := byte('T'), strings.Trim(string(src[i+2:max(i+2, end-2)]), "- \t\r\n")
		var hole *policy.Hole
		if src[i+1] == '{' {
			hole = &policy.Hole{Expr: inner, Reason: "written by another template language"}
		} else {
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

// blanked returns a hole when lines of directives stand for text of their own, rather than for loops and the like.
func blanked(directives []byte) *policy.Hole {
	for i := 0; i >= 0 && i < len(directives); {
		end := directiveEnd(directives, i)
		if end < 0 {
			return nil
		}
		inner := strings.Trim(string(directives[i+2:max(i+2, end-2)]), "- \t\r\n")
		word, _, _ := strings.Cut(inner, " ")
		switch {
		case directives[i+1] != '{', strings.HasPrefix(inner, "/*"), strings.HasPrefix(inner, "$"), strings.HasPrefix(inner, "!"):
		default:
			switch word {
			case "if", "else", "end", "range", "with", "define", "block", "break", "continue", "":
			default:
				return &policy.Hole{Expr: inner, Many: true, Reason: "written by another template language"}
			}
		}
		i = directive(directives, end)
	}
	return nil
}

// directive returns the place of the first directive in src from byte i on, -1 when there is none. A dynamic reference of
// CloudFormation, {{resolve:…}}, is none.
func directive(src []byte, i int) int {
	for i < len(src) {
		n := bytes.IndexByte(src[i:], '{')
		if n < 0 || i+n+1 >= len(src) {
			return -1
		}
		i += n
		switch src[i+1] {
		case '{':
			if !bytes.HasPrefix(src[i+2:], []byte("resolve:")) && directiveEnd(src, i) > 0 {
				return i
			}
			i++
		case '%':
			if directiveEnd(src, i) > 0 {
				return i
			}
		}
		i++
	}
	return -1
}

// directiveEnd returns where the directive that begins at byte i ends, -1 when it does not. The longest real ones, comments,
// have some lines.
func directiveEnd(src []byte, i int) int {
	const longest = 4096
	if i+2 > len(src) {
		return -1
	}
	closing := "}}"
	if src[i+1] == '%' {
		closing = "%}"
	}
	window := src[i+2 : min(len(src), i+2+longest)]
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

func atLineEnd(src []byte, i int) bool {
	i = blankTo(src, i)
	return i >= len(src) || src[i] == '\n' || src[i] == '\r'
}
