package scan

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/trustvet/trustvet/internal/source"
)

// OpenCommit finds what to scan for a commit that changes the files that paths name: these, and the Terraform modules that
// they belong to with all that call them. The tree shows only what is in git's index, so that a file which is not part of
// the commit does not change what is said about it. The content is that of the work tree: pre-commit has made it that of
// the index. The second result holds the names of the files that paths name.
//
// Outside a git repository the paths are scanned as Open does.
func OpenCommit(from Place, paths []string) (*Input, map[string]bool, error) {
	dir, _, err := from.real(".")
	if err != nil {
		return nil, nil, err
	}
	root := top(dir)
	index, err := readIndex(root)
	if err != nil {
		in, err := Open(from, paths)
		if err != nil {
			return nil, nil, err
		}
		given := map[string]bool{}
		for _, name := range in.Files {
			given[name] = true
		}
		return in, given, nil
	}
	in := &Input{Root: root}
	given := map[string]bool{}
	var names []string
	for _, p := range paths {
		name, err := from.Name(root, p)
		if err == nil {
			_, err = os.Lstat(filepath.Join(root, filepath.FromSlash(name)))
		}
		if err != nil {
			in.Problems = append(in.Problems, source.Problem{Name: filepath.ToSlash(p), Message: source.Reason(err), Unreadable: true})
			given[filepath.ToSlash(p)] = true
			continue
		}
		if !given[name] {
			given[name] = true
			names = append(names, name)
			index.add(name)
		}
	}
	sys, err := source.OpenDir(root)
	if err != nil {
		return nil, nil, err
	}
	in.Tree = source.NewTree(indexFS{sys, index})
	in.Files = affected(in.Tree, index.names, names, func(texts, patterns []string) []string {
		found, err := searchFiles(root, texts, patterns)
		if err != nil {
			return index.names // look at all
		}
		return found
	})
	return in, given, nil
}

// An index is what git's index lists.
type index struct {
	names      []string // of the files
	files      map[string]bool
	dirs       map[string]bool // that the files lie in
	submodules map[string]bool
}

func readIndex(root string) (*index, error) {
	out, err := runGit(root, "ls-files", "-z", "-s")
	if err != nil {
		return nil, err
	}
	ix := &index{files: map[string]bool{}, dirs: map[string]bool{".": true}, submodules: map[string]bool{}}
	for entry := range strings.SplitSeq(string(out), "\x00") {
		about, name, ok := strings.Cut(entry, "\t")
		switch {
		case !ok:
		case strings.HasPrefix(about, "160000 "):
			ix.submodules[name] = true
		default:
			ix.add(name)
		}
	}
	return ix, nil
}

func (ix *index) add(name string) {
	if ix.files[name] {
		return
	}
	ix.files[name] = true
	ix.names = append(ix.names, name)
	for d := path.Dir(name); !ix.dirs[d]; d = path.Dir(d) {
		ix.dirs[d] = true
	}
}

// shows reports whether a file or directory of that name is to be seen: what the index lists, and what lies in a submodule
// or where Terraform keeps the modules it has downloaded.
func (ix *index) shows(name string) bool {
	if ix.files[name] || ix.dirs[name] {
		return true
	}
	for d := name; d != "."; d = path.Dir(d) {
		if ix.submodules[d] || path.Base(d) == ".terraform" {
			return true
		}
	}
	return false
}

// An indexFS is a file system that has only what an index shows.
type indexFS struct {
	fs.FS
	index *index
}

func (f indexFS) Open(name string) (fs.File, error) {
	if !f.index.shows(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return f.FS.Open(name)
}

func (f indexFS) Stat(name string) (fs.FileInfo, error) {
	if !f.index.shows(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return fs.Stat(f.FS, name)
}

func (f indexFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if !f.index.shows(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	entries, err := fs.ReadDir(f.FS, name)
	shown := entries[:0]
	for _, e := range entries {
		if f.index.shows(path.Join(name, e.Name())) {
			shown = append(shown, e)
		}
	}
	return shown, err
}
