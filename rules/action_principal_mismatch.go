package rules

import (
	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// ActionPrincipalMismatch reports principals that cannot use the action that the statement allows them.
var ActionPrincipalMismatch = &Rule{
	ID:        "action-principal-mismatch",
	Title:     "Action is not one that the principal can use, so the statement lets nobody in",
	Level:     Error,
	Severity:  7.0,
	Precision: VeryHigh,
	Tags:      []string{"correctness"},
	Check:     actionPrincipalMismatch,
}

func actionPrincipalMismatch(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow || len(s.NotActions) > 0 {
			continue
		}
		var idle []int
		fits := 0
		for i, pr := range s.Principals {
			if usable(pr, s) {
				fits++
			} else if !p.claimed(s, i) {
				idle = append(idle, i)
			}
		}
		if len(idle) == 0 {
			continue
		}
		allowed := coveredActions(s)
		if len(allowed) == 0 {
			continue // alone the auxiliary actions assume nothing, for any principal
		}
		for _, i := range idle {
			pr := s.Principals[i]
			fd := p.Report(at(s, pr.ID), "%s cannot assume %s with %s: %s",
				describe(pr), p.Document.Role, list(allowed), usesInstead(pr))
			if len(s.Actions) == 1 {
				fd.Related = append(fd.Related, Related{s.Actions[0].Span, "the action"})
			}
			if fits > 0 {
				fd.Level, fd.Severity = Note, noteSeverity
			} else if want := fittingAction(pr); want != "" && len(s.Principals) == 1 && len(s.Actions) == 1 {
				if literal, known := s.Actions[0].Literal(); known && s.Actions[0].Span.Text() == literal {
					fd.Fixes = []Fix{{Title: "allow " + want, Edits: edits(s.Actions[0].Span, want)}}
				}
			}
			p.claim(s, i)
		}
	}
}

// coveredActions returns the actions that give credentials and that s covers, nil when that is not known.
func coveredActions(s *policy.Statement) []string {
	var covered []string
	for _, a := range assumeActions {
		yes, certain := allows(s, a)
		if !certain {
			return nil
		}
		if yes {
			covered = append(covered, a)
		}
	}
	return covered
}

// usable reports whether s covers an action that pr can use. Of what is not known well enough it is assumed.
func usable(pr policy.Principal, s *policy.Statement) bool {
	actions := actionsOf(pr)
	for _, a := range actions {
		if covered, certain := allows(s, a); covered || !certain {
			return true
		}
	}
	return len(actions) == 0
}

// actionsOf returns the actions with which pr can assume a role, nil when that is not known.
func actionsOf(pr policy.Principal) []string { return actionsFor(kindOf(pr), pr.Type) }

// actionsFor is actionsOf for principals of that kind and type.
func actionsFor(kind subjectKind, t policy.PrincipalType) []string {
	switch {
	case kind == anyAWS:
		return nil // it may admit unsigned callers too
	case t == policy.AWS || t == policy.Service:
		return assumeActions[:1]
	case kind == samlProvider:
		return assumeActions[1:2]
	case kind == oidcProvider || kind == webIdentity:
		return assumeActions[2:]
	case t == policy.Federated:
		return assumeActions[1:]
	}
	return nil
}

// fittingAction returns the one action with which pr can assume a role, "" when there is none or more than one.
func fittingAction(pr policy.Principal) string {
	if actions := actionsOf(pr); len(actions) == 1 {
		return actions[0]
	}
	return ""
}

func usesInstead(pr policy.Principal) string {
	switch {
	case pr.Type == policy.Service:
		return "a service uses " + access.AssumeRole
	case pr.Type == policy.AWS:
		return "AWS principals use " + access.AssumeRole
	case fittingAction(pr) == access.AssumeRoleWithSAML:
		return "a SAML provider's users use " + access.AssumeRoleWithSAML
	case fittingAction(pr) == access.AssumeRoleWithWebIdentity:
		return "holders of a token use " + access.AssumeRoleWithWebIdentity
	}
	return "a federated caller uses " + access.AssumeRoleWithWebIdentity + " or " + access.AssumeRoleWithSAML
}
