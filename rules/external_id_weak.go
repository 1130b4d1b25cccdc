package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// ExternalIDWeak reports external IDs that are short, a common word, or an account id.
var ExternalIDWeak = &Rule{
	ID:        "external-id-weak",
	Title:     "External ID is one that others guess",
	Level:     Note,
	Severity:  3.5,
	Precision: Medium,
	Tags:      []string{"confused-deputy"},
	needs:     asksExternalID,
	Check:     externalIDWeak,
}

func externalIDWeak(p *Pass) {
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow {
			continue
		}
		for _, c := range s.Conditions {
			if c.Name != "sts:externalid" || negated(c.Operator) || c.Operator.Name == "Null" {
				continue
			}
			for _, v := range c.Values {
				id, known := v.Literal()
				if !known || p.claimed(s, -1) || !isExternalID(id) {
					continue
				}
				if why := p.guessable(s, id); why != "" {
					p.Report(at(s, v), "other customers of whoever assumes %s guess the external ID %q: it is %s", p.Document.Role, id, why)
				}
			}
		}
	}
}

// guessable says what makes an external ID of s easy to guess, "" when nothing is known to.
func (p *Pass) guessable(s *policy.Statement, id string) string {
	name := squeezed(id)
	if role := p.Document.Role; name == squeezed(role[strings.LastIndexByte(role, '.')+1:]) {
		return "the name of the role"
	}
	for _, pr := range s.Principals {
		account, _ := subjectOf(pr).account.Literal()
		if v, known := knownAccount(account); known && name == squeezed(v.name) {
			return "the name of who is asked for it"
		}
	}
	switch strings.ToLower(id) {
	case "externalid", "external-id", "external_id", "secret", "password", "changeme", "change-me", "replaceme", "default", "production",
		"terraform", "trustpolicy", "myexternalid", "my-external-id", "example", "exampleid", "uniqueid", "unique-id", "someid", "placeholder":
		return "a common word"
	}
	switch {
	case strings.ContainsAny(id, "*?"), strings.Contains(id, "${"):
		return ""
	case isAccountID(id):
		return "the id of an account"
	case len(id) < 8:
		return "short"
	}
	return ""
}
