package rules_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/trustvet/trustvet/extract"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// findings returns what the rules say about files, merged.
func findings(files map[string]string) []rules.Finding {
	fsys := fstest.MapFS{}
	var names []string
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
		names = append(names, name)
	}
	slices.Sort(names)
	return rules.Merge(rules.Run(extract.Extract(source.NewTree(fsys), names, extract.Options{}).Documents, rules.Options{}))
}

const openRole = `resource "aws_iam_role" "open" {
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "*" } }] })
}
`

func TestInstancesOfOneResourceAreOneFinding(t *testing.T) {
	fs := findings(map[string]string{
		"main.tf":     "module \"a\" {\n  source = \"./role\"\n}\nmodule \"b\" {\n  count  = 2\n  source = \"./role\"\n}\n" + openRole,
		"role/m.tf":   openRole,
		"other/m.tf":  openRole,
		"other/m2.tf": `resource "aws_iam_role" "second" { assume_role_policy = aws_iam_role.open.assume_role_policy }`,
	})
	type got struct {
		role string
		also []string
	}
	want := []got{
		{"aws_iam_role.open", nil},
		{"aws_iam_role.open", nil},
		{"module.a.aws_iam_role.open", []string{"module.b[0].aws_iam_role.open", "module.b[1].aws_iam_role.open"}},
	}
	var all []got
	for _, f := range fs {
		if f.Rule.ID == "principal-any-aws" && f.Role != "aws_iam_role.second" {
			all = append(all, got{f.Role, f.Also})
		}
	}
	if !slices.EqualFunc(all, want, func(a, b got) bool { return a.role == b.role && slices.Equal(a.also, b.also) }) {
		t.Errorf("got  %v\nwant %v", all, want)
	}
}

func TestAFindingOfEveryAlternativeHasNoCondition(t *testing.T) {
	fs := findings(map[string]string{"t.yaml": `
Parameters: {Stage: {Type: String}}
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {AWS: "*"}, Action: sts:AssumeRole}
          - Fn::If:
              - IsProd
              - {Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: s3:GetObject}
              - Ref: AWS::NoValue
`})
	when := map[string]string{}
	for _, f := range fs {
		when[f.Rule.ID] += f.When + ";"
	}
	if when["principal-any-aws"] != ";" || when["action-not-sts"] != "IsProd is true;" {
		t.Errorf("conditions %q", when)
	}
}

func TestAlternativesThatSayDifferentThingsOfOneTokenAreOneFinding(t *testing.T) {
	fs := findings(map[string]string{"main.tf": `
variable "prod" { type = bool }
variable "actions" { type = string }
locals { accounts = jsondecode("{\"prod\": \"999999999998\", \"test\": \"999999999999\"}") }
resource "aws_iam_role" "vendor" {
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
    Principal = { AWS = "arn:aws:iam::${local.accounts[var.prod ? "prod" : "test"]}:group/admins" } }] })
}
`})
	var got []rules.Finding
	for _, f := range fs {
		if f.Rule.ID == "policy-rejected-by-iam" {
			got = append(got, f)
		}
	}
	if len(got) != 1 || got[0].When != "" || len(got[0].Related) != 1 {
		t.Errorf("got %d findings: %+v", len(got), got)
	}
}

func TestWhatIsUnknownOfEachInstanceIsOneFinding(t *testing.T) {
	fs := findings(map[string]string{"main.tf": `
data "aws_secretsmanager_secret_version" "accounts" {
  secret_id = "accounts"
}
resource "aws_iam_role" "delegation" {
  for_each = toset(["one", "two", "three"])
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
    Principal = { AWS = jsondecode(data.aws_secretsmanager_secret_version.accounts.secret_string)[each.key] } }] })
}
`})
	var also []string
	n := 0
	for _, f := range fs {
		if f.Rule == rules.TrustPolicyUnresolved {
			n++
			also = f.Also
		}
	}
	if n != 1 || len(also) != 2 {
		t.Errorf("got %d findings, one with the further instances %v, want one with two", n, also)
	}
}
