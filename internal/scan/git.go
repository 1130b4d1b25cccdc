package scan

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// gitCommand returns a command that runs git in dir with the environment of this process: in a hook, GIT_INDEX_FILE says which
// index the commit is made from. What the repository's own configuration could make git run is switched off: a monitor of
// the file system, hooks and, for an object that a partial clone lacks, whatever it would be fetched with. Objects are what
// their names say, whatever refs/replace would put in their place.
func gitCommand(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("git", append([]string{"-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GIT_ALLOW_PROTOCOL=none", "GIT_NO_LAZY_FETCH=1", "GIT_NO_REPLACE_OBJECTS=1", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0")
	return cmd
}

// runGit returns what git writes.
func runGit(dir string, args ...string) ([]byte, error) {
	return output(gitCommand(dir, args...), args[0])
}

func output(cmd *exec.Cmd, command string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if text := strings.TrimSpace(stderr.String()); text != "" {
			return nil, fmt.Errorf("git %s: %w: %s", command, err, text)
		}
		return nil, fmt.Errorf("git %s: %w", command, err)
	}
	return out, nil
}

// trackedButIgnored returns the files below dir that git tracks although a .gitignore file names them: to git they are
// not ignored, and a commit could otherwise hide a role from a scan. Without git or a repository there are none.
func trackedButIgnored(root, dir string) []string {
	out, err := runGit(root, "ls-files", "-z", "-c", "-i", "--exclude-per-directory=.gitignore", "--", dir)
	if err != nil {
		return nil
	}
	var names []string
	for name := range strings.SplitSeq(string(out), "\x00") {
		if name != "" && !inSkippedDir(name) {
			names = append(names, name)
		}
	}
	return names
}

// searchFiles returns the files with a name that matches one of the patterns that hold one of texts: the tracked ones of the work
// tree, or those of the tree that in names, or of the index when it is --cached. git reads them faster than this program may,
// which checks every path for a way out of the tree.
func searchFiles(root string, texts, patterns []string, in ...string) ([]string, error) {
	args := []string{"grep", "-l", "-z", "-F", "--no-color", "--no-recurse-submodules"}
	for _, t := range texts {
		args = append(args, "-e", t)
	}
	out, err := runGit(root, slices.Concat(args, in, []string{"--"}, patterns)...)
	if exitCode(err) == 1 {
		return nil, nil // nothing found
	}
	names := strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
	if len(in) > 0 && in[0] != "--cached" {
		for i := range names {
			names[i] = strings.TrimPrefix(names[i], in[0]+":")
		}
	}
	return names, err
}

// exitCode returns the exit status that err holds, -1 when it holds none.
func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}
