package scan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

func TestRolesAreFoundAgain(t *testing.T) {
	// A role is "file address policy"; want lists "before > after", "-" for none.
	for name, test := range map[string]struct {
		before, after, moves []string
		want                 []string
	}{
		"the same":        {[]string{"a.tf aws_iam_role.x 1"}, []string{"a.tf aws_iam_role.x 2"}, nil, []string{"aws_iam_role.x > aws_iam_role.x"}},
		"another file":    {[]string{"a.tf aws_iam_role.x 1"}, []string{"b/c.tf aws_iam_role.x 2"}, nil, []string{"aws_iam_role.x > aws_iam_role.x"}},
		"another name":    {[]string{"a.tf aws_iam_role.x 1"}, []string{"a.tf aws_iam_role.y 1"}, nil, []string{"- > aws_iam_role.y", "aws_iam_role.x > -"}},
		"a moved block":   {[]string{"a.tf aws_iam_role.x 1"}, []string{"a.tf aws_iam_role.y 2"}, []string{"aws_iam_role.x aws_iam_role.y"}, []string{"aws_iam_role.x > aws_iam_role.y"}},
		"a moved module":  {[]string{"a.tf module.a.aws_iam_role.x 1"}, []string{"a.tf module.b.aws_iam_role.x 2"}, []string{"module.a module.b"}, []string{"module.a.aws_iam_role.x > module.b.aws_iam_role.x"}},
		"into for_each":   {[]string{"a.tf aws_iam_role.x[0] 1"}, []string{`a.tf aws_iam_role.x["k"] 2`}, nil, []string{`aws_iam_role.x[0] > aws_iam_role.x["k"]`}},
		"into a module":   {[]string{"a.tf aws_iam_role.x 1"}, []string{"m/a.tf module.m.aws_iam_role.x 2"}, nil, []string{"aws_iam_role.x > module.m.aws_iam_role.x"}},
		"its own module":  {[]string{"a.tf aws_iam_role.ci 1"}, []string{"m/a.tf module.ci.aws_iam_role.this 1"}, nil, []string{"aws_iam_role.ci > module.ci.aws_iam_role.this"}},
		"no relation":     {[]string{"a.tf aws_iam_role.ci 1"}, []string{"m/a.tf module.cd.aws_iam_role.this 1"}, nil, []string{"- > module.cd.aws_iam_role.this", "aws_iam_role.ci > -"}},
		"of two the same": {[]string{"a/a.tf aws_iam_role.x 1", "b/a.tf aws_iam_role.x 2"}, []string{"b/a.tf aws_iam_role.x 3", "a/a.tf aws_iam_role.x 4"}, nil, []string{"aws_iam_role.x > aws_iam_role.x", "aws_iam_role.x > aws_iam_role.x"}},
	} {
		m := matcher{}
		for _, mv := range test.moves {
			from, to, _ := strings.Cut(mv, " ")
			m.renamed = append(m.renamed, move{from, to})
		}
		var got []string
		for _, p := range m.match(rolesOf(test.before), rolesOf(test.after)) {
			address := func(docs []*policy.Document) string {
				if docs == nil {
					return "-"
				}
				return docs[0].Role
			}
			got = append(got, address(p.before)+" > "+address(p.after))
			if name == "of two the same" && p.before[0].Span.File.Name != p.after[0].Span.File.Name {
				t.Errorf("%s: the role of %s became that of %s", name, p.before[0].Span.File.Name, p.after[0].Span.File.Name)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func rolesOf(specs []string) [][]*policy.Document {
	var roles [][]*policy.Document
	for _, spec := range specs {
		fields := strings.Fields(spec)
		src := `{"Id": "` + fields[2] + `"}`
		f := source.NewFile(fields[0], []byte(src))
		v, _ := policy.ParseJSON(policy.String(src, source.Span{File: f, Start: 0, End: len(src)}))
		d := policy.Parse(fields[1], v)
		d.Span = v.Span
		roles = append(roles, []*policy.Document{d})
	}
	return roles
}

func TestKeysOfInstancesAreTakenOut(t *testing.T) {
	for address, want := range map[string]string{
		`aws_iam_role.x`:    "aws_iam_role.x",
		`aws_iam_role.x[0]`: "aws_iam_role.x",
		`module.a["x.y"].module.b[1].aws_iam_role.c`: "module.a.module.b.aws_iam_role.c",
		`aws_iam_role.x["a]b\"]c"]`:                  "aws_iam_role.x",
		`aws_iam_role.x["unterminated`:               "aws_iam_role.x",
	} {
		if got := withoutKeys(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func TestMovedBlocksAreRead(t *testing.T) {
	src := "moved {\n  from = aws_iam_role.a\n  to   = aws_iam_role.b\n}\n\nmoved {\n  to = module.x\n  from = module.y[\"k\"]\n}\n"
	in := &Input{Files: []string{"a.tf"}, Tree: source.NewTree(mapFS{"a.tf": src})}
	got := moves(in)
	want := []move{{"aws_iam_role.a", "aws_iam_role.b"}, {`module.y["k"]`, "module.x"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// Who changes the addresses of thousands of roles at once makes them new ones, not a comparison that does not end.
func TestManyRolesWithOtherAddressesEnd(t *testing.T) {
	var before, after []string
	m := matcher{}
	for i := range 1500 {
		before = append(before, fmt.Sprintf("a.tf aws_iam_role.x%d %d", i, i))
		after = append(after, fmt.Sprintf("b.tf module.m.module.n.aws_iam_role.y%d %d", i, i+10_000))
		for k := range 10 {
			m.renamed = append(m.renamed, move{fmt.Sprintf("aws_iam_role.z%d", i), fmt.Sprintf("aws_iam_role.w%d_%d", i, k)})
		}
	}
	after = append(after, "b.tf module.m.aws_iam_role.w7_3[0] 1")
	before = append(before, "b.tf module.m.aws_iam_role.z7[0] 2")
	pairs := m.match(rolesOf(before), rolesOf(after))
	if last := pairs[len(after)-1]; last.before == nil || last.before[0].Role != "module.m.aws_iam_role.z7[0]" {
		t.Error("a moved role is not the one that it was")
	}
	if len(pairs) != len(before)+len(after)-1 {
		t.Errorf("%d pairs of %d and %d roles, of which one is in both", len(pairs), len(before), len(after))
	}
	if m.compared < maxCompared {
		t.Errorf("%d policies are compared, too few for the bound to matter", m.compared)
	}
}
