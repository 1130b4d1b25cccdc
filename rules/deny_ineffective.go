package rules

import (
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
	Check:     denyIneffective,
}

func denyIneffective(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Deny || s.Incomplete || p.claimed(s, -1) {
			continue
		}
		for _, c := range s.Conditions {
			key := keyName(c)
			if keyName(c) == "aws:multifactorauthpresent" || !escapable(c, key) || !p.escapes(s, c, key) {
				continue
			}
			p.Report(at(s, c.Operator.Text), "callers can assume %s past this Deny: %s does not hold for requests without %s", p.Document.Role, c.Operator.Text, c.Key)
			p.claimAll(s)
			break
		}
	}
}

// escapable reports whether the Deny with c is meant for everybody but some, and does not hold for a request without the key.
func escapable(c policy.Condition, key string) bool {
	if c.Operator.Set != policy.ForAnyValue || !negated(c.Operator) {
		return false // a plain negated operator holds for an absent key, a positive one is meant for those who have it
	}
	return key == "aws:principalorgpaths" || key == "aws:sourceorgpaths" || classOf(key) == identityKey
}

// escapes reports whether the policy lets in a request without the key.
func (p *Pass) escapes(deny *policy.Statement, c policy.Condition, key string) bool {
	_, _, ok := access.Find(p.Document, access.Options{Now: p.Options.Now}, access.Query{Where: []policy.Condition{access.If("Null", c.Key.String(), "true")}})
	return ok
}
