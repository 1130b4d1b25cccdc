package source

import (
	"cmp"
	"slices"
	"strings"
)

// A Problem says what could not be read or resolved, and where. It is never a finding.
type Problem struct {
	Span    Span   // zero when the problem has no place in a file that was read
	Name    string // the file, or what else was asked for, when Span is zero
	Message string // what is wrong, lower case, without a period
	// Unreadable: the input itself is bad (syntax error, not UTF-8, no such file) or takes more work than trustvet does, so
	// that the exit status is 3. Otherwise the input is fine but trustvet does not know what it stands for.
	Unreadable bool
}

// File returns the name of the file that p is about.
func (p Problem) File() string {
	if p.Span.File != nil {
		return p.Span.File.Name
	}
	return p.Name
}

// SortProblems orders problems by place and message and drops repetitions.
func SortProblems(ps []Problem) []Problem {
	slices.SortStableFunc(ps, compareProblems)
	// A file that was let go of and read again is another File of the same name.
	return slices.CompactFunc(ps, func(a, b Problem) bool { return compareProblems(a, b) == 0 && a.Unreadable == b.Unreadable })
}

func compareProblems(a, b Problem) int {
	return cmp.Or(strings.Compare(a.File(), b.File()), a.Span.Compare(b.Span), strings.Compare(a.Message, b.Message))
}
