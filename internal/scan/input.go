package scan

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/trustvet/trustvet/extract"
	"github.com/trustvet/trustvet/internal/source"
)

// An Input is the files to scan and the tree they lie in.
type Input struct {
	Root  string // the directory that names are relative to: absolute, without symbolic links
	Tree  *source.Tree
	Files []string // relative to Root, sorted, each once
	// Problems are the paths that cannot be scanned.
	Problems []source.Problem
}

// Stdin is the path that stands for the standard input.
const Stdin = "-"

// A Place is where paths are read from: the working directory, and what stands for Stdin.
type Place struct {
	Dir       string // absolute
	Stdin     io.Reader
	StdinName string // the file that the standard input is read as; it may exist
}

// Open finds the files that paths name: files, directories, which are searched, and Stdin. The root is the top of the git
// repository that they lie in; otherwise the deepest directory that holds them all.
func Open(from Place, paths []string) (*Input, error) {
	in := &Input{}
	type target struct {
		path, given string // path is absolute and real
		dir         bool
	}
	var targets []target
	var roots []string
	for _, given := range paths {
		if given == Stdin {
			continue
		}
		real, info, err := from.real(given)
		if err != nil {
			in.Problems = append(in.Problems, source.Problem{Name: filepath.ToSlash(given), Message: source.Reason(err), Unreadable: true})
			continue
		}
		t := target{real, given, info.IsDir()}
		targets = append(targets, t)
		if t.dir {
			roots = append(roots, top(real))
		} else {
			roots = append(roots, top(filepath.Dir(real)))
		}
	}
	if len(roots) == 0 || slices.Contains(paths, Stdin) {
		dir, _, err := from.real(".")
		if err != nil {
			return nil, err
		}
		roots = append(roots, top(dir))
	}
	in.Root = common(roots)
	dir, err := source.OpenDir(in.Root)
	if err != nil {
		return nil, err
	}
	var fsys fs.FS = dir
	if slices.Contains(paths, Stdin) {
		name, err := from.Name(in.Root, from.StdinName)
		if err != nil {
			return nil, err
		}
		src, err := io.ReadAll(io.LimitReader(from.Stdin, source.MaxFileSize+1))
		if err != nil {
			in.Problems = append(in.Problems, source.Problem{Name: name, Message: source.Reason(err), Unreadable: true})
		}
		fsys = withFile{fsys, name, src}
		in.Files = append(in.Files, name)
	}
	in.Tree = source.NewTree(fsys)
	w := walker{tree: in.Tree}
	for _, t := range targets {
		name, err := filepath.Rel(in.Root, t.path)
		if err != nil {
			return nil, err // cannot be: the root holds it
		}
		name = filepath.ToSlash(name)
		if !t.dir {
			w.files = append(w.files, name)
			continue
		}
		found := len(w.files) + len(w.links)
		w.walk(name)
		if w.ignored {
			for _, tracked := range trackedButIgnored(in.Root, name) {
				if in.Tree.Exists(tracked) && !in.Tree.IsDir(tracked) {
					w.files = append(w.files, tracked)
				}
			}
		}
		if len(w.files)+len(w.links) == found {
			in.Problems = append(in.Problems, source.Problem{Name: filepath.ToSlash(t.given), Message: "holds no files to scan"})
		}
	}
	in.Files = append(in.Files, w.files...)
	in.Problems = append(in.Problems, w.problems...)
	for _, link := range w.links {
		in.addLink(link)
	}
	slices.Sort(in.Files)
	in.Files = slices.Compact(in.Files)
	return in, nil
}

func (p Place) abs(given string) string {
	if filepath.IsAbs(given) {
		return filepath.Clean(given)
	}
	return filepath.Join(p.Dir, given)
}

// errLink is why a symbolic link is not followed.
var errLink = errors.New("is a symbolic link that leads out of the scanned tree")

// real returns the absolute path that a path leads to.
func (p Place) real(given string) (string, os.FileInfo, error) {
	real, err := filepath.EvalSymlinks(p.abs(given))
	if err != nil {
		return "", nil, err
	}
	if real != p.abs(given) && p.escapes(given) {
		return "", nil, errLink
	}
	info, err := os.Stat(real)
	if err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		err = source.ErrNotRegular
	}
	return real, info, err
}

// escapes reports whether a link of a git repository, on the way that a path goes, leads out of that repository. A person means
// the links that they made themselves, and those in a repository may be a stranger's: what such a link leads to would make all
// that lies above both part of the tree.
func (p Place) escapes(given string) bool {
	at, err := filepath.EvalSymlinks(p.Dir)
	if err != nil {
		return false
	}
	rest := filepath.Clean(given)
	if filepath.IsAbs(rest) {
		at = filepath.VolumeName(rest) + string(filepath.Separator)
		rest = rest[len(at):]
	}
	for name := range strings.SplitSeq(rest, string(filepath.Separator)) {
		next := filepath.Join(at, name)
		real, err := filepath.EvalSymlinks(next)
		if err != nil {
			return false // it leads nowhere
		}
		if repository, ok := repositoryOf(at); ok && name != ".." && real != next && common([]string{repository, real}) != repository {
			return true
		}
		at = real
	}
	return false
}

// top returns the top directory of the git repository that dir lies in, dir itself when it lies in none.
func top(dir string) string {
	if d, ok := repositoryOf(dir); ok {
		return d
	}
	return dir
}

// repositoryOf returns the top directory of the git repository that dir lies in, false when it lies in none.
func repositoryOf(dir string) (string, bool) {
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(filepath.Join(d, ".git")); err == nil {
			return d, true
		}
		if d == filepath.Dir(d) {
			return "", false
		}
	}
}

// common returns the deepest directory that is or holds each of dirs.
func common(dirs []string) string {
	root := dirs[0]
	for _, d := range dirs[1:] {
		for root != filepath.Dir(root) && d != root && !strings.HasPrefix(d, root+string(filepath.Separator)) {
			root = filepath.Dir(root)
		}
	}
	return root
}

// Name returns the name of a path relative to root. The path need not exist.
func (p Place) Name(root, given string) (string, error) {
	abs := p.abs(given)
	if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		abs = filepath.Join(dir, filepath.Base(abs))
	}
	name, err := filepath.Rel(root, abs)
	if err != nil {
		return "", err
	}
	return source.Clean(filepath.ToSlash(name))
}

// addLink adds what a symbolic link leads to when that is a file of the tree. Terraform reads a link beside other files of
// a module, so such a link keeps its own name. A link that leads out of the tree is not followed, and said so.
func (in *Input) addLink(link string) {
	real, err := filepath.EvalSymlinks(filepath.Join(in.Root, filepath.FromSlash(link)))
	if err != nil {
		if in.Tree.Exists(link) { // if it does not, the tree has a problem where it should
			in.Problems = append(in.Problems, source.Problem{Name: link, Message: source.Reason(err), Unreadable: true})
		}
		return // it leads nowhere
	}
	name, err := filepath.Rel(in.Root, real)
	if err != nil {
		return
	}
	if name, err = source.Clean(filepath.ToSlash(name)); err != nil {
		in.Problems = append(in.Problems, source.Problem{Name: link, Message: errLink.Error()})
		return
	}
	switch {
	case in.Tree.IsDir(name) || inSkippedDir(name):
	case extract.LanguageOf(link) == extract.Terraform:
		in.Files = append(in.Files, link)
	default:
		in.Files = append(in.Files, name)
	}
}

func inSkippedDir(name string) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if skippedDir(path.Base(dir)) {
			return true
		}
	}
	return false
}

// withFile is a file system with one file in front of it.
type withFile struct {
	fs.FS
	name string
	src  []byte
}

func (w withFile) Open(name string) (fs.File, error) {
	if name == w.name {
		return newMemoryFile(name, w.src), nil
	}
	return w.FS.Open(name)
}

func (w withFile) Stat(name string) (fs.FileInfo, error) {
	if name == w.name {
		return newMemoryFile(name, w.src), nil
	}
	return fs.Stat(w.FS, name)
}

func (w withFile) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(w.FS, name)
	if path.Dir(w.name) != name {
		return entries, err
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return entries, err
	}
	base := path.Base(w.name)
	i, found := slices.BinarySearchFunc(entries, base, func(e fs.DirEntry, name string) int { return strings.Compare(e.Name(), name) })
	entry := fs.FileInfoToDirEntry(newMemoryFile(w.name, w.src))
	if found {
		entries[i] = entry
		return entries, nil
	}
	return slices.Insert(entries, i, entry), nil
}
