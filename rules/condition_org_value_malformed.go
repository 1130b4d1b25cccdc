package rules

import (
	"strings"
)

// ConditionOrgValueMalformed reports values for organization keys that have not the form of an organization ID or a path.
var ConditionOrgValueMalformed = &Rule{
	ID:        "condition-org-value-malformed",
	Title:     "Value is no organization or path of one",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"correctness"},
	needs:     asksOrganization,
	Check:     conditionOrgValueMalformed,
}

func conditionOrgValueMalformed(p *Pass) {
	for _, s := range p.Document.Statements {
		for _, c := range s.Conditions {
			key := c.Name
			if c.Operator.Name == "Null" || p.claimed(s, -1) {
				continue
			}
			for _, v := range c.Values {
				value, known := v.Literal()
				if !known || strings.Contains(value, "${") || isPlaceholder(value) {
					continue
				}
				switch key {
				case "aws:principalorgid", "aws:sourceorgid", "aws:resourceorgid":
					if !organizationID().MatchString(value) && !strings.ContainsAny(value, "*?") {
						p.Report(at(s, v), "the policy of %s compares %s with %q, which is no ID of an organization (o-…), so it never matches", p.Document.Role, c.Key, value)
					}
				case "aws:principalorgpaths", "aws:sourceorgpaths", "aws:resourceorgpaths":
					if !organizationPath().MatchString(value) {
						p.Report(at(s, v), "the policy of %s compares %s with %q, which is no path of an organization (o-…/r-…/ou-…/), so it never matches", p.Document.Role, c.Key, value)
					} else if !strings.HasSuffix(value, "*") && !strings.HasSuffix(value, "/") && !strings.HasSuffix(value, "?") {
						p.Report(at(s, v), "the policy of %s compares %s with %q, which never matches: paths of an organization end in /", p.Document.Role, c.Key, value)
					} else if openUnit().MatchString(value) {
						p.Report(at(s, v), "the policy of %s names a unit in %q that others begin alike: its ID has no / behind it", p.Document.Role, value)
					}
				}
			}
		}
	}
}

// https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
var (
	organizationID   = lazily(`^o-[a-z0-9]{10,32}$`)
	organizationPath = lazily(`^(\*|o-[a-z0-9*?]+)(/|$|\*)`)
	openUnit         = lazily(`ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}\*`)
)
