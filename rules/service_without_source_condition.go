package rules

import "github.com/trustvet/trustvet/internal/policy"

// ServiceWithoutSourceCondition reports services that send the resource they act for, in statements that do not ask for
// it.
var ServiceWithoutSourceCondition = &Rule{
	ID:        "service-without-source-condition",
	Title:     "Service can assume the role for resources of other accounts",
	Level:     Note,
	Severity:  3.5,
	Precision: Medium,
	Tags:      []string{"confused-deputy"},
	needs:     trustsSourceService,
	Check:     serviceWithoutSourceCondition,
}

func serviceWithoutSourceCondition(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		pr := e.statement.Principals[e.principal]
		if hasKey(e.statement, "sts:externalid") {
			return false // some services send one
		}
		return e.stranger == deputy && e.cause == noCondition && sourceService(pr)
	}, func(e *exposure) string {
		pr := e.statement.Principals[e.principal]
		return pr.ID.String() + " can assume " + p.Document.Role + " for resources of any account: no condition on aws:SourceArn or aws:SourceAccount"
	})
}

// hasKey reports whether a condition of s is on key, in lower case.
func hasKey(s *policy.Statement, key string) bool {
	for _, c := range s.Conditions {
		if c.Name == key {
			return true
		}
	}
	return false
}
