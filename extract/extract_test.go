package extract

import (
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/trustvet/trustvet/internal/source"
)

const trust = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`

// extractTree returns the roles of a tree as "file role", and its problems.
func extractTree(files map[string]string) (roles, problems []string) {
	fsys := fstest.MapFS{}
	var names []string
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
		names = append(names, name)
	}
	r := Extract(source.NewTree(fsys), names, Options{})
	for _, d := range r.Documents {
		roles = append(roles, d.Span.File.Name+" "+d.Role)
	}
	for _, p := range r.Problems {
		problems = append(problems, p.File()+": "+p.Message)
	}
	return roles, problems
}

func TestEachFileGoesToItsExtractor(t *testing.T) {
	roles, problems := extractTree(map[string]string{
		"main.tf":       `resource "aws_iam_role" "tf" { assume_role_policy = jsonencode(` + trust + `) }`,
		"template.yaml": "Resources:\n  Cfn:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: " + trust + "\n",
		"template.json": `{"Resources": {"Json": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": ` + trust + `}}}}`,
		"get-role.json": `{"Role": {"RoleName": "named", "AssumeRolePolicyDocument": ` + trust + `}}`,
		"trust.json":    trust,
		"node_policy":   trust,
		"README.md":     trust,
		"values.yaml":   "a: b\n",
		"notes.txt":     "AssumeRolePolicyDocument: {\nResources: [",
	})
	want := "get-role.json named,main.tf aws_iam_role.tf,node_policy node_policy,template.json Json,template.yaml Cfn,trust.json trust"
	if got := strings.Join(roles, ","); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(problems) > 0 {
		t.Errorf("problems %q", problems)
	}
}

func TestAPolicyFileThatTerraformReadsIsOneRoleNotTwo(t *testing.T) {
	roles, _ := extractTree(map[string]string{
		"main.tf":          `resource "aws_iam_role" "a" { assume_role_policy = file("${path.module}/policies/a.json") }`,
		"policies/a.json":  trust,
		"policies/b.json":  trust,
		"policies/c.tftpl": trust,
	})
	if got, want := strings.Join(roles, ","), "main.tf aws_iam_role.a,policies/b.json b,policies/c.tftpl c"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestARoleWhosePolicyAnotherOneTakesIsStillARole(t *testing.T) {
	roles, _ := extractTree(map[string]string{
		"a.tf": `resource "aws_iam_role" "a" { assume_role_policy = jsonencode(` + trust + `) }`,
		"b.tf": `resource "aws_iam_role" "b" { assume_role_policy = aws_iam_role.a.assume_role_policy }`,
	})
	if got, want := strings.Join(roles, ","), "a.tf aws_iam_role.a,b.tf aws_iam_role.b"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestATemplateWithinTerraformIsRead(t *testing.T) {
	roles, problems := extractTree(map[string]string{
		"main.tf": `resource "aws_cloudformation_stack" "s" {
  template_body = jsonencode({ Resources = { R = { Type = "AWS::IAM::Role", Properties = { AssumeRolePolicyDocument = ` + trust + ` } } } })
}`,
	})
	if got, want := strings.Join(roles, ","), "main.tf aws_cloudformation_stack.s.R"; got != want || problems != nil {
		t.Errorf("got %s, want %s; problems %q", got, want, problems)
	}
}

func TestAPlanIsRead(t *testing.T) {
	roles, problems := extractTree(map[string]string{
		"plan.json": `{"format_version": "1.2", "planned_values": {"root_module": {"resources": [{"address": "aws_iam_role.p", "mode": "managed",
  "type": "aws_iam_role", "name": "p", "values": {"assume_role_policy": ` + strconv.Quote(trust) + `}}]}}}`,
	})
	if got, want := strings.Join(roles, ","), "plan.json aws_iam_role.p"; got != want || problems != nil {
		t.Errorf("got %s, want %s; problems %q", got, want, problems)
	}
}

func TestARoleThatATemplateNeverCreatesIsNoPolicyFile(t *testing.T) {
	roles, problems := extractTree(map[string]string{
		"t.json": `{"Conditions": {"Never": {"Fn::Equals": [true, false]}}, "Resources": {"R": {"Type": "AWS::IAM::Role", "Condition": "Never",
  "Properties": {"AssumeRolePolicyDocument": ` + trust + `}}}}`,
	})
	if roles != nil || problems != nil {
		t.Errorf("roles %q, problems %q", roles, problems)
	}
}

func TestLargeDataIsNotReadInSearchOfAPolicy(t *testing.T) {
	roles, problems := extractTree(map[string]string{
		"data.bin2": trust + strings.Repeat(" ", maxPolicyFile),
		"huge.json": trust + strings.Repeat(" ", source.MaxFileSize),
	})
	if len(roles) > 0 || len(problems) != 1 || !strings.HasPrefix(problems[0], "huge.json: not read:") {
		t.Errorf("roles %q, problems %q", roles, problems)
	}
}

func TestTheOrderOfFilesDoesNotMatter(t *testing.T) {
	files := map[string]string{}
	for _, name := range []string{"a.json", "b.json", "c/a.json", "c/b"} {
		files[name] = trust
	}
	first, _ := extractTree(files)
	for range 20 { // maps are walked in random order
		if again, _ := extractTree(files); strings.Join(again, ",") != strings.Join(first, ",") {
			t.Fatalf("got %q, then %q", first, again)
		}
	}
}

func TestPanicCostsOneFile(t *testing.T) {
	r := guarded("a.yaml", func() dataResult { panic("x") })
	if len(r.Problems) != 1 || r.Problems[0].File() != "a.yaml" || !r.Problems[0].Unreadable {
		t.Errorf("got %v", r.Problems)
	}
}

// A template that another nests is deployed on its own as often: the roles of it are there with the values of each of its
// parents and with its defaults.
func TestATemplateThatAnotherNestsIsAlsoShownByItself(t *testing.T) {
	stack := func(id, url, more string) string {
		return "  " + id + ": {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: " + url + ", Parameters: {Who: " + id + more + "}}}\n"
	}
	role := func(id string) string {
		return "  " + id + ":\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: " + trust + "\n"
	}
	const only = "Parameters: {On: {Type: String, Default: no}}\nConditions: {Is: !Equals [!Ref On, yes]}\n"
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"with the values of each of its parents": {
			map[string]string{
				"dev/app.yaml":  "Resources:\n" + stack("Iam", "../iam.yaml", ""),
				"live/app.yaml": "Resources:\n" + stack("Iam", "../iam.yaml", "") + stack("More", "../iam.yaml", ""),
				"iam.yaml":      "Resources:\n" + role("R"),
			},
			"iam.yaml Iam/R,iam.yaml Iam/R,iam.yaml More/R,iam.yaml R",
		},
		"over several levels": {
			map[string]string{
				"a.yaml": "Resources:\n" + stack("B", "b.yaml", "") + role("RA"),
				"b.yaml": "Resources:\n" + stack("C", "c.yaml", "") + role("RB"),
				"c.yaml": "Resources:\n" + role("RC"),
				"d.yaml": "Resources:\n" + role("RD"),
			},
			"a.yaml RA,b.yaml B/RB,b.yaml RB,c.yaml B/C/RC,c.yaml C/RC,c.yaml RC,d.yaml RD",
		},
		"with roles that it never has there": {
			map[string]string{
				"a.yaml": "Resources:\n" + stack("B", "b.yaml", ", On: no"),
				"b.yaml": only + "Resources:\n" + role("Always") + strings.Replace(role("Sometimes"), "Properties", "Condition: Is\n    Properties", 1),
			},
			"b.yaml Always,b.yaml B/Always,b.yaml Sometimes",
		},
		"in a circle": {
			map[string]string{
				"a.yaml": "Resources:\n" + stack("B", "b.yaml", "") + role("RA"),
				"b.yaml": "Resources:\n" + stack("C", "c.yaml", "") + role("RB"),
				"c.yaml": "Resources:\n" + stack("A", "a.yaml", "") + role("RC"),
			},
			"a.yaml A/RA,a.yaml C/A/RA,a.yaml RA,b.yaml A/B/RB,b.yaml B/RB,b.yaml RB,c.yaml B/C/RC,c.yaml C/RC,c.yaml RC",
		},
	} {
		t.Run(name, func(t *testing.T) {
			roles, _ := extractTree(test.files)
			if got := strings.Join(roles, ","); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// refusing is a file system whose disk is broken below the directory broken.
type refusing struct{ fs.FS }

func (r refusing) Open(name string) (fs.File, error) {
	if name == "broken" || strings.HasPrefix(name, "broken/") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EIO}
	}
	return r.FS.Open(name)
}

// Whatever the code takes from a file or directory that the machine refuses to read, there is a problem: without it, something
// would be left out in silence.
func TestWhatTheMachineRefusesIsNotLeftOutInSilence(t *testing.T) {
	role := func(arguments string) string {
		return "resource \"aws_iam_role\" \"r\" {\n" + arguments + "\n  assume_role_policy = jsonencode(" + trust + ")\n}\n"
	}
	for what, files := range map[string]map[string]string{
		"a module":   {"main.tf": `module "m" { source = "./broken" }`},
		"file":       {"main.tf": `resource "aws_iam_role" "r" { assume_role_policy = file("broken/policy.json") }`},
		"fileset":    {"main.tf": role(`for_each = fileset("broken", "*")`)},
		"fileexists": {"main.tf": role(`count = fileexists("broken/policy.json") ? 1 : 0`)},
		"a parent":   {"live/terragrunt.hcl": `include "root" { path = find_in_parent_folders("broken/root.hcl") }`},
		"a stack":    {"stack.yaml": "Resources:\n  S:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: broken/nested.yaml\n"},
		"a root":     {"broken/main.tf": role("")},
	} {
		fsys := fstest.MapFS{}
		var names []string
		for name, content := range files {
			fsys[name] = &fstest.MapFile{Data: []byte(content)}
			names = append(names, name)
		}
		r := Extract(source.NewTree(refusing{fsys}), names, Options{})
		if !slices.ContainsFunc(r.Problems, func(p source.Problem) bool { return p.Unreadable && strings.HasPrefix(p.File(), "broken") }) {
			t.Errorf("%s: the problems are %+v", what, r.Problems)
		}
	}
}
