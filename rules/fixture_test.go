package rules_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/trustvet/trustvet/extract"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

var update = flag.Bool("update", false, "rewrite the want files of the fixtures")

const fixtures = "../testdata/rules"

// TestFixtures compares what the rules find in each archive with its want file. The line after a finding is the text under
// its span, so that a wrong span shows in review.
func TestFixtures(t *testing.T) {
	archives, err := filepath.Glob(filepath.Join(fixtures, "*", "*.txtar"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, name := range archives {
		t.Run(filepath.Base(filepath.Dir(name))+"/"+strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if len(strings.TrimSpace(string(a.Comment))) == 0 {
				t.Error("the archive does not begin with a sentence that says what it shows")
			}
			want := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
			if want < 0 {
				a.Files = append(a.Files, txtar.File{Name: "want"})
				want = len(a.Files) - 1
			}
			docs, companions := contents(t, a.Files[:want])
			opts := options(t, docs, a)
			opts.Companions = companions
			got := render(rules.Run(docs, opts))
			if string(a.Files[want].Data) == got {
				return
			}
			if !*update {
				t.Fatalf("findings:\n%s\nwant:\n%s", got, a.Files[want].Data)
			}
			a.Files[want].Data = []byte(got)
			if err := os.WriteFile(name, txtar.Format(a), 0o666); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// option is a line of an archive's comment that sets an option: "option own-account 111122223333".
var option = regexp.MustCompile(`(?m)^option ([a-z-]+) (.+)$`)

func options(t *testing.T, docs []*policy.Document, a *txtar.Archive) rules.Options {
	t.Helper()
	var opts rules.Options
	for _, m := range option.FindAllSubmatch(a.Comment, -1) {
		setOption(t, docs, &opts, string(m[1]), string(m[2]))
	}
	return opts
}

// documents returns the trust policies in the files.
func documents(t *testing.T, files []txtar.File) []*policy.Document {
	t.Helper()
	docs, _ := contents(t, files)
	return docs
}

// contents returns the trust policies in the files, and what else these say about the roles.
func contents(t *testing.T, files []txtar.File) ([]*policy.Document, []*policy.Companion) {
	t.Helper()
	var docs []*policy.Document
	var names []string
	tree := fstest.MapFS{}
	for _, f := range files {
		if strings.HasSuffix(f.Name, ".json") && !strings.HasSuffix(f.Name, ".tf.json") {
			docs = append(docs, read(f))
			continue
		}
		tree[f.Name] = &fstest.MapFile{Data: f.Data}
		names = append(names, f.Name)
	}
	result := extract.Extract(source.NewTree(tree), names, extract.Options{})
	for _, p := range result.Problems {
		if p.Unreadable {
			t.Errorf("%s: %s", p.File(), p.Message)
		}
	}
	return append(docs, result.Documents...), result.Companions
}

// read reads a file that is one JSON policy.
func read(f txtar.File) *policy.Document {
	return parse(strings.TrimSuffix(f.Name, ".json"), source.NewFile(f.Name, f.Data))
}

// parse reads a file that is one JSON policy, that of role.
func parse(role string, file *source.File) *policy.Document {
	whole := source.Span{File: file, End: len(file.Src)}
	return policy.Parse(role, &policy.Value{Kind: policy.StringKind, Text: policy.String(string(file.Src), whole), Span: whole})
}

func render(findings []rules.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%s: %s %s: %s\n", place(f.Span), f.Level, f.Rule.ID, f.Message)
		indent(&b, f.Span.Text())
		for _, r := range f.Related {
			fmt.Fprintf(&b, "\t%s: %s\n", place(r.Span), r.Message)
		}
	}
	return b.String()
}

func place(s source.Span) string {
	if s.IsZero() {
		return "-"
	}
	from, to := s.Begin(), s.Finish()
	if from.Line == to.Line {
		return fmt.Sprintf("%s:%d:%d-%d", s.File.Name, from.Line, from.Column, to.Column)
	}
	return fmt.Sprintf("%s:%d:%d-%d:%d", s.File.Name, from.Line, from.Column, to.Line, to.Column)
}

// indent writes text behind a tab, a long one only with its first and last line.
func indent(b *strings.Builder, text string) {
	lines := strings.Split(text, "\n")
	if len(lines) > 3 {
		lines = []string{lines[0], "…", strings.TrimSpace(lines[len(lines)-1])}
	}
	for _, l := range lines {
		fmt.Fprintf(b, "\t%s\n", l)
	}
}

func setOption(t *testing.T, docs []*policy.Document, opts *rules.Options, name, value string) {
	t.Helper()
	switch name {
	case "role-account": // as an extractor that knows the account of the roles says it
		for _, d := range docs {
			d.Account = policy.NewText(policy.Literal(value, source.Span{}))
		}
	case "own-account":
		opts.OwnAccounts = append(opts.OwnAccounts, value)
	case "trusted-account":
		opts.TrustedAccounts = append(opts.TrustedAccounts, value)
	case "trusted-organization":
		opts.TrustedOrganizations = append(opts.TrustedOrganizations, value)
	case "trusted-vendor":
		opts.TrustedVendors = append(opts.TrustedVendors, value)
	case "github-organization":
		opts.GitHubOrganizations = append(opts.GitHubOrganizations, value)
	case "now":
		now, err := time.Parse(time.RFC3339, value)
		if err != nil {
			t.Fatal(err)
		}
		opts.Now = now
	case "pedantic":
		opts.Pedantic = true
	default:
		t.Fatalf("no option %q", name)
	}
}
