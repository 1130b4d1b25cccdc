package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// MFAIfExistsInAllow reports BoolIfExists for MFA in an Allow: a call with long-term keys carries no such key and passes.
var MFAIfExistsInAllow = &Rule{
	ID:        "mfa-ifexists-in-allow",
	Title:     "MFA is demanded only of callers whose credentials say something about it",
	Level:     Error,
	Severity:  7.5,
	Precision: High,
	Tags:      []string{"exposure", "mfa"},
	needs:     asksMFA | usesIfExists,
	Check:     mfaIfExistsInAllow,
}

func mfaIfExistsInAllow(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow || s.Incomplete {
			continue
		}
		for i := range s.Conditions {
			c := &s.Conditions[i]
			if !c.Operator.IfExists || !mfaDemanded(c) {
				continue
			}
			for j, pr := range s.Principals {
				p.passesWithoutMFA(s, c, j, pr)
			}
		}
	}
}

// mfaDemanded reports whether c asks for MFA, apart from IfExists.
func mfaDemanded(c *policy.Condition) bool {
	switch c.Name {
	case "aws:multifactorauthpresent":
		return c.Operator.Name == "Bool" && len(c.Values) == 1 && strings.EqualFold(c.Values[0].String(), "true")
	case "aws:multifactorauthage":
		return strings.HasPrefix(c.Operator.Name, "NumericLessThan")
	}
	return false
}

// passesWithoutMFA reports that a user with long-term keys gets in through s as principal i, though c asks for MFA.
func (p *Pass) passesWithoutMFA(s *policy.Statement, c *policy.Condition, i int, pr policy.Principal) {
	sub := subjectOf(pr)
	var who string
	var callers []caller
	switch sub.kind {
	case anyAWS:
		who = "any AWS user whom the other conditions let in"
		if len(s.Conditions) == 1 {
			who = "any AWS user"
		}
		c := outsiders()[2]
		c.sets = func(key string) []string { return p.insideValues(key, outsiderAccount) }
		c.pinned = func(key string) bool { return classOf(key) == mfaKey }
		callers = append(callers, c)
	case account, user:
		id, known := sampleIn(sub.account, p.world(s))
		if !known {
			return
		}
		principal := "arn:aws:iam::" + id + ":user/anyone"
		who = "a user of " + describe(pr)
		if sub.kind == user {
			if principal, known = sampleIn(pr.ID, p.world(s)); !known {
				return
			}
			who = pr.ID.String()
		}
		callers = append(callers, caller{
			principal: principal, action: access.AssumeRole,
			context: access.Context{
				{Key: "aws:PrincipalArn", Values: []string{principal}}, {Key: "aws:PrincipalAccount", Values: []string{id}},
				{Key: "aws:SecureTransport", Values: []string{"true"}}, {Key: "sts:RoleSessionName", Values: []string{"anyone"}},
			},
			sets:   func(key string) []string { return p.insideValues(key, id) },
			pinned: func(key string) bool { return classOf(key) == mfaKey },
		})
	default:
		return
	}
	var witness *access.Request
	for _, cl := range callers {
		if a, ok := p.try(s, cl); ok {
			witness = &a.request
		}
	}
	if witness == nil && sub.kind == anyAWS {
		who = "a user whom the other conditions let in"
		witness = p.showsUser(s, access.If("Null", c.Key.String(), "true"))
	}
	if witness != nil && p.claim(s, i) {
		fd := p.Report(at(s, c.Operator.Text), "%s can assume %s without MFA: calls with long-term keys carry no %s, and %s lets them pass",
			who, p.Document.Role, c.Key, c.Operator.Text)
		fd.Witness = witness
		if span := c.Operator.Text.Span; span.Text() == c.Operator.Text.String() {
			fd.Fixes = []Fix{{Title: "compare with " + c.Operator.Name, Edits: edits(span, c.Operator.Name)}}
		}
	}
}

// insideValues are what a principal of the account can have for keys that say who one is, when it is one that is meant.
func (p *Pass) insideValues(key, account string) []string {
	switch key {
	case "aws:principalorgid", "aws:principalarn", "aws:principalorgpaths", "aws:userid", "aws:username", "aws:sourcevpc", "aws:sourcevpce":
		return p.filled(key, func(v string) bool {
			return key != "aws:principalarn" || strings.Contains(v, ":"+account+":user/") || strings.Contains(v, ":*:user/")
		})
	case "aws:principalaccount":
		return []string{account}
	}
	return nil
}
