package scan

import (
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/trustvet/trustvet/extract"
	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// A cause finds what of a change lets somebody in. The place is always on one line, and on a changed one wherever the
// change can be followed to the policy: code scanning shows a reviewer nothing else.
type cause struct {
	tree  *source.Tree           // the new state
	lines map[string][]lineRange // of the new state, that changed
}

// A rest is what a new grant rests on.
type rest struct {
	document *policy.Document
	places   []source.Span // where it comes from, the most telling place first
	words    []string      // of its witness, that are new
}

// restOf returns what a grant of d rests on, where the former policies did not have it.
func restOf(d *policy.Document, g *access.Grant, former []*policy.Document) rest {
	return rest{d, placesOf(d, g), newWords(g, former)}
}

// suspects returns those of the changed files that may hold the cause of one of the grants.
func suspects(grants []rest, changed []string) []string {
	files, beside := map[string]bool{}, map[string]bool{} // names and directories
	for _, r := range grants {
		for _, p := range r.places {
			if p.IsZero() {
				continue
			}
			files[p.File.Name] = true
			if isConfiguration(p.File.Name) {
				beside[path.Dir(p.File.Name)] = true
			}
		}
	}
	var names []string
	for _, name := range changed {
		if files[name] || isConfiguration(name) && beside[path.Dir(name)] {
			names = append(names, name)
		}
	}
	return names
}

// of returns the place in the new state that the change is the cause of a grant at: the principal, a condition or an action
// on a line that changed, or what these came through, or the changed line of the statement; where nothing of that changed,
// the changed line nearby that has the words which are new in the grant, and failing that the principal.
func (c cause) of(r rest) source.Span {
	for _, p := range r.places {
		if at, ok := c.changedIn(p); ok {
			return at
		}
	}
	if at, ok := c.nearby(r.places, r.words); ok {
		return at
	}
	for _, p := range r.places {
		if !p.IsZero() {
			return firstLine(p)
		}
	}
	return source.Span{}
}

// placesOf returns where what a grant rests on comes from, the most telling place first.
func placesOf(d *policy.Document, g *access.Grant) []source.Span {
	var places []source.Span
	text := func(t policy.Text) {
		places = append(places, t.Span)
		for _, p := range t.Parts {
			places = append(places, p.Span)
		}
		places = append(places, t.Via...)
	}
	if p := g.Principal; p != nil {
		text(p.ID)
		places = append(places, p.Span)
	}
	if s := g.From; s != nil {
		for _, cond := range s.Conditions {
			for _, v := range cond.Values {
				text(v)
			}
			text(cond.Operator.Text)
			text(cond.Key)
		}
		for _, a := range slices.Concat(s.Actions, s.NotActions) {
			text(a)
		}
		text(s.Sid)
		places = append(places, s.Span)
	}
	return append(append(places, d.Span), d.Calls...)
}

// context is how many lines beside a changed one a diff shows.
const context = 3

// changedIn returns the part of a span that lies on its first changed line with a word on it, or where lines are gone, on
// the one before them.
func (c cause) changedIn(s source.Span) (source.Span, bool) {
	if s.IsZero() {
		return s, false
	}
	from, to := s.Begin().Line, s.Finish().Line
	for _, r := range c.lines[s.File.Name] {
		first, last := max(r.from, from), min(r.to, to)
		if first > last {
			continue
		}
		if from == to {
			return s, true
		}
		line := first
		for line < last && !hasWord(s.File.Line(line)) {
			line++
		}
		if !hasWord(s.File.Line(line)) {
			line = first
		}
		for above := first - 1; above >= max(from, first-context+1) && !hasWord(s.File.Line(line)); above-- {
			if hasWord(s.File.Line(above)) {
				line = above
			}
		}
		return onLine(s, line), true
	}
	return s, false
}

// nearby returns the changed line that has the longest of the words, in a file beside one that the places are in; the only
// one that changed there when none has any.
func (c cause) nearby(places []source.Span, words []string) (source.Span, bool) {
	beside := map[string]bool{}
	for _, p := range places {
		if !p.IsZero() && extract.LanguageOf(p.File.Name) == extract.Terraform {
			beside[path.Dir(p.File.Name)] = true
		}
	}
	var best source.Span
	longest, hunks := 0, 0
	for _, name := range slices.Sorted(maps.Keys(c.lines)) {
		if !beside[path.Dir(name)] || extract.LanguageOf(name) != extract.Terraform {
			continue
		}
		f, err := c.tree.File(name)
		if err != nil {
			continue // it is gone
		}
		whole := source.Span{File: f, Start: 0, End: len(f.Src)}
		for _, r := range c.lines[name] {
			hunks++
			for line := r.from; line <= r.to; line++ {
				text := string(f.Line(line))
				score := 0
				for _, w := range words {
					if len(w) > score && strings.Contains(text, w) {
						score = len(w)
					}
				}
				if score > longest || best.IsZero() && hasWord(f.Line(line)) {
					best, longest = onLine(whole, line), score
				}
			}
		}
	}
	return best, !best.IsZero() && (longest > 0 || hunks == 1)
}

// newWords returns the words of a grant's witness that the former policies do not have.
func newWords(g *access.Grant, former []*policy.Document) []string {
	var known strings.Builder
	for _, d := range former {
		if d.Value != nil {
			known.Write(d.Value.JSON())
		}
	}
	texts := []string{g.Witness.Principal}
	for _, a := range g.Witness.Context {
		texts = append(texts, a.Values...)
	}
	var words []string
	for _, t := range texts {
		for _, w := range strings.FieldsFunc(t, func(r rune) bool { return r == ':' || r == '/' }) {
			if len(w) > 2 && !strings.Contains(known.String(), w) {
				words = append(words, w)
			}
		}
	}
	return words
}

// onLine returns the part of a span that lies on a line of it, without the indentation.
func onLine(s source.Span, line int) source.Span {
	start := s.File.Offset(source.Position{Line: line, Column: 1})
	text := string(s.File.Line(line))
	indent := len(text) - len(strings.TrimLeft(text, " \t"))
	return source.Span{File: s.File, Start: max(start+indent, s.Start), End: min(start+len(text), s.End)}
}

func firstLine(s source.Span) source.Span {
	if line := s.Begin().Line; line != s.Finish().Line {
		return onLine(s, line)
	}
	return s
}

func hasWord(line []byte) bool {
	return strings.ContainsFunc(string(line), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '*' })
}
