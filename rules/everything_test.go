package rules_test

import (
	"path/filepath"
	"testing"

	"github.com/trustvet/trustvet/internal/scan"
	"github.com/trustvet/trustvet/rules"
)

// TestEveryRuleShowsInEverything scans testdata/everything as it is and with the configuration beside it: each rule reports
// something there.
func TestEveryRuleShowsInEverything(t *testing.T) {
	dir, err := filepath.Abs("../testdata/everything")
	if err != nil {
		t.Fatal(err)
	}
	reported := map[*rules.Rule]bool{}
	for _, configured := range []bool{false, true} {
		in, err := scan.Open(scan.Place{Dir: dir}, []string{"."})
		if err != nil {
			t.Fatal(err)
		}
		config := &scan.Config{}
		if configured {
			f, err := in.Tree.File("testdata/everything/" + scan.ConfigName)
			if err != nil {
				t.Fatal(err)
			}
			if config, err = scan.ReadConfig(f); err != nil {
				t.Fatal(err)
			}
		}
		result := scan.Run(in, scan.Options{Config: config})
		for _, p := range result.Problems {
			if p.Unreadable {
				t.Errorf("%s: %s", p.File(), p.Message)
			}
		}
		for _, f := range result.Findings {
			reported[f.Rule] = true
		}
	}
	for _, r := range rules.All {
		if !reported[r] && r != rules.ByID("trust-widened") { // which is about a change
			t.Errorf("testdata/everything has nothing that %s reports", r.ID)
		}
	}
}
