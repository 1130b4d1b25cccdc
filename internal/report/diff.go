package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// A Diff is what a change of the code does to who can assume which role.
type Diff struct {
	Widened  []Change // callers that are new, the most severe first
	Narrowed []Change // callers that no longer can
	Added    []string // new roles; who can assume them is in Widened
	Removed  []string // deleted roles; who could assume them is in Narrowed
	Problems []source.Problem
	Files    int      // that changed
	Notes    []string // on how the change was judged
}

// A Change is somebody who can, or no longer can, assume a role.
type Change struct {
	Role     string
	When     string
	Grant    access.Grant
	Span     source.Span // what of the change is the cause; zero when the role is gone
	Severity float64     // of a new access
	New      bool        // the role is new, or gone
	Related  []rules.Related
}

// Scan returns the new callers as findings of the rule trust-widened, for the formats that know findings only.
func (d *Diff) Scan() *Scan {
	s := &Scan{Problems: d.Problems, Files: d.Files, Change: true}
	roles := map[string]bool{}
	for i := range d.Widened {
		c := &d.Widened[i]
		roles[c.Role] = true
		f := rules.Finding{
			Rule: rules.TrustWidened, Level: levelOf(c.Severity), Severity: c.Severity, Role: c.Role, When: c.When,
			Span: c.Span, Message: c.message(), Facts: []string{c.Grant.String()}, Related: c.Related,
		}
		if !c.Grant.Undecided {
			f.Witness = &c.Grant.Witness
		}
		if c.Grant.From != nil {
			f.Statement = c.Grant.From.Span
		}
		if !f.Span.IsZero() {
			s.Findings = append(s.Findings, f)
		}
	}
	s.Findings = rules.Sort(s.Findings)
	s.Roles = len(roles)
	return s
}

// Reaches reports whether a new access is of that band or a higher one.
func (d *Diff) Reaches(b Band) bool {
	for i := range d.Widened {
		if BandOf(d.Widened[i].Severity) >= b {
			return true
		}
	}
	return false
}

func levelOf(severity float64) rules.Level {
	switch BandOf(severity) {
	case CriticalBand, HighBand:
		return rules.Error
	case MediumBand:
		return rules.Warning
	}
	return rules.Note
}

// message says who newly can assume what.
func (c *Change) message() string {
	verb := "can newly assume"
	switch {
	case c.Grant.Undecided:
		verb = "may newly be able to assume"
	case c.New:
		verb = "can assume the new role"
	}
	return c.Grant.String() + " " + verb + " " + c.Role
}

// DiffText writes for people.
func DiffText(w io.Writer, d *Diff, o TextOptions) error {
	t := text{Writer: bufio.NewWriter(w), TextOptions: o}
	for i := range d.Widened {
		c := &d.Widened[i]
		st := levelStyle(levelOf(c.Severity))
		fmt.Fprintf(t, "%s %s\n", t.paint(st, "+"), t.paint(bold, neutral(c.message())))
		gutter := 2
		if !c.Span.IsZero() {
			gutter = len(itoa(c.Span.Begin().Line))
			t.frame(c.Span, gutter, st)
		}
		if c.When != "" {
			fmt.Fprintf(t, "%*s %s when %s\n", gutter, "", t.paint(blue, "="), neutral(c.When))
		}
		if !c.Grant.Undecided {
			fmt.Fprintf(t, "%*s %s %s\n", gutter, "", t.paint(blue, "="), neutral(witnessText(&c.Grant.Witness)))
		}
		for _, r := range c.Related {
			fmt.Fprintf(t, "%*s %s %s: %s\n", gutter, "", t.paint(blue, "="), neutral(r.Message), t.place(r.Span))
		}
		fmt.Fprintf(t, "%*s %s %s severity\n\n", gutter, "", t.paint(blue, "="), BandOf(c.Severity))
	}
	for i := range d.Narrowed {
		c := &d.Narrowed[i]
		fmt.Fprintf(t, "%s %s can no longer assume %s", t.paint(cyan, "-"), neutral(c.Grant.String()), neutral(c.Role))
		if c.New {
			fmt.Fprint(t, ", which is gone")
		}
		fmt.Fprintln(t)
	}
	for _, r := range d.Added {
		fmt.Fprintf(t, "new role: %s\n", neutral(r))
	}
	for _, r := range d.Removed {
		fmt.Fprintf(t, "deleted role: %s\n", neutral(r))
	}
	for _, p := range d.Problems {
		t.problem(p)
	}
	for _, n := range d.Notes {
		fmt.Fprintf(t, "note: %s\n", neutral(n))
	}
	if len(d.Widened)+len(d.Narrowed)+len(d.Added)+len(d.Removed) == 0 {
		fmt.Fprintf(t, "who can assume the roles is the same; %s changed\n", plural(d.Files, "file", "files"))
	} else {
		fmt.Fprintf(t, "%d new, %d gone in who can assume the roles; %s changed\n", len(d.Widened), len(d.Narrowed), plural(d.Files, "file", "files"))
	}
	return t.Flush()
}

type jsonDiff struct {
	Version  int            `json:"version"`
	Widened  []jsonWidened  `json:"widened"`
	Narrowed []jsonNarrowed `json:"narrowed"`
	Added    []string       `json:"added"`
	Removed  []string       `json:"removed"`
	Problems []jsonProblem  `json:"problems"`
}

type jsonWidened struct {
	Role     string        `json:"role"`
	When     string        `json:"when,omitempty"`
	Who      string        `json:"who"`
	Witness  *jsonWitness  `json:"witness"` // null when undecided
	Severity float64       `json:"severity"`
	File     string        `json:"file"`
	Line     int           `json:"line"`
	Related  []jsonRelated `json:"related,omitempty"`
}

type jsonNarrowed struct {
	Role string `json:"role"`
	When string `json:"when,omitempty"`
	Who  string `json:"who"`
}

// DiffJSON writes for other programs.
func DiffJSON(w io.Writer, d *Diff) error {
	out := jsonDiff{
		Version: 1, Widened: []jsonWidened{}, Narrowed: []jsonNarrowed{},
		Added: append([]string{}, d.Added...), Removed: append([]string{}, d.Removed...), Problems: jsonProblems(d.Problems),
	}
	for i := range d.Widened {
		c := &d.Widened[i]
		j := jsonWidened{Role: c.Role, When: c.When, Who: c.Grant.String(), Severity: c.Severity}
		if !c.Grant.Undecided {
			j.Witness = newJSONWitness(&c.Grant.Witness)
		}
		if !c.Span.IsZero() {
			j.File, j.Line = c.Span.File.Name, c.Span.Begin().Line
		}
		for _, r := range c.Related {
			j.Related = append(j.Related, jsonRelated{newJSONPlace(r.Span), r.Message})
		}
		out.Widened = append(out.Widened, j)
	}
	for i := range d.Narrowed {
		c := &d.Narrowed[i]
		out.Narrowed = append(out.Narrowed, jsonNarrowed{c.Role, c.When, c.Grant.String()})
	}
	return encode(w, out)
}

// DiffMarkdown writes for a pull request comment or a job summary.
func DiffMarkdown(w io.Writer, d *Diff, o MarkdownOptions) error {
	m := markdown{MarkdownOptions: o}
	m.diff(d)
	_, err := w.Write(m.Bytes())
	return err
}

func (m *markdown) diff(d *Diff) {
	if len(d.Widened)+len(d.Narrowed)+len(d.Added)+len(d.Removed) == 0 {
		fmt.Fprintf(m, "## trustvet: who can assume the roles is the same\n\n%s changed.\n", plural(d.Files, "file", "files"))
	} else {
		fmt.Fprintf(m, "## trustvet: %d new, %d gone in who can assume the roles\n", len(d.Widened), len(d.Narrowed))
	}
	for _, n := range d.Notes {
		fmt.Fprintf(m, "\n> **Note:** %s.\n", escapeMarkdown(n))
	}
	m.rows("Newly let in", "| severity | who | role | for example |\n|---|---|---|---|\n", len(d.Widened), func(i int) string {
		c := &d.Widened[i]
		example := "it could not be decided"
		if !c.Grant.Undecided {
			example = escapeMarkdown(strings.TrimPrefix(witnessText(&c.Grant.Witness), "for example "))
		}
		role := code(c.Role)
		if c.New {
			role += " (new)"
		}
		if c.When != "" {
			role += ", when " + escapeUpTo(longestCondition, c.When)
		}
		if !c.Span.IsZero() {
			role += "<br>" + m.place(c.Span)
		}
		return fmt.Sprintf("| %s | %s | %s | %s |\n", BandOf(c.Severity), escapeMarkdown(c.Grant.String()), role, example)
	})
	m.rows("No longer let in", "| who | role |\n|---|---|\n", len(d.Narrowed), func(i int) string {
		c := &d.Narrowed[i]
		role := code(c.Role)
		if c.New {
			role += " (gone)"
		}
		return fmt.Sprintf("| %s | %s |\n", escapeMarkdown(c.Grant.String()), role)
	})
	m.problems(d.Problems)
}
