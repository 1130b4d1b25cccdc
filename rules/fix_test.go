package rules_test

import (
	"testing"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// TestFixRemovesFinding applies each fix of the fixtures' findings: the rule then reports less, and a safe fix lets in nobody
// new.
func TestFixRemovesFinding(t *testing.T) {
	applied := 0
	eachPolicy(t, func(name string, d *policy.Document, opts rules.Options) {
		findings := rules.Run([]*policy.Document{d}, opts)
		for _, f := range findings {
			for _, fix := range f.Fixes {
				applied++
				fixed, err := source.Apply(f.Span.File, fix.Edits)
				if err != nil {
					t.Errorf("%s: %s: %s: %v", name, f.Rule.ID, fix.Title, err)
					continue
				}
				after := parse(d.Role, source.NewFile(f.Span.File.Name, fixed))
				left := rules.Run([]*policy.Document{after}, opts)
				if count(left, f.Rule) >= count(findings, f.Rule) {
					t.Errorf("%s: %s: %s leaves\n%s\nof\n%s", name, f.Rule.ID, fix.Title, render(left), fixed)
				}
				if added := access.Added(d, after, access.Options{}); fix.Safe && len(added) > 0 {
					t.Errorf("%s: %s: %s is said to be safe and lets in %s", name, f.Rule.ID, fix.Title, added[0].Witness)
				}
			}
		}
	})
	if applied < 15 {
		t.Errorf("only %d fixes", applied)
	}
}

func count(findings []rules.Finding, r *rules.Rule) int {
	n := 0
	for _, f := range findings {
		if f.Rule == r {
			n++
		}
	}
	return n
}
