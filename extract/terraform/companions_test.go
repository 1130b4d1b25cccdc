package terraform

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// Each archive shows the companions of some roles as they are understood, with their places, and the problems.
func TestCompanions(t *testing.T) {
	names, _ := filepath.Glob("testdata/companions/*.txtar")
	if len(names) == 0 {
		t.Fatal("no archives")
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			last := len(archive.Files) - 1
			if archive.Files[last].Name != "want" {
				t.Fatal("the last file is not want")
			}
			fsys := fstest.MapFS{}
			var files []string
			for _, f := range archive.Files[:last] {
				fsys[f.Name] = &fstest.MapFile{Data: f.Data}
				files = append(files, f.Name)
			}
			docs, companions, problems := Extract(source.NewTree(fsys), files, Options{})
			got := printCompanions(docs, companions, problems)
			for _, c := range companions {
				for _, wrong := range misplaced(c) {
					t.Errorf("%s %s: %s", c.Kind, c.Address, wrong)
				}
			}
			if *update {
				archive.Files[last].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if want := string(archive.Files[last].Data); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func printCompanions(docs []*policy.Document, companions []*policy.Companion, problems []source.Problem) string {
	var b strings.Builder
	for _, d := range docs {
		fmt.Fprintf(&b, "role %s\t%s\n", d.Role, d.Note)
	}
	text := func(name string, t policy.Text) {
		if !t.IsZero() {
			fmt.Fprintf(&b, "\t%s %s\t%s\n", name, showText(t), at(t.Span))
		}
	}
	for _, c := range companions {
		fmt.Fprintf(&b, "%s %s", c.Kind, c.Address)
		if c.Role != "" {
			fmt.Fprintf(&b, " of %s", c.Role)
		}
		if c.When != "" {
			fmt.Fprintf(&b, " when %s", c.When)
		}
		fmt.Fprintf(&b, "\t%s\n", at(c.Span))
		for _, call := range c.Calls {
			fmt.Fprintf(&b, "\tcalled at %s\n", at(call))
		}
		text("role", c.RoleRef)
		text("name", c.Name)
		text("arn", c.ARN)
		text("url", c.URL)
		for _, a := range c.Audiences {
			text("audience", a)
		}
		if c.Policy != nil {
			fmt.Fprintf(&b, "\tpolicy %s\n", c.Policy.JSON())
			for _, leaf := range c.Policy.Leaves() {
				if h := leaf.Value.Hole; h != nil {
					fmt.Fprintf(&b, "\tnot known %s: %s\n", leaf.Path, h.Reason)
				}
			}
		}
	}
	for _, p := range problems {
		fmt.Fprintf(&b, "problem %s\n", p.Message)
	}
	return b.String()
}

func showText(t policy.Text) string {
	s := t.String()
	for _, p := range t.Parts {
		if h := p.Hole; h != nil && h.Many {
			s += " <many>"
		}
		if h := p.Hole; h != nil && h.Reason != "" {
			s += " <" + h.Reason + ">"
		}
	}
	return s
}

// misplaced returns the literals of c whose place is not that of their spelling.
func misplaced(c *policy.Companion) []string {
	values := []*policy.Value{}
	for _, t := range append([]policy.Text{c.RoleRef, c.Name, c.ARN, c.URL}, c.Audiences...) {
		values = append(values, &policy.Value{Kind: policy.StringKind, Text: t, Span: t.Span})
	}
	if c.Policy != nil {
		for _, leaf := range c.Policy.Leaves() {
			values = append(values, leaf.Value)
		}
	}
	var wrong []string
	for _, v := range values {
		for _, p := range v.Text.Parts {
			if p.Hole == nil && p.Located() && !spells(p) {
				wrong = append(wrong, fmt.Sprintf("%q is spelled %q", p.Literal, p.Span.Text()))
			}
		}
	}
	return wrong
}

// at returns a place and the text there.
func at(s source.Span) string {
	text := []rune(strings.ReplaceAll(s.Text(), "\n", `\n`))
	if len(text) > 60 {
		text = append(append(text[:28:28], '…'), text[len(text)-28:]...)
	}
	return where(s) + " " + string(text)
}
