package scan

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite what the archives in testdata want")

// TestRefactoringIsNoDifference reads archives of a tree before and after a change that leaves its meaning as it is, of a
// mutation of the latter, which does not, and of what there is to say of that: who newly can assume what, the witness, and
// the line.
func TestRefactoringIsNoDifference(t *testing.T) {
	names, err := filepath.Glob("testdata/diff/*.txtar")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d archives: %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			before, after := treeIn(a, "before/"), treeIn(a, "after/")
			dir := repository(t)
			commitTree(t, dir, before)
			commitTree(t, dir, after)
			if d := describe(diffOf(t, dir, "HEAD~1")); d != "" {
				t.Errorf("the refactoring is a difference:\n%s", d)
			}
			commitTree(t, dir, mutate(t, after, string(fileIn(t, a, "mutation").Data)))
			got := describe(diffOf(t, dir, "HEAD~1"))
			want := fileIn(t, a, "want")
			switch {
			case got == string(want.Data):
			case *update:
				want.Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("the mutation:\n%s\nwant:\n%s", got, want.Data)
			}
			for _, base := range []string{"HEAD~1", "HEAD~2"} {
				requireInDiff(t, dir, base, diffOf(t, dir, base))
			}
			if !strings.Contains(got, "\n  for example ") {
				t.Errorf("the mutation lets nobody in:\n%s", got)
			}
			// It is the same seen from the other spelling, but for where addresses differ.
			if across := describe(diffOf(t, dir, "HEAD~2")); strings.Count(across, "\n+ ") != strings.Count(got, "\n+ ") {
				t.Errorf("from the tree before the refactoring the mutation is another one:\n%s", across)
			}
		})
	}
}

// requireInDiff requires that the place of each new access is on one line, and that the change is on that line: code
// scanning shows no other on a pull request. Where lines are only gone, it is one of those before them that a diff shows.
func requireInDiff(t *testing.T, dir, base string, d *Difference) {
	t.Helper()
	hunk := regexp.MustCompile(`^@@ -\S+ \+(\d+)(?:,(\d+))? @@`)
	for _, c := range d.Widened {
		at, end := c.Span.Begin(), c.Span.Finish()
		inside := false
		for line := range strings.Lines(git(t, dir, "diff", "-U0", "--no-renames", base, "HEAD", "--", c.Span.File.Name)) {
			m := hunk.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			from, _ := strconv.Atoi(m[1])
			n := 1
			if m[2] != "" {
				n, _ = strconv.Atoi(m[2])
			}
			first, last := from, from+n-1
			if n == 0 {
				first, last = from-2, from
			}
			inside = inside || first <= at.Line && at.Line <= last
		}
		if at.Line != end.Line || !inside {
			t.Errorf("from %s, %s for %s: %s:%d to line %d is not one line of the diff", base, &c.Grant, c.Role, c.Span.File.Name, at.Line, end.Line)
		}
	}
}

func treeIn(a *txtar.Archive, dir string) map[string]string {
	tree := map[string]string{}
	for _, f := range a.Files {
		if name, ok := strings.CutPrefix(f.Name, dir); ok {
			tree[name] = string(f.Data)
		}
	}
	return tree
}

func fileIn(t *testing.T, a *txtar.Archive, name string) *txtar.File {
	t.Helper()
	for i := range a.Files {
		if a.Files[i].Name == name {
			return &a.Files[i]
		}
	}
	t.Fatalf("there is no file %s", name)
	return nil
}

// mutate replaces lines: a mutation is the name of a file, the lines that go, each behind "-", and those that come instead,
// each behind "+".
func mutate(t *testing.T, tree map[string]string, mutation string) map[string]string {
	t.Helper()
	name, edit, _ := strings.Cut(mutation, "\n")
	var from, to strings.Builder
	for line := range strings.Lines(edit) {
		switch line[0] {
		case '-':
			from.WriteString(line[1:])
		case '+':
			to.WriteString(line[1:])
		}
	}
	if from.Len() == 0 || strings.Count(tree[name], from.String()) != 1 {
		t.Fatalf("%s does not have these lines once:\n%s", name, from.String())
	}
	mutant := map[string]string{}
	for n, text := range tree {
		mutant[n] = text
	}
	mutant[name] = strings.Replace(tree[name], from.String(), to.String(), 1)
	return mutant
}

// commitTree commits exactly the files of tree.
func commitTree(t testing.TB, dir string, tree map[string]string) {
	t.Helper()
	git(t, dir, "rm", "-r", "-q", "--ignore-unmatch", ".")
	for name, text := range tree {
		write(t, filepath.Join(dir, name), text)
	}
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "x")
}

func diffOf(t testing.TB, dir, base string) *Difference {
	t.Helper()
	d, err := Diff(dir, Revisions{Base: base}, func(in *Input) (Options, error) {
		c := &Config{}
		c.Rules.Now = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		return Options{Config: c}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// describe writes a difference: for each new caller the witness, and the place with its line.
func describe(d *Difference) string {
	var b strings.Builder
	for _, c := range d.Widened {
		fmt.Fprintf(&b, "\n+ %s: %s\n", c.Role, c.Grant.String())
		if c.Grant.Undecided {
			fmt.Fprintf(&b, "  undecided\n")
		} else {
			fmt.Fprintf(&b, "  for example %s\n", c.Grant.Witness)
		}
		if !c.Span.IsZero() {
			at := c.Span.Begin()
			fmt.Fprintf(&b, "  %s:%d: %s\n", c.Span.File.Name, at.Line, bytes.TrimSpace(c.Span.File.Line(at.Line)))
		}
		if c.Span.IsZero() || c.Span.Begin().Line != c.Span.Finish().Line {
			fmt.Fprintf(&b, "  the place is not one line\n")
		}
	}
	for _, c := range d.Narrowed {
		fmt.Fprintf(&b, "\n- %s: %s\n", c.Role, c.Grant.String())
	}
	for _, r := range d.Added {
		fmt.Fprintf(&b, "\nnew %s\n", r)
	}
	for _, r := range d.Removed {
		fmt.Fprintf(&b, "\ngone %s\n", r)
	}
	for _, p := range d.Problems {
		fmt.Fprintf(&b, "\nproblem %s: %s\n", p.File(), p.Message)
	}
	return b.String()
}

// TestFileThatIsGone deletes a file that a module of another directory reads: its role is another one then, not a deleted one.
func TestFileThatIsGone(t *testing.T) {
	dir := repository(t)
	role := "resource \"aws_iam_role\" \"r\" {\n  assume_role_policy = file(\"${path.module}/../policies/trust.json\")\n}\n"
	trust := `{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::111122223333:role/a"}}]}`
	commitTree(t, dir, map[string]string{"live/main.tf": role, "policies/trust.json": trust})
	commitTree(t, dir, map[string]string{"live/main.tf": role})
	d := diffOf(t, dir, "HEAD~1")
	if len(d.Removed) > 0 || len(d.Added) > 0 || len(d.Widened) != 1 || !d.Widened[0].Grant.Undecided {
		t.Errorf("the difference is:\n%s", describe(d))
	}
}

func TestConflictOfAMergeIsNotCompared(t *testing.T) {
	dir := repository(t)
	commitTree(t, dir, map[string]string{"a.tf": "# 1\n"})
	git(t, dir, "branch", "other")
	commitTree(t, dir, map[string]string{"a.tf": "# 2\n"})
	git(t, dir, "checkout", "-q", "other")
	commitTree(t, dir, map[string]string{"a.tf": "# 3\n"})
	if _, err := runGit(dir, "-c", "user.name=a", "-c", "user.email=a@example.com", "merge", "-q", "@{-1}"); err == nil {
		t.Fatal("the merge has no conflict")
	}
	_, err := Diff(dir, Revisions{Staged: true}, func(*Input) (Options, error) { return Options{Config: &Config{}}, nil })
	if err == nil || !strings.Contains(err.Error(), "a.tf has a conflict") {
		t.Errorf("the error is %v", err)
	}
}

// TestLinkedFileOfAModule changes a file that is linked into the directory of a module: the role is that module's.
func TestLinkedFileOfAModule(t *testing.T) {
	dir := repository(t)
	role := "resource \"aws_iam_role\" \"r\" {\n  assume_role_policy = jsonencode({\n    Statement = [{ Effect = \"Allow\", Action = \"sts:AssumeRole\", Principal = { AWS = var.callers } }]\n  })\n}\n"
	variable := func(who string) string { return "variable \"callers\" {\n  default = \"" + who + "\"\n}\n" }
	if err := os.Mkdir(filepath.Join(dir, "live"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "live/main.tf"), role)
	write(t, filepath.Join(dir, "common.tf"), variable("arn:aws:iam::111122223333:role/a"))
	if err := os.Symlink("../common.tf", filepath.Join(dir, "live/common.tf")); err != nil {
		t.Skip(err)
	}
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "x")
	write(t, filepath.Join(dir, "common.tf"), variable("*"))
	git(t, dir, "commit", "-q", "-a", "-m", "y")
	d := diffOf(t, dir, "HEAD~1")
	if len(d.Widened) != 1 || d.Widened[0].Role != "aws_iam_role.r" {
		t.Errorf("the difference is:\n%s", describe(d))
	}
}
