package report

import (
	"strconv"
	"unicode/utf8"

	"github.com/trustvet/trustvet/internal/source"
)

// lineHashes returns the primaryLocationLineHash of the lines of f asked for. GitHub matches alerts over time by it, and its
// upload action warns about every result that carries another value than the one it computes itself, so this is that
// computation: a rolling hash, to base 37 modulo 2^64, of the 100 UTF-16 units from the first character of the line on,
// blanks skipped, with the number of times it occurred so far in the file. It ends a line at CR, LF and CR LF.
// https://github.com/github/codeql-action/blob/main/src/fingerprints.ts
//
// A file that is not UTF-8 has no hashes.
func lineHashes(f *source.File, lines map[int]bool) map[int]string {
	if !utf8.Valid(f.Src) {
		return nil
	}
	const (
		window = 100
		base   = 37
		eof    = 0xFFFF
	)
	var dropped uint64 = 1 // what a unit weighs when it leaves the window
	for range window {
		dropped *= base
	}
	var (
		hash   uint64
		units  [window]uint16
		starts [window]int // the line that starts with the unit at this index, 0 for none
		at     int
		line   int
		counts = map[uint64]int{}
		hashes = map[int]string{}
	)
	leave := func() {
		if n := starts[at]; n != 0 {
			counts[hash]++
			if lines[n] {
				hashes[n] = strconv.FormatUint(hash, 16) + ":" + strconv.Itoa(counts[hash])
			}
			starts[at] = 0
		}
	}
	enter := func(unit uint16) {
		hash = base*hash + uint64(unit) - dropped*uint64(units[at])
		units[at] = unit
		at = (at + 1) % window
	}
	lineStart, afterCR := true, false
	read := func(unit uint16) {
		if unit == ' ' || unit == '\t' || afterCR && unit == '\n' {
			afterCR = false
			return
		}
		afterCR = unit == '\r'
		if afterCR {
			unit = '\n'
		}
		leave()
		if lineStart {
			line++
			starts[at] = line
		}
		lineStart = unit == '\n'
		enter(unit)
	}
	for i := 0; i < len(f.Src); {
		r, size := utf8.DecodeRune(f.Src[i:])
		i += size
		if r > 0xFFFF {
			r -= 0x10000
			read(uint16(0xD800 + r>>10))
			read(uint16(0xDC00 + r&0x3FF))
			continue
		}
		read(uint16(r))
	}
	read(eof)
	for range window {
		leave()
		enter(0)
	}
	return hashes
}
