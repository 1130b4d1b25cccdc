package scan

import (
	"slices"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/rules"
)

// A rule that panics, and whatever of the engine it calls, costs the role that it looked at and no other one: the run fails,
// and says of which role.
func TestPanicIsAProblemOfItsRole(t *testing.T) {
	all := rules.All
	defer func() { rules.All = all }()
	rules.All = append(slices.Clone(all), &rules.Rule{ID: "panics", Level: rules.Error, Check: func(p *rules.Pass) {
		if strings.HasSuffix(p.Document.Role, "bad") {
			p.Document.Statements[len(p.Document.Statements)].Span.Text()
		}
	}})
	role := func(name string) string {
		return "resource \"aws_iam_role\" \"" + name + "\" {\n  assume_role_policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"sts:AssumeRole\", Principal = { AWS = \"*\" } }] })\n}\n"
	}
	files := map[string]string{"main.tf": role("first") + role("bad") + role("last")}
	r := Run(inputOf(files), fuzzOptions())
	for _, name := range []string{"first", "bad", "last"} { // what other rules say of the bad one stays
		if !slices.ContainsFunc(r.Findings, func(f rules.Finding) bool { return f.Role == "aws_iam_role."+name && f.Rule == rules.PrincipalAnyAWS }) {
			t.Errorf("nothing is found in the role %s", name)
		}
	}
	if len(r.Problems) != 1 || r.Summary.Unresolved != 1 {
		t.Fatalf("%d roles are unresolved, with the problems %v; want one of each", r.Summary.Unresolved, r.Problems)
	}
	p := r.Problems[0]
	if !p.Unreadable || p.File() != "main.tf" || p.Span.Begin().Line != 5 || !strings.Contains(p.Message, "aws_iam_role.bad: internal error: ") {
		t.Errorf("%s:%d: %s; unreadable: %t", p.File(), p.Span.Begin().Line, p.Message, p.Unreadable)
	}

	d := &Difference{}
	if err := d.between(inputOf(nil), inputOf(files), nil, fuzzOptions()); err != nil {
		t.Fatal(err)
	}
	if len(d.Problems) != 1 || !d.Problems[0].Unreadable {
		t.Errorf("a comparison has the problems %v; want one", d.Problems)
	}
}

// The engine alone, as the command who asks it, is no other matter.
func TestPanicOfTheEngineIsAProblemOfItsRole(t *testing.T) {
	files := map[string]string{"a.json": oldPolicy, "b.json": oldPolicy}
	o := fuzzOptions()
	r := Run(inputOf(files), o)
	r.Documents[0].Statements[0] = nil
	grants := r.Who(r.Documents, o)
	if len(grants[0]) != 0 || len(grants[1]) == 0 {
		t.Errorf("%d and %d grants", len(grants[0]), len(grants[1]))
	}
	if len(r.Problems) != 1 || !r.Problems[0].Unreadable || r.Problems[0].File() != "a.json" {
		t.Errorf("problems %v; want one of a.json", r.Problems)
	}
}
