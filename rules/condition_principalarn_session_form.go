package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// ConditionPrincipalARNSessionForm reports session ARNs as values of aws:PrincipalArn: the key has the ARN of the role.
var ConditionPrincipalARNSessionForm = &Rule{
	ID:        "condition-principalarn-session-form",
	Title:     "aws:PrincipalArn is compared with the ARN of a session, which it never is",
	Level:     Warning,
	Severity:  5.5,
	Precision: VeryHigh,
	Tags:      []string{"correctness"},
	needs:     asksIdentity,
	Check:     conditionPrincipalARNSessionForm,
}

func conditionPrincipalARNSessionForm(p *Pass) {
	for _, s := range p.Document.Statements {
		for _, c := range s.Conditions {
			if c.Name != "aws:principalarn" || c.Operator.Name == "Null" {
				continue
			}
			idle, first := 0, policy.Text{}
			for _, v := range c.Values {
				if strings.Contains(v.String(), ":assumed-role/") {
					idle++
					if first.IsZero() {
						first = v
					}
				}
			}
			if idle == 0 || p.claimed(s, -1) {
				continue
			}
			consequence := "this value never matches"
			switch {
			case idle < len(c.Values):
			case s.Effect == policy.Deny && negated(c.Operator):
				consequence = "the Deny hits everybody"
				p.claimAll(s) // and takes away all that others allow
			case s.Effect == policy.Deny:
				consequence = "the Deny hits nobody"
			case negated(c.Operator):
				consequence = "the condition excludes nobody"
			default:
				consequence = "nobody can assume " + p.Document.Role + " through this statement"
				p.claimAll(s)
			}
			fd := p.Report(at(s, first), "the policy of %s compares aws:PrincipalArn, which has the ARN of the role, with that of a session: %s", p.Document.Role, consequence)
			if arn, ok := roleOfSession(first.String()); ok && first.Span.Text() == first.String() {
				fd.Fixes = []Fix{{Title: "write " + arn, Edits: edits(first.Span, arn)}}
			}
		}
	}
}

// roleOfSession returns the ARN of the role of a session. A role with a path has another one, which the session does not tell.
func roleOfSession(session string) (string, bool) {
	parts := strings.SplitN(session, ":", 6)
	if len(parts) < 6 || strings.Contains(session, "${") {
		return "", false
	}
	role, _, ok := strings.Cut(strings.TrimPrefix(parts[5], "assumed-role/"), "/")
	if !ok || role == "" {
		return "", false
	}
	return "arn:" + parts[1] + ":iam::" + parts[4] + ":role/" + role, true
}
