package rules

// SuppressionUnused reports ignores that cover no finding. The scan does, which knows them.
var SuppressionUnused = &Rule{
	ID:        "suppression-unused",
	Title:     "Ignore covers no finding",
	Level:     Note,
	Severity:  1.0,
	Precision: VeryHigh,
	Tags:      []string{"suppression"},
}
