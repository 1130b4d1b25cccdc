package rules

import (
	"strings"
	"time"

	"github.com/trustvet/trustvet/internal/policy"
)

// TimeWindowExpired reports Allow statements whose time is over, so that nobody gets in through them.
var TimeWindowExpired = &Rule{
	ID:        "time-window-expired",
	Title:     "Time in which the statement applies is over",
	Level:     Warning,
	Severity:  4.5,
	Precision: High,
	Tags:      []string{"correctness"},
	needs:     asksTime,
	Check:     timeWindowExpired,
}

func timeWindowExpired(p *Pass) {
	now := p.Options.Now
	if now.IsZero() {
		return
	}
	p.windows(func(s *policy.Statement, from, until *bound) {
		if until != nil && until.at.Before(now) && (from == nil || from.at.Before(until.at)) && !p.claimed(s, -1) {
			p.Report(at(s, until.value), "nobody can assume %s through this statement since %s", p.Document.Role, until.at.Format(time.DateOnly))
			p.claimAll(s)
		}
	})
}

// A bound is an end of the time in which a statement applies.
type bound struct {
	at    time.Time
	value policy.Text
}

// windows calls f for each Allow with a condition on the time, with the ends that are known: the last beginning and the
// first end.
func (p *Pass) windows(f func(s *policy.Statement, from, until *bound)) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow {
			continue
		}
		var from, until *bound
		for _, c := range s.Conditions {
			key := c.Name
			name, epoch := strings.CutPrefix(c.Operator.Name, "Numeric")
			if !epoch {
				name = strings.TrimPrefix(c.Operator.Name, "Date")
			}
			if key != "aws:currenttime" && key != "aws:epochtime" || len(c.Values) != 1 || name == c.Operator.Name {
				continue
			}
			text, known := c.Values[0].Literal()
			t, ok := instant(text)
			if !known || !ok {
				continue
			}
			b := &bound{t, c.Values[0]}
			switch {
			case strings.HasPrefix(name, "LessThan") && (until == nil || t.Before(until.at)):
				until = b
			case strings.HasPrefix(name, "GreaterThan") && (from == nil || t.After(from.at)):
				from = b
			}
		}
		if from != nil || until != nil {
			f(s, from, until)
		}
	}
}
