package scan

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// Fix makes the edits of the first fix of each finding that may be made, in the files below in's root, and returns how many
// fixes those are. Without unsafe it makes only those that keep what the policy means to say. Of fixes that overlap the
// first one is made; the next scan finds the other again.
func Fix(in *Input, findings []rules.Finding, unsafe bool) (int, error) {
	edits := map[*source.File][]source.Edit{}
	fixed := 0
	for i := range findings {
		for _, fix := range findings[i].Fixes {
			if (fix.Safe || unsafe) && fits(fix.Edits, edits) {
				for _, e := range fix.Edits {
					edits[e.Span.File] = append(edits[e.Span.File], e)
				}
				fixed++
				break
			}
		}
	}
	root, err := os.OpenRoot(in.Root)
	if err != nil {
		return 0, err
	}
	defer root.Close()
	files := make([]*source.File, 0, len(edits))
	for f := range edits {
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b *source.File) int { return source.Span{File: a}.Compare(source.Span{File: b}) })
	for _, f := range files {
		src, err := source.Apply(f, edits[f])
		if err != nil {
			return 0, err
		}
		if err := overwrite(root, f.Name, src); err != nil {
			return 0, err
		}
	}
	return fixed, nil
}

// fits reports whether edits are of files that are the user's own and overlap none of those that are to be made.
func fits(edits []source.Edit, made map[*source.File][]source.Edit) bool {
	if len(edits) == 0 {
		return false
	}
	for _, e := range edits {
		if e.Span.IsZero() || inSkippedDir(e.Span.File.Name) {
			return false
		}
		for _, m := range made[e.Span.File] {
			if e.Span.Start < m.Span.End && m.Span.Start < e.Span.End || e.Span.Start == m.Span.Start {
				return false
			}
		}
	}
	return true
}

// overwrite gives an existing file a new content. Its mode stays, and no link leads out of root.
func overwrite(root *os.Root, name string, src []byte) error {
	w, err := root.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	if _, err := w.Write(src); err != nil {
		w.Close()
		return err
	}
	return w.Close()
}
