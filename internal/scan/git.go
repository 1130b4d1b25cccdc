package scan

import (
	"bytes"
	"fmt"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/trustvet/trustvet/internal/source"
)

// runGit runs git in dir with the environment of this process: in a hook, GIT_INDEX_FILE says which index the commit is
// made from. What the repository's own configuration could make git run is switched off.
func runGit(dir string, args ...string) ([]byte, error) {
	cmd := exec.Command("git", append([]string{"-c", "core.fsmonitor=false", "-c", "core.quotePath=false"}, args...)...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if text := strings.TrimSpace(stderr.String()); text != "" {
			return nil, fmt.Errorf("git %s: %s", args[0], text)
		}
		return nil, fmt.Errorf("git %s: %w", args[0], err)
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

// OpenIndex returns the files of given that are in git's index. The tree shows only what the index has, so that a file
// that is not part of a commit does not change what is said about it; their content is that of the work tree, which
// pre-commit has made equal to the index.
func OpenIndex(given []string) (*Input, error) {
	dir, _, err := realPath(".")
	if err != nil {
		return nil, err
	}
	in := &Input{Root: top(dir)}
	tracked, err := readIndex(in.Root)
	if err != nil {
		return nil, err
	}
	sys, err := source.OpenTree(in.Root)
	if err != nil {
		return nil, err
	}
	in.Tree = sys
	_ = tracked
	return in, nil
}

// An index is what git's index holds: the names of files, of the directories they lie in, and of submodules.
type index struct {
	files, dirs map[string]bool
	submodules  []string
}

func readIndex(root string) (*index, error) {
	out, err := runGit(root, "ls-files", "-z", "-s")
	if err != nil {
		return nil, err
	}
	ix := &index{files: map[string]bool{}, dirs: map[string]bool{".": true}}
	for entry := range strings.SplitSeq(string(out), "\x00") {
		mode, name, ok := strings.Cut(entry, "\t")
		if !ok {
			continue
		}
		if strings.HasPrefix(mode, "160000 ") {
			ix.submodules = append(ix.submodules, name)
		}
		ix.files[name] = true
		for d := path.Dir(name); !ix.dirs[d]; d = path.Dir(d) {
			ix.dirs[d] = true
		}
	}
	return ix, nil
}

var _ = filepath.Join
var _ fs.FS
