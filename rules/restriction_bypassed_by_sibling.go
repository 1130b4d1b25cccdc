package rules

import (
	"github.com/trustvet/trustvet/internal/policy"
)

// RestrictionBypassedBySibling reports Allow statements with conditions that another statement of the same principals and
// actions does not have.
var RestrictionBypassedBySibling = &Rule{
	ID:        "restriction-bypassed-by-sibling",
	Title:     "Restriction is void, since another statement lets in the same callers without it",
	Level:     Error,
	Severity:  7.0,
	Precision: High,
	Tags:      []string{"exposure"},
	needs:     siblings | conditions,
	Check:     restrictionBypassedBySibling,
}

func restrictionBypassedBySibling(p *Pass) {
	for _, s := range p.Document.Statements {
		c := restriction(s)
		if s.Effect != policy.Allow || c == nil {
			continue
		}
		for _, other := range p.shadowOf(s) {
			if other.Effect != policy.Allow || hasKey(other, c.Name) || other.Incomplete || p.allClaimed(other) {
				continue
			}
			witness := p.letsWithout(other, c.Name)
			if witness == nil {
				continue // a Deny, or what is not known, may keep them out
			}
			fd := p.Report(at(s, c.Key), "%s can assume %s without %s: another statement of the policy does not ask for it", allOf(s), p.Document.Role, c.Key)
			fd.Related = append(fd.Related, Related{other.Span, "the statement that lets them in without it"})
			fd.Witness = witness
			p.claimAll(s)
			p.claimAll(other)
			break
		}
	}
}

// restriction returns the condition of s on how, when or for whom the call is made, nil when there is none. One on who calls
// picks some of the callers, which is no void restriction where another statement lets in all of them: see
// statement-redundant.
func restriction(s *policy.Statement) *policy.Condition {
	for i := range s.Conditions {
		switch c := &s.Conditions[i]; classOf(c.Name) {
		case mfaKey, externalIDKey, sourceKey, timeKey, addressKey:
			if asksForValue(*c) {
				return c
			}
		}
	}
	return nil
}
