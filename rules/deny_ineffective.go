package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// DenyIneffective reports Deny statements that a caller escapes by leaving out a key.
var DenyIneffective = &Rule{
	ID:        "deny-ineffective",
	Title:     "Deny does not apply to requests without the key it asks about",
	Level:     Error,
	Severity:  7.0,
	Precision: High,
	Tags:      []string{"correctness"},
	needs:     denies | conditions,
	Check:     denyIneffective,
}

func denyIneffective(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Deny || s.Incomplete || len(s.NotPrincipals) > 0 || p.claimed(s, -1) {
			continue
		}
		for _, c := range s.Conditions {
			if a, ok := absence(s, &c); ok && !a.vacuous && a.certain() {
				p.Report(at(s, c.Key), "whoever the policy of %s lets in gets past this Deny, which never applies: %s", p.Document.Role, a.why()).Facts = a.facts()
				p.claimAll(s)
				break
			}
			if !escapable(s, c) {
				continue
			}
			r, from, ok := p.escapes(s, c)
			if !ok {
				continue
			}
			what := "does not hold for requests without " + c.Key.String()
			if c.Operator.Name == "Null" {
				what = "does not hold for requests in which " + c.Key.String() + " is false"
			}
			fd := p.Report(at(s, c.Operator.Text), "%s can assume %s past this Deny: %s %s", allOf(from), p.Document.Role, c.Operator.Text, what)
			fd.Witness = &r
			fd.Related = append(fd.Related, Related{from.Span, "the statement that lets them in"})
			p.claimAll(s)
			for i, pr := range from.Principals {
				if kindOf(pr) == anyAWS || len(from.Principals) == 1 {
					p.claim(from, i) // one careless line is one finding
				}
			}
			break
		}
	}
}

// escapable reports whether c, of the Deny s, is meant to hit everybody but some, and does not hold for a request without the key:
// a negated operator does, save under ForAnyValue or beside a condition that the key is there. An operator that is not negated is
// meant for those who have the key, but for what says that somebody has no MFA: Null does not hit those who say so themselves,
// and how long ago it was nobody says who has none.
func escapable(s *policy.Statement, c policy.Condition) bool {
	key := c.Name
	switch {
	case key == "aws:multifactorauthage":
		return strings.HasPrefix(c.Operator.Name, "NumericGreaterThan") && !c.Operator.IfExists
	case key == "aws:multifactorauthpresent":
		return c.Operator.Name == "Null" && len(c.Values) == 1 && strings.EqualFold(c.Values[0].String(), "true")
	case !negated(c.Operator):
		return false
	}
	switch classOf(key) {
	case identityKey, principalTag, sourceKey, networkKey, addressKey, externalIDKey, claimKey:
	default:
		return false
	}
	if c.Operator.Set == policy.ForAnyValue {
		return true
	}
	for _, other := range s.Conditions {
		if other.Operator.Name == "Null" && other.Name == key && len(other.Values) == 1 && strings.EqualFold(other.Values[0].String(), "false") {
			return true
		}
	}
	return false
}

// escapes returns a request without the key of c that the policy lets in, past all its Deny statements, with the statement that
// does.
func (p *Pass) escapes(deny *policy.Statement, c policy.Condition) (r access.Request, from *policy.Statement, ok bool) {
	claim := access.If("Null", c.Key.String(), "true")
	if c.Operator.Name == "Null" {
		claim = access.If("Bool", c.Key.String(), "false")
	}
	for i := range p.grants() {
		g := &p.shared.grants[i]
		if g.From == nil || g.Undecided || !assumes(g.Action) {
			continue
		}
		if covered, certain := allows(deny, g.Action); !covered || !certain {
			continue
		}
		if r, ok := g.Find(claim); ok && p.meantFor(deny, r) {
			return r, g.From, true
		}
	}
	return access.Request{}, nil, false
}

// meantFor reports whether deny, without its conditions, is about who makes r.
func (p *Pass) meantFor(deny *policy.Statement, r access.Request) bool {
	bare := *deny
	bare.Conditions = nil
	decision, by := access.Decide(&policy.Document{Version: p.Document.Version, Statements: []*policy.Statement{&bare}}, r, p.world(deny))
	return !decision.OK() && by != nil
}
