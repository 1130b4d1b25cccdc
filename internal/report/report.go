// Package report writes what a scan found, one format a file.
//
// Everything that comes from the scanned files is hostile: file names, role names, messages and source lines may hold
// terminal escapes, workflow commands, markup and bidirectional controls. No writer prints such a string as it is: each
// passes it through Visible and then through its own format's escaping.
package report

import (
	"cmp"
	"slices"

	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// A Scan is what there is to report.
type Scan struct {
	Findings   []rules.Finding // sorted
	Problems   []source.Problem
	Files      int // files looked at
	Roles      int // roles found
	Unresolved int // roles of which something is not known
	Held       int // findings that the baseline holds back
	Gone       []Gone
	Change     bool // the findings are what a change brings
}

// Gone is a finding of the baseline that is there no longer.
type Gone struct{ Rule, Role, File string }

// A Band is a range of security severities, as GitHub code scanning names them.
type Band uint8

const (
	LowBand Band = iota
	MediumBand
	HighBand
	CriticalBand
	NoBand // above all: nothing reaches it
)

var bandNames = [...]string{"low", "medium", "high", "critical", "none"}

func (b Band) String() string { return bandNames[b] }

// ParseBand returns the band of that name.
func ParseBand(name string) (b Band, ok bool) {
	i := slices.Index(bandNames[:], name)
	return Band(max(i, 0)), i >= 0
}

// BandNames are the names of the bands, the highest first.
func BandNames() []string { return []string{"critical", "high", "medium", "low", "none"} }

// BandOf returns the band of a security severity.
func BandOf(severity float64) Band {
	switch {
	case severity >= 9:
		return CriticalBand
	case severity >= 7:
		return HighBand
	case severity >= 4:
		return MediumBand
	}
	return LowBand
}

// Reaches reports whether a finding is of that band or a higher one.
func (s *Scan) Reaches(b Band) bool {
	return slices.ContainsFunc(s.Findings, func(f rules.Finding) bool { return BandOf(f.Severity) >= b })
}

// Unreadable reports whether some input could not be read.
func (s *Scan) Unreadable() bool {
	return slices.ContainsFunc(s.Problems, func(p source.Problem) bool { return p.Unreadable })
}

// bySeverity returns the findings, the most severe first and otherwise in their order.
func bySeverity(fs []rules.Finding) []rules.Finding {
	fs = slices.Clone(fs)
	slices.SortStableFunc(fs, func(a, b rules.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	return fs
}

// plural returns "1 file", "2 files".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return itoa(n) + " " + many
}

// saying returns what f says, with how many further instances of its role it is true of.
func saying(f *rules.Finding) string {
	if len(f.Also) == 0 {
		return f.Message
	}
	return f.Message + ", and " + plural(len(f.Also), "more instance", "more instances") + " of it"
}
