package scan

import (
	"strings"
	"testing"
)

// TestBaseOfAPullRequest has a branch that went on after the event of a pull request was made, and what GitHub checks out for
// the pull request: its merge into the branch.
func TestBaseOfAPullRequest(t *testing.T) {
	dir := repository(t)
	revision := func(name string) string { return strings.TrimSpace(git(t, dir, "rev-parse", name)) }
	commitTree(t, dir, map[string]string{"a.tf": "1"})
	old := revision("HEAD")
	git(t, dir, "checkout", "-q", "-b", "change")
	commitTree(t, dir, map[string]string{"a.tf": "1", "b.tf": "2"})
	head := revision("HEAD")
	git(t, dir, "checkout", "-q", "-b", "trunk", old)
	commitTree(t, dir, map[string]string{"a.tf": "3"})
	now := revision("HEAD")
	git(t, dir, "checkout", "-q", "--detach")
	git(t, dir, "merge", "-q", "--no-ff", "-m", "merge", head)

	for _, test := range []struct{ name, checkedOut, base, head, want string }{
		{"its merge into the branch", "HEAD", old, head, now},
		{"its merge, of which the event says nothing", "HEAD", old, "", old},
		{"its own commit", head, now, head, old},
		{"a merge of its own", "HEAD", old, revision("HEAD"), old},
	} {
		git(t, dir, "checkout", "-q", test.checkedOut)
		if got, err := BaseOf(dir, test.base, test.head); err != nil || got != test.want {
			t.Errorf("%s: %s, %v, want %s", test.name, got, err, test.want)
		}
		git(t, dir, "checkout", "-q", "-")
	}
	if _, err := BaseOf(dir, "--upload-pack=x", head); err == nil {
		t.Error("an option counts as a commit")
	}
}
