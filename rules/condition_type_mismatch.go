package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// ConditionTypeMismatch reports operators of another type than the key has, and truth values that are none.
var ConditionTypeMismatch = &Rule{
	ID:        "condition-type-mismatch",
	Title:     "Operator does not fit what the key holds",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"correctness"},
	needs:     conditions,
	Check:     conditionTypeMismatch,
}

func conditionTypeMismatch(p *Pass) {
	for _, s := range p.Document.Statements {
		for _, c := range s.Conditions {
			if p.claimed(s, -1) || !c.Operator.Known || c.Operator.Name == "Null" {
				continue
			}
			key := c.Name
			if want := typeOf(key); want != "" && !fits(want, c.Operator.Name) {
				consequence := "whom it lets in AWS does not say"
				if _, dead := access.Dead(p.Document, s, p.asking()); dead && s.Effect == policy.Allow {
					consequence = "nobody can assume " + p.Document.Role + " through this statement"
				}
				fd := p.Report(at(s, c.Operator.Text), "the policy of %s compares %s, %s, with %s: %s", p.Document.Role, c.Key, want, c.Operator.Text, consequence)
				fd.Facts = []string{p.Document.Role, c.Key.String(), want, c.Operator.Text.String()}
				continue
			}
			if c.Operator.Name == "Bool" {
				for _, v := range c.Values {
					if value, known := v.Literal(); known && !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") && !isPlaceholder(value) {
						p.Report(at(s, v), "the policy of %s compares %s with %q, which is neither true nor false, so it never matches", p.Document.Role, c.Key, value)
					}
				}
			}
		}
	}
}

// typeOf returns the type of what key holds, as messages name it, "" for strings and what is not known.
func typeOf(key string) string {
	switch key {
	case "aws:sourceip", "aws:vpcsourceip":
		return "an address"
	case "aws:currenttime", "aws:tokenissuetime", "aws:epochtime":
		return "a time"
	case "aws:multifactorauthpresent", "aws:securetransport", "aws:viaawsservice", "aws:principalisawsservice":
		return "true or false"
	case "aws:multifactorauthage":
		return "a number"
	}
	switch classOf(key) {
	case identityKey, principalTag, sourceKey, externalIDKey, callerKey:
		return "a string"
	}
	return ""
}

// fits reports whether the operator compares values of the type. String operators compare the spelling: IAM takes that, and
// for addresses, times and truth values it does what it says only by chance.
func fits(want, operator string) bool {
	switch want {
	case "an address":
		return strings.HasSuffix(operator, "IpAddress")
	case "a time":
		return strings.HasPrefix(operator, "Date") || strings.HasPrefix(operator, "Numeric")
	case "true or false":
		return operator == "Bool" || strings.HasPrefix(operator, "String")
	case "a string":
		return strings.HasPrefix(operator, "String") || strings.HasPrefix(operator, "Arn") || operator == "BinaryEquals"
	}
	return strings.HasPrefix(operator, "Numeric")
}
