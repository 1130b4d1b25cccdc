package rules

import (
	"github.com/trustvet/trustvet/internal/policy"
)

// PolicySize reports policies that are longer than IAM stores, or nearly so.
var PolicySize = &Rule{
	ID:        "policy-size",
	Title:     "Trust policy is longer than IAM stores by default",
	Level:     Warning,
	Severity:  4.0,
	Precision: High,
	Tags:      []string{"correctness"},
	Check:     policySize,
}

// The quota on the length of a trust policy in characters, white space not counted: AWS's default, and the most that it can
// be raised to.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	defaultSizeQuota = 2048
	maximumSizeQuota = 8192
)

func policySize(p *Pass) {
	v := p.Document.Value
	if v == nil || v.Kind != policy.Object {
		return
	}
	quota := p.Options.SizeQuota
	if quota == 0 {
		quota = defaultSizeQuota
	}
	if p.surveyed().size <= quota*4/5 {
		return // most policies are far from it
	}
	size, exact := v.Size()
	atLeast := ""
	if !exact {
		size -= holeSize(v)
		atLeast = "at least "
	}
	place := Place{Span: v.Span}
	if place.Span.End > place.Span.Start {
		place.Span.End = place.Span.Start + 1
	}
	switch {
	case size > maximumSizeQuota:
		fd := p.Report(place, "the policy of %s has %s%d characters, and IAM stores no more than %d", p.Document.Role, atLeast, size, maximumSizeQuota)
		fd.Level, fd.Severity = Error, 7.0
	case size > quota:
		p.Report(place, "the policy of %s has %s%d characters, and IAM stores %d unless the quota of the account is raised",
			p.Document.Role, atLeast, size, quota)
	case size > quota*4/5 && exact:
		fd := p.Report(place, "the policy of %s has %d of the %d characters that IAM stores", p.Document.Role, size, quota)
		fd.Level, fd.Severity = Note, noteSeverity
	default:
		return
	}
	findings := *p.findings
	findings[len(findings)-1].Facts = []string{p.Document.Role} // the size changes with every edit
}

// holeSize returns how many of the characters of v as JSON only stand for what is not known.
func holeSize(v *policy.Value) int {
	n := 0
	count := func(t policy.Text) {
		for _, part := range t.Parts {
			if part.Hole != nil {
				n += len("${}") + len(part.Hole.Expr)
			}
		}
	}
	switch v.Kind {
	case policy.Hidden:
		n += len(`"${}"`) + len(v.Hole.Expr)
	case policy.Array:
		for _, e := range v.Elements {
			n += holeSize(e)
		}
	case policy.Object:
		for _, m := range v.Members {
			count(m.Key)
			n += holeSize(m.Value)
		}
	default:
		count(v.Text)
	}
	return n
}
