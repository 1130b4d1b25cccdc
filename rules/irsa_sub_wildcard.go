package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// IRSASubWildcard reports patterns for the namespace or the service account of an EKS cluster.
var IRSASubWildcard = &Rule{
	ID:        "irsa-sub-wildcard",
	Title:     "Service accounts that are a pattern can assume the role",
	Level:     Error,
	Severity:  7.5,
	Precision: High,
	Tags:      []string{"exposure", "oidc", "eks"},
	Check:     irsaSubWildcard,
}

func irsaSubWildcard(p *Pass) {
	var addresses []string
	for _, s := range p.Document.Statements {
		for _, pr := range s.Principals {
			if a := subjectOf(pr).issuer(); isEKS(a) && !slices.Contains(addresses, a) {
				addresses = append(addresses, a)
			}
		}
	}
	for _, a := range addresses {
		p.subjects(a, func(s *policy.Statement, i int, v policy.Text, subject string) {
			rest, ok := strings.CutPrefix(subject, "system:serviceaccount:")
			namespace, name, _ := strings.Cut(rest, ":")
			switch {
			case !ok && strings.ContainsAny(subject, "*?"), strings.ContainsAny(namespace, "*?"):
				if p.claim(s, i) {
					p.Report(at(s, v), "pods of every namespace that %s matches can assume %s", quoted(v), p.Document.Role)
				}
			case strings.ContainsAny(name, "*?"):
				if p.claim(s, i) {
					fd := p.Report(at(s, v), "pods of every service account in the namespace %s whose name %q matches can assume %s", namespace, name, p.Document.Role)
					fd.Level, fd.Severity = Warning, 5.0
				}
			}
		})
	}
}
