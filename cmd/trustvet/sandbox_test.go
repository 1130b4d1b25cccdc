package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Whatever a file in the tree names, only regular files of the tree are read. The secret lies beside the tree; its content
// must show in no report, and each way to it is refused in words.
func TestNothingOutsideTheTreeIsRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege")
	}
	const marker = "998877665544"
	secretPolicy := strings.Replace(goodPolicy, `"*"`, `"`+marker+`"`, 1)
	role := func(expr string) string {
		return "resource \"aws_iam_role\" \"r\" {\n  assume_role_policy = " + expr + "\n}\n"
	}
	stack := func(properties string) string {
		return "Resources:\n  R:\n    Type: " + properties + "\n"
	}
	include := func(location string) string {
		return stack("AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        Fn::Transform: {Name: AWS::Include, Parameters: {Location: '" + location + "'}}")
	}
	nested := func(url string) string {
		return stack("AWS::CloudFormation::Stack\n    Properties: {TemplateURL: '" + url + "'}")
	}
	module := func(source string) string { return "module \"m\" {\n  source = \"" + source + "\"\n}\n" }
	const outside = "outside the scanned tree"
	tests := []struct {
		name, file, content string
		says                string            // in a problem or finding; "" where there is nothing to say
		links               map[string]string // OUT is the directory of the secret
	}{
		{"file() with an absolute path", "main.tf", role(`file("OUT/p.json")`), outside, nil},
		{"file() above the tree", "main.tf", role(`file("../secret/p.json")`), outside, nil},
		{"file() above the tree and back", "main.tf", role(`file("${path.module}/a/../../../secret/p.json")`), outside, nil},
		{"file() of a link", "main.tf", role(`file("l.json")`), outside, map[string]string{"l.json": "OUT/p.json"}},
		{"file() below a link", "main.tf", role(`file("d/p.json")`), outside, map[string]string{"d": "OUT"}},
		{"file() of a relative link", "main.tf", role(`file("l.json")`), outside, map[string]string{"l.json": "../secret/p.json"}},
		{"file() of a link to a link", "main.tf", role(`file("k.json")`), outside, map[string]string{"k.json": "l.json", "l.json": "OUT/p.json"}},
		{"file() of links in a circle", "main.tf", role(`file("k.json")`), "cannot be", map[string]string{"k.json": "l.json", "l.json": "k.json"}},
		{"file() of a device", "main.tf", role(`file("zero")`), outside, map[string]string{"zero": "/dev/zero"}},
		{"file() of the environment", "main.tf", role(`file("/proc/self/environ")`), outside, nil},
		{"file() of a directory", "main.tf", role(`file("d")`), "", map[string]string{"d/x": ""}},
		{"filebase64()", "main.tf", role(`base64decode(filebase64("../secret/p.json"))`), outside, nil},
		{"templatefile()", "main.tf", role(`templatefile("../secret/p.json", {})`), outside, nil},
		{"jsondecode of file()", "main.tf", role(`jsonencode(jsondecode(file("OUT/p.json")))`), outside, nil},
		{"fileset()", "main.tf", role(`file(one(fileset("../secret", "p.json")))`), outside, nil},
		{"try() around file()", "main.tf", role(`try(file("../secret/p.json"), "{}")`), outside, nil},
		{"a module above the tree", "main.tf", module("../secret"), outside, nil},
		{"a module behind a link", "main.tf", module("./d"), "", map[string]string{"d": "OUT"}},
		{"an absolute module", "main.tf", module("OUT"), "", nil},
		{"a module of a file URL", "main.tf", module("git::file://OUT"), "", nil},
		{"a .tf file that is a link", "l.tf", "", "leads out of the scanned tree", map[string]string{"l.tf": "OUT/main.tf"}},
		{"a .yaml file that is a link", "l.yaml", "", "leads out of the scanned tree", map[string]string{"l.yaml": "OUT/t.yaml"}},
		{"tfvars that are a link", "main.tf", "variable \"v\" {}\n" + role("var.v"), "", map[string]string{"terraform.tfvars": "OUT/terraform.tfvars"}},
		{"installed modules", "main.tf", module("x/y/z"), "", map[string]string{".terraform/modules": "OUT/modules"}},
		{"Fn::Include of an absolute path", "t.yaml", include("OUT/p.json"), outside, nil},
		{"Fn::Include above the tree", "t.yaml", include("../secret/p.json"), outside, nil},
		{"Fn::Include of a link", "t.yaml", include("l.json"), outside, map[string]string{"l.json": "OUT/p.json"}},
		{"Fn::Include of a file URL", "t.yaml", include("file://OUT/p.json"), "not in the scanned tree", nil},
		{"TemplateURL above the tree", "t.yaml", nested("../secret/t.yaml"), outside, nil},
		{"TemplateURL of a link", "t.yaml", nested("l.yaml"), outside, map[string]string{"l.yaml": "OUT/t.yaml"}},
		{"TemplateURL of an absolute path", "t.yaml", nested("OUT/t.yaml"), "", nil},
		{"a .gitignore that is a link", "t.yaml", "", "", map[string]string{".gitignore": "OUT/p.json"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			out := filepath.Join(parent, "secret")
			writeTree(t, out, map[string]string{
				"p.json": secretPolicy, "main.tf": role("<<EOF\n" + secretPolicy + "\nEOF"), "terraform.tfvars": "v = <<EOF\n" + secretPolicy + "\nEOF\n",
				"t.yaml":               stack("AWS::IAM::Role\n    Properties: {AssumeRolePolicyDocument: " + secretPolicy + "}"),
				"modules/modules.json": `{"Modules":[{"Key":"m","Source":"x/y/z","Dir":"../secret"}]}`,
			})
			tree := filepath.Join(parent, "tree")
			there := strings.NewReplacer("OUT", filepath.ToSlash(out))
			writeTree(t, tree, map[string]string{"good.json": goodPolicy})
			if test.content != "" {
				writeTree(t, tree, map[string]string{test.file: there.Replace(test.content)})
			}
			for name, target := range test.links {
				if target == "" {
					writeTree(t, tree, map[string]string{name: ""})
					continue
				}
				link := filepath.Join(tree, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(there.Replace(target), link); err != nil {
					t.Fatal(err)
				}
			}
			// Unresolved roles are notes; --pedantic shows all there is.
			p, report := scanDir(t, tree, "--pedantic")
			if !report.reports("good.json") {
				t.Error("the good file is not reported")
			}
			all := string(p.stdout)
			for _, format := range []string{"text", "json", "mermaid"} {
				all += string(trustvet(t, tree, nil, "who", "--format", format).stdout)
			}
			if strings.Contains(all, marker) {
				t.Errorf("the secret shows:\n%s", all)
			}
			if !strings.Contains(all, test.says) {
				t.Errorf("nothing says %q:\n%s", test.says, p.stdout)
			}
		})
	}
}

// A pipe nobody writes to would make a reader wait for ever, and a device never ends.
func TestOnlyRegularFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	writeTree(t, dir, map[string]string{
		"good.json": goodPolicy, "main.tf": "resource \"aws_iam_role\" \"r\" {\n  assume_role_policy = file(\"pipe\")\n}\n",
		"dir.tf/x": "", "dir.json/x": "", "dir.yaml/x": "",
	})
	for _, name := range []string{"pipe", "pipe.tf", "pipe.json", "pipe.yaml", "pipe.auto.tfvars", "terraform.tfvars", ".gitignore"} {
		if err := makePipe(filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	p, report := scanDir(t, dir, "--pedantic")
	if !report.reports("good.json") {
		t.Error("the good file is not reported")
	}
	if !strings.Contains(string(p.stdout), "not a regular file") {
		t.Errorf("nothing says that a pipe is no file:\n%s", p.stdout)
	}
	if p := trustvet(t, dir, nil, "scan", "pipe.json"); p.status != exitUnreadable {
		t.Errorf("a pipe as an argument gives status %d, want %d", p.status, exitUnreadable)
	}
}
