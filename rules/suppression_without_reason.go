package rules

// SuppressionWithoutReason reports ignores that do not say why. The scan does, which knows them.
var SuppressionWithoutReason = &Rule{
	ID:        "suppression-without-reason",
	Title:     "Ignore gives no reason",
	Level:     Note,
	Severity:  1.0,
	Precision: VeryHigh,
	Tags:      []string{"suppression"},
}
