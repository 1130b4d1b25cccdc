package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"unicode/utf8"
)

// MaxKept is the size in bytes of what is kept of all files together: those that hold roles or speak of trustvet, with what is
// made of them. The files that hold something in 250 public repositories have as much.
const MaxKept = 128 << 20

// MaxFileSize is the size in bytes past which a file is not read. The largest real template known is 2 MB.
const MaxFileSize = 16 << 20

// Why a Tree does not give a file. The errors it returns wrap one of these or an error of io/fs.
var (
	ErrOutside    = errors.New("lies outside the scanned tree")
	ErrTooLarge   = fmt.Errorf("is larger than %d bytes", MaxFileSize)
	ErrNotRegular = errors.New("is not a regular file")
	ErrNotUTF8    = errors.New("has a name that is not UTF-8")
)

// A Tree is the set of files that trustvet may read, and the only way to read one that the input names: a path cannot
// leave it, neither by ".." nor through a symbolic link, and devices, pipes and very large files are refused. It reads a
// file's bytes once, unless they are dropped, and a directory once. It may be used by many goroutines.
type Tree struct {
	fsys fs.FS

	mu    sync.Mutex
	files map[string]*treeFile
	dirs  map[string]*treeDir
	spare [][]byte // of recycled files, empty

	problems  []Problem
	forgotten map[string]bool // see Forget
}

type treeFile struct {
	once  sync.Once
	asked int // how often, guarded by Tree.mu
	file  *File
	err   error
}

// dropped stands for every file that has been dropped and that nobody has asked for since.
var dropped = &treeFile{}

type treeDir struct {
	once    sync.Once
	entries []Entry
	err     error
}

// NewTree returns the tree of the files in fsys, which must itself refuse to follow symbolic links out of it.
func NewTree(fsys fs.FS) *Tree {
	return &Tree{fsys: fsys, files: map[string]*treeFile{}, dirs: map[string]*treeDir{}, spare: make([][]byte, 0, maxSpares)}
}

// OpenTree returns the tree of the files below dir.
func OpenTree(dir string) (*Tree, error) {
	d, err := OpenDir(dir)
	if err != nil {
		return nil, err
	}
	return NewTree(d), nil
}

// Clean returns name as a Tree spells it, ErrOutside when it leaves the tree, or ErrNotUTF8. Names are slash-separated and
// relative to the tree's root, which is ".".
func Clean(name string) (string, error) {
	if path.IsAbs(name) {
		return "", fmt.Errorf("%s %w", name, ErrOutside)
	}
	clean := path.Clean(name)
	if !utf8.ValidString(clean) {
		return "", fmt.Errorf("%s %w", name, ErrNotUTF8)
	}
	if !fs.ValidPath(clean) {
		return "", fmt.Errorf("%s %w", name, ErrOutside)
	}
	return clean, nil
}

// File returns the file of that name.
func (t *Tree) File(name string) (*File, error) {
	name, err := Clean(name)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	f := t.files[name]
	if f == nil || f == dropped {
		f = &treeFile{}
		t.files[name] = f
	}
	f.asked++
	t.mu.Unlock()
	f.once.Do(func() {
		src, err := t.read(name)
		if err != nil {
			t.note(name, err)
			f.err = err
			return
		}
		f.file = NewFile(name, src)
	})
	return f.file, f.err
}

// Problems returns what could not be read, listed or asked about for a reason that lies in the machine, such as the rights of
// its user, and not in the tree: whoever took it for missing may have left something out.
func (t *Tree) Problems() []Problem {
	t.mu.Lock()
	defer t.mu.Unlock()
	return SortProblems(slices.Clone(t.problems))
}

// note keeps err, which the file system gave for name, unless it says that there is no such file.
func (t *Tree) note(name string, err error) {
	var errno syscall.Errno
	if !errors.As(err, &errno) || errors.Is(err, fs.ErrNotExist) {
		return
	}
	switch errno {
	case syscall.ENOTDIR, syscall.ELOOP, syscall.ENAMETOOLONG, syscall.EINVAL:
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.problems = append(t.problems, Problem{Name: name, Message: Reason(err), Unreadable: true})
}

// Drop lets go of the bytes of f, which the caller has and will use no more: most files of a tree hold nothing of interest.
// It does nothing when somebody else has asked for the file, so that there is never a second File of that name in use, nor when
// the file speaks of trustvet, when it reports false: it may hold comments for trustvet, which are read later.
func (t *Tree) Drop(f *File) bool { return t.drop(f, false) }

// Recycle is Drop for a file of which nobody keeps anything, not even a span: its memory is that of the next one.
func (t *Tree) Recycle(f *File) bool { return t.drop(f, true) }

func (t *Tree) drop(f *File, recycle bool) bool {
	if bytes.Contains(f.Src, []byte("trustvet")) {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.files[f.Name]; e == nil || e.asked != 1 {
		return true
	}
	t.files[f.Name] = dropped
	if recycle && cap(f.Src) <= maxSpare && len(t.spare) < cap(t.spare) {
		t.spare = append(t.spare, f.Src[:0])
		f.Src = nil
	}
	return true
}

// Holds reports whether somebody has asked for the file of that name and it has not been dropped since.
func (t *Tree) Holds(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.files[name]
	return f != nil && f != dropped
}

// Forget is Drop for a file that nobody is to look at, even though it speaks of trustvet: what is kept of all files is too much.
// It counts as dropped from now on.
func (t *Tree) Forget(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.forgotten == nil {
		t.forgotten = map[string]bool{}
	}
	t.forgotten[name] = true
	if e := t.files[name]; e != nil && e.asked == 1 {
		t.files[name] = dropped
	}
}

// There are at most that many spare buffers of so many bytes: enough that one is of about the size of the next file.
const maxSpares, maxSpare = 32, 64 << 10

// buffer returns an empty buffer for so many bytes, and hardly more: what is read into it may be kept.
func (t *Tree) buffer(size int) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, b := range t.spare {
		if size <= cap(b) && cap(b) <= size+size/8 {
			last := len(t.spare) - 1
			t.spare[i], t.spare[last] = t.spare[last], nil
			t.spare = t.spare[:last]
			return b
		}
	}
	return make([]byte, 0, size)
}

// Dropped reports whether the file of that name has been dropped and nobody has asked for it since, or is forgotten.
func (t *Tree) Dropped(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.files[name] == dropped || t.forgotten[name]
}

func (t *Tree) read(name string) ([]byte, error) {
	if !t.listedRegular(name) {
		// To open a named pipe is to wait for its writer.
		info, err := fs.Stat(t.fsys, name)
		switch {
		case err != nil:
			return nil, outside(name, err)
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("%s %w", name, ErrNotRegular)
		}
	}
	r, err := t.fsys.Open(name)
	if err != nil {
		return nil, outside(name, err)
	}
	defer r.Close()
	info, err := r.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s %w", name, ErrNotRegular)
	case info.Size() > MaxFileSize:
		return nil, fmt.Errorf("%s %w", name, ErrTooLarge)
	}
	src := t.buffer(int(info.Size()) + 1)
	for {
		if len(src) > MaxFileSize {
			return nil, fmt.Errorf("%s %w", name, ErrTooLarge)
		}
		if len(src) == cap(src) {
			src = append(src, 0)[:len(src)]
		}
		n, err := r.Read(src[len(src):cap(src)])
		src = src[:len(src)+n]
		if err == io.EOF {
			return src, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
}

// outside turns os.Root's refusal to leave its directory into ErrOutside.
func outside(name string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) && pathErr.Err.Error() == "path escapes from parent" {
		return fmt.Errorf("%s %w", name, ErrOutside)
	}
	return err
}

// Reason returns what err, which a Tree gave for a file, says without the operation and the name: whoever reports it names
// the file already.
func Reason(err error) string {
	var pathErr *fs.PathError
	switch {
	case errors.Is(err, ErrOutside):
		return ErrOutside.Error()
	case errors.Is(err, ErrTooLarge):
		return ErrTooLarge.Error()
	case errors.Is(err, ErrNotRegular):
		return ErrNotRegular.Error()
	case errors.Is(err, ErrNotUTF8):
		return ErrNotUTF8.Error()
	case errors.As(err, &pathErr):
		return pathErr.Err.Error()
	}
	return err.Error()
}

// An Entry is what a directory says of one of its files: less than an fs.DirEntry does, since a Tree keeps all of them.
type Entry struct {
	name string
	mode fs.FileMode
}

// Name returns the name within the directory.
func (e Entry) Name() string { return e.name }

// Type returns the type bits of the mode.
func (e Entry) Type() fs.FileMode { return e.mode }

// IsDir reports whether the entry is a directory; a symbolic link to one is not.
func (e Entry) IsDir() bool { return e.mode.IsDir() }

// ReadDir returns the entries of a directory, sorted by name, which the caller must not change. A name that is no directory
// is an error of io/fs.
func (t *Tree) ReadDir(name string) ([]Entry, error) {
	name, err := Clean(name)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	d := t.dirs[name]
	if d == nil {
		d = &treeDir{}
		t.dirs[name] = d
	}
	t.mu.Unlock()
	d.once.Do(func() {
		entries, err := fs.ReadDir(t.fsys, name)
		if err != nil {
			d.err = outside(name, err)
			t.note(name, d.err)
			return
		}
		d.entries = make([]Entry, len(entries))
		for i, e := range entries {
			d.entries[i] = Entry{e.Name(), e.Type()}
		}
	})
	return d.entries, d.err
}

// listedRegular reports whether the directory of a file has been read and says that it is a regular one.
func (t *Tree) listedRegular(name string) bool {
	dir, base := path.Split(name)
	dir = path.Clean(dir)
	t.mu.Lock()
	d := t.dirs[dir]
	t.mu.Unlock()
	if d == nil {
		return false
	}
	entries, err := t.ReadDir(dir)
	if err != nil {
		return false
	}
	i, found := slices.BinarySearchFunc(entries, base, func(e Entry, base string) int { return strings.Compare(e.name, base) })
	return found && entries[i].mode.IsRegular()
}

// IsDir reports whether name is a directory of the tree.
func (t *Tree) IsDir(name string) bool {
	info := t.stat(name)
	return info != nil && info.IsDir()
}

// Exists reports whether name is a file or directory of the tree.
func (t *Tree) Exists(name string) bool { return t.stat(name) != nil }

// stat returns what name is, nil when it is nothing that is known.
func (t *Tree) stat(name string) fs.FileInfo {
	name, err := Clean(name)
	if err != nil {
		return nil
	}
	info, err := fs.Stat(t.fsys, name)
	if err != nil {
		t.note(name, outside(name, err))
		return nil
	}
	return info
}
