package rules

// MFANotApplicable reports MFA conditions on services and federated callers.
var MFANotApplicable = &Rule{
	ID:        "mfa-not-applicable",
	Title:     "MFA is demanded of callers who cannot have it",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"correctness", "mfa"},
	needs:     asksMFA,
	Check:     mfaNotApplicable,
}

func mfaNotApplicable(p *Pass) {
	p.absentKeys(func(a absentKey) bool { return a.kind == noMFA })
}
