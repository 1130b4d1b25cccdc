package internal_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/report"
	"github.com/trustvet/trustvet/rules"
)

var update = flag.Bool("update", false, "rewrite the table of rules in the README")

// TestREADMEHasTheRules keeps the table in the README that of the rules.
func TestREADMEHasTheRules(t *testing.T) {
	const readme, begin, end = "../README.md", "<!-- rules -->\n", "<!-- end of rules -->"
	src, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, opened := strings.Cut(string(src), begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		t.Fatalf("the README has no place for the table: %q and %q", begin, end)
	}
	want := before + begin + ruleTable() + end + after
	switch {
	case want == string(src):
	case *update:
		if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("the README does not have the table of the rules: go test ./internal -update writes it")
	}
}

// ruleTable returns the rules as a Markdown table, the most severe first.
func ruleTable() string {
	all := slices.Clone(rules.All)
	slices.SortFunc(all, func(a, b *rules.Rule) int {
		if bandA, bandB := report.BandOf(a.Severity), report.BandOf(b.Severity); bandA != bandB {
			return int(bandB) - int(bandA)
		}
		return strings.Compare(a.ID, b.ID)
	})
	var b strings.Builder
	b.WriteString("| rule | severity | what it reports |\n|---|---|---|\n")
	for _, r := range all {
		fmt.Fprintf(&b, "| [%s](rules/%s.md) | %s | %s |\n", r.ID, r.Base(), report.BandOf(r.Severity), r.Title)
	}
	return b.String()
}
