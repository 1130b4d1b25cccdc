package scan

import (
	"bytes"
	"io/fs"
	"path"
	"time"
)

// A memoryFile is a regular file whose content is in memory. It describes itself.
type memoryFile struct {
	*bytes.Reader
	name string
}

func newMemoryFile(name string, src []byte) memoryFile {
	return memoryFile{bytes.NewReader(src), path.Base(name)}
}

func (f memoryFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f memoryFile) Close() error               { return nil }

func (f memoryFile) Name() string       { return f.name }
func (f memoryFile) Size() int64        { return f.Reader.Size() }
func (f memoryFile) Mode() fs.FileMode  { return 0o444 }
func (f memoryFile) ModTime() time.Time { return time.Time{} }
func (f memoryFile) IsDir() bool        { return false }
func (f memoryFile) Sys() any           { return nil }
