package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// An exposure is a principal through which somebody gets in that it is not meant for, with a request that shows it. Each has
// one cause, and each cause one rule.
type exposure struct {
	statement *policy.Statement
	principal int // index in Principals
	subject   subject
	stranger  stranger
	cause     cause
	condition *policy.Condition // that the cause lies in, nil when there is none
	value     policy.Text       // of condition that lets the stranger in, the zero Text when it is not one value
	witness   access.Request
	past      *policy.Statement  // the Deny that condition lies in, nil when that is statement
	effort    []policy.Condition // what the stranger meets by a choice of values
}

// A stranger is who gets in.
type stranger uint8

const (
	anyone     stranger = iota // a principal of any AWS account, through "*"
	thirdParty                 // an account that is not ours, without what tells one of its customers from another
	tenant                     // another customer of a shared identity provider
	deputy                     // a service on behalf of another account
)

// A cause is why the conditions of a statement keep a stranger out only seemingly.
type cause uint8

const (
	noCondition       cause = iota // there is none about who calls
	forAllValues                   // ForAllValues holds for a request without the key
	ifExists                       // IfExists holds for a request without the key
	negatedOnly                    // a negated operator excludes some and admits all others
	wildcardValue                  // a value of the list matches what the stranger has
	principalTagged                // tags of the caller, which its own administrator sets
	callerChosen                   // values that the caller chooses
	contextOnly                    // where, when and how the call is made, or a secret that is none
	unanchoredUserID               // aws:userid with a session name that the caller chooses
	unrestrictedRange              // addresses of which none is left out
	nullTest                       // only that a key is there, or is not there
)

// exposures returns the exposures of the document. They are computed once.
func (p *Pass) exposures() []exposure {
	if p.shared.exposed {
		return p.shared.exposures
	}
	p.shared.exposed = true
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow || s.Incomplete {
			continue
		}
		for i, pr := range s.Principals {
			if e, ok := p.expose(s, pr); ok {
				e.statement, e.principal = s, i
				p.shared.exposures = append(p.shared.exposures, e)
			}
		}
	}
	return p.shared.exposures
}

// denyUnknown reports whether something of a Deny is not known, so that it may keep out anybody.
func (p *Pass) denyUnknown() bool {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Deny {
			continue
		}
		if s.Incomplete {
			return true
		}
		for _, pr := range s.Principals {
			if pr.ID.Unknown() != nil {
				return true
			}
		}
		for _, c := range s.Conditions {
			if c.Key.Unknown() != nil || c.Operator.Text.Unknown() != nil || slices.ContainsFunc(c.Values, func(v policy.Text) bool { return v.Unknown() != nil }) {
				return true
			}
		}
	}
	// A statement that is not known may be a Deny; conditions and principals that are not known are the statement's.
	return len(p.Document.Statements) > 0 && slices.ContainsFunc(p.Document.Unresolved, func(u policy.Unresolved) bool { return u.Within == nil })
}

// expose looks for a stranger that pr lets in through s.
func (p *Pass) expose(s *policy.Statement, pr policy.Principal) (e exposure, ok bool) {
	var sub subject
	var callers []caller
	var who stranger
	switch kindOf(pr) {
	case anyAWS:
		if covered, _ := allows(s, access.AssumeRole); !covered {
			return e, false
		}
		who, sub = anyone, subjectOf(pr)
		for _, c := range outsiders() {
			callers = append(callers, p.variants(s, c)...)
		}
		callers = append(callers, p.excepted(outsiders()[0])...)
	case account, user, role, session:
		sub = subjectOf(pr)
		if covered, _ := allows(s, access.AssumeRole); !covered || p.owner(sub.account) != foreign {
			return e, false
		}
		who, callers = thirdParty, p.customers(sub, pr)
	case oidcProvider, webIdentity:
		if covered, _ := allows(s, access.AssumeRoleWithWebIdentity); !covered {
			return e, false
		}
		known, shared := tenancyOf(pr.Issuer)
		if !shared {
			return e, false
		}
		sub = subjectOf(pr)
		who, callers = tenant, p.tenants(s, pr, sub, known)
	case service:
		if covered, _ := allows(s, access.AssumeRole); !covered || isServiceLinked(p.Document) {
			return e, false
		}
		sub = subjectOf(pr)
		who, callers = deputy, p.deputies(pr)
	}
	for _, c := range callers {
		if a, ok := p.try(s, c); ok {
			e = exposure{subject: sub, stranger: who, witness: a.request, effort: a.effort}
			e.cause, e.condition = causeOf(s, a, sub, who)
			switch {
			case e.condition != nil:
				e.value = p.admitting(e.condition, a.request, s)
			case c.past.deny != nil:
				e.cause, e.past, e.condition, e.value = wildcardValue, c.past.deny, c.past.condition, c.past.value
			}
			return e, true
		}
	}
	return e, false
}

// causeOf says why s lets the caller of a in.
func causeOf(s *policy.Statement, a *attempt, sub subject, who stranger) (cause, *policy.Condition) {
	made := func(c policy.Condition) bool {
		for _, e := range a.effort {
			if e.Span == c.Span {
				return true
			}
		}
		return false
	}
	var best *policy.Condition
	found := noCondition
	consider := func(k cause, c *policy.Condition) {
		if found == noCondition {
			found, best = k, c
		}
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		key := c.Name
		if made(*c) || !bounding(key, who, sub) {
			continue
		}
		_, has := a.request.Context.Get(key)
		switch {
		case c.Operator.Name == "Null" && !(len(c.Values) == 1 && c.Values[0].Is("true")):
			consider(wildcardValue, c) // any value will do
		case c.Operator.Name == "Null":
			consider(nullTest, c)
		case c.Operator.Set == policy.ForAllValues && !has:
			consider(forAllValues, c)
		case c.Operator.IfExists && !has:
			consider(ifExists, c)
		case negated(c.Operator):
			consider(negatedOnly, c)
		case key == "aws:userid":
			consider(unanchoredUserID, c)
		default:
			consider(wildcardValue, c)
		}
	}
	if found != noCondition {
		return found, best
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if !made(*c) || !bounding(c.Name, who, sub) {
			continue
		}
		switch {
		case negated(c.Operator):
			return negatedOnly, c
		case c.Operator.Name == "Null" && len(c.Values) == 1 && c.Values[0].Is("true"):
			return nullTest, c
		case classOf(c.Name) == claimKey || classOf(c.Name) == sourceKey || classOf(c.Name) == externalIDKey && who == thirdParty:
			return wildcardValue, c
		}
	}
	switch {
	case len(a.effort) == 0 || who == thirdParty || who == deputy:
		return noCondition, nil
	case who == tenant:
		return contextOnly, &a.effort[0]
	}
	chosen := true
	for i := range a.effort {
		c := &a.effort[i]
		switch classOf(c.Name) {
		case principalTag:
			return principalTagged, c
		case addressKey:
			if coversAllAddresses(c) {
				return unrestrictedRange, c
			}
			chosen = false
		case callerKey:
		default:
			chosen = false
		}
	}
	if chosen {
		return callerChosen, &a.effort[0]
	}
	return contextOnly, &a.effort[0]
}

// bounding reports whether a condition on key is meant to keep out the stranger.
func bounding(key string, who stranger, sub subject) bool {
	switch class := classOf(key); class {
	case identityKey, networkKey, principalTag:
		return who != tenant && who != deputy
	case externalIDKey:
		return who == anyone || who == thirdParty
	case mfaKey:
		return who == anyone || who == thirdParty
	case sourceKey:
		return who == deputy || who == anyone
	case callerKey:
		known, shared := tenancyOf(sub.issuer())
		return shared && who == tenant && key == strings.ToLower(known.tenancy) // Microsoft sets the session's name
	case claimKey:
		address, name := splitClaim(key)
		known, _ := tenancyOf(sub.issuer())
		return who == tenant && !chosenByTenant(address, name) && (name != "aud" || known.tenancy == "aud")
	case addressKey:
		return who == anyone
	}
	return false
}

// admitting returns the value of c that lets r in, the zero Text when it is none in particular.
func (p *Pass) admitting(c *policy.Condition, r access.Request, s *policy.Statement) policy.Text {
	if negated(c.Operator) || c.Operator.Name == "Null" {
		return policy.Text{}
	}
	world := p.world(s)
	for _, v := range c.Values {
		one := *c
		one.Values = []policy.Text{v}
		one.Operator.IfExists = false
		if one.Operator.Set == policy.ForAllValues {
			one.Operator.Set = policy.ForAnyValue
		}
		if access.Holds(p.Document, []policy.Condition{one}, r, world) {
			return v
		}
	}
	return policy.Text{}
}

// place returns where the cause of e is written: a value, a key or an operator of a condition, otherwise the principal.
func (e *exposure) place() Place {
	switch e.cause {
	case wildcardValue, unanchoredUserID:
		if e.past != nil {
			return at(e.past, e.value)
		}
		if !e.value.IsZero() {
			return at(e.statement, e.value)
		}
		return at(e.statement, e.condition.Key)
	case forAllValues, ifExists, negatedOnly, nullTest:
		return at(e.statement, e.condition.Operator.Text)
	case principalTagged, callerChosen, unrestrictedRange:
		return at(e.statement, e.condition.Key)
	}
	if e.stranger == tenant {
		return used(e.statement, e.statement.Principals[e.principal].ID)
	}
	return at(e.statement, e.statement.Principals[e.principal].ID)
}

// reportExposures reports the exposures that are wanted, each with what message says about it.
func (p *Pass) reportExposures(wanted func(*exposure) bool, message func(*exposure) string) {
	exposures := p.exposures()
	for i := range exposures {
		e := &exposures[i]
		if !wanted(e) || !p.claim(e.statement, e.principal) {
			continue
		}
		fd := p.Report(e.place(), "%s", message(e))
		fd.Witness = &e.witness
		fd.Facts = []string{e.statement.Principals[e.principal].ID.String(), "condition"}
		if e.condition != nil && fd.Span != e.statement.Principals[e.principal].ID.Span {
			fd.Facts[1] = e.condition.Operator.Text.String() + " " + e.condition.Key.String()
			fd.Related = append(fd.Related, Related{at(e.statement, e.statement.Principals[e.principal].ID).Span, "the principal that it lets in"})
		}
		e.level(fd)
	}
}

// level lowers a finding that is about somebody less than anyone.
func (e *exposure) level(fd *Finding) {
	if fd.Severity < 7 {
		return
	}
	switch e.stranger {
	case thirdParty:
		if k := kindOf(e.statement.Principals[e.principal]); k != account {
			fd.Level, fd.Severity = Warning, 5.5
		}
	case deputy:
		fd.Level, fd.Severity = Warning, 5.5
		if (e.cause == ifExists || e.cause == forAllValues) && !sourceService(e.statement.Principals[e.principal]) {
			fd.Level, fd.Severity = Note, noteSeverity // whether it sends the key is not known
		}
	}
}

// who names the stranger, as the subject of a sentence.
func (e *exposure) who() string {
	pr := e.statement.Principals[e.principal]
	sub := subjectOf(pr)
	switch e.stranger {
	case anyone:
		return "any AWS principal"
	case tenant:
		known, _ := tenancyOf(sub.issuer())
		return "anyone with a token of " + known.name
	case deputy:
		return pr.ID.String() + " on behalf of any account"
	}
	return describeOwner(sub, pr)
}

// keysOf names the keys of conds with a verb: "sts:ExternalId does", "sts:ExternalId and aws:SourceIp do".
func keysOf(conds []policy.Condition) string {
	if names := keyNames(conds); len(names) > 1 {
		return list(names) + " do"
	}
	return keyList(conds) + " does"
}

func keyList(conds []policy.Condition) string { return list(keyNames(conds)) }

func keyNames(conds []policy.Condition) []string {
	var names []string
	for _, c := range conds {
		if name := c.Key.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
