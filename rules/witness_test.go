package rules_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/rules"
)

// TestWitnessIsAllowed replays the witness of every finding in the fixtures, as an evaluator that knows nothing of rules.
func TestWitnessIsAllowed(t *testing.T) {
	replayed := 0
	eachPolicy(t, func(name string, d *policy.Document, opts rules.Options) {
		for _, f := range rules.Run([]*policy.Document{d}, opts) {
			if f.Witness == nil {
				if f.Level >= rules.Warning && slices.Contains(f.Rule.Tags, "exposure") {
					t.Errorf("%s: %s: %s: no witness", name, f.Rule.ID, f.Message)
				}
				continue
			}
			replayed++
			w := access.World{OwnAccount: "111122223333", Partition: "aws", Region: "us-east-1", DNSSuffix: "amazonaws.com", OwnOrganization: "o-exampleorgid"}
			if decision, _ := access.Assume(d, *f.Witness, w); !decision.OK() {
				t.Errorf("%s: %s: %s: the witness %s is %s", name, f.Rule.ID, f.Message, f.Witness, decision)
			}
		}
	})
	if replayed < 50 {
		t.Errorf("only %d witnesses", replayed)
	}
}

// TestStatementOrderDoesNotMatter turns the statements of every fixture around: the same rules report it. Of two statements
// that say the same the later one is redundant, so that there only the number counts.
func TestStatementOrderDoesNotMatter(t *testing.T) {
	eachPolicy(t, func(name string, d *policy.Document, opts rules.Options) {
		want := verdict(rules.Run([]*policy.Document{d}, opts))
		turned := *d
		turned.Statements = nil
		for i := len(d.Statements) - 1; i >= 0; i-- {
			turned.Statements = append(turned.Statements, d.Statements[i])
		}
		if got := verdict(rules.Run([]*policy.Document{&turned}, opts)); got != want {
			t.Errorf("%s: in the other order the rules are\n%s\nnot\n%s", name, got, want)
		}
	})
}

// TestIncompleteStatementsAreNotJudged takes the conditions of every fixture for unknown: nobody is then said to get in.
func TestIncompleteStatementsAreNotJudged(t *testing.T) {
	eachPolicy(t, func(name string, d *policy.Document, opts rules.Options) {
		for _, s := range d.Statements {
			s.Incomplete = true
		}
		for _, f := range rules.Run([]*policy.Document{d}, opts) {
			if f.Witness != nil {
				t.Errorf("%s: %s: %s: of a statement that is not known", name, f.Rule.ID, f.Message)
			}
		}
	})
}

// eachPolicy calls f for each JSON policy of the fixtures.
func eachPolicy(t *testing.T, f func(name string, d *policy.Document, opts rules.Options)) {
	t.Helper()
	archives, err := filepath.Glob(filepath.Join(fixtures, "*", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, archive := range archives {
		a, err := txtar.ParseFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range a.Files {
			if filepath.Ext(file.Name) != ".json" {
				continue
			}
			docs := documents(t, []txtar.File{file})
			f(filepath.Base(filepath.Dir(archive))+"/"+file.Name, docs[0], options(t, docs, a))
		}
	}
}

func fixturePolicies(b testing.TB) []*policy.Document {
	b.Helper()
	archives, err := filepath.Glob(filepath.Join(fixtures, "*", "*.txtar"))
	if err != nil {
		b.Fatal(err)
	}
	var docs []*policy.Document
	for _, archive := range archives {
		a, err := txtar.ParseFile(archive)
		if err != nil {
			b.Fatal(err)
		}
		for _, file := range a.Files {
			if filepath.Ext(file.Name) == ".json" {
				docs = append(docs, read(file))
			}
		}
	}
	return docs
}

// Instances of a role that have one policy have the findings that each has alone.
func TestInstancesOfARoleHaveTheSameFindings(t *testing.T) {
	for _, d := range fixturePolicies(t) {
		instances := []*policy.Document{d}
		alone := rules.Run(instances, rules.Options{})
		for i := range 2 {
			other := *d
			other.Role = fmt.Sprintf("%s[%d]", d.Role, i)
			instances = append(instances, &other)
			alone = append(alone, rules.Run([]*policy.Document{&other}, rules.Options{})...)
		}
		together := rules.Run(instances, rules.Options{})
		if diff := cmp.Diff(messages(rules.Sort(alone)), messages(together)); diff != "" {
			t.Errorf("%s: %s", d.Span.File.Name, diff)
		}
	}
}

func messages(findings []rules.Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, fmt.Sprint(f.Span, f.Level, f.Message, f.Witness))
	}
	return out
}
