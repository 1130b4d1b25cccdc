package policyfile

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/trustvet/trustvet/internal/source"
)

var update = flag.Bool("update", false, "rewrite the want files")

func TestGolden(t *testing.T) {
	names, _ := filepath.Glob("testdata/*.txtar")
	if len(names) == 0 {
		t.Fatal("no fixtures")
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			want := -1
			for i, f := range ar.Files {
				if f.Name == "want" {
					want = i
					continue
				}
				describe(&b, source.NewFile(f.Name, f.Data))
			}
			if *update {
				ar.Files[want].Data = []byte(b.String())
				if err := os.WriteFile(name, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(ar.Files[want].Data), b.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func describe(b *strings.Builder, f *source.File) {
	docs, problems := Extract(f)
	for _, d := range docs {
		fmt.Fprintf(b, "%s: role %s\n\t%s\n", f.Name, d.Role, d.Value.JSON())
		for _, fault := range d.Faults {
			fmt.Fprintf(b, "\tfault %s at %q: %s\n", fault.Code, fault.Span.Text(), fault.Message)
		}
		for _, leaf := range d.Value.Leaves() {
			if text := leaf.Value.Text; text.Span.Text() != text.String() {
				fmt.Fprintf(b, "\t%s is spelled %s\n", leaf.Path, leaf.Value.Span.Text())
			}
		}
	}
	for _, p := range problems {
		pos := p.Span.Begin()
		fmt.Fprintf(b, "%s:%d:%d: problem: %s\n", p.File(), pos.Line, pos.Column, p.Message)
	}
}

func TestBadInput(t *testing.T) {
	doc := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`
	for _, test := range []struct {
		name, src string
		roles     int
		problem   string
	}{
		{"byte order mark", "\uFEFF" + doc, 1, ""},
		{"CRLF", strings.ReplaceAll(doc, ",", ",\r\n"), 1, ""},
		{"empty", "", 0, ""},
		{"not UTF-8", strings.Replace(doc, "AWS", "A\xffS", 1), 0, "the file is not UTF-8"},
		{"truncated", doc[:len(doc)-4], 0, "the trust policy is not valid JSON: this string does not end"},
	} {
		docs, problems := Extract(source.NewFile("p.json", []byte(test.src)))
		if len(docs) != test.roles {
			t.Errorf("%s: %d roles", test.name, len(docs))
		}
		if got := len(problems) > 0; got != (test.problem != "") || got && problems[0].Message != test.problem {
			t.Errorf("%s: problems %v", test.name, problems)
		}
	}
}

func FuzzExtract(f *testing.F) {
	f.Add([]byte(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"${x}"},"Action":"sts:AssumeRole"}]}`))
	f.Add([]byte(`{"Role":{"AssumeRolePolicyDocument":"%7B%22Statement%22%3A%5B%5D%7D"}}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, name := range []string{"a.json", "a.tpl"} {
			docs, _ := Extract(source.NewFile(name, src))
			for _, d := range docs {
				for _, leaf := range d.Value.Leaves() {
					_ = leaf.Value.Span.Text()
				}
			}
		}
	})
}

// To look only where something begins finds what to look everywhere does.
func TestMarkedFindsAllMatches(t *testing.T) {
	texts := []string{"", "a", "<", "<account>", "x<a<b>", "${a}${b", "{{ x }}{{{y}}}", "{% if %}%{ if }", "<% x %><y>",
		"arn:aws:iam::ACCOUNT:root", "arn:aws-cn:sts::{{id}}:x arn:awsarn:aws:iam::<id>:y", "aarn:aws:iam::${x}:root", "é${é}<é>"}
	for _, filledIn := range []func() *regexp.Regexp{byHand, byEngine} {
		anchored := filledIn()
		anywhere := regexp.MustCompile(strings.TrimPrefix(anchored.String(), "^"))
		for _, a := range texts {
			for _, b := range texts {
				src := a + b
				got, want := marked(src, anchored), anywhere.FindAllStringSubmatchIndex(src, -1)
				if len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
					t.Errorf("%q: %v, want %v", src, got, want)
				}
			}
		}
	}
}
