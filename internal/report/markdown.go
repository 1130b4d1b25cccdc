package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// MarkdownOptions says where the report will be read.
type MarkdownOptions struct {
	// BlobURL is the address that file names are appended to, so that places become links:
	// https://github.com/o/r/blob/SHA/. "" makes no links.
	BlobURL string
	// MaxBytes is where the report is cut, at the end of a row; 0 is no limit. GitHub refuses a job summary of over 1 MiB.
	MaxBytes int
}

// Markdown writes for a pull request comment or a job summary.
func Markdown(w io.Writer, s *Scan, o MarkdownOptions) error {
	m := markdown{MarkdownOptions: o}
	m.write(s)
	_, err := w.Write(m.Bytes())
	return err
}

type markdown struct {
	bytes.Buffer
	MarkdownOptions
}

// roomForEnd is kept for what is written when rows were cut.
const roomForEnd = 2000

func (m *markdown) write(s *Scan) {
	fmt.Fprintf(m, "## trustvet: %s\n\n", plural(len(s.Findings), "finding", "findings"))
	fmt.Fprintf(m, "%s in %s", plural(s.Roles, "role", "roles"), plural(s.Files, "file", "files"))
	if s.Unresolved > 0 {
		fmt.Fprintf(m, ", %d of them not fully known", s.Unresolved)
	}
	m.WriteString(".")
	if s.Held > 0 {
		fmt.Fprintf(m, " The baseline holds back %d.", s.Held)
	}
	if n := len(s.Gone); n > 0 {
		fmt.Fprintf(m, " %d of the baseline are gone.", n)
	}
	m.WriteString("\n")
	fs := bySeverity(s.Findings)
	m.rows("", "| severity | who can do what | role |\n|---|---|---|\n", len(fs), func(i int) string { return m.finding(&fs[i]) })
	m.problems(s.Problems)
}

func (m *markdown) problems(ps []source.Problem) {
	m.rows("Not read or not resolved", "| place | why |\n|---|---|\n", len(ps), func(i int) string {
		place := code(ps[i].File())
		if !ps[i].Span.IsZero() {
			place = m.place(ps[i].Span)
		}
		return fmt.Sprintf("| %s | %s |\n", place, escapeMarkdown(ps[i].Message))
	})
}

// rows writes a table under a title, "" for none, unless it is empty.
func (m *markdown) rows(title, head string, n int, row func(i int) string) {
	if n == 0 {
		return
	}
	if title != "" {
		fmt.Fprintf(m, "\n### %s\n", title)
	}
	fmt.Fprintf(m, "\n%s", head)
	for i := range n {
		if !m.row(row(i)) {
			fmt.Fprintf(m, "\n%s not shown here.\n", plural(n-i, "more is", "more are"))
			return
		}
	}
}

// row writes a row unless the report would become too long, and reports whether it did.
func (m *markdown) row(row string) bool {
	if m.MaxBytes > 0 && m.Len()+len(row) > m.MaxBytes-roomForEnd {
		return false
	}
	m.WriteString(row)
	return true
}

func (m *markdown) finding(f *rules.Finding) string {
	message := escapeMarkdown(saying(f))
	if f.When != "" {
		message += ", when " + escapeUpTo(longestCondition, f.When)
	}
	if f.Witness != nil {
		message += "; " + escapeMarkdown(witnessText(f.Witness))
	}
	role := code(f.Role)
	if span := primary(f); !span.IsZero() {
		role += "<br>" + m.place(span) // a column of its own would be out of sight beside long texts
	}
	return fmt.Sprintf("| %s | %s ([%s](%s)) | %s |\n", BandOf(f.Severity), message, f.Rule.ID, f.Rule.URL(), role)
}

// place returns file:line, as a link where there is something to link to.
func (m *markdown) place(s source.Span) string {
	line := s.Begin().Line
	text := code(fmt.Sprintf("%s:%d", s.File.Name, line))
	if m.BlobURL == "" || downloaded(s.File.Name) {
		return text
	}
	return fmt.Sprintf("[%s](%s%s#L%d)", text, m.BlobURL, uri(s.File.Name), line)
}

// longest is how much of one text a table cell shows, in code points.
const longest = 500

// longestCondition is how much is shown of what a finding depends on; JSON has all of it.
const longestCondition = 120

// brief returns a condition as it is shown to people: of a long one the beginning.
func brief(when string) string {
	s, more := firstRunes([]byte(neutral(when)), longestCondition)
	if more {
		s += cutMark
	}
	return s
}

// unbroken is how long a word may be, in bytes, before it is given places where a line can end: a table is as wide as the
// longest words without one.
const unbroken = 30

// escapeMarkdown returns s so that it reads as it is, whatever the renderer: no markup, no HTML, no link, no mention, no
// cell border.
func escapeMarkdown(s string) string { return escapeUpTo(longest, s) }

func escapeUpTo(limit int, s string) string {
	s, more := firstRunes([]byte(neutral(s)), limit)
	if more {
		s += cutMark
	}
	var b strings.Builder
	ends := 0 // of the word, where a line can end
	for i := 0; i < len(s); {
		if i >= ends {
			if i > 0 && s[i-1] != ' ' && s[i] != ' ' {
				b.WriteString("<wbr>")
			}
			ends = i + pieceOf(s[i:])
		}
		size := 1
		switch c := s[i]; {
		case c == '\t':
			b.WriteByte(' ')
		case c == '@':
			b.WriteString("<span>@</span>") // a mention is made after entities are decoded
		case strings.IndexByte("&<>*`[]|\\~#$", c) >= 0,
			c == '_' && !(0 < i && alphanumeric(s[i-1]) && i+1 < len(s) && alphanumeric(s[i+1])), // emphasis
			c == ':' && strings.HasPrefix(s[i:], "://"),
			c == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www"):
			fmt.Fprintf(&b, "&#%d;", c)
		default:
			_, size = utf8.DecodeRuneInString(s[i:])
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// pieceOf returns the length of the beginning of s that a line should not end in: a word with the blank behind it, or a part
// of a long one.
func pieceOf(s string) int {
	word := strings.IndexByte(s, ' ')
	if word < 0 {
		word = len(s)
	}
	if word <= unbroken {
		return min(word+1, len(s))
	}
	if end := strings.LastIndexAny(s[:unbroken], "/.,:;=)}"); end > 0 {
		return end + 1
	}
	end := unbroken
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return end
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// code returns s set as code.
func code(s string) string { return "<code>" + escapeMarkdown(s) + "</code>" }
