package scan

import (
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/trustvet/trustvet/extract"
	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// inputOf returns the input of a scan of all files, given by name and content.
func inputOf(files map[string]string) *Input {
	fsys := fstest.MapFS{}
	in := &Input{Root: "/"}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		clean, err := source.Clean(name)
		if err != nil || clean == "." || fsys[clean] != nil || fsys[path.Dir(clean)] != nil {
			continue
		}
		fsys[clean] = &fstest.MapFile{Data: []byte(files[name])}
		in.Files = append(in.Files, clean)
	}
	slices.Sort(in.Files)
	in.Tree = source.NewTree(fsys)
	return in
}

func fuzzOptions() Options {
	c := &Config{}
	c.Rules.Now = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	return Options{Config: c}
}

// checkScan scans files: every finding lies in a file.
func checkScan(t *testing.T, files map[string]string) *Result {
	t.Helper()
	r := Run(inputOf(files), fuzzOptions())
	for _, p := range r.Problems {
		if strings.HasPrefix(p.Message, "internal error") {
			t.Fatal(p.Message)
		}
	}
	for _, fd := range r.Findings {
		if fd.Span.File == nil || fd.Span.Start < 0 || fd.Span.End > len(fd.Span.File.Src) || fd.Span.Start > fd.Span.End {
			t.Fatalf("%s lies at %d to %d", fd.Rule.ID, fd.Span.Start, fd.Span.End)
		}
	}
	return r
}

// checkScanTwice is checkScan, and a second scan gives the same.
func checkScanTwice(t *testing.T, files map[string]string) *Result {
	t.Helper()
	r, again := checkScan(t, files), checkScan(t, files)
	if len(r.Findings) != len(again.Findings) || len(r.Problems) != len(again.Problems) || r.Summary != again.Summary {
		t.Fatalf("two scans differ: %v and %v", r.Summary, again.Summary)
	}
	for i, fd := range r.Findings {
		if fd.Message != again.Findings[i].Message {
			t.Fatalf("%q, then %q", fd.Message, again.Findings[i].Message)
		}
	}
	return r
}

// checkDiff compares two states: a state does not differ from itself, the same comparison says the same, and whoever newly
// gets in does get in by the new policy.
func checkDiff(t *testing.T, before, after map[string]string) {
	t.Helper()
	diff := func(before, after map[string]string) *Difference {
		d := &Difference{}
		d.between(inputOf(before), inputOf(after), nil, fuzzOptions())
		return d
	}
	if d := diff(after, after); len(d.Widened)+len(d.Narrowed)+len(d.Added)+len(d.Removed) > 0 {
		t.Fatalf("a state differs from itself:\n%s", describe(d))
	}
	d := diff(before, after)
	if again := diff(before, after); describe(d) != describe(again) {
		t.Fatalf("%s\nand then\n%s", describe(d), describe(again))
	}
	in := inputOf(after)
	docs := extract.Extract(in.Tree, in.Files, extract.Options{}).Documents
	for _, c := range d.Widened {
		allowed := c.Grant.Undecided
		for _, doc := range docs {
			if doc.Role == c.Role && doc.When == c.When && !allowed {
				decision, _ := access.Decide(doc, c.Grant.Witness, c.Grant.World)
				allowed = decision.OK()
			}
		}
		if !allowed {
			t.Fatalf("%s: the new policy does not let in %s", c.Role, c.Grant.Witness)
		}
	}
}

// FuzzScan scans the files of an archive.
func FuzzScan(f *testing.F) {
	f.Add([]byte("-- main.tf --\nresource \"aws_iam_role\" \"r\" {\n  assume_role_policy = file(\"p.json\")\n}\n-- p.json --\n" +
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}` + "\n"))
	f.Add([]byte("-- t.yaml --\nResources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        Statement:\n" +
		"          - {Effect: Allow, Principal: {AWS: !Ref P}, Action: sts:AssumeRole} # trustvet:ignore principal-any-aws why\n"))
	f.Add([]byte("-- m/main.tf --\nvariable \"v\" {}\nresource \"aws_iam_role\" \"r\" {\n  for_each = var.v\n  assume_role_policy = each.value\n}\n" +
		"-- main.tf --\nmodule \"m\" {\n  source = \"./m\"\n  v = { a = jsonencode({ Statement = [] }) }\n}\n"))
	f.Fuzz(func(t *testing.T, archive []byte) {
		files := map[string]string{}
		for _, file := range txtar.Parse(archive).Files {
			files[file.Name] = string(file.Data)
		}
		checkScanTwice(t, files)
	})
}

// FuzzDiff compares the two trees of an archive.
func FuzzDiff(f *testing.F) {
	names, _ := filepath.Glob("testdata/diff/*.txtar")
	if len(names) == 0 {
		f.Fatal("no archives")
	}
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(txtar.Format(a))
	}
	f.Fuzz(func(t *testing.T, archive []byte) {
		a := txtar.Parse(archive)
		checkDiff(t, treeIn(a, "before/"), treeIn(a, "after/"))
	})
}

// FuzzTree scans two generated trees and, of one pair in four, compares them and scans them again: that takes longer. A role that a template makes on no condition
// is found, or something is said of it.
func FuzzTree(f *testing.F) {
	for i := range 6 { // each language alone, then with much in it
		f.Add([]byte{0, byte(i)}, []byte{1, byte(i), byte(i + 1)})
		var much []byte
		for k := range 200 {
			much = append(much, byte(k*k*7+k*13+i))
		}
		f.Add(append([]byte{2, byte(i)}, much...), append([]byte{2, byte(i)}, much[1:]...))
	}
	f.Fuzz(func(t *testing.T, before, after []byte) {
		if len(before) > 400 || len(after) > 400 {
			return
		}
		trees := []map[string]string{(&generator{bytes: before}).tree(), (&generator{bytes: after}).tree()}
		all := (len(before)+len(after))%4 == 0
		scan := checkScan
		if all {
			scan = checkScanTwice
		}
		for _, files := range trees {
			r := scan(t, files)
			if template := files["t.yaml"]; template != "" && !strings.Contains(template, "    Condition: C\n") && len(r.Problems) == 0 &&
				!slices.ContainsFunc(Roles(r.Documents), func(ds []*policy.Document) bool { return strings.HasSuffix(ds[0].Role, "R") }) {
				t.Fatalf("the role is lost, and nothing is said:\n%s", template)
			}
		}
		if all {
			checkDiff(t, trees[0], trees[1])
		}
	})
}

// FuzzGitignore matches a path with patterns, and as a slow matcher would that tries everything.
func FuzzGitignore(f *testing.F) {
	f.Add("*.tf\n!/a/**/b.tf\nc/\n", "a/b.tf", false)
	f.Add("**/**/**/x[!a-c]?\\*\n", "a/b/c/xd/e", true)
	f.Add("[[:alpha:]\n[]a]/\n\\ \n", "a ]", true)
	f.Fuzz(func(t *testing.T, patterns, name string, isDir bool) {
		if len(patterns) > 200 || len(name) > 60 {
			return
		}
		name, err := source.Clean(name)
		if err != nil || name == "." {
			return
		}
		file := parseIgnore(".", []byte(patterns))
		m := newMatching()
		m.ignored([]ignoreFile{file}, name, isDir)
		for _, p := range file.patterns {
			if !p.anchored || strings.Count(strings.Join(p.segments, "/"), "*") > 6 {
				continue
			}
			if got, want := m.segments(p.segments, strings.Split(name, "/")), matchesSlowly(p.segments, strings.Split(name, "/")); got != want {
				t.Fatalf("%q matches %q: %t", p.segments, name, got)
			}
		}
	})
}

func matchesSlowly(pattern, names []string) bool {
	switch {
	case len(pattern) == 0 || len(names) == 0:
		return len(pattern) == 0 && len(names) == 0
	case pattern[0] == "**" && len(pattern) == 1:
		return true
	case pattern[0] == "**":
		return matchesSlowly(pattern[1:], names) || matchesSlowly(pattern, names[1:])
	}
	return matchesSegmentSlowly(pattern[0], names[0]) && matchesSlowly(pattern[1:], names[1:])
}

func matchesSegmentSlowly(pattern, name string) bool {
	switch {
	case pattern == "":
		return name == ""
	case pattern[0] == '*':
		return matchesSegmentSlowly(pattern[1:], name) || name != "" && matchesSegmentSlowly(pattern, name[1:])
	case name == "":
		return false
	}
	n, ok := matchByte(pattern, name[0])
	return ok && matchesSegmentSlowly(pattern[n:], name[1:])
}

// FuzzBaseline reads a baseline: what is read is written and read again as the same, and what it holds back are no more
// findings than it has entries.
func FuzzBaseline(f *testing.F) {
	files := map[string]string{"p.json": oldPolicy}
	findings := Run(inputOf(files), fuzzOptions()).Findings
	f.Add(NewBaseline(findings).JSON())
	f.Add([]byte(`{"version": 1, "findings": [{"rule": "", "role": "\ud800", "file": "../x", "id": ""}]}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		b, err := ReadBaseline(source.NewFile(BaselineName, src))
		if err != nil {
			return
		}
		again, err := ReadBaseline(source.NewFile(BaselineName, b.JSON()))
		if err != nil || !slices.Equal(again.Entries, b.Entries) {
			t.Fatalf("%q, then %q: %v", b.Entries, again.Entries, err)
		}
		fresh, held, gone := b.Apply(findings, inputOf(files))
		if len(fresh)+held != len(findings) || held+len(gone) > len(b.Entries) {
			t.Fatalf("of %d findings %d are new and %d held back by %d entries, of which %d are gone", len(findings), len(fresh), held, len(b.Entries), len(gone))
		}
	})
}
