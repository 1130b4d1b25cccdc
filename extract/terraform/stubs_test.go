package terraform

import "testing"

func TestNewestVersionThatAConstraintAdmits(t *testing.T) {
	for constraint, want := range map[string]int{
		"~> 5.0":          5_999,
		"~> 5.39.0":       5_039,
		"5.39.1":          5_039,
		"= 5.39.1":        5_039,
		"v5.39.1":         5_039,
		"< 5.44":          5_043,
		"< 5.44.1":        5_044,
		"< 6.0.0":         5_999,
		"<= 5.30":         5_030,
		">= 5.0, < 6":     5_999,
		">= 5.0":          anyVersion,
		"~> 5":            anyVersion,
		"!= 5.1.0":        anyVersion,
		"main":            anyVersion,
		"":                anyVersion,
		"89fe17a24c4b1a9": anyVersion,
	} {
		if got := newestVersion(constraint); got != want {
			t.Errorf("%q admits %d, not %d", constraint, got, want)
		}
	}
}
