package terraform

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

var update = flag.Bool("update", false, "rewrite the want files of testdata")

// Each archive shows one thing; its want file has one line a document, with its places where they matter.
func TestGolden(t *testing.T) {
	names, _ := filepath.Glob("testdata/golden/*.txtar")
	if len(names) == 0 {
		t.Fatal("no archives")
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			fsys := fstest.MapFS{}
			var files []string
			var opts Options
			want := -1
			for i, f := range archive.Files {
				switch f.Name {
				case "want":
					want = i
				case "options":
					opts = readOptions(t, string(f.Data))
				default:
					fsys[f.Name] = &fstest.MapFile{Data: f.Data}
					if isConfig(f.Name) || strings.HasSuffix(f.Name, ".hcl") || strings.HasSuffix(f.Name, ".json") {
						files = append(files, f.Name)
					}
				}
			}
			if want < 0 {
				t.Fatal("no want file")
			}
			docs, _, problems := Extract(source.NewTree(fsys), files, opts)
			got := printResult(docs, problems)
			if *update {
				archive.Files[want].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if w := string(archive.Files[want].Data); got != w {
				t.Errorf("got\n%s\nwant\n%s", got, w)
			}
		})
	}
}

func readOptions(t *testing.T, s string) Options {
	opts := Options{Vars: map[string]string{}}
	for line := range strings.Lines(s) {
		key, val, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch key {
		case "var":
			name, v, _ := strings.Cut(val, "=")
			opts.Vars[name] = v
		case "var-file":
			opts.VarFiles = append(opts.VarFiles, VarFile{Name: val})
		case "env":
			opts.Env = append(opts.Env, val)
		case "workspace":
			opts.Workspace = val
		case "":
		default:
			t.Fatalf("unknown option %s", key)
		}
	}
	return opts
}

func printResult(docs []*policy.Document, problems []source.Problem) string {
	var b strings.Builder
	for _, d := range docs {
		fmt.Fprintf(&b, "%s  %s", d.Role, where(d.Span))
		for _, c := range d.Calls {
			fmt.Fprintf(&b, "  called at %s", where(c))
		}
		b.WriteString("\n")
		if d.When != "" {
			fmt.Fprintf(&b, "  when %s\n", d.When)
		}
		if d.Note != "" {
			fmt.Fprintf(&b, "  note %s\n", d.Note)
		}
		if d.Value == nil || d.Value.Kind == policy.Hidden {
			for _, u := range d.Unresolved {
				fmt.Fprintf(&b, "  unresolved %s %s: %s\n", u.What, u.Hole.Expr, u.Hole.Reason)
			}
			continue
		}
		fmt.Fprintf(&b, "  %s\n", d.Value.JSON())
		for _, s := range d.Statements {
			for _, p := range s.Principals {
				fmt.Fprintf(&b, "  %s %s  %s", p.Type, p.ID, where(p.ID.Span))
				for _, v := range p.ID.Via {
					fmt.Fprintf(&b, " via %s", where(v))
				}
				b.WriteString("\n")
			}
		}
	}
	for _, p := range problems {
		fmt.Fprintf(&b, "problem %s: %s\n", p.File(), p.Message)
	}
	return b.String()
}

func where(s source.Span) string {
	if s.IsZero() {
		return "nowhere"
	}
	from, to := s.Begin(), s.Finish()
	if from.Line == to.Line {
		return fmt.Sprintf("%s:%d:%d-%d", s.File.Name, from.Line, from.Column, to.Column)
	}
	return fmt.Sprintf("%s:%d:%d-%d:%d", s.File.Name, from.Line, from.Column, to.Line, to.Column)
}
