package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
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

// absentKeys reports the conditions on absent keys of the wanted kind: those of Allow statements, and those because of which a
// Deny hits everybody. One because of which a Deny hits nobody is a matter of deny-ineffective.
func (p *Pass) absentKeys(wanted func(absentKey) bool) {
	for _, a := range p.absences() {
		s := a.statement
		if !wanted(a) || !slices.ContainsFunc(a.principals, func(i int) bool { return !p.claimed(s, i) }) {
			continue
		}
		switch {
		case s.Effect == policy.Allow:
			p.reportAbsence(a)
		case s.Effect == policy.Deny && a.vacuous && a.certain():
			fd := p.Report(at(s, a.condition.Key), "%s, so the Deny on %s spares nobody", a.why(), p.Document.Role)
			fd.Facts = a.facts()
			p.claimAll(s)
		}
	}
}

// absences returns the conditions on absent keys of the document. They are looked for once.
func (p *Pass) absences() []absentKey {
	if p.shared.sought {
		return p.shared.absences
	}
	p.shared.sought = true
	for _, s := range p.Document.Statements {
		if len(s.NotActions) > 0 || len(s.NotPrincipals) > 0 {
			continue
		}
		for i := range s.Conditions {
			if a, ok := absence(s, &s.Conditions[i]); ok {
				p.shared.absences = append(p.shared.absences, a)
			}
		}
	}
	return p.shared.absences
}

// certain reports whether all whom a Deny is about lack the key. AWS does not say whether "*" stands for services too, which have
// keys that others lack.
func (a *absentKey) certain() bool {
	return a.kind != mixedKinds && (a.kind == unknownKey || !slices.ContainsFunc(a.statement.Principals, func(pr policy.Principal) bool { return kindOf(pr) == anyAWS }))
}

// absence says whether the key of c is absent from the requests of principals of s.
func absence(s *policy.Statement, c *policy.Condition) (absentKey, bool) {
	key := c.Name
	if key == "" || !c.Operator.Known || len(s.Principals) == 0 {
		return absentKey{}, false
	}
	var principals []int
	known := true
	for i, pr := range s.Principals {
		switch absent, certain := absentFor(key, pr, s); {
		case absent:
			principals = append(principals, i)
		case !certain:
			known = false
		}
	}
	if len(principals) == 0 || len(principals) < len(s.Principals) && !known {
		return absentKey{}, false
	}
	a := absentKey{statement: s, condition: *c, principals: principals}
	a.vacuous = c.Operator.IfExists || c.Operator.Set == policy.ForAllValues || negated(c.Operator) && c.Operator.Set != policy.ForAnyValue
	if c.Operator.Name == "Null" {
		a.vacuous = len(c.Values) == 1 && strings.EqualFold(c.Values[0].String(), "true")
	}
	address, _ := splitClaim(key)
	mine := s.Principals[a.principals[0]].Issuer
	switch {
	case len(a.principals) < len(s.Principals):
		a.kind = mixedKinds
	case classOf(key) == mfaKey:
		a.kind = noMFA
	case classOf(key) == claimKey && !strings.HasPrefix(key, "saml:") && mine != "" && address != mine:
		a.kind = wrongIssuer
	case classOf(key) != claimKey && !knownKey(key):
		a.kind = unknownKey
	}
	return a, true
}

// absentFor reports whether requests of pr for any action of s lack key, and whether that is certain.
func absentFor(key string, pr policy.Principal, s *policy.Statement) (absent, certain bool) {
	used, kind := 0, kindOf(pr)
	for _, action := range actionsFor(kind, pr.Type) {
		if covered, _ := allows(s, action); !covered {
			continue
		}
		used++
		switch presenceOf(key, kind, pr.Issuer, action) {
		case unsure:
			return false, false
		case always, sometimes:
			return false, true
		}
	}
	if kind == anyAWS {
		if covered, _ := allows(s, assumeActions[0]); covered {
			got := presenceOf(key, kind, pr.Issuer, assumeActions[0])
			return got == never, got != unsure
		}
	}
	return used > 0, used > 0
}

// why says why requests lack the key.
func (a *absentKey) why() string {
	c, first := a.condition, a.statement.Principals[a.principals[0]]
	switch a.kind {
	case unknownKey:
		return "requests for a role have no key " + c.Key.String() + didYouMean(nearest(c.Name, slices.Concat(globalKeys, stsKeys, samlKeys)))
	case wrongIssuer:
		theirs, _ := splitClaim(c.Name)
		return "tokens of " + first.Issuer + " carry no claims of " + theirs
	case noMFA:
		return requester(first) + " cannot show MFA"
	case foreignKey:
		if address, name := splitClaim(c.Name); address != "" && address == first.Issuer {
			return name + " is not a claim that AWS takes from tokens of " + address
		}
	}
	return "requests of " + requester(first) + " never carry " + c.Key.String()
}

func (a *absentKey) facts() []string {
	return []string{a.condition.Operator.Text.String(), a.condition.Key.String(), a.statement.Principals[a.principals[0]].ID.String()}
}

func (p *Pass) reportAbsence(a absentKey) {
	if a.vacuous {
		p.reportVacuous(a)
		return
	}
	s := a.statement
	consequence := "so nobody can assume " + p.Document.Role + " through this statement"
	if a.kind == mixedKinds {
		consequence = "so this statement never lets them assume " + p.Document.Role
	}
	p.reportAt(a, "%s, %s", a.why(), consequence)
	if a.kind != mixedKinds {
		p.claimAll(s)
	}
	for _, i := range a.principals {
		p.claim(s, i)
	}
}

// reportVacuous reports a condition that holds for requests without the key, which all requests are: with whom it lets in, if it is
// all that seems to keep out a stranger.
func (p *Pass) reportVacuous(a absentKey) {
	s, c := a.statement, a.condition
	if e := p.exposedBy(a); e != nil && p.claim(s, e.principal) {
		fd := p.reportAt(a, "%s can assume %s: %s, and %s holds without it", e.who(), p.Document.Role, a.why(), c.Operator.Text)
		fd.Level, fd.Severity = Error, 8.0
		fd.Witness = &e.witness
		e.level(fd)
		return
	}
	if i := a.principals[0]; a.kind == wrongIssuer && !bindsToken(s, i) {
		if show := p.shows(s, i, access.If("StringEquals", claimOf(s, i, "sub"), anySubject)); show.request != nil && p.claim(s, i) {
			fd := p.reportAt(a, "every token that %s signs can assume %s: %s, and %s holds without it", shown(subjectOf(s.Principals[i]).name), p.Document.Role, a.why(), c.Operator.Text)
			fd.Level, fd.Severity = Error, 7.0
			fd.Witness = show.request
			return
		}
	}
	consequence := "so the condition on " + p.Document.Role + " restricts nothing"
	if a.kind == mixedKinds {
		consequence = "so the condition does not restrict them on " + p.Document.Role
	}
	fd := p.reportAt(a, "%s, %s", a.why(), consequence)
	_, claim := splitClaim(c.Name)
	if a.kind == mixedKinds && c.Operator.IfExists || a.kind == foreignKey && claim == "iss" {
		// IfExists is how one lets callers of another kind pass, and the provider says whose tokens it takes without iss.
		fd.Level, fd.Severity = Note, noteSeverity
	}
}

// exposedBy returns an exposure that a is all the cause of, nil when there is none.
func (p *Pass) exposedBy(a absentKey) *exposure {
	exposures := p.exposures()
	for i := range exposures {
		e := &exposures[i]
		if e.statement != a.statement || !slices.Contains(a.principals, e.principal) || p.claimed(e.statement, e.principal) {
			continue
		}
		if e.condition != nil && e.condition.Span == a.condition.Span || e.condition == nil && e.cause == noCondition && (e.stranger == anyone || e.stranger == tenant) {
			return e
		}
	}
	return nil
}

// reportAt reports a at its key.
func (p *Pass) reportAt(a absentKey, format string, args ...any) *Finding {
	s := a.statement
	fd := p.Report(at(s, a.condition.Key), format, args...)
	fd.Facts = a.facts()
	fd.Related = append(fd.Related, Related{at(s, s.Principals[a.principals[0]].ID).Span, "the principal"})
	return fd
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
	case sub.kind.federated():
		return "holders of a token"
	}
	return pr.ID.String()
}
