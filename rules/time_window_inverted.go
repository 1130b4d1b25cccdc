package rules

import (
	"github.com/trustvet/trustvet/internal/policy"
)

// TimeWindowInverted reports Allow statements whose time is empty, so that nobody gets in through them.
var TimeWindowInverted = &Rule{
	ID:        "time-window-inverted",
	Title:     "Time in which the statement applies ends before it begins",
	Level:     Warning,
	Severity:  5.0,
	Precision: VeryHigh,
	Tags:      []string{"correctness"},
	needs:     asksTime,
	Check:     timeWindowInverted,
}

func timeWindowInverted(p *Pass) {
	p.windows(func(s *policy.Statement, from, until *bound) {
		if from == nil || until == nil || from.at.Before(until.at) || p.claimed(s, -1) {
			return
		}
		fd := p.Report(at(s, until.value), "nobody can assume %s through this statement: its time ends at %s, before it begins at %s", p.Document.Role, until.value, from.value)
		fd.Related = append(fd.Related, Related{from.value.Span, "where it begins"})
		p.claimAll(s)
	})
}
