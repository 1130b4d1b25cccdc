package scan

import (
	"fmt"
	"strings"
)

// BaseOf returns the commit that the checked-out one is to be compared with for a pull request of the commit head onto the
// commit base, by what the event says.
//
// What GitHub checks out is head merged into the base branch as it is now: the branch, of which the event may know an older
// commit, is the first parent then. Otherwise it is the commit that both go back to. In a shallow clone, which does not have
// it, base itself is fetched from origin.
func BaseOf(dir, base, head string) (string, error) {
	if strings.Trim(base, "0123456789abcdef") != "" || len(base) < 40 {
		return "", fmt.Errorf("%q is not a commit", base)
	}
	real, _, err := Place{Dir: dir}.real(".")
	if err != nil {
		return "", err
	}
	root := top(real)
	if out, err := runGit(root, "rev-list", "--parents", "--max-count=1", "HEAD"); err == nil {
		// A merge that the pull request itself ends in does not count: no commit is its own parent.
		if commits := strings.Fields(string(out)); len(commits) == 3 && commits[2] == head {
			return commits[1], nil
		}
	}
	if _, err := runGit(root, "cat-file", "-e", base+"^{commit}"); err != nil {
		fetch := gitCommand(root, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance", "--depth=1", "origin", base)
		fetch.Env = nil // that of this process: here something is to be fetched
		if _, err := output(fetch, "fetch"); err != nil {
			return "", err
		}
	}
	if out, err := runGit(root, "merge-base", base, "HEAD"); err == nil {
		return strings.TrimSpace(string(out)), nil
	}
	return base, nil
}
