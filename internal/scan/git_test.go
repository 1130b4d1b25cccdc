package scan

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a repository's configuration names is not run: not to watch files, and not to fetch what a partial clone lacks.
func TestGitRunsNothingThatTheRepositoryNames(t *testing.T) {
	dir := repository(t)
	commitTree(t, dir, map[string]string{"a.json": oldPolicy, ".gitignore": "b.json\n"})
	commitTree(t, dir, map[string]string{"a.json": strings.Replace(oldPolicy, "ec2", "lambda", 1), ".gitignore": "b.json\n"})
	mark := filepath.Join(t.TempDir(), "mark")
	run := "touch '" + mark + "'; false"
	for key, value := range map[string]string{
		"core.fsmonitor": run, "core.hooksPath": dir, "diff.external": run, "core.pager": run, "core.sshCommand": run,
		"extensions.partialClone": "origin", "remote.origin.promisor": "true", "remote.origin.url": dir, "remote.origin.uploadpack": run, "protocol.allow": "always",
	} {
		git(t, dir, "config", key, value)
	}
	blob := strings.TrimSpace(git(t, dir, "rev-parse", "HEAD~1:a.json"))
	if err := os.Remove(filepath.Join(dir, ".git/objects", blob[:2], blob[2:])); err != nil {
		t.Fatal(err)
	}
	d, err := Diff(dir, Revisions{Base: "HEAD~1"}, func(*Input) (Options, error) { return fuzzOptions(), nil })
	if err == nil && len(d.Problems) == 0 {
		t.Error("nothing says that an object is missing")
	}
	scanOf(t, dir, ".")
	if _, err := os.Stat(mark); err == nil {
		t.Error("what the repository's configuration names was run")
	}
}

// A commit is what its objects hold: a ref that would put another object in the place of one hides nothing.
func TestReplacedObjectsHideNothing(t *testing.T) {
	dir := repository(t)
	commitTree(t, dir, map[string]string{"a.json": oldPolicy})
	commitTree(t, dir, map[string]string{"a.json": strings.Replace(oldPolicy, "ec2", "lambda", 1)})
	git(t, dir, "replace", "HEAD:a.json", "HEAD~1:a.json")
	d, err := Diff(dir, Revisions{Base: "HEAD~1"}, func(*Input) (Options, error) { return fuzzOptions(), nil })
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Widened) != 1 {
		t.Errorf("%d callers are new, want one", len(d.Widened))
	}
}

// A tree may hold what git itself would not write into one: a comparison says so, or leaves it out, and ends.
func TestTreesThatGitWouldNotMake(t *testing.T) {
	dir := repository(t)
	commitTree(t, dir, map[string]string{"a.json": oldPolicy})
	blob := strings.TrimSpace(git(t, dir, "rev-parse", "HEAD:a.json"))
	id, err := hex.DecodeString(blob)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, says string }{
		{"/etc/x.json", "is no name of a file"}, {"../x.json", "outside"}, {"b/../../x.json", "outside"}, {"b//x.json", ""}, {"./x.json", ""}, {"\xff.json", "is not UTF-8"},
	} {
		content := filepath.Join(t.TempDir(), "tree")
		write(t, content, "100644 "+test.name+"\x00"+string(id))
		tree := strings.TrimSpace(git(t, dir, "hash-object", "-t", "tree", "-w", "--literally", content))
		d, err := Diff(dir, Revisions{Base: "HEAD", Head: tree}, func(*Input) (Options, error) { return fuzzOptions(), nil })
		said := fmt.Sprint(err)
		if err == nil {
			for _, p := range d.Problems {
				said += " " + p.Message
			}
		}
		if !strings.Contains(said, test.says) {
			t.Errorf("%q: %s, which says nothing of %q", test.name, said, test.says)
		}
	}
}
