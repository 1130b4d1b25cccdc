package cloudformation

import (
	"flag"
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

var update = flag.Bool("update", false, "rewrite the want files of the archives in testdata")

// TestGolden extracts the first file of each archive in testdata and compares what comes out with its want file: the
// documents, the text under each place, and the problems.
func TestGolden(t *testing.T) {
	names, _ := filepath.Glob("testdata/*.txtar")
	if len(names) == 0 {
		t.Fatal("no archives")
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files := fstest.MapFS{}
			want := -1
			for i, f := range archive.Files {
				if f.Name == "want" {
					want = i
					continue
				}
				files[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			if want < 0 {
				archive.Files = append(archive.Files, txtar.File{Name: "want"})
				want = len(archive.Files) - 1
			}
			tree := source.NewTree(files)
			file, err := tree.File(archive.Files[0].Name)
			if err != nil {
				t.Fatal(err)
			}
			docs, _, problems := Extract(tree, file, Options{})
			got := show(docs, problems)
			if string(archive.Files[want].Data) == got {
				return
			}
			if !*update {
				t.Errorf("got\n%s\nwant\n%s", got, archive.Files[want].Data)
				return
			}
			archive.Files[want].Data = []byte(got)
			if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// show prints documents and problems: each scalar of a document as understood, with its place and the text there.
func show(docs []*policy.Document, problems []source.Problem) string {
	var b strings.Builder
	for _, d := range docs {
		fmt.Fprintf(&b, "%s", d.Role)
		if d.When != "" {
			fmt.Fprintf(&b, " when %s", d.When)
		}
		if d.Note != "" {
			fmt.Fprintf(&b, " (%s)", d.Note)
		}
		b.WriteByte('\n')
		if d.Construct != "" {
			fmt.Fprintf(&b, "\tconstruct %s made at %s\t%s\n", d.Construct, d.CreatedAt, at(d.Created))
		}
		if d.Value != nil {
			for _, leaf := range d.Value.Leaves() {
				v := leaf.Value
				text := v.Text.String()
				switch {
				case v.Kind == policy.Hidden:
					text = describe(v.Hole)
				case v.Text.Hole() != nil:
					text = ""
					for _, p := range v.Text.Parts {
						if p.Hole != nil {
							text += describe(p.Hole)
						} else {
							text += p.Literal
						}
					}
				}
				fmt.Fprintf(&b, "\t%s = %s\t%s%s\n", leaf.Path, text, at(v.Span), via(v.Via))
			}
		}
		for _, u := range d.Unresolved {
			fmt.Fprintf(&b, "\tunresolved %s: %s: %s\t%s\n", u.What, u.Hole, u.Hole.Reason, at(u.Span))
		}
		for _, f := range d.Faults {
			fmt.Fprintf(&b, "\tfault %s: %s\t%s\n", f.Code, f.Message, at(f.Span))
		}
	}
	for _, p := range problems {
		unreadable := ""
		if p.Unreadable {
			unreadable = "unreadable: "
		}
		fmt.Fprintf(&b, "problem %s%s\t%s\n", unreadable, p.Message, at(p.Span))
	}
	return b.String()
}

func describe(h *policy.Hole) string {
	s := h.String()
	if h.Kind != policy.Unknown {
		s += "<" + h.Kind.String() + ">"
	}
	if h.Many {
		s += "<many>"
	}
	if h.Choices != nil {
		s += "<" + strings.Join(h.Choices, "|") + ">"
	}
	if h.Form != nil {
		s += "<" + policy.NewText(h.Form...).String() + ">"
	}
	if h.Default != nil {
		s += "<default " + *h.Default + ">"
	}
	return s
}

func at(s source.Span) string {
	if s.IsZero() {
		return "nowhere"
	}
	p := s.Begin()
	text := []rune(strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s.Text()))
	if len(text) > 60 {
		text = append(append(text[:28:28], '…'), text[len(text)-28:]...)
	}
	return fmt.Sprintf("%s:%d:%d %s", s.File.Name, p.Line, p.Column, string(text))
}

func via(spans []source.Span) string {
	s := ""
	for _, v := range spans {
		s += " via " + at(v)
	}
	return s
}
