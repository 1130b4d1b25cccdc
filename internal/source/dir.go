package source

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// A Dir is a directory of this machine as a file system. No name leaves it, neither by ".." nor through a symbolic link.
// Together with Tree, which refuses what is no regular file, it is the sandbox of all reading that input can cause.
type Dir struct {
	root *os.Root
	self *os.File // the directory itself
}

// OpenDir opens the directory of that path, which the user names.
func OpenDir(dir string) (*Dir, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	self, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	return &Dir{root, self}, nil
}

// Open opens a regular file for reading. Of anything else, what it returns says that it is none.
func (d *Dir) Open(name string) (fs.File, error) {
	if f, ok := d.open(name); ok {
		return f, nil
	}
	f, err := d.openInRoot(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// openInRoot opens what has that name. Should it be a named pipe, it does not wait for the writer.
func (d *Dir) openInRoot(name string) (*os.File, error) {
	local, err := filepath.Localize(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return d.root.OpenFile(local, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// ReadDir returns the entries of a directory, sorted by name.
func (d *Dir) ReadDir(name string) ([]fs.DirEntry, error) {
	if entries, ok := d.list(name); ok {
		return entries, nil
	}
	f, err := d.openInRoot(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

// Stat says what a file is; it follows links.
func (d *Dir) Stat(name string) (fs.FileInfo, error) { return fs.Stat(d.root.FS(), name) }

// A dirEntry is one of a directory that has been listed.
type dirEntry struct {
	dir    *Dir
	parent string
	name   string
	mode   fs.FileMode
}

func (e *dirEntry) Name() string               { return e.name }
func (e *dirEntry) Type() fs.FileMode          { return e.mode }
func (e *dirEntry) IsDir() bool                { return e.mode.IsDir() }
func (e *dirEntry) Info() (fs.FileInfo, error) { return e.dir.root.Lstat(path.Join(e.parent, e.name)) }
