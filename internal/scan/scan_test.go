package scan

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// mapFS is files by name.
type mapFS map[string]string

func (m mapFS) Open(name string) (fs.File, error) {
	all := fstest.MapFS{}
	for n, text := range m {
		all[n] = &fstest.MapFile{Data: []byte(text)}
	}
	return all.Open(name)
}

const oldPolicy = `{"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`

// stack writes a tree of n roles in each language.
func stack(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		for name, text := range map[string]string{
			"tf/%d/main.tf":    "resource \"aws_iam_role\" \"r\" {\n  assume_role_policy = <<EOT\n" + oldPolicy + "\nEOT\n}\n",
			"cfn/%d.yaml":      "Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: " + oldPolicy + "\n",
			"json/%d.json":     oldPolicy,
			"other/%d/x.txt":   "nothing",
			"other/%d/big.yml": strings.Repeat("a: b\n", 200),
		} {
			path := filepath.Join(dir, fmt.Sprintf(name, i))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func scanOf(t testing.TB, dir string, paths ...string) *Result {
	t.Helper()
	in, err := Open(Place{Dir: dir}, paths)
	if err != nil {
		t.Fatal(err)
	}
	return Run(in, Options{Config: &Config{}})
}

func render(fs []rules.Finding) string {
	var b strings.Builder
	for _, f := range fs {
		fmt.Fprintln(&b, f.Span.File.Name, f.Span.Start, f.Rule.ID, f.Role, f.Message)
	}
	return b.String()
}

func TestResultDependsOnTheTreeAlone(t *testing.T) {
	dir := stack(t, 8)
	want := render(scanOf(t, dir, "tf", "cfn", "json").Findings)
	if n := strings.Count(want, "\n"); n != 24 {
		t.Fatalf("%d findings, want 24:\n%s", n, want)
	}
	for _, procs := range []int{1, 2, 16} {
		before := runtime.GOMAXPROCS(procs)
		for _, paths := range [][]string{{"json", "tf", "cfn"}, {"cfn", "cfn", "json", "tf", "tf/1"}} {
			if got := render(scanOf(t, dir, paths...).Findings); got != want {
				t.Errorf("on %d processors, %v: other findings:\n%s", procs, paths, got)
			}
		}
		runtime.GOMAXPROCS(before)
	}
}

func TestRootHoldsAllPaths(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"repo/.git/HEAD", "repo/a/x.json", "repo/b/y.json", "plain/a/x.json", "plain/b/y.json"} {
		write(t, filepath.Join(dir, name), oldPolicy)
	}
	for _, test := range []struct {
		dir   string
		paths []string
		root  string
		files []string
	}{
		{"repo/a", []string{"."}, "repo", []string{"a/x.json"}},
		{"repo/a", []string{"../b"}, "repo", []string{"b/y.json"}},
		{".", []string{"repo/a/x.json"}, "repo", []string{"a/x.json"}},
		{".", []string{"plain/a"}, "plain/a", []string{"x.json"}},
		{".", []string{"plain/a/x.json"}, "plain/a", []string{"x.json"}},
		{".", []string{"plain/a", "plain/b"}, "plain", []string{"a/x.json", "b/y.json"}},
		{".", []string{"plain/a", "repo"}, ".", []string{"plain/a/x.json", "repo/a/x.json", "repo/b/y.json"}},
	} {
		in, err := Open(Place{Dir: filepath.Join(dir, test.dir)}, test.paths)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(dir, test.root); in.Root != want || !slices.Equal(in.Files, test.files) {
			t.Errorf("in %s, %v: root %s, files %q; want %s, %q", test.dir, test.paths, in.Root, in.Files, want, test.files)
		}
	}
}

func TestBaselineKnowsAFindingByWhatItSays(t *testing.T) {
	dir := stack(t, 3)
	first := scanOf(t, dir, ".")
	b := NewBaseline(first.Findings)
	read, err := ReadBaseline(source.NewFile("baseline", b.JSON()))
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(read.Entries) != fmt.Sprint(b.Entries) {
		t.Errorf("read back: %v, want %v", read.Entries, b.Entries)
	}
	in, err := Open(Place{Dir: dir}, []string{"."})
	if err != nil {
		t.Fatal(err)
	}
	fresh, held, gone := b.Apply(first.Findings, in)
	if len(fresh) != 0 || held != len(first.Findings) || len(gone) != 0 {
		t.Errorf("%d new, %d held, %d gone", len(fresh), held, len(gone))
	}
	// A second finding of the same identity is new: an entry holds back one.
	fresh, _, _ = b.Apply(append(first.Findings, first.Findings[0]), in)
	if len(fresh) != 1 {
		t.Errorf("%d new, want the one more", len(fresh))
	}
	// What was not looked at is not gone.
	part, err := Open(Place{Dir: dir}, []string{"json"})
	if err != nil {
		t.Fatal(err)
	}
	if len(part.Files) != 3 {
		t.Fatalf("files %q", part.Files)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte("own_accounts: [012345678901]\nrules: {policy-version-legacy: off}\nignore: [{rule: policy-version-legacy, role: a, reason: b, until: 2027-01-31}]\nnow: 2027-01-31\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("exclude: ['[', '**/', '\\\\']\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := ReadConfig(source.NewFile(ConfigName, src))
		if err == nil {
			c.excludes(newMatching(), "a/b.tf")
		}
	})
}

func FuzzIgnoreComment(f *testing.F) {
	f.Add([]byte("# trustvet:ignore policy-version-legacy until=2027-01-31 reason\nx\n"))
	f.Add([]byte("a # trustvet:ignore x,y z"))
	f.Add([]byte("//trustvet:ignore\r\n# trustvet:ignore policy-version-legacy \xff"))
	f.Fuzz(func(t *testing.T, src []byte) {
		file := source.NewFile("a.tf", src)
		list, problems := commentIgnores(file)
		for _, ig := range list {
			if !strings.HasPrefix(ig.span.Text(), ignoreWord) {
				t.Errorf("an ignore covers %q", ig.span.Text())
			}
		}
		for _, p := range problems {
			if !strings.HasPrefix(p.Span.Text(), ignoreWord) {
				t.Errorf("a problem covers %q", p.Span.Text())
			}
		}
	})
}

func BenchmarkWalk(b *testing.B) {
	dir := stack(b, 400)
	b.ReportAllocs()
	for b.Loop() {
		in, err := Open(Place{Dir: dir}, []string{"."})
		if err != nil || len(in.Files) != 2000 {
			b.Fatal(len(in.Files), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2000, "ns/file")
}

func BenchmarkScan(b *testing.B) {
	dir := stack(b, 400)
	b.ReportAllocs()
	for b.Loop() {
		if r := scanOf(b, dir, "."); r.Summary.Roles != 1200 {
			b.Fatal(r.Summary)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2000, "ns/file")
}

// The ignores of a stranger may be as many as the findings, and each may be hard to match.
func TestManyIgnoresEnd(t *testing.T) {
	role := "resource \"aws_iam_role\" \"r#\" {\n  assume_role_policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"sts:AssumeRole\", Principal = { AWS = \"*\" } }] }) # trustvet:ignore principal-any-aws why\n}\n"
	var code strings.Builder
	for i := range 2000 {
		code.WriteString(strings.Replace(role, "#", strconv.Itoa(i), 1))
	}
	comments := strings.Repeat("# trustvet:ignore principal-any-aws why\n", 30_000)
	o := fuzzOptions()
	r := Run(inputOf(map[string]string{"m/main.tf": code.String(), "n/main.tf": comments}), o)
	for _, f := range r.Findings {
		if f.Rule == rules.PrincipalAnyAWS {
			t.Fatalf("a comment covers no %s", f.Role)
		}
	}
	if len(r.Findings) < 30_000 {
		t.Errorf("%d findings, want one for each comment that covers none", len(r.Findings))
	}

	hard := "- {rule: policy-version-legacy, role: '" + strings.Repeat("*a", 300) + "', reason: why}\n"
	var err error
	if o.Config, err = ReadConfig(source.NewFile(ConfigName, []byte("ignore:\n"+strings.Repeat(hard, maxConfig/len(hard)-1)))); err != nil {
		t.Fatal(err)
	}
	name := strings.Repeat("a", 200)
	files := map[string]string{}
	for i := range 100 {
		files[name+strconv.Itoa(i)+".json"] = oldPolicy
	}
	r = Run(inputOf(files), o)
	if !slices.ContainsFunc(r.Problems, func(p source.Problem) bool {
		return p.Unreadable && strings.Contains(p.Message, "take too long to match")
	}) {
		t.Errorf("problems %v", r.Problems)
	}
}
