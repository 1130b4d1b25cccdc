package main

import (
	"fmt"
	"strings"
	"testing"
)

// Every bound on the work ends in words that name the file and the bound, makes the run fail by default, and costs nothing
// that lies beside it.
func TestBoundsFailTheRunAndNothingElse(t *testing.T) {
	role := func(expr string) string {
		return "resource \"aws_iam_role\" \"bad\" {\n  assume_role_policy = " + expr + "\n}\n"
	}
	policy := func(principals string) string {
		return `jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = ` + principals + ` } }] })`
	}
	lines := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(strings.ReplaceAll(format, "#1", fmt.Sprint(i+1)), "#", fmt.Sprint(i)))
		}
		return b.String()
	}
	numbered := func(n int, name, content string) map[string]string {
		files := map[string]string{}
		for i := range n {
			files[strings.ReplaceAll(name, "#", fmt.Sprint(i))] = content
		}
		return files
	}
	template := func(head, document string) string {
		return head + "Resources:\n  Bad:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: " + document + "\n"
	}
	allow := `{Statement: [{Effect: Allow, Action: sts:AssumeRole, Principal: {AWS: [%s]}}]}`
	tests := []struct {
		name, file, content, says string
		more                      map[string]string
	}{
		{"bytes of a file", "main.tf", "# " + strings.Repeat("x", 17<<20), "larger than 16777216 bytes", nil},
		{"nesting of a block", "main.tf", role(strings.Repeat("[", 3000) + strings.Repeat("]", 3000)), "nested too deeply", nil},
		{"nesting of JSON", "p.json", `{"Statement":[{"Principal":"*","Action":"sts:AssumeRole","Effect":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + "}]}", "nested more than 500", nil},
		{"nesting of YAML", "t.yaml", template("", strings.Repeat("[", 600)+strings.Repeat("]", 600)), "nested more than 500", nil},
		{"nesting of expressions", "main.tf", "locals {\n  a0 = \"*\"\n" + lines(3000, "  a#1 = local.a#\n") + "}\n" + role(policy("local.a3000")), "nested more than", nil},
		{"steps of a role", "main.tf", role(policy("[for a in range(1000) : [for b in range(1000) : a + b]]")), "more than", nil},
		{"bytes of strings", "main.tf", "locals {\n  a0 = \"" + strings.Repeat("x", 64<<10) + "\"\n" + lines(10, "  a#1 = \"${local.a#}${local.a#}\"\n") + "}\n" + role(policy("local.a10")), "bytes of strings", nil},
		{"parts of a value", "main.tf", "locals {\n  a0 = [\"*\"]\n" + lines(40, "  a#1 = [local.a#, local.a#]\n") + "}\n" + role(policy("local.a40")), "parts", nil},
		{"parts of a value that a function makes", "main.tf", "locals {\n  a0 = [\"*\"]\n" + lines(40, "  a#1 = chunklist([local.a#, local.a#], 1)\n") + "}\n" + role(policy("local.a40")), "parts", nil},
		{"bytes of a variable file", "terraform.tfvars", lines(100_000, "v# = [1, 2]\n"), "has to be parsed whole", map[string]string{"main.tf": role("var.v")}},
		{"files of a Terragrunt unit", "u/terragrunt.hcl", "terraform {\n  source = \"../m\"\n}\n" + lines(30, "include \"r#\" {\n  path = \"../b.hcl\"\n}\n"), "more than 200 files", map[string]string{
			"b.hcl": lines(30, "include \"r#\" {\n  path = \"../b.hcl\"\n}\n"), "m/main.tf": role(`"{}"`)}},
		{"files that read each other", "u/terragrunt.hcl", "locals {\n" + lines(10, "  x# = read_terragrunt_config(\"../c0.hcl\")\n") + "}\nterraform {\n  source = \"../m\"\n}\ninputs = { who = [local.x0, local.x1] }\n", "parts", func() map[string]string {
			files := map[string]string{"m/main.tf": "variable \"who\" {}\n" + role(policy("var.who"))}
			for i := range 20 {
				files[fmt.Sprintf("c%d.hcl", i)] = "locals {\n" + lines(10, fmt.Sprintf("  x# = read_terragrunt_config(\"../c%d.hcl\")\n", i+1)) + "}\n"
			}
			return files
		}()},
		{"instances of a role", "main.tf", "resource \"aws_iam_role\" \"bad\" {\n  count = 6000\n  assume_role_policy = \"{}\"\n}\n", "5000 instances", nil},
		{"instances of modules", "main.tf", "module \"a\" {\n  source = \"./m\"\n  count  = 150\n}\n", "instances of modules", map[string]string{
			"m/main.tf": "module \"b\" {\n  source = \"../n\"\n  count  = 150\n}\n", "n/main.tf": role(`"{}"`)}},
		{"alternatives in Terraform", "main.tf", lines(40, "variable \"v#\" {}\n") + role(policy("["+lines(40, `var.v# == "x" ? "1" : "2", `)+"]")), "more than", nil},
		{"values of a policy", "p.json", `{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["*"` + strings.Repeat(`,"123456789012"`, 5000) + "]}}]}", "more than 4000 values", nil},
		{"aliases", "t.yaml", template("a0: &a0 [x]\n"+lines(30, "a#1: &a#1 [*a#, *a#]\n"), fmt.Sprintf(allow, "*a30")), "more than", nil},
		{"alternatives in CloudFormation", "t.yaml", template("Parameters:\n"+lines(12, "  P#: {Type: String}\n")+"Conditions:\n"+lines(12, "  C#: !Equals [!Ref P#, x]\n"),
			fmt.Sprintf(allow, lines(12, "!If [C#, \"11111111111#\", \"22222222222#\"], "))), "more than 64 policies", nil},
		{"turns of loops", "t.yaml", "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::A: [A, [" + lines(150, "a#,") + "], {Fn::ForEach::B: [B, [" + lines(150, "b#,") +
			"], {\"R${A}${B}\": {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}}]}]\n", "10000 turns", nil},
		{"stacks in each other", "t.yaml", "Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: s0.yaml}}}\n", "8 deep", func() map[string]string {
			files := map[string]string{}
			for i := range 12 {
				files[fmt.Sprintf("s%d.yaml", i)] = fmt.Sprintf("Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: s%d.yaml}}}\n", i+1)
			}
			return files
		}()},
		{"bytes of a block", "main.tf", role("jsonencode(\"" + strings.Repeat("\\q", 600_000) + "\")"), "a block is larger than 1048576 bytes", nil},
		{"blocks of a file", "main.tf", lines(300_000, "x {\n}\n"), "has to be parsed whole", nil},
		{"lines of YAML", "t.yaml", template(strings.Repeat("#\n", 300_001), "{}"), "more than 300000 lines", nil},
		{"lines of YAML that speaks of trustvet", "t.yaml", template("# trustvet\n"+strings.Repeat("- #\n", 150_001), "{}"), "ignores in its Metadata are not looked for", nil},
		{"directives of YAML", "t.yaml", lines(1000, "%TAG !a#! tag:a,#:\n") + "---\n" + template("", "{}"), "more than 100 directives", nil},
		{"values of JSON", "t.json", `{"Resources": {"Bad": {"Type": "AWS::IAM::Role", "Metadata": [` + strings.Repeat("1,", 1_000_000) + "1]}}}", "more than 1000000 values", nil},
		{"members of merges", "t.yaml", "a: &a {" + lines(2000, "k#: x, ") + "}\nb:\n" + strings.Repeat("- {<<: ["+strings.Repeat("*a, ", 200)+"]}\n", 200) + template("", "{}"), "100000 members", nil},
		{"values of all policies of a template", "t.yaml", "p: &p " + fmt.Sprintf(allow, lines(3900, `"11111111#", `)) + "\nResources:\n" +
			lines(30, "  R#: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: *p}}\n"), "more than 200000 steps", nil},
		{"characters of a logical ID", "t.yaml", "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::A: [A, [" + strings.Repeat("a", 300) +
			"], {\"R${A}\": {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}}]\n", "more than 255 characters", nil},
		{"roles of a plan", "plan.json", `{"format_version":"1.0","planned_values":{"root_module":{"resources":[` + strings.TrimSuffix(lines(10_001, `{"address":"aws_iam_role.r#","type":"aws_iam_role","values":{"assume_role_policy":"{}"}},`), ",") +
			"]}}}", "more than 10000 roles", nil},
		{"statements of documents made of documents", "main.tf", "data \"aws_iam_policy_document\" \"d0\" {\n  statement {\n    actions = [\"sts:AssumeRole\"]\n  }\n}\n" +
			lines(10, "data \"aws_iam_policy_document\" \"d#1\" {\n  source_policy_documents = ["+strings.Repeat("data.aws_iam_policy_document.d#.json, ", 10)+"]\n}\n") +
			role("data.aws_iam_policy_document.d10.json"), "more than 2000 statements", nil},
		{"alternatives of a pattern for files", "main.tf", role(policy(`fileset(".", "{` + lines(2000, "a#,") + `}")`)), "too many alternatives", nil},
		{"nesting of YAML in a line", "main.tf", role(policy(`yamldecode("` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `")`)), "nested too deeply", nil},
		{"bytes that Terragrunt generates", "u/terragrunt.hcl", "terraform {\n  source = \"../m\"\n}\n" + lines(20, "generate \"g#\" {\n  path = \"g#.tf\"\n  if_exists = \"overwrite\"\n  contents = file(\"../big.txt\")\n}\n"),
			"all that this unit generates", map[string]string{"big.txt": strings.Repeat("#\n", 60_000), "m/main.tf": role(`"{}"`)}},
		{"characters of a policy", "p.json", strings.Replace(goodPolicy, `"*"`, `"*`+strings.Repeat("x", 200_000)+`"`, 1), "more than 131072 characters", nil},
		{"roles of a root module", "main.tf", lines(10_001, "resource \"aws_iam_role\" \"r#\" {\n  assume_role_policy = \"{}\"\n}\n"), "more than 10000 roles", nil},
		{"bytes of a module", "a.tf", role(`"{}"`), "not read: the files of the module before it", numbered(3, "b#.tf", "x {}\n#"+strings.Repeat("x", 9<<20))},
		{"bytes of the variable files of a root module", "main.tf", role("var.v"), "not read: the variable files before it", numbered(4, "b#.auto.tfvars", "#"+strings.Repeat("x", 900_000))},
		{"bytes of all modules", "zz/main.tf", role(`"{}"`), "not looked at: the modules before it", numbered(10, "m#/main.tf", role(`"{}"`)+"#"+strings.Repeat("x", 15<<20))},
		{"bytes of all other files", "zz.json", goodPolicy, "not looked at: the files before it", numbered(10, "m#.json", strings.Repeat(" ", 15<<20)+goodPolicy)},
		{"bytes of files that speak of trustvet", "zz.yaml", "# trustvet", "not looked at: the files before it", numbered(10, "m#.yaml", "# trustvet"+strings.Repeat(" ", 15<<20))},
		{"bytes of other files with comments for trustvet", "zz.tfvars", "# trustvet:ignore", "not looked at for ignore comments", numbered(10, "m#.tfvars", "# trustvet:ignore\n#"+strings.Repeat(" ", 15<<20))},
		{"directories in each other", strings.Repeat("d/", 500) + "p.json", goodPolicy, "directories lie in each other", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"good/good.json": goodPolicy, test.file: test.content}
			for name, content := range test.more {
				files[name] = content
			}
			// The good file's own finding would fail the run as well.
			p, report := scanTree(t, files, "--fail-on", "none")
			if !report.reports("good/good.json") {
				t.Error("the good file is not reported")
			}
			if p.status != exitUnreadable {
				t.Errorf("status %d, want %d", p.status, exitUnreadable)
			}
			for _, problem := range report.Problems {
				if problem.File != "" && strings.Contains(problem.Message, test.says) {
					return
				}
			}
			t.Errorf("no problem says %q: %.2000v", test.says, report.Problems)
		})
	}
}

// The same tree gives the same bytes.
func TestOutputDependsOnTheTreeAlone(t *testing.T) {
	dir := t.TempDir()
	for i, f := range fixtures(t) {
		if i%5 == 0 {
			writeTree(t, dir, map[string]string{fmt.Sprintf("d%d/%s", i/6, f.name): f.content})
		}
	}
	commands := [][]string{{"who", "--format", "text"}, {"who", "--format", "json", "--places"}, {"who", "--format", "mermaid"}, {"who", "--format", "dot"}}
	for _, format := range formats {
		commands = append(commands, []string{"scan", "--pedantic", "--format", format})
	}
	settings := [][]string{{"GOMAXPROCS=2"}, {"GOMAXPROCS=16"}, {"GOMAXPROCS=3", "TZ=Asia/Kathmandu", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8", "HOME=/nonexistent", "COLUMNS=40"}}
	for _, command := range commands {
		t.Run(strings.Join(command, " "), func(t *testing.T) {
			t.Parallel()
			want := trustvet(t, dir, []string{"GOMAXPROCS=1", "TZ=UTC", "LANG=C"}, command...)
			for _, env := range settings {
				if got := trustvet(t, dir, env, command...); string(got.stdout) != string(want.stdout) || got.status != want.status {
					t.Errorf("%v changes the output", env)
				}
			}
			var shuffled []string
			for i := 200; i >= 0; i-- {
				shuffled = append(shuffled, fmt.Sprintf("d%d", i*7%201))
			}
			shuffled = append(existing(dir, shuffled), ".")
			if got := trustvet(t, dir, nil, append(command[:len(command):len(command)], shuffled...)...); string(got.stdout) != string(want.stdout) {
				t.Error("the order of arguments changes the output")
			}
		})
	}
}

// What is given up because there is too much of it is the same on every machine.
func TestBoundsOfARunDependOnTheTreeAlone(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{}
	comment := "#" + strings.Repeat("x", 15<<20)
	for i := range 12 {
		files[fmt.Sprintf("m%d/main.tf", i)] = "# trustvet\nresource \"aws_iam_role\" \"r\" {\n  assume_role_policy = \"{}\"\n}\n" + comment
		files[fmt.Sprintf("p%d.json", i)] = goodPolicy + strings.Repeat(" ", 15<<20)
	}
	writeTree(t, dir, files)
	want := trustvet(t, dir, []string{"GOMAXPROCS=1"}, "scan", "--format", "json")
	if got := trustvet(t, dir, []string{"GOMAXPROCS=16"}, "scan", "--format", "json"); string(got.stdout) != string(want.stdout) {
		t.Error("with 16 processors the output is another one")
	}
}
