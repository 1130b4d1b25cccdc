package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// PolicyVersionLegacy reports policies in the language version of 2008, which has no policy variables.
var PolicyVersionLegacy = &Rule{
	ID:        "policy-version-legacy",
	Title:     "Policy has no Version or that of 2008, in which variables are plain text",
	Level:     Note,
	Severity:  2.0,
	Precision: VeryHigh,
	Tags:      []string{"hygiene"},
	Check:     policyVersionLegacy,
}

func policyVersionLegacy(p *Pass) {
	d := p.Document
	missing := d.Version.IsZero()
	if !missing && !d.Version.Is("2008-10-17") || missing && (d.Value == nil || d.Value.Kind != policy.Object || len(d.Faults) > 0) {
		return
	}
	if len(d.Unresolved) > 0 && missing {
		return // members that are not known may hold it
	}
	place := at(nil, d.Version)
	if missing {
		place.Span = d.Value.Span
		place.Span.End = min(place.Span.Start+1, place.Span.End)
	}
	for _, s := range d.Statements {
		for _, c := range s.Conditions {
			for _, v := range c.Values {
				if variable := policyVariable(v); variable != "" {
					fd := p.Report(place, "the policy of %s compares %s with the plain text %q, since only version 2012-10-17 has policy variables",
						d.Role, c.Key, variable)
					fd.Level, fd.Severity = Warning, 5.0
					fd.Related = append(fd.Related, Related{v.Span, "the variable"})
					p.fixVersion(fd)
					return
				}
			}
		}
	}
	if missing {
		p.fixVersion(p.Report(place, "the policy of %s has no Version, so it is read as of 2008-10-17, without policy variables", d.Role))
	} else {
		p.fixVersion(p.Report(place, "the policy of %s has Version 2008-10-17, without policy variables", d.Role))
	}
}

// fixVersion offers to write the version that is there in place of the legacy one.
func (p *Pass) fixVersion(fd *Finding) {
	if v := p.Document.Version; !v.IsZero() && v.Span.Text() == "2008-10-17" {
		fd.Fixes = []Fix{{Title: "set Version to 2012-10-17", Safe: fd.Level == Note, Edits: edits(v.Span, "2012-10-17")}}
	}
}

// policyVariable returns the first policy variable in a literal text, "" when there is none: ${aws:username}, not ${*}.
func policyVariable(t policy.Text) string {
	s, known := t.Literal()
	if !known {
		return ""
	}
	for {
		_, rest, ok := strings.Cut(s, "${")
		if !ok {
			return ""
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			return ""
		}
		if strings.Contains(name, ":") {
			return "${" + name + "}"
		}
		s = after
	}
}
