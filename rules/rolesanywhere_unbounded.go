package rules

import (
	"slices"
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
	needs:     trustsService,
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
			anchor, certificate := bindsAnchor(s), bindsCertificate(s)
			if anchor && certificate {
				continue
			}
			var claim []policy.Condition
			if !anchor {
				claim = append(claim, access.If("StringEquals", "aws:SourceArn", otherAnchor(s, p.world(s))))
			}
			if !certificate {
				claim = append(claim, access.If("StringEquals", certificateKey(s), "any-certificate"))
			}
			show := p.shows(s, i, claim...)
			if show.refuted || !p.claim(s, i) {
				continue
			}
			var fd *Finding
			switch {
			case certificate:
				fd = p.Report(used(s, pr.ID), "certificates of every trust anchor of the account can assume %s: no condition on aws:SourceArn says which", p.Document.Role)
				fd.Level, fd.Severity = Warning, 5.0
			case anchor:
				fd = p.Report(used(s, pr.ID), "every certificate of the trust anchor can assume %s: no condition on aws:PrincipalTag/x509… says which", p.Document.Role)
				fd.Level, fd.Severity = Warning, 5.0
			default:
				fd = p.Report(used(s, pr.ID), "every certificate of every trust anchor of the account can assume %s", p.Document.Role)
			}
			fd.Witness = show.request
		}
	}
}

// bindsAnchor reports whether s asks for a trust anchor, or may do so. Where a wildcard stands for the anchor, it does not; that the
// key is not there it need not reckon with, since IAM Roles Anywhere always sends it.
func bindsAnchor(s *policy.Statement) bool {
	for _, c := range s.Conditions {
		name := c.Name
		if name == "" {
			return true
		}
		if name != "aws:sourcearn" || !asksForValue(c) {
			continue
		}
		open := func(v policy.Text) bool {
			_, anchor, ok := strings.Cut(sampled(v), ":trust-anchor/")
			return hasWildcard(v) && strings.HasSuffix(v.String(), "*") && (!ok || anchor == "*")
		}
		if !slices.ContainsFunc(c.Values, open) {
			return true
		}
	}
	return false
}

// bindsCertificate reports whether s asks for something that the certificate says, or may do so.
func bindsCertificate(s *policy.Statement) bool {
	for _, c := range s.Conditions {
		if name := c.Name; (name == "" || strings.HasPrefix(name, "aws:principaltag/x509")) && asksForValue(c) && !c.Operator.IfExists && c.Operator.Set != policy.ForAllValues {
			return true
		}
	}
	return false
}

// otherAnchor returns the ARN of a trust anchor that nobody means, as far as the conditions of s leave it open.
func otherAnchor(s *policy.Statement, world access.World) string {
	for _, c := range s.Conditions {
		if c.Name != "aws:sourcearn" {
			continue
		}
		for _, v := range c.Values {
			if pattern, known := sampleIn(v, world); known && strings.Contains(pattern, ":trust-anchor/") {
				return plain(pattern)
			}
		}
	}
	return "arn:aws:rolesanywhere:us-east-1:" + world.OwnAccount + ":trust-anchor/99999999-9999-4999-8999-999999999999"
}

// certificateKey returns the key for what a certificate says that s asks about, or the one for its common name.
func certificateKey(s *policy.Statement) string {
	for _, c := range s.Conditions {
		if strings.HasPrefix(c.Name, "aws:principaltag/x509") {
			return c.Key.String()
		}
	}
	return "aws:PrincipalTag/x509Subject/CN"
}

// bindsKey reports whether s asks for a value of a key that begins with prefix, in lower case, or may do so.
func bindsKey(s *policy.Statement, prefix string) bool {
	for _, c := range s.Conditions {
		if name := c.Name; (name == "" || strings.HasPrefix(name, prefix)) && asksForValue(c) {
			return true
		}
	}
	return false
}
