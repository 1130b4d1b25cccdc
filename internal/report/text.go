package report

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// TextOptions says how people want to read.
type TextOptions struct {
	Color bool
	// Dir is the working directory relative to the root of the scan, in the system's spelling: names are printed relative to
	// it. "" stands for the root.
	Dir string
}

// Text writes for people: each finding with the line it is in and what is meant underlined.
func Text(w io.Writer, s *Scan, o TextOptions) error {
	t := text{Writer: bufio.NewWriter(w), TextOptions: o}
	for i := range s.Findings {
		t.finding(&s.Findings[i])
	}
	for _, p := range s.Problems {
		t.problem(p)
	}
	t.summary(s)
	return t.Flush()
}

type text struct {
	*bufio.Writer
	TextOptions
}

// A style is a terminal's way to set text apart.
type style string

const (
	bold   style = "1"
	red    style = "1;31"
	yellow style = "1;33"
	cyan   style = "1;36"
	blue   style = "34"
)

func (t *text) paint(st style, s string) string {
	if !t.Color || s == "" {
		return s
	}
	return "\x1b[" + string(st) + "m" + s + "\x1b[0m"
}

func levelStyle(l rules.Level) style {
	switch l {
	case rules.Error:
		return red
	case rules.Warning:
		return yellow
	}
	return cyan
}

// place returns file:line:column of a span, as people and editors read it.
func (t *text) place(s source.Span) string {
	p := s.Begin()
	return fmt.Sprintf("%s:%d:%d", t.name(s.File.Name), p.Line, p.Column)
}

func (t *text) name(name string) string {
	if t.Dir != "" && t.Dir != "." {
		if rel, err := filepath.Rel(t.Dir, filepath.FromSlash(name)); err == nil {
			name = filepath.ToSlash(rel)
		}
	}
	return Visible(name)
}

func (t *text) finding(f *rules.Finding) {
	st := levelStyle(f.Level)
	fmt.Fprintf(t, "%s: %s\n", t.paint(st, f.Level.String()), t.paint(bold, neutral(f.Message)))
	gutter := 2
	if !f.Span.IsZero() {
		gutter = len(itoa(f.Span.Begin().Line))
		t.frame(f.Span, gutter, st)
	}
	note := func(format string, args ...any) {
		fmt.Fprintf(t, "%*s %s %s\n", gutter, "", t.paint(blue, "="), fmt.Sprintf(format, args...))
	}
	role := neutral(f.Role)
	if f.When != "" {
		role += ", when " + brief(f.When)
	}
	note("role: %s", role)
	for i, also := range f.Also {
		if i == alsoShown {
			note("and %d more instances", len(f.Also)-i)
			break
		}
		note("and:  %s", neutral(also))
	}
	if f.Witness != nil {
		note("%s", neutral(witnessText(f.Witness)))
	}
	for _, r := range f.Related {
		if !r.Span.IsZero() {
			note("%s: %s", neutral(r.Message), t.place(r.Span))
		}
	}
	for i, via := range f.Flow {
		if i > 0 && !via.IsZero() {
			note("through %s", t.place(via))
		}
	}
	for _, fix := range f.Fixes {
		note("fix: %s", neutral(fix.Title))
	}
	note("%s severity; trustvet explain %s", BandOf(f.Severity), f.Rule.ID)
	fmt.Fprintln(t)
}

// alsoShown is how many further instances of a role are named.
const alsoShown = 3

// What is shown of a line, in code points: enough of it around the span for people, and no more work for a line of a
// megabyte than for one of a hundred bytes.
const (
	lineShown  = 120
	beforeSpan = 60
	tabStop    = 4
	cutMark    = "…"
)

// frame prints the line in which span begins with the part that it covers underlined.
func (t *text) frame(span source.Span, gutter int, st style) {
	begin := span.Begin()
	before, marked, after := t.cut(span)
	before, marked, after = expandTabs(before, marked, after)
	if strings.Contains(before+marked+after, "##[") { // a command to the runner of which each part alone is none
		spell := strings.NewReplacer("[", `\u005b`)
		before, marked, after = spell.Replace(before), spell.Replace(marked), spell.Replace(after)
	}
	bar := t.paint(blue, "|")
	fmt.Fprintf(t, "%*s%s %s\n", gutter, "", t.paint(blue, "-->"), t.place(span))
	fmt.Fprintf(t, "%*s %s\n", gutter, "", bar)
	fmt.Fprintf(t, "%s %s %s\n", t.paint(blue, itoa(begin.Line)), bar, strings.TrimRight(before+marked+after, " "))
	underline := strings.Repeat("^", max(1, columns(marked)))
	fmt.Fprintf(t, "%*s %s %s%s\n", gutter, "", bar, strings.Repeat(" ", columns(before)), t.paint(st, underline))
}

// cut returns the text of the line in which span begins: what is before span, in it and behind it, each cut to what is
// shown and made visible.
func (t *text) cut(span source.Span) (before, marked, after string) {
	n := span.Begin().Line
	line := span.File.Line(n)
	lineStart := span.File.Offset(source.Position{Line: n, Column: 1})
	start := max(0, min(span.Start-lineStart, len(line)))
	end := max(start, min(span.End-lineStart, len(line)))
	before, more := lastRunes(line[:start], beforeSpan)
	before = Visible(before)
	if more {
		before = cutMark + before
	}
	room := lineShown - min(utf8.RuneCountInString(before), lineShown-1)
	marked, more = firstRunes(line[start:end], room)
	marked = neutral(marked)
	if more {
		return before, marked + cutMark, ""
	}
	after, more = firstRunes(line[end:], room-min(utf8.RuneCountInString(marked), room))
	after = neutral(after)
	if more {
		after += cutMark
	}
	return before, marked, after
}

// firstRunes returns the first n runes of b and whether there are more.
func firstRunes(b []byte, n int) (s string, more bool) {
	i := 0
	for ; n > 0 && i < len(b); n-- {
		_, size := utf8.DecodeRune(b[i:])
		i += size
	}
	return string(b[:i]), i < len(b)
}

// lastRunes returns the last n runes of b and whether there are more.
func lastRunes(b []byte, n int) (s string, more bool) {
	i := len(b)
	for ; n > 0 && i > 0; n-- {
		_, size := utf8.DecodeLastRune(b[:i])
		i -= size
	}
	return string(b[i:]), i > 0
}

// expandTabs replaces the tabs of texts that stand beside each other by spaces.
func expandTabs(before, marked, after string) (string, string, string) {
	column := 0
	expand := func(s string) string {
		if !strings.Contains(s, "\t") {
			column += columns(s)
			return s
		}
		var b strings.Builder
		for i, field := range strings.Split(s, "\t") {
			if i > 0 {
				n := tabStop - column%tabStop
				b.WriteString(strings.Repeat(" ", n))
				column += n
			}
			b.WriteString(field)
			column += columns(field)
		}
		return b.String()
	}
	before = expand(before)
	marked = expand(marked)
	return before, marked, expand(after)
}

func (t *text) problem(p source.Problem) {
	kind, st := "unresolved", yellow
	if p.Unreadable {
		kind, st = "unreadable", red
	}
	place := Visible(p.File())
	if p.Span.File != nil {
		place = t.place(p.Span)
	}
	fmt.Fprintf(t, "%s: %s: %s\n", t.paint(st, kind), place, neutral(p.Message))
}

func (t *text) summary(s *Scan) {
	line := plural(len(s.Findings), "finding", "findings") + " in " + plural(s.Roles, "role", "roles") + " of " + plural(s.Files, "file", "files")
	if s.Unresolved > 0 {
		line += "; " + plural(s.Unresolved, "role is", "roles are") + " not fully known"
	}
	if s.Held > 0 {
		line += "; the baseline holds back " + itoa(s.Held)
	}
	for _, g := range s.Gone {
		fmt.Fprintf(t, "%s: %s: %s: %s is in the baseline and no longer found\n", t.paint(cyan, "gone"), t.name(g.File), neutral(g.Role), neutral(g.Rule))
	}
	if len(s.Problems)+len(s.Gone) > 0 {
		fmt.Fprintln(t)
	}
	fmt.Fprintln(t, line)
}
