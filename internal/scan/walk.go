package scan

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/parallel"
	"github.com/trustvet/trustvet/internal/source"
)

// A walker lists the files below directories of a tree, without those that .gitignore files name. Only the .gitignore
// files of the tree count, not the user's own settings: the same tree gives the same result everywhere.
type walker struct {
	tree     *source.Tree
	files    []string
	links    []string // symbolic links, not followed
	ignored  bool     // something was left out because a .gitignore file says so
	problems []source.Problem
	matching *matching // nil before the first name is matched
}

// skippedDir reports whether a walk leaves out directories of that name: what git, Terraform, Terragrunt and npm keep
// there is not the user's own. Terraform modules below .terraform are still read when a module call leads there.
func skippedDir(name string) bool {
	switch name {
	case ".git", ".terraform", ".terragrunt-cache", "node_modules":
		return true
	}
	return false
}

// walk adds the files below dir.
func (w *walker) walk(dir string) {
	var above []string // the directories over dir, the root first
	for d := dir; d != "."; {
		d = path.Dir(d)
		above = append(above, d)
	}
	slices.Reverse(above)
	var ignores []ignoreFile
	for _, d := range above {
		ignores = w.readIgnore(ignores, d)
	}
	entries, err := w.tree.ReadDir(dir)
	w.walkDir(dir, listing{entries, err}, ignores)
}

// maxDirDepth is how many directories may lie in each other. To open one costs a step for each of those above it; a path of
// more would be too long for most systems.
const maxDirDepth = 400

// A listing is what a directory holds, or why that is not known.
type listing struct {
	entries []source.Entry
	err     error
}

// walkDir adds the files of dir, which holds l, and below it.
func (w *walker) walkDir(dir string, l listing, ignores []ignoreFile) {
	if l.err != nil {
		w.problem(dir, l.err)
		return
	}
	if slices.ContainsFunc(l.entries, func(e source.Entry) bool { return e.Name() == ".gitignore" }) {
		ignores = w.readIgnore(ignores, dir)
	}
	within := dir + "/"
	if dir == "." {
		within = ""
	}
	var dirs []string
	for _, e := range l.entries {
		name := within + e.Name()
		switch {
		case e.IsDir() && skippedDir(e.Name()), e.Name() == ".git":
		case len(ignores) > 0 && w.leavesOut(ignores, name, e.IsDir()):
			w.ignored = true
		case e.IsDir():
			dirs = append(dirs, name)
		case e.Type().IsRegular():
			w.files = append(w.files, name)
		case e.Type()&fs.ModeSymlink != 0:
			w.links = append(w.links, name)
		}
	}
	if len(dirs) > 0 && strings.Count(dirs[0], "/") >= maxDirDepth {
		for _, d := range dirs {
			w.problem(d, fmt.Errorf("not searched: more than %d directories lie in each other", maxDirDepth))
		}
		return
	}
	listings := make([]listing, len(dirs)) // a tree has many small directories, and to list them takes most of a walk
	parallel.Each(len(dirs), func(i int) { listings[i].entries, listings[i].err = w.tree.ReadDir(dirs[i]) })
	for i, d := range dirs {
		w.walkDir(d, listings[i], ignores[:len(ignores):len(ignores)])
	}
}

// leavesOut reports whether .gitignore files name the entry. When matching has taken too many steps, they name nothing more.
func (w *walker) leavesOut(ignores []ignoreFile, name string, isDir bool) bool {
	if w.matching == nil {
		w.matching = newMatching()
	}
	if w.matching.exhausted() {
		return false
	}
	ignored := w.matching.ignored(ignores, name, isDir)
	if w.matching.exhausted() {
		w.problem(path.Join(ignores[len(ignores)-1].dir, ".gitignore"), errors.New("the patterns of .gitignore files take too long to match: from here on they leave nothing out"))
	}
	return ignored
}

// readIgnore appends the .gitignore file of dir, if there is one.
func (w *walker) readIgnore(ignores []ignoreFile, dir string) []ignoreFile {
	f, err := w.tree.File(path.Join(dir, ".gitignore"))
	if err != nil {
		return ignores
	}
	if len(f.Src) > maxIgnoreFile {
		w.problem(f.Name, fmt.Errorf("is larger than %d bytes: it leaves nothing out", maxIgnoreFile))
		return ignores
	}
	return append(ignores, parseIgnore(dir, f.Src))
}

func (w *walker) problem(name string, err error) {
	w.problems = append(w.problems, source.Problem{Name: name, Message: source.Reason(err), Unreadable: true})
}
