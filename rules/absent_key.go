package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// An absentKey is a condition on a key that requests of its principals never carry.
type absentKey struct {
	kind       absentKind
	statement  *policy.Statement
	condition  policy.Condition
	principals []int // those whose requests lack the key
	vacuous    bool  // the condition holds without the key; otherwise it never holds
}

// An absentKind is why a key is never there; each has one rule.
type absentKind uint8

const (
	foreignKey  absentKind = iota // AWS has the key, for other requests
	unknownKey                    // AWS has no such key
	wrongIssuer                   // a claim of another identity provider
	noMFA                         // MFA of callers who have none
	mixedKinds                    // only some of the principals lack it
)

// absentKeys reports the conditions of Allow statements on absent keys of the wanted kind.
func (p *Pass) absentKeys(wanted func(absentKey) bool) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow || len(s.NotActions) > 0 {
			continue
		}
		for _, c := range s.Conditions {
			if a, ok := absence(s, c); ok && wanted(a) && !p.claimed(s, -1) {
				p.reportAbsence(a)
			}
		}
	}
}

// absence says whether the key of c is absent from the requests of principals of s.
func absence(s *policy.Statement, c policy.Condition) (absentKey, bool) {
	a := absentKey{statement: s, condition: c}
	key := keyName(c)
	if key == "" || !c.Operator.Known || len(s.Principals) == 0 {
		return a, false
	}
	a.vacuous = c.Operator.IfExists || c.Operator.Set == policy.ForAllValues || negated(c.Operator) && c.Operator.Set != policy.ForAnyValue
	if c.Operator.Name == "Null" {
		a.vacuous = len(c.Values) == 1 && strings.EqualFold(c.Values[0].String(), "true")
	}
	known := true
	for i, pr := range s.Principals {
		switch absent, certain := absentFor(key, pr, s); {
		case absent:
			a.principals = append(a.principals, i)
		case !certain:
			known = false
		}
	}
	if len(a.principals) == 0 || len(a.principals) < len(s.Principals) && !known {
		return a, false
	}
	sub := subjectOf(s.Principals[a.principals[0]])
	address, _ := splitClaim(key)
	switch {
	case len(a.principals) < len(s.Principals):
		a.kind = mixedKinds
	case classOf(key) == mfaKey:
		a.kind = noMFA
	case classOf(key) == claimKey && !strings.HasPrefix(key, "saml:") && sub.issuer() != "" && address != sub.issuer():
		a.kind = wrongIssuer
	case classOf(key) != claimKey && !knownKey(key):
		a.kind = unknownKey
	}
	return a, true
}

// absentFor reports whether requests of pr for any action of s lack key, and whether that is certain.
func absentFor(key string, pr policy.Principal, s *policy.Statement) (absent, certain bool) {
	sub := subjectOf(pr)
	used := 0
	for _, action := range actionsOf(pr) {
		if covered, _ := allows(s, action); !covered {
			continue
		}
		used++
		switch presenceOf(key, sub, action) {
		case unsure:
			return false, false
		case always, sometimes:
			return false, true
		}
	}
	if sub.kind == anyAWS {
		if covered, _ := allows(s, assumeActions[0]); covered {
			got := presenceOf(key, sub, assumeActions[0])
			return got == never, got != unsure
		}
	}
	return used > 0, used > 0
}

func (p *Pass) reportAbsence(a absentKey) {
	s, c := a.statement, a.condition
	first := s.Principals[a.principals[0]]
	why := "requests of " + requester(first) + " never carry " + c.Key.String()
	switch a.kind {
	case unknownKey:
		why = "requests for a role have no key " + c.Key.String() + didYouMean(nearest(keyName(c), slices.Concat(globalKeys, stsKeys, samlKeys)))
	case wrongIssuer:
		theirs, _ := splitClaim(keyName(c))
		why = "tokens of " + addressOf(first) + " carry no claims of " + theirs
	case noMFA:
		why = requester(first) + " cannot show MFA"
	}
	if a.kind == foreignKey {
		if address, name := splitClaim(keyName(c)); address != "" && address == addressOf(first) {
			why = name + " is not a claim that AWS takes from tokens of " + address
		}
	}
	var consequence string
	switch {
	case a.kind == mixedKinds && a.vacuous:
		consequence = "so the condition does not restrict them on " + p.Document.Role
	case a.kind == mixedKinds:
		consequence = "so this statement never lets them assume " + p.Document.Role
	case a.vacuous:
		consequence = "so the condition on " + p.Document.Role + " restricts nothing"
	default:
		consequence = "so nobody can assume " + p.Document.Role + " through this statement"
	}
	fd := p.Report(at(s, c.Key), "%s, %s", why, consequence)
	fd.Facts = []string{c.Operator.Text.String(), c.Key.String(), first.ID.String()}
	fd.Related = append(fd.Related, Related{at(s, first.ID).Span, "the principal"})
	if a.vacuous {
		fd.Level, fd.Severity = Note, noteSeverity // whether somebody gets in by it others say, with a witness
	} else {
		if a.kind != mixedKinds {
			p.claimAll(s)
		}
		for _, i := range a.principals {
			p.claim(s, i)
		}
	}
}

// requester names who makes the requests of pr.
func requester(pr policy.Principal) string {
	switch sub := subjectOf(pr); {
	case sub.kind == anyAWS:
		return "AWS principals"
	case pr.Type == policy.Service:
		return pr.ID.String()
	case sub.kind == samlProvider:
		return "SAML users"
	case sub.federated():
		return "holders of a token"
	}
	return pr.ID.String()
}
