package scan

import (
	"fmt"
	"strings"
)

// BaseOf returns the commit that the checked-out one is to be compared with for a pull request onto the commit base: the
// one that both go back to. In a shallow clone, which does not have it, base itself is fetched from origin; what is checked
// out on GitHub is base with the pull request merged into it, so that nothing else differs.
func BaseOf(dir, base string) (string, error) {
	if strings.Trim(base, "0123456789abcdef") != "" || len(base) < 40 {
		return "", fmt.Errorf("%q is not a commit", base)
	}
	real, _, err := Place{Dir: dir}.real(".")
	if err != nil {
		return "", err
	}
	root := top(real)
	if _, err := runGit(root, "cat-file", "-e", base+"^{commit}"); err != nil {
		fetch := gitCommand(root, "fetch", "--quiet", "--no-tags", "--depth=1", "origin", base)
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
