// Package source holds the files that trustvet reads and the places in them.
//
// A Span is the only way the rest of the program names a place in a file. It counts bytes; lines and columns exist only
// at the edge, where a report turns a Span into Positions.
package source

import (
	"bytes"
	"sort"
	"sync"
	"unicode/utf8"
)

// A File is the content of one file. It does not change once made and may be used by many goroutines.
type File struct {
	Name string // slash-separated, relative to the root of the scanned tree
	Src  []byte

	once  sync.Once
	lines []int // byte offset at which each line starts
	// marks are, in a file with characters beyond ASCII, one for every blockSize bytes, so that a column far out on a long
	// line costs no more to count than one at its start.
	marks []mark
}

// A mark says how many code points and UTF-16 units there are before a character.
type mark struct{ at, runes, units int }

// blockSize is the distance of marks in bytes.
const blockSize = 1 << 12

// NewFile returns the file of that name and content. It keeps src, which must not change afterwards.
func NewFile(name string, src []byte) *File {
	return &File{Name: name, Src: src}
}

// A Span is the bytes of File from Start up to, not including, End. The zero Span is no place at all.
type Span struct {
	File       *File
	Start, End int
}

// IsZero reports whether s is no place at all.
func (s Span) IsZero() bool { return s.File == nil }

// Text returns the bytes that s covers, "" for the zero Span.
func (s Span) Text() string {
	if s.File == nil {
		return ""
	}
	return string(s.File.Src[s.Start:s.End])
}

// Begin returns the position of the first byte of s.
func (s Span) Begin() Position { return s.File.Position(s.Start) }

// Finish returns the position just behind the last byte of s.
func (s Span) Finish() Position { return s.File.Position(s.End) }

// To returns the span from the start of s to the end of t, or s where t does not lie behind it in the same file.
func (s Span) To(t Span) Span {
	if s.File == t.File && s.Start <= t.Start && s.End <= t.End {
		s.End = t.End
	}
	return s
}

// Empty returns the span of no bytes at the start of s.
func (s Span) Empty() Span {
	s.End = s.Start
	return s
}

// Contains reports whether t lies within s.
func (s Span) Contains(t Span) bool {
	return s.File != nil && s.File == t.File && s.Start <= t.Start && t.End <= s.End
}

// Compare orders spans by file name, start and end; the zero Span comes first.
func (s Span) Compare(t Span) int {
	switch {
	case s.File == t.File:
	case s.File == nil:
		return -1
	case t.File == nil:
		return 1
	case s.File.Name != t.File.Name:
		if s.File.Name < t.File.Name {
			return -1
		}
		return 1
	}
	if s.Start != t.Start {
		return s.Start - t.Start
	}
	return s.End - t.End
}

// A Position is a place as people and reports count it: both numbers start at 1.
type Position struct {
	Line   int // lines end at LF, so at CRLF too
	Column int // in code points, or in UTF-16 units where that is said
}

const byteOrderMark = "\uFEFF"

// lineStart returns the number of the line that holds offset, from 0, and the offset of that line's first column. A byte
// order mark has no column.
func (f *File) lineStart(offset int) (line, start int) {
	f.once.Do(f.index)
	line = sort.SearchInts(f.lines, offset+1) - 1
	start = f.lines[line]
	if line == 0 && bytes.HasPrefix(f.Src, []byte(byteOrderMark)) {
		start = min(len(byteOrderMark), offset)
	}
	return line, start
}

// index fills lines, runes and units.
func (f *File) index() {
	f.lines = make([]int, 1, 64)
	for i := 0; ; {
		n := bytes.IndexByte(f.Src[i:], '\n')
		if n < 0 {
			break
		}
		i += n + 1
		f.lines = append(f.lines, i)
	}
	if isASCII(f.Src) {
		return
	}
	f.marks = make([]mark, 0, len(f.Src)/blockSize+1)
	var m mark
	for m.at < len(f.Src) {
		if m.at/blockSize >= len(f.marks) {
			f.marks = append(f.marks, m)
		}
		m = m.next(f.Src)
	}
}

// next returns the mark behind the character of src at m. A byte that is not UTF-8 counts as one.
func (m mark) next(src []byte) mark {
	size, units := 1, 1
	if src[m.at] >= utf8.RuneSelf {
		var r rune
		if r, size = utf8.DecodeRune(src[m.at:]); r > 0xFFFF {
			units = 2
		}
	}
	return mark{m.at + size, m.runes + 1, m.units + units}
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// mark returns the mark at offset.
func (f *File) mark(offset int) mark {
	if f.marks == nil {
		return mark{offset, offset, offset}
	}
	m := f.marks[min(offset/blockSize, len(f.marks)-1)]
	if m.at > offset {
		m = f.marks[offset/blockSize-1] // the character at the start of the block is cut by offset
	}
	for m.at < offset {
		m = m.next(f.Src[:offset])
	}
	return m
}

// clamp brings offset into the file.
func (f *File) clamp(offset int) int { return max(0, min(offset, len(f.Src))) }

// Position returns the position of the byte at offset, its column in code points. A byte that is not UTF-8 counts as one.
func (f *File) Position(offset int) Position {
	offset = f.clamp(offset)
	line, start := f.lineStart(offset)
	return Position{Line: line + 1, Column: f.mark(offset).runes - f.mark(start).runes + 1}
}

// PositionUTF16 is Position with the column in UTF-16 units, as SARIF counts them.
func (f *File) PositionUTF16(offset int) Position {
	offset = f.clamp(offset)
	line, start := f.lineStart(offset)
	return Position{Line: line + 1, Column: f.mark(offset).units - f.mark(start).units + 1}
}

// Offset returns the byte offset of a position with its column in code points, clamped to that line.
func (f *File) Offset(p Position) int {
	_, _ = f.lineStart(0) // fills f.lines
	if p.Line < 1 {
		return 0
	}
	if p.Line > len(f.lines) {
		return len(f.Src)
	}
	offset := f.lines[p.Line-1]
	if p.Line == 1 && bytes.HasPrefix(f.Src, []byte(byteOrderMark)) {
		offset = len(byteOrderMark)
	}
	end := len(f.Src)
	if p.Line < len(f.lines) {
		end = f.lines[p.Line] - 1
	}
	if f.marks == nil {
		return min(offset+max(p.Column, 1)-1, end)
	}
	m := f.mark(offset)
	runes := m.runes + max(p.Column, 1) - 1
	if i := sort.Search(len(f.marks), func(i int) bool { return f.marks[i].runes > runes }); i > 0 && f.marks[i-1].at > m.at {
		m = f.marks[i-1]
	}
	for m.runes < runes && m.at < end {
		m = m.next(f.Src)
	}
	return min(m.at, end)
}

// Line returns the text of line n, from 1, without its line end and without a byte order mark. It returns nil for a line
// the file does not have.
func (f *File) Line(n int) []byte {
	_, _ = f.lineStart(0) // fills f.lines
	if n < 1 || n > len(f.lines) {
		return nil
	}
	end := len(f.Src)
	if n < len(f.lines) {
		end = f.lines[n] - 1
	}
	line := bytes.TrimSuffix(f.Src[f.lines[n-1]:end], []byte("\r"))
	if n == 1 {
		line = bytes.TrimPrefix(line, []byte(byteOrderMark))
	}
	return line
}
