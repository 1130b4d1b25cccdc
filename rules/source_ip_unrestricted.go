package rules

// SourceIPUnrestricted reports address ranges that hold every address.
var SourceIPUnrestricted = &Rule{
	ID:        "source-ip-unrestricted",
	Title:     "Address ranges of the condition leave out no address",
	Level:     Error,
	Severity:  8.0,
	Precision: VeryHigh,
	Tags:      []string{"exposure", "network"},
	needs:     asksAddress,
	Check:     sourceIPUnrestricted,
}

func sourceIPUnrestricted(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.cause == unrestrictedRange
	}, func(e *exposure) string {
		return e.who() + " can assume " + p.Document.Role + " from anywhere: the ranges for " + e.condition.Key.String() + " leave out no address"
	})
}
