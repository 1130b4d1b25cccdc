package access

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// A Decision is what a trust policy alone says to a request. Whether the caller's own identity policy must allow the call too
// is the difference between Allowed and AllowedForAccount for a caller of the role's account; from another account it must
// always. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
type Decision uint8

const (
	ImplicitlyDenied  Decision = iota // no statement matches
	Allowed                           // the caller itself is named or admitted
	AllowedForAccount                 // only its account is: the account's identity policies decide
	ExplicitlyDenied
	DeniedForAccount // a Deny names the caller's account
)

var decisionNames = [...]string{"ImplicitlyDenied", "Allowed", "AllowedForAccount", "ExplicitlyDenied", "DeniedForAccount"}

func (d Decision) String() string { return decisionNames[d] }

// OK reports whether the trust policy lets the request through.
func (d Decision) OK() bool { return d == Allowed || d == AllowedForAccount }

// Decide says what the trust policy d answers to r in the world w, and which statement decides: nil when none matches.
//
// It looks at r's action alone; Assume also asks for the permissions that the context of the call needs. A statement that IAM
// would refuse is read for what it says. A Deny of which an element is not known denies nothing.
func Decide(d *policy.Document, r Request, w World) (Decision, *policy.Statement) {
	var e evaluator
	e.init(d, r, &w)
	decision, by := ImplicitlyDenied, (*policy.Statement)(nil)
	for _, s := range d.Statements {
		if s.Effect == policy.NoEffect || s.Effect == policy.Deny && s.Incomplete {
			continue
		}
		m := e.principal(s)
		if m == noMatch || !e.action(s) || !e.conditions(s.Conditions) {
			continue
		}
		if next := outcome(s.Effect, m); rank[next] > rank[decision] {
			decision, by = next, s
		}
	}
	return decision, by
}

// Holds reports whether all of the conditions, as those of a statement of d, hold for r in the world w.
func Holds(d *policy.Document, conditions []policy.Condition, r Request, w World) bool {
	e := evaluator{request: r, world: &w, variables: hasVariables(d)}
	return e.conditions(conditions)
}

// rank orders decisions: a Deny beats every Allow, the caller itself comes before its account.
var rank = [...]int{ImplicitlyDenied: 0, AllowedForAccount: 1, Allowed: 2, DeniedForAccount: 3, ExplicitlyDenied: 4}

func outcome(effect policy.Effect, m principalMatch) Decision {
	switch {
	case effect == policy.Allow && m == accountMatch:
		return AllowedForAccount
	case effect == policy.Allow:
		return Allowed
	case m == accountMatch:
		return DeniedForAccount
	}
	return ExplicitlyDenied
}

// Assume says whether the role can be assumed by r: r's action must be allowed, and with the same context sts:TagSession when
// the call passes session tags, sts:SetSourceIdentity when it passes a source identity, sts:SetContext when it passes a
// context. It returns the first decision that is not OK, or that on r's action.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
func Assume(d *policy.Document, r Request, w World) (Decision, *policy.Statement) {
	decision, by := Decide(d, r, w)
	if !decision.OK() {
		return decision, by
	}
	for _, action := range companions(r.Context) {
		if !strings.EqualFold(action, r.action()) {
			r.Action = action
			if companion, by := Decide(d, r, w); !companion.OK() {
				return companion, by
			}
		}
	}
	return decision, by
}

// companions returns the permissions that a call with that context needs besides its own action.
func companions(c Context) []string {
	var tags, identity, context bool
	for _, a := range c {
		key := strings.ToLower(a.Key)
		switch {
		case strings.HasPrefix(key, "aws:requesttag/"), key == "aws:tagkeys", key == "sts:transitivetagkeys":
			tags = tags || len(a.Values) > 0
		case key == "sts:sourceidentity":
			identity = true
		case strings.HasPrefix(key, "sts:requestcontext"):
			context = context || len(a.Values) > 0
		}
	}
	var actions []string
	if tags {
		actions = append(actions, TagSession)
	}
	if identity {
		actions = append(actions, SetSourceIdentity)
	}
	if context {
		actions = append(actions, SetContext)
	}
	return actions
}

// An Explanation says why a request is decided as it is.
type Explanation struct {
	Decision   Decision
	Statement  *policy.Statement // the one that decides, nil when none matches
	Statements []Mismatch        // the statements that do not match, in the order written
}

// A Mismatch says which parts of a statement do not match a request. Those that are not set match.
type Mismatch struct {
	Statement  *policy.Statement
	Principal  bool               // the caller is not among its principals
	Action     bool               // the action is not among its actions
	Conditions []policy.Condition // these do not hold
	Unknown    *policy.Hole       // it may match: that depends on this
}

// Explain decides r as Decide does and says what kept the other statements from matching.
func Explain(d *policy.Document, r Request, w World) Explanation {
	var x Explanation
	x.Decision, x.Statement = Decide(d, r, w)
	var e evaluator
	e.init(d, r, &w)
	for _, s := range d.Statements {
		m := Mismatch{Statement: s, Principal: e.principal(s) == noMatch, Action: !e.action(s)}
		for i := range s.Conditions {
			if !e.condition(&s.Conditions[i]) {
				m.Conditions = append(m.Conditions, s.Conditions[i])
			}
		}
		m.Unknown = openHole(d, s, &w)
		if m.Principal || m.Action || m.Conditions != nil || s.Effect == policy.NoEffect || s.Effect == policy.Deny && s.Incomplete {
			x.Statements = append(x.Statements, m)
		}
	}
	return x
}

// openHole returns a hole of s that w does not bind, nil when there is none.
func openHole(d *policy.Document, s *policy.Statement, w *World) *policy.Hole {
	for _, u := range d.Unresolved {
		if u.Within == s && u.Hole != nil {
			return u.Hole
		}
	}
	open := func(t policy.Text) *policy.Hole {
		for _, p := range t.Parts {
			if p.Hole != nil {
				if _, bound := w.value(p.Hole); !bound {
					return p.Hole
				}
			}
		}
		return nil
	}
	var h *policy.Hole
	texts(s, func(t policy.Text) {
		if h == nil {
			h = open(t)
		}
	})
	return h
}

// texts calls f for each text of s that takes part in a decision.
func texts(s *policy.Statement, f func(policy.Text)) {
	for _, list := range [][]policy.Principal{s.Principals, s.NotPrincipals} {
		for _, p := range list {
			f(p.ID)
		}
	}
	for _, list := range [][]policy.Text{s.Actions, s.NotActions} {
		for _, t := range list {
			f(t)
		}
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		f(c.Operator.Text)
		f(c.Key)
		for _, v := range c.Values {
			f(v)
		}
	}
}
