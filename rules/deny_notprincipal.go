package rules

import (
	"encoding/json"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// DenyNotPrincipal reports Deny statements that spare principals with NotPrincipal, as older examples of AWS do.
var DenyNotPrincipal = &Rule{
	ID:        "deny-notprincipal",
	Title:     "Deny with NotPrincipal, which IAM refuses in a trust policy",
	Level:     Error,
	Severity:  7.0,
	Precision: VeryHigh,
	Tags:      []string{"correctness"},
	needs:     denies,
	Check:     denyNotPrincipal,
}

func denyNotPrincipal(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Deny || len(s.NotPrincipals) == 0 {
			continue
		}
		fd := p.Report(at(s, s.NotPrincipals[0].ID), "IAM refuses the policy of %s: a trust policy cannot spare %s from a Deny with NotPrincipal",
			p.Document.Role, list(principalNames(s.NotPrincipals)))
		p.fixNotPrincipal(fd, s)
		p.claimAll(s)
	}
}

func principalNames(principals []policy.Principal) []string {
	var names []string
	for _, pr := range principals {
		names = append(names, pr.ID.String())
	}
	return names
}

// fixNotPrincipal offers to deny everybody whose ARN is not one of those spared, where the statement is written as JSON, has
// no condition and spares users and roles by their ARN. It is not safe: a condition compares a string, where a principal is
// the very user or role.
func (p *Pass) fixNotPrincipal(fd *Finding, s *policy.Statement) {
	m, ok := memberAt(p.Document.Value, s.Span, "NotPrincipal")
	if !ok || len(s.Conditions) > 0 || len(s.Principals) > 0 || m.Key.Span.IsZero() || m.Value.Span.IsZero() {
		return
	}
	src := m.Key.Span.File.Src
	if start, end := m.Key.Span.Start, m.Key.Span.End; start == 0 || src[start-1] != '"' || end >= len(src) || src[end] != '"' ||
		m.Key.Span.Text() != "NotPrincipal" || m.Value.Span.File != m.Key.Span.File {
		return
	}
	for _, pr := range s.NotPrincipals {
		_, literal := pr.ID.Literal()
		if k := kindOf(pr); k != user && k != role || !literal {
			return
		}
	}
	arns, err := json.Marshal(principalNames(s.NotPrincipals))
	if err != nil {
		return
	}
	fd.Fixes = []Fix{{
		Title: "deny all whose aws:PrincipalArn is another",
		Edits: []source.Edit{
			{Span: m.Key.Span, New: "Principal"},
			{Span: m.Value.Span, New: `{"AWS": "*"}, "Condition": {"ArnNotEquals": {"aws:PrincipalArn": ` + string(arns) + `}}`},
		},
	}}
}

// memberAt returns the member of that name of the object under span in v.
func memberAt(v *policy.Value, span source.Span, name string) (policy.Member, bool) {
	if v == nil {
		return policy.Member{}, false
	}
	if v.Kind == policy.Object && v.Span == span {
		for _, m := range v.Members {
			if m.Key.Is(name) {
				return m, true
			}
		}
	}
	for _, e := range v.Elements {
		if m, ok := memberAt(e, span, name); ok {
			return m, true
		}
	}
	for _, m := range v.Members {
		if found, ok := memberAt(m.Value, span, name); ok {
			return found, true
		}
	}
	return policy.Member{}, false
}
