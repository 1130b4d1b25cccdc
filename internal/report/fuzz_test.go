package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// FuzzReport puts any text into names, messages and code: no format prints what acts on its reader, or breaks.
func FuzzReport(f *testing.F) {
	f.Add(hostileText, 0, 9)
	for _, s := range []string{"<a href=x>", "`a``b`", "|a\n|-", "a\r\n::error::b", "\"a]b[c{d}e", "%0A%25", "&amp;&#x1b;", "\\\u202e\\", "##[group]x", "]]>", "--><svg/onload=x>"} {
		f.Add(s, 1, 2)
	}
	f.Fuzz(func(t *testing.T, text string, start, end int) {
		if len(text) > 1000 {
			return
		}
		file := source.NewFile(text+".tf", []byte(text))
		span := source.Span{File: file, Start: 0, End: len(text)}
		if 0 <= start && start <= end && end <= len(text) {
			span.Start, span.End = start, end
		}
		request := access.Request{Principal: text, Action: text, Context: access.Context{{Key: text, Values: []string{text, ""}, List: true}}}
		s := &Scan{
			Findings: []rules.Finding{{
				Rule: highRule, Level: rules.Error, Severity: 9.5, Role: text, When: text, Message: text, Span: span, Facts: []string{text}, Witness: &request,
				Related: []rules.Related{{Span: span, Message: text}}, Flow: []source.Span{span, span}, Fixes: []rules.Fix{{Title: text, Edits: []source.Edit{{Span: span, New: text}}}},
			}},
			Problems: []source.Problem{{Name: text, Message: text, Unreadable: true}, {Span: span, Message: text}},
			Gone:     []Gone{{text, text, text}}, Files: 1, Roles: 1, Held: 1,
		}
		check := func(format, out string) {
			checkHarmless(t, format, out)
			switch {
			case strings.Contains(format, "json"), format == "sarif":
				if !json.Valid([]byte(out)) {
					t.Errorf("%s: not JSON", format)
				}
			case format == "junit.xml":
				d := xml.NewDecoder(strings.NewReader(out))
				for {
					if _, err := d.Token(); err == io.EOF {
						break
					} else if err != nil {
						t.Fatalf("%s: %v", format, err)
					}
				}
			}
		}
		for format := range writers {
			if format != "sarif" {
				check(format, render(t, format, s))
			}
		}
		d := &policy.Document{Role: text, When: text, Span: span}
		g := access.Grant{Witness: request}
		change := Change{Role: text, When: text, Grant: g, Span: span, Severity: 9.5}
		diff := &Diff{Widened: []Change{change}, Narrowed: []Change{change}, Added: []string{text}, Removed: []string{text}, Problems: s.Problems, Notes: []string{text}}
		roles := []Role{{Documents: []*policy.Document{d}, Grants: [][]access.Grant{{g}}}}
		for format, write := range map[string]func(io.Writer) error{
			"txt":     func(w io.Writer) error { return WhoText(w, roles, s.Problems, TextOptions{}) },
			"json":    func(w io.Writer) error { return WhoJSON(w, roles, s.Problems, true) },
			"mermaid": func(w io.Writer) error { return Mermaid(w, roles, GraphOptions{}) },
			"dot":     func(w io.Writer) error { return Dot(w, roles, GraphOptions{}) },
			"diff":    func(w io.Writer) error { return DiffText(w, diff, TextOptions{}) },
			"difjson": func(w io.Writer) error { return DiffJSON(w, diff) },
			"md":      func(w io.Writer) error { return DiffMarkdown(w, diff, MarkdownOptions{}) },
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			check(format, b.String())
		}
	})
}
