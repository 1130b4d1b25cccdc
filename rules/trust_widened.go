package rules

// TrustWidened reports callers that a change newly lets in. The comparison of two states does, which knows them; a finding
// weighs as much as the new access does.
var TrustWidened = &Rule{
	ID:        "trust-widened",
	Title:     "Change lets somebody new assume the role",
	Level:     Warning,
	Severity:  5.0,
	Precision: VeryHigh,
	Tags:      []string{"exposure", "diff"},
}
