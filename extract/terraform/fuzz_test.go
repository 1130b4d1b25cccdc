package terraform

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// seeds returns the configurations of the fixtures.
func seeds(f *testing.F) []string {
	names, _ := filepath.Glob("testdata/f*/*.tf")
	var out []string
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

func FuzzSplit(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	for _, s := range []string{"a {}\n", "a \"b\" c {\n x = <<-E\n ${\"}\"}\n E\n}\n", "a {\n b = \"$${\" # }\n}", "a {} /* } */\nb {}", "\ufeffa {\r\n}\r\n",
		"a {\n x = <<E\nE\n}\n", "a {\n x = \"%%{\" // \"\n}", "a {\n x = 1 << 2\n}", "a { b = \"${\"${\"}\"}\"}\" }"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		ranges, ok := split([]byte(src))
		if len(src) < 10_000 {
			checkSplit(t, "fuzz.tf", []byte(src), ranges, ok)
		}
	})
}

func FuzzExtract(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s, "")
	}
	f.Add(role(`file("x")`), `{"Statement": []}`)
	f.Add(role(`templatefile("x", { a = ["b"] })`), "%{ for x in a ~}\n${x}\n%{ endfor }")
	f.Add(role(`jsonencode(yamldecode(file("x")))`), "a: [b, c]")
	f.Fuzz(func(t *testing.T, src, file string) {
		if len(src)+len(file) > 20_000 {
			return
		}
		fsys := fstest.MapFS{"main.tf": {Data: []byte(src)}, "x": {Data: []byte(file)}, "y.tf.json": {Data: []byte(file)}, "terragrunt.hcl": {Data: []byte(file)}}
		docs, _, _ := Extract(source.NewTree(fsys), []string{"main.tf", "y.tf.json", "terragrunt.hcl"}, Options{})
		for _, d := range docs {
			if d.Value == nil {
				continue
			}
			for _, p := range located(d.Value) {
				if p.Span.File == nil || p.Span.Start < 0 || p.Span.End > len(p.Span.File.Src) || p.Span.Start > p.Span.End {
					t.Fatalf("%q lies at %v", p.Literal, p.Span)
				}
			}
			for _, l := range d.Value.Leaves() {
				if l.Value.Kind == policy.StringKind && strings.HasPrefix(l.Value.Span.Text(), "\x00") {
					t.Fatalf("%s lies in no file", l.Path)
				}
			}
		}
	})
}
