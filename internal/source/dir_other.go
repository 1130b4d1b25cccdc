//go:build !linux

package source

import "io/fs"

func (d *Dir) open(string) (fs.File, bool)       { return nil, false }
func (d *Dir) list(string) ([]fs.DirEntry, bool) { return nil, false }
