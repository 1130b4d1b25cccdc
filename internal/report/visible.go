package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Visible returns s so that nothing in it acts on a terminal or on the GitHub Actions runner: control characters,
// bidirectional and other invisible formatting characters, and bytes that are not UTF-8 are spelled out, and what the
// runner would read as a workflow command is broken up. A tab stays.
//
// The runner reads "::" at the start of a line, blanks aside, and "##[" anywhere in it.
// https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
func Visible(s string) string {
	s = neutral(s)
	if t := strings.TrimLeft(s, " \t"); strings.HasPrefix(t, "::") {
		s = s[:len(s)-len(t)] + `\u003a` + t[1:]
	}
	return s
}

// neutral is Visible for text that does not begin a line.
func neutral(s string) string {
	plain := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' || c >= 0x7F || c == '#' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case hides(r) && r > 0xFFFF:
			fmt.Fprintf(&b, `\U%08x`, r)
		case hides(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return strings.ReplaceAll(b.String(), "##[", `##\u005b`)
}

// hides reports whether r acts on what is around it instead of being seen. The joiner of emoji is let through.
func hides(r rune) bool {
	const zeroWidthJoiner = 0x200D
	switch {
	case r == '\t' || r == zeroWidthJoiner:
		return false
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return true
	}
	return unicode.Is(unicode.Cf, r)
}

// columns returns how many columns of a terminal s takes. It has no tabs.
func columns(s string) int {
	n := 0
	joined := false
	for _, r := range s {
		w := 1
		switch k := width.LookupRune(r).Kind(); {
		case r == 0x200D || unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
			w = 0
		case k == width.EastAsianWide || k == width.EastAsianFullwidth:
			w = 2
		}
		if !joined {
			n += w
		}
		joined = r == 0x200D // what follows a joiner is drawn over what precedes it
	}
	return n
}
