package rules

import (
	"strings"

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
	needs:     trustsAWS,
	Check:     tagSessionUnrestricted,
}

func tagSessionUnrestricted(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow || s.Incomplete || !allowsTags(s) {
			continue
		}
		for i, pr := range s.Principals {
			sub := subjectOf(pr)
			switch sub.kind {
			case anyAWS:
			case account, user, role, session:
				if p.owner(sub.account) != foreign || isDocumentationAccount(sub.account) || !p.knowsOwnAccount() && !isVendor(sub.account) {
					continue
				}
			default:
				continue
			}
			if p.claimed(s, i) {
				continue
			}
			r := p.showsTags(s, i)
			if r == nil || !p.claim(s, i) {
				continue
			}
			fd := p.Report(at(s, pr.ID), "%s can assume %s with any session tags, also those that policies ask for", describeOwner(sub, pr), p.Document.Role)
			fd.Witness = r
		}
	}
}

// allowsTags reports whether s names sts:TagSession as an action and does not say which tags. A pattern of actions that covers it is
// said by action-wildcard.
func allowsTags(s *policy.Statement) bool {
	named := false
	for _, a := range s.Actions {
		named = named || strings.EqualFold(a.String(), access.TagSession)
	}
	return named && !bindsKey(s, "aws:tagkeys") && !bindsKey(s, "aws:requesttag/")
}

// showsTags returns a request of principal i of s with a tag that nobody means, nil when there is none. The action may be allowed
// in another statement.
func (p *Pass) showsTags(s *policy.Statement, i int) *access.Request {
	for _, other := range p.Document.Statements {
		if other.Effect != policy.Allow {
			continue
		}
		for j, pr := range other.Principals {
			if pr.ID.String() != s.Principals[i].ID.String() {
				continue
			}
			if show := p.shows(other, j, access.If("StringEquals", "aws:RequestTag/anything", "any-value")); show.request != nil {
				return show.request
			}
		}
	}
	return nil
}

// isVendor reports whether id is the account of somebody known.
func isVendor(id policy.Text) bool {
	s, _ := id.Literal()
	_, known := knownAccount(s)
	return known
}
