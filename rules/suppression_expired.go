package rules

// SuppressionExpired reports ignores of which the time is over. The scan does, which knows them.
var SuppressionExpired = &Rule{
	ID:        "suppression-expired",
	Title:     "Ignore has expired",
	Level:     Note,
	Severity:  1.0,
	Precision: VeryHigh,
	Tags:      []string{"suppression"},
}
