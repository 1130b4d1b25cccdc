package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// ActionNotSTS reports actions that a trust policy cannot have: those of other services, and all actions of all services.
var ActionNotSTS = &Rule{
	ID:        "action-not-sts",
	Title:     "Trust policy has an action that is not of STS, which IAM refuses",
	Level:     Error,
	Severity:  7.0,
	Precision: VeryHigh,
	Tags:      []string{"correctness"},
	needs:     oddActions,
	Check:     actionNotSTS,
}

func actionNotSTS(p *Pass) {
	for _, s := range p.Document.Statements {
		for _, a := range append(s.Actions[:len(s.Actions):len(s.Actions)], s.NotActions...) {
			action, known := a.Literal()
			switch {
			case !known && !foreignAction(a):
				continue
			case strings.HasPrefix(strings.ToLower(action), "sts:"):
				p.strangeAction(s, a, action)
				continue
			}
			action = a.String()
			p.Report(at(s, a), "IAM refuses the policy of %s: the action %q is not one of STS", p.Document.Role, action)
			p.claimAll(s)
		}
	}
}

// foreignAction reports whether a, of which not all is known, begins as no action of STS does.
func foreignAction(a policy.Text) bool {
	begin := ""
	for _, part := range a.Parts {
		if part.Hole != nil {
			break
		}
		begin += strings.ToLower(part.Literal)
	}
	return !strings.HasPrefix(begin, "sts:") && !strings.HasPrefix("sts:", begin) && !strings.ContainsAny(begin[:min(len(begin), 4)], "*?")
}

// strangeAction reports an action of STS that is none of those for roles. Whether IAM refuses it AWS does not say: its message for
// other services' actions asks for "STS AssumeRole actions".
func (p *Pass) strangeAction(s *policy.Statement, a policy.Text, action string) {
	roleActions := slices.Concat(assumeActions, auxiliaryActions)
	if strings.ContainsAny(action, "*?") || slices.ContainsFunc(roleActions, func(name string) bool { return strings.EqualFold(name, action) }) {
		return
	}
	fd := p.Report(at(s, a), "nobody can assume %s with %s: it is not one of the actions that a role knows%s", p.Document.Role, action, didYouMean(nearest(action, roleActions)))
	fd.Level, fd.Severity = Warning, 5.5
	if len(coveredActions(s)) == 0 && s.Effect == policy.Allow && len(s.NotActions) == 0 {
		p.claimAll(s)
	}
}

// assumeActions are the actions that give a role's credentials.
var assumeActions = []string{access.AssumeRole, access.AssumeRoleWithSAML, access.AssumeRoleWithWebIdentity}

// auxiliaryActions allow what a caller may pass along when it assumes a role; alone they assume nothing.
var auxiliaryActions = []string{access.TagSession, access.SetSourceIdentity, access.SetContext}

// matchesAction reports whether the action pattern t, which must be known, covers action. Letter case does not matter.
func matchesAction(t policy.Text, action string) bool {
	pattern, known := t.Literal()
	if known && pattern == action {
		return true
	}
	if known && !wild(pattern) {
		return strings.EqualFold(pattern, action) // most are written so
	}
	return known && glob(strings.ToLower(pattern), strings.ToLower(action))
}

// wild reports whether s has a wildcard.
func wild(s string) bool { return strings.IndexByte(s, '*') >= 0 || strings.IndexByte(s, '?') >= 0 }

// glob reports whether s matches pattern, in which * stands for any string and ? for any one byte.
func glob(pattern, s string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, mark = i, j
			i++
		case i < len(pattern) && (pattern[i] == '?' || pattern[i] == s[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(pattern) && pattern[i] == '*' {
		i++
	}
	return i == len(pattern)
}

// allows reports whether the action elements of s cover action, and whether that is certain: an unknown action may.
func allows(s *policy.Statement, action string) (covered, certain bool) {
	if len(s.NotActions) > 0 {
		certain = true
		for _, a := range s.NotActions {
			if matchesAction(a, action) {
				return false, true
			}
			certain = certain && a.Hole() == nil
		}
		return certain, certain
	}
	certain = !s.Incomplete || len(s.Actions) > 0
	for _, a := range s.Actions {
		if matchesAction(a, action) {
			return true, true
		}
		certain = certain && a.Hole() == nil
	}
	return false, certain
}
