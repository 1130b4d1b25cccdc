package cloudformation

import (
	"encoding/json"
	"path"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// secondOpinion returns the trust policy that goformation gives the role of that name, in the form of normal; ok is false where
// the second engine cannot follow: loops, includes, nested stacks, roles that SAM makes.
func secondOpinion(t testing.TB, roots []*node, name, role string, given map[string]string) (any, bool) {
	t.Helper()
	for _, root := range roots {
		e := newEvaluator(source.NewTree(nil), Options{})
		for _, template := range e.templates(root, name) {
			r := template.byID[role]
			if r == nil || r.kind != roleType || r.loops != nil {
				continue
			}
			c, err := concrete(template, r, given)
			if err != nil {
				return err.Error(), false
			}
			if s, ok := c.AssumeRolePolicyDocument.(string); ok {
				var v any
				if json.Unmarshal([]byte(s), &v) == nil {
					return normal(v), true
				}
			}
			return normal(c.AssumeRolePolicyDocument), true
		}
	}
	return nil, false
}

// TestGoformationAgrees compares both engines on every fixture and assignment.
func TestGoformationAgrees(t *testing.T) {
	compared := 0
	skip := map[string]bool{"35-include-local": true, "33-nested-outputs": true, "45-go-template": true}
	for _, f := range readFixtures(t) {
		name := path.Base(f.dir)
		if skip[name] {
			continue
		}
		t.Run(name, func(t *testing.T) {
			for role, truth := range f.truth.Roles {
				for _, a := range truth.Assignments {
					opts := deploymentOptions(a.Params)
					docs, _ := f.extract(t, opts)
					d := document1(docs, role)
					if d == nil {
						continue
					}
					tree, _ := source.OpenTree(f.dir)
					file, err := tree.File(f.file)
					if err != nil {
						t.Fatal(err)
					}
					roots, err := newEvaluator(tree, opts).read(newPage(file), f.file)
					if err != nil {
						t.Fatal(err)
					}
					second, ok := secondOpinion(t, roots, f.file, role, opts.Parameters)
					if !ok {
						continue
					}
					compared++
					if diff := cmp.Diff(second, document(t, d)); diff != "" {
						t.Errorf("%s %v: (-goformation +ours)\n%s", role, a.Params, diff)
					}
				}
			}
		})
	}
	if compared < 50 {
		t.Errorf("only %d documents were compared", compared)
	}
}

// TestVerify: Verify compares every role of the fixtures that both engines can follow and finds no difference but the one that
// goformation cannot help: it knows nothing of nested stacks and includes.
func TestVerify(t *testing.T) {
	total := 0
	for _, f := range readFixtures(t) {
		tree, _ := source.OpenTree(f.dir)
		file, err := tree.File(f.file)
		if err != nil {
			t.Fatal(err)
		}
		problems, compared := Verify(tree, file, Options{Parameters: map[string]string{"AWS::AccountId": "123456789012"}})
		total += compared
		switch path.Base(f.dir) {
		case "33-nested-outputs", "35-include-local", "45-go-template":
			continue
		}
		for _, p := range problems {
			t.Errorf("%s: %s", f.dir, p.Message)
		}
	}
	if total < 30 {
		t.Errorf("only %d roles were compared", total)
	}
}

// TestVerifyFindsADifference: a document that is not the one the second engine has is told apart.
func TestVerifyFindsADifference(t *testing.T) {
	v, err := policy.ParseJSON(policy.String(`{"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["1", 2]}}], "Version": "x"}`, source.Span{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ second, where string }{
		{`{"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["1", "2"]}}], "Version": "x"}`, ""},
		{`{"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["1", "3"]}}], "Version": "x"}`, ".Statement[0].Principal.AWS[1]"},
		{`{"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["1"]}}], "Version": "x"}`, ".Statement[0].Principal.AWS"},
		{`{"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["1", "2"]}}]}`, ".Version"},
		{`{"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["1", "2"]}, "Sid": "s"}], "Version": "x"}`, ".Statement[0]"},
		{`"text"`, "the policy itself"},
	} {
		var second any
		if err := json.Unmarshal([]byte(test.second), &second); err != nil {
			t.Fatal(err)
		}
		if where := difference(v, second, ""); where != test.where {
			t.Errorf("%s: differs at %q, want %q", test.second, where, test.where)
		}
	}
}

// TestTypedRole: the other properties of a role, for given parameters.
func TestTypedRole(t *testing.T) {
	file := source.NewFile("t.yaml", []byte(`
Parameters: {Name: {Type: String}}
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub "${Name}-role"
      Path: /a/
      MaxSessionDuration: "43200"
      PermissionsBoundary: !Ref "AWS::NoValue"
      ManagedPolicyArns: [!Sub "arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess"]
      Unheard: of
      AssumeRolePolicyDocument: {Statement: []}
`))
	e := newEvaluator(source.NewTree(nil), Options{})
	roots, err := e.read(newPage(file), file.Name)
	if err != nil {
		t.Fatal(err)
	}
	template := e.templates(roots[0], file.Name)[0]
	role, err := concrete(template, template.byID["R"], map[string]string{"Name": "ci", "AWS::Partition": "aws"})
	if err != nil {
		t.Fatal(err)
	}
	if *role.RoleName != "ci-role" || *role.Path != "/a/" || *role.MaxSessionDuration != 43200 || role.PermissionsBoundary != nil ||
		len(role.ManagedPolicyArns) != 1 || role.ManagedPolicyArns[0] != "arn:aws:iam::aws:policy/AdministratorAccess" {
		t.Errorf("%+v", role)
	}
}
