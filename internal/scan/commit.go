package scan

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/trustvet/trustvet/extract"
	"github.com/trustvet/trustvet/internal/source"
)

// A commitFS is the files of a commit, or of git's index, as git keeps them. Nothing is checked out, and a symbolic link
// leads at most to another file of it.
type commitFS struct {
	entries []treeEntry // files and symbolic links, sorted by name, each once
	blobs   *blobReader
}

type treeEntry struct {
	name   string
	object string
	mode   fs.FileMode // 0, or fs.ModeSymlink
}

// newTreeEntry returns the entry of a file with the mode that git writes, false when it is a submodule or none. Nor is a name that
// begins with a slash one: git makes no such tree, but takes one.
func newTreeEntry(name, object, mode string) (treeEntry, bool) {
	e := treeEntry{name: name, object: object}
	if path.IsAbs(name) {
		return e, false
	}
	switch mode {
	case "100644", "100755":
		return e, true
	case "120000":
		e.mode = fs.ModeSymlink
		return e, true
	}
	return e, false
}

// newCommitFS reads the names in a tree: those that git ls-tree or git ls-files list.
func newCommitFS(listing []byte, blobs *blobReader) *commitFS {
	c := &commitFS{blobs: blobs}
	for line := range strings.SplitSeq(string(listing), "\x00") {
		about, name, ok := strings.Cut(line, "\t")
		mode, about, ok2 := strings.Cut(about, " ")
		object, rest, ok3 := strings.Cut(about, " ") // then the stage, of ls-files
		if object == "blob" {
			object = rest // after the type, of ls-tree
		}
		if !ok || !ok2 || !ok3 {
			continue
		}
		if e, ok := newTreeEntry(name, object, mode); ok {
			c.entries = append(c.entries, e)
		}
	}
	c.sort()
	return c
}

func (c *commitFS) sort() {
	slices.SortStableFunc(c.entries, func(a, b treeEntry) int { return strings.Compare(a.name, b.name) })
	c.entries = slices.CompactFunc(c.entries, func(a, b treeEntry) bool { return a.name == b.name }) // the stages of a merge
}

// before returns what the files were before changes, which name all that differ.
func (c *commitFS) before(changes []fileChange) *commitFS {
	was := &commitFS{blobs: c.blobs}
	for i := range changes {
		if e, ok := newTreeEntry(changes[i].name, changes[i].object, changes[i].mode); ok {
			was.entries = append(was.entries, e)
		}
	}
	changed := map[string]bool{}
	for i := range changes {
		changed[changes[i].name] = true
	}
	for _, e := range c.entries {
		if !changed[e.name] {
			was.entries = append(was.entries, e)
		}
	}
	was.sort()
	return was
}

// linksTo returns the Terraform files that are symbolic links to one of names: each is a file of another module.
func (c *commitFS) linksTo(names []string) []string {
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	var links []string
	for i := range c.entries {
		e := &c.entries[i]
		if e.mode == 0 || extract.LanguageOf(e.name) != extract.Terraform {
			continue
		}
		if at, err := c.resolve("open", e.name); err == nil && wanted[at] {
			links = append(links, e.name)
		}
	}
	return links
}

// find returns the index of the first entry whose name is not before name, and whether it is that one.
func (c *commitFS) find(name string) (int, bool) {
	return slices.BinarySearchFunc(c.entries, name, func(e treeEntry, name string) int { return strings.Compare(e.name, name) })
}

func (c *commitFS) entry(name string) (treeEntry, bool) {
	if i, ok := c.find(name); ok {
		return c.entries[i], true
	}
	return treeEntry{}, false
}

// those returns the files of names that are here. A symbolic link is one where it stands among the files of a module.
func (c *commitFS) those(names []string) []string {
	var here []string
	for _, name := range names {
		if e, ok := c.entry(name); ok && (e.mode == 0 || extract.LanguageOf(name) == extract.Terraform) {
			here = append(here, name)
		}
	}
	return here
}

func (c *commitFS) isDir(name string) bool {
	if name == "." {
		return true
	}
	i, _ := c.find(name + "/")
	return i < len(c.entries) && strings.HasPrefix(c.entries[i].name, name+"/")
}

// names returns the names of all files.
func (c *commitFS) names() []string {
	names := make([]string, 0, len(c.entries))
	for i := range c.entries {
		if c.entries[i].mode == 0 {
			names = append(names, c.entries[i].name)
		}
	}
	return names
}

// resolve follows symbolic links. It returns a name that is in the tree, or an error.
func (c *commitFS) resolve(op, name string) (string, error) {
	fail := func(err error) (string, error) { return "", &fs.PathError{Op: op, Path: name, Err: err} }
	if !fs.ValidPath(name) {
		return fail(fs.ErrInvalid)
	}
	at := name
	for range 40 {
		link, rest := "", ""
		for i := 0; i <= len(at); i++ {
			if i == len(at) || at[i] == '/' {
				if e, ok := c.entry(at[:i]); ok && e.mode == fs.ModeSymlink {
					link, rest = e.object, at[i:]
					at = at[:i]
					break
				}
			}
		}
		if link == "" {
			if _, file := c.entry(at); file || c.isDir(at) {
				return at, nil
			}
			return fail(fs.ErrNotExist)
		}
		target, err := c.blobs.read(link)
		if err != nil {
			return fail(err)
		}
		at = path.Join(path.Dir(at), string(target)) + rest
		if path.IsAbs(string(target)) || !fs.ValidPath(at) {
			return fail(source.ErrOutside)
		}
	}
	return fail(errors.New("too many symbolic links"))
}

func (c *commitFS) Open(name string) (fs.File, error) {
	at, err := c.resolve("open", name)
	if err != nil {
		return nil, err
	}
	e, file := c.entry(at)
	if !file {
		entries, err := c.ReadDir(at)
		return &openDir{commitDir{path.Base(name)}, entries}, err
	}
	src, err := c.blobs.read(e.object)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return newMemoryFile(name, src), nil
}

func (c *commitFS) ReadDir(name string) ([]fs.DirEntry, error) {
	at, err := c.resolve("open", name)
	if err != nil {
		return nil, err
	}
	if !c.isDir(at) {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("not a directory")}
	}
	prefix := ""
	if at != "." {
		prefix = at + "/"
	}
	var entries []fs.DirEntry
	for i, _ := c.find(prefix); i < len(c.entries) && strings.HasPrefix(c.entries[i].name, prefix); {
		child, _, below := strings.Cut(c.entries[i].name[len(prefix):], "/")
		if !below {
			entries = append(entries, commitEntry{c.blobs, c.entries[i]})
			i++
			continue
		}
		entries = append(entries, fs.FileInfoToDirEntry(commitDir{name: child}))
		i, _ = c.find(prefix + child + "0") // the character after "/": past all that lie in it
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// A commitDir describes a directory of a commit.
type commitDir struct{ name string }

func (d commitDir) Name() string       { return d.name }
func (d commitDir) Size() int64        { return 0 }
func (d commitDir) Mode() fs.FileMode  { return fs.ModeDir | 0o555 }
func (d commitDir) ModTime() time.Time { return time.Time{} }
func (d commitDir) IsDir() bool        { return true }
func (d commitDir) Sys() any           { return nil }

// An openDir is a directory of a commit that is being read.
type openDir struct {
	commitDir
	left []fs.DirEntry
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.commitDir, nil }
func (d *openDir) Read([]byte) (int, error)   { return 0, errors.New("is a directory") }
func (d *openDir) Close() error               { return nil }

func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		entries := d.left
		d.left = nil
		return entries, nil
	}
	if len(d.left) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.left))
	entries := d.left[:n]
	d.left = d.left[n:]
	return entries, nil
}

// A commitEntry is a file or symbolic link in the listing of its directory. Its content is read only when asked about.
type commitEntry struct {
	blobs *blobReader
	treeEntry
}

func (e commitEntry) Name() string      { return path.Base(e.name) }
func (e commitEntry) IsDir() bool       { return false }
func (e commitEntry) Type() fs.FileMode { return e.mode }

func (e commitEntry) Info() (fs.FileInfo, error) {
	src, err := e.blobs.read(e.object)
	return newMemoryFile(e.name, src), err
}

// A blobReader reads objects through one git process. It may be used by many goroutines.
type blobReader struct {
	mu     sync.Mutex
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	last   string // the object read last: a Tree asks for a file's size before it opens it
	cached []byte
	// kept holds objects by name: most of what two states of a repository have is the same.
	kept  map[string][]byte
	bytes int // in kept
}

// maxKept bounds what a blobReader keeps, in bytes.
const maxKept = 32 << 20

func newBlobReader(root string) (*blobReader, error) {
	cmd := gitCommand(root, "cat-file", "--batch")
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &blobReader{cmd: cmd, in: in, out: bufio.NewReaderSize(out, 1<<16), kept: map[string][]byte{}}, nil
}

func (b *blobReader) close() error {
	b.in.Close()
	return b.cmd.Wait()
}

// read returns the content of an object. One that is too large is read over.
func (b *blobReader) read(object string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last == object {
		return b.cached, nil
	}
	if src, ok := b.kept[object]; ok {
		return src, nil
	}
	if _, err := io.WriteString(b.in, object+"\n"); err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	header, err := b.out.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	fields := strings.Fields(header)
	if len(fields) != 3 {
		return nil, errors.New("git does not have the content") // missing, in a partial clone
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	if size > source.MaxFileSize {
		if _, err := io.CopyN(io.Discard, b.out, size+1); err != nil {
			return nil, fmt.Errorf("git cat-file: %w", err)
		}
		return nil, source.ErrTooLarge
	}
	src := make([]byte, size+1)
	if _, err := io.ReadFull(b.out, src); err != nil {
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	b.last, b.cached = object, bytes.TrimSuffix(src, []byte("\n"))
	if int64(len(b.cached)) != size {
		b.cached = src[:size]
	}
	if b.bytes+len(src) <= maxKept {
		b.kept[object] = b.cached
		b.bytes += len(src)
	}
	return b.cached, nil
}
