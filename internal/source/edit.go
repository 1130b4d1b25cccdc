package source

import (
	"fmt"
	"slices"
)

// An Edit replaces the text of a Span.
type Edit struct {
	Span Span
	New  string
}

// Apply returns the content of f with the edits made. Edits of other files are an error, as are edits that overlap or lie
// outside the file; nothing is changed then.
func Apply(f *File, edits []Edit) ([]byte, error) {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b Edit) int { return a.Span.Compare(b.Span) })
	var out []byte
	done := 0
	for _, e := range edits {
		switch {
		case e.Span.File != f:
			return nil, fmt.Errorf("edit %s: an edit is for another file", f.Name)
		case e.Span.Start < 0 || e.Span.End < e.Span.Start || e.Span.End > len(f.Src):
			return nil, fmt.Errorf("edit %s: bytes %d to %d lie outside the file", f.Name, e.Span.Start, e.Span.End)
		case e.Span.Start < done:
			return nil, fmt.Errorf("edit %s: two edits overlap at byte %d", f.Name, e.Span.Start)
		}
		out = append(out, f.Src[done:e.Span.Start]...)
		out = append(out, e.New...)
		done = e.Span.End
	}
	return append(out, f.Src[done:]...), nil
}
