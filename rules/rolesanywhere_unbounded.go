package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// RolesAnywhereUnbounded reports trust in IAM Roles Anywhere without a condition on the trust anchor or the certificate.
var RolesAnywhereUnbounded = &Rule{
	ID:        "rolesanywhere-unbounded",
	Title:     "Every certificate of every trust anchor can assume the role",
	Level:     Error,
	Severity:  7.5,
	Precision: High,
	Tags:      []string{"exposure", "confused-deputy"},
	Check:     rolesAnywhereUnbounded,
}

func rolesAnywhereUnbounded(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow || s.Incomplete {
			continue
		}
		for i, pr := range s.Principals {
			if !isService(pr, "rolesanywhere") || p.claimed(s, i) || isServiceLinked(p.Document) {
				continue
			}
			if covered, _ := allows(s, access.AssumeRole); !covered {
				continue
			}
			anchor, certificate := bindsKey(s, "aws:sourcearn"), bindsKey(s, "aws:principaltag/x509")
			if anchor && certificate || !p.claim(s, i) {
				continue
			}
			switch {
			case certificate:
				fd := p.Report(at(s, pr.ID), "certificates of every trust anchor of the account can assume %s: no condition on aws:SourceArn says which", p.Document.Role)
				fd.Level, fd.Severity = Warning, 5.0
			case anchor:
				fd := p.Report(at(s, pr.ID), "every certificate of the trust anchor can assume %s: no condition on aws:PrincipalTag/x509… says which", p.Document.Role)
				fd.Level, fd.Severity = Warning, 5.0
			default:
				p.Report(at(s, pr.ID), "every certificate of every trust anchor of the account can assume %s", p.Document.Role)
			}
		}
	}
}

// bindsKey reports whether s asks for a value of a key that begins with prefix, in lower case, or may do so.
func bindsKey(s *policy.Statement, prefix string) bool {
	for _, c := range s.Conditions {
		if name := keyName(c); (name == "" || strings.HasPrefix(name, prefix)) && asksForValue(c) {
			return true
		}
	}
	return false
}
