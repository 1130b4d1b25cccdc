package rules

import (
	"github.com/trustvet/trustvet/internal/policy"
)

// ExternalIDShared reports an external ID that the policy asks of more than one vendor.
var ExternalIDShared = &Rule{
	ID:        "external-id-shared",
	Title:     "Third parties share an external ID, so that each knows that of the other",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"confused-deputy"},
	Check:     externalIDShared,
}

func externalIDShared(p *Pass) {
	type use struct {
		vendor string
		value  policy.Text
	}
	first := map[string]use{}
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Allow {
			continue
		}
		for _, pr := range s.Principals {
			account, _ := subjectOf(pr).account.Literal()
			owner, known := knownAccount(account)
			if !known || owner.aws {
				continue
			}
			for _, c := range s.Conditions {
				if keyName(c) != "sts:externalid" || negated(c.Operator) || c.Operator.Name == "Null" {
					continue
				}
				for _, v := range c.Values {
					id, literal := v.Literal()
					if !literal {
						continue
					}
					if other, seen := first[id]; !seen {
						first[id] = use{owner.name, v}
					} else if other.vendor != owner.name && other.vendor != "" {
						fd := p.Report(at(s, v), "%s and %s can assume %s with the same external ID, so that each knows what the other is asked for", other.vendor, owner.name, p.Document.Role)
						if other.value.Span != v.Span {
							fd.Related = append(fd.Related, Related{other.value.Span, "the other place"})
						}
						first[id] = use{}
					}
				}
			}
		}
	}
}
