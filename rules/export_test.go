package rules

// RunAll calls f while every rule looks at every policy, whatever it needs.
func RunAll(f func()) {
	needs := map[*Rule]traits{}
	for _, r := range All {
		needs[r], r.needs = r.needs, 0
	}
	defer func() {
		for r, n := range needs {
			r.needs = n
		}
	}()
	f()
}
