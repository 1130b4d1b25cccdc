package rules

// PrincipalMixedKinds reports statements whose condition asks for a key that only some kinds of its principals have.
var PrincipalMixedKinds = &Rule{
	ID:        "principal-mixed-kinds",
	Title:     "Condition means something for some of the principals only",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"correctness"},
	needs:     conditions,
	Check:     principalMixedKinds,
}

func principalMixedKinds(p *Pass) {
	p.absentKeys(func(a absentKey) bool { return a.kind == mixedKinds })
}
