package rules

import (
	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// TagSessionUnrestricted reports sts:TagSession for foreign accounts without a bound on the tags.
var TagSessionUnrestricted = &Rule{
	ID:        "tag-session-unrestricted",
	Title:     "Account of somebody else sets any session tags",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"exposure", "abac"},
	Check:     tagSessionUnrestricted,
}

func tagSessionUnrestricted(p *Pass) {
	for _, s := range p.Document.Statements {
		if covered, _ := allows(s, access.TagSession); s.Effect != policy.Allow || s.Incomplete || !covered || bindsKey(s, "aws:tagkeys") || bindsKey(s, "aws:requesttag/") {
			continue
		}
		for i, pr := range s.Principals {
			sub := subjectOf(pr)
			switch {
			case p.claimed(s, i):
			case sub.kind == anyAWS, sub.kind == account && p.owner(sub.account) == foreign && (p.knowsOwnAccount() || isVendor(sub.account)):
				p.Report(at(s, pr.ID), "%s can assume %s with any session tags, also those that policies ask for", describeOwner(sub, pr), p.Document.Role)
				p.claim(s, i)
			}
		}
	}
}

// isVendor reports whether id is the account of somebody known.
func isVendor(id policy.Text) bool {
	s, _ := id.Literal()
	_, known := knownAccount(s)
	return known
}
