package scan

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/source"
)

func TestIgnorePatterns(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"*.tf", "a/b/main.tf", true},
		{"/*.tf", "a/main.tf", false},
		{"/*.tf", "main.tf", true},
		{"a/*.tf", "a/main.tf", true},
		{"a/*.tf", "b/a/main.tf", false},
		{"**/a/*.tf", "b/a/main.tf", true},
		{"a/**/z.tf", "a/z.tf", true},
		{"a/**/z.tf", "a/b/c/z.tf", true},
		{"a/**", "a/b/c", true},
		{"a/**", "a", false},
		{"**", "a/b", true},
		{"a?c", "abc", true},
		{"[a-c].tf", "b.tf", true},
		{"[!a-c].tf", "b.tf", false},
		{"[]x].tf", "].tf", true},
		{"[[:digit:]].tf", "7.tf", true},
		{"[a", "[a", false},
		{`\*.tf`, "*.tf", true},
		{`\*.tf`, "x.tf", false},
		{`\#x`, "#x", true},
		{`\!x`, "!x", true},
		{"#x", "#x", false},
		{"x ", "x", true},
		{`x\ `, "x ", true},
		{`x\`, "x", false},
		{"build/", "build", false}, // build is a file here
		{"*a*a*a*a*a*a*a*a*a*b", strings.Repeat("a", 200), false},
	} {
		f := parseIgnore(".", []byte(test.pattern+"\r\n"))
		if got := newMatching().ignored([]ignoreFile{f}, test.name, false); got != test.want {
			t.Errorf("pattern %q ignores %q: %v, want %v", test.pattern, test.name, got, test.want)
		}
	}
}

// Patterns that take long are given up for all names at once, and what they were to leave out is scanned.
func TestPatternsThatTakeLongLeaveNothingOut(t *testing.T) {
	slow := strings.Repeat("**/", 200) + strings.Repeat("*a", 200) + "\n"
	files := map[string]string{}
	for i := range 100 {
		files[strings.Repeat(strings.Repeat("a", 50)+"/", 20)+strconv.Itoa(i)+".json"] = "{}"
	}
	files["p.json"] = oldPolicy
	for name, content := range map[string]string{
		"slow": strings.Repeat(slow, 2000) + "p.json\n", "large": strings.Repeat("x\n", 1<<20) + "p.json\n",
		"brackets": strings.Repeat("[", 1<<19) + "\n" + strings.Repeat("[a-", 1<<17) + "]\n" + strings.Repeat("\\", 1<<18+1) + "\n",
	} {
		dir := t.TempDir()
		for f, text := range files {
			write(t, filepath.Join(dir, f), text)
		}
		write(t, filepath.Join(dir, ".gitignore"), content)
		r := scanOf(t, dir, ".")
		if r.Summary.Roles != 1 || name != "brackets" && (len(r.Problems) != 1 || !r.Problems[0].Unreadable) {
			t.Errorf("%s: %v, problems %v", name, r.Summary, r.Problems)
		}
	}
	c, err := ReadConfig(source.NewFile(ConfigName, []byte("exclude:\n"+strings.Repeat("- '"+strings.TrimSpace(slow)+"'\n", maxConfig/(len(slow)+10)))))
	if err != nil {
		t.Fatal(err)
	}
	in := inputOf(files)
	if c.Exclude(in); len(in.Files) != len(files) || len(in.Problems) != 1 {
		t.Errorf("%d files, problems %v", len(in.Files), in.Problems)
	}
}

// TestWalkIsGitsWalk builds trees of random .gitignore files and asks git which files are left.
func TestWalkIsGitsWalk(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[rng.IntN(len(from))] }
	element := func() string {
		return pick("a", "b", "ab", "a.tf", "*", "*.tf", "?", "a*", "*b", "[ab]", "[!a]", "**", `\a`, "**a", "a**", "[[:alpha:]]", "b ", `b\ `, "[b-", "")
	}
	pattern := func() string {
		p := pick("", "", "", "!", "!", "#", "/") + pick("", "", "/") + element()
		for range rng.IntN(3) {
			p += "/" + element()
		}
		return p + pick("", "", "", "/", " ", "\r")
	}
	for range 25 {
		dir := t.TempDir()
		git(t, dir, "init", "-q")
		for _, d := range []string{".", "a", "b", "a/b", "a/a", "b/ab", "a/b/b", "a/b/a.tf"} {
			path := filepath.Join(dir, d)
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"a", "b", "ab", "a.tf", "b.tf", "b "} {
				if _, err := os.Lstat(filepath.Join(path, name)); err == nil {
					continue
				}
				if d == "." && (name == "a" || name == "b") || d == "a" && (name == "a" || name == "b") || name == "a.tf" && d == "a/b" || name == "b" && d == "a/b" || name == "ab" && d == "b" {
					continue // a directory
				}
				write(t, filepath.Join(path, name), "x")
			}
			if rng.IntN(3) > 0 {
				var lines []string
				for range 1 + rng.IntN(4) {
					lines = append(lines, pattern())
				}
				write(t, filepath.Join(path, ".gitignore"), strings.Join(lines, "\n"))
			}
		}
		want := strings.Split(strings.TrimSuffix(git(t, dir, "-c", "core.excludesFile=", "ls-files", "-z", "-o", "--exclude-per-directory=.gitignore"), "\x00"), "\x00")
		slices.Sort(want)
		tree, err := source.OpenTree(dir)
		if err != nil {
			t.Fatal(err)
		}
		w := walker{tree: tree}
		w.walk(".")
		got := w.files
		slices.Sort(got)
		if !slices.Equal(got, want) {
			ignores := git(t, dir, "-c", "core.excludesFile=", "grep", "--no-index", "-n", "", "--", "*.gitignore")
			t.Fatalf("walk and git differ\ngit:  %q\nwalk: %q\n%s", want, got, ignores)
		}
	}
}

func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, stderr.String())
	}
	return string(out)
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
