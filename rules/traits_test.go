package rules_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// TestRulesNeedWhatTheySay: a rule that looked at policies without the traits that it needs would neither find nor claim anything.
func TestRulesNeedWhatTheySay(t *testing.T) {
	docs := append(append(fixturePolicies(t), everyPolicy(t)...), ordinaryPolicies(t)...)
	for _, d := range docs {
		one := []*policy.Document{d}
		got, want := said(rules.Run(one, rules.Options{})), ""
		rules.RunAll(func() { want = said(rules.Run(one, rules.Options{})) })
		if got != want {
			t.Errorf("of %s the rules say\n%swith all of them at work\n%s", d.Role, got, want)
		}
	}
}

// The pieces of the fixtures, put together at random, are policies that no fixture shows.
func TestRulesNeedWhatTheySayOfAnyPolicy(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := statements(t)
	options := rules.Options{Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Pedantic: true}
	found := 0
	for range 2000 {
		d := mixed(rng, pieces)
		one := []*policy.Document{d}
		got, want := said(rules.Run(one, options)), ""
		rules.RunAll(func() { want = said(rules.Run(one, options)) })
		if limit := d.Limit(); limit != nil {
			t.Fatalf("of %s the rules say %s", written(d), limit.Reason)
		}
		if got != want {
			t.Fatalf("of %s the rules say\n%swith all of them at work\n%s", written(d), got, want)
		}
		if got != "" {
			found++
		}
	}
	if found < 100 {
		t.Errorf("%d policies have findings", found)
	}
}

// statements returns those of all fixtures.
func statements(t *testing.T) []*policy.Statement {
	t.Helper()
	archives, err := filepath.Glob(filepath.Join(fixtures, "*", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var all []*policy.Statement
	for _, archive := range archives {
		a, err := txtar.ParseFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range documents(t, slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })) {
			all = append(all, d.Statements...)
		}
	}
	return all
}

// mixed returns a policy of one to three statements with the elements of any.
func mixed(rng *rand.Rand, pieces []*policy.Statement) *policy.Document {
	piece := func() *policy.Statement { return pieces[rng.IntN(len(pieces))] }
	d := &policy.Document{Role: "mixed", Version: policy.String("2012-10-17", source.Span{}), Value: &policy.Value{Kind: policy.Object}}
	for n := 1 + rng.IntN(3); len(d.Statements) < n; {
		s := *piece()
		s.Index = len(d.Statements)
		if other := piece(); rng.IntN(2) == 0 {
			s.Principals, s.NotPrincipals = other.Principals, other.NotPrincipals
		}
		if other := piece(); rng.IntN(4) == 0 {
			s.Actions, s.NotActions = other.Actions, other.NotActions
		}
		switch s.Conditions = slices.Clone(s.Conditions); rng.IntN(4) {
		case 0, 1:
			s.Conditions = append(s.Conditions, piece().Conditions...)
		case 2:
			s.Conditions = nil
		}
		for i := range s.Conditions {
			c := &s.Conditions[i]
			if c.Values = slices.Clone(c.Values); len(c.Values) > 0 && rng.IntN(6) == 0 {
				v := &c.Values[rng.IntN(len(c.Values))]
				v.Parts = append(slices.Clone(v.Parts), policy.HolePart(hole(rng), source.Span{}))
			}
			if other := piece(); len(other.Conditions) > 0 && rng.IntN(6) == 0 {
				c.Operator = other.Conditions[0].Operator
			}
		}
		d.Statements = append(d.Statements, &s)
	}
	return d
}

// hole returns one of a string about which more or less is known.
func hole(rng *rand.Rand) *policy.Hole {
	h := &policy.Hole{Expr: "var.any", Kind: policy.HoleKind(rng.IntN(int(policy.OwnOrganization) + 1))}
	text := []string{"*", "", "main", "refs/heads/*"}[rng.IntN(4)]
	switch rng.IntN(4) {
	case 0:
		h.Choices = []string{text, "production"}
	case 1:
		h.Default = &text
	case 2:
		h.Many = true
	}
	return h
}

func written(d *policy.Document) string {
	text := ""
	for _, s := range d.Statements {
		text += fmt.Sprintf("\n%v %v %v %v %v %v", s.Effect, s.Principals, s.NotPrincipals, s.Actions, s.NotActions, s.Incomplete)
		for _, c := range s.Conditions {
			text += fmt.Sprintf("\n\t%v %v %v", c.Operator.Text, c.Key, c.Values)
		}
	}
	return text + "\n"
}

func said(findings []rules.Finding) string {
	text := ""
	for _, f := range findings {
		text += fmt.Sprintf("%s %s %v %s %v\n", f.Level, f.Rule.ID, f.Span, f.Message, f.Witness)
	}
	return text
}
