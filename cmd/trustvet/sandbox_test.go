package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
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

// A file that a person names is theirs, wherever it lies. A link in the repository is not: who sends a change may have made it,
// so that it leads to files of the repository only, to read or to write, on the command line and as an input of the action.
func TestLinksInARepositoryStayInIt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege")
	}
	const marker = "998877665544"
	policy := strings.Replace(goodPolicy, `"*"`, `"`+marker+`"`, 1)
	plan := `{"format_version":"1.0","planned_values":{"root_module":{"resources":[{"address":"aws_iam_role.r","mode":"managed",` +
		`"type":"aws_iam_role","values":{"name":"r","assume_role_policy":` + strconv.Quote(policy) + `}}]}}}`
	files := map[string]string{
		"config.yaml": "own_accounts: [" + marker + "x]\n", "baseline.json": `{"version": 1, "findings": [{"rule": "x", "role": "` + marker + `", "file": "x", "id": "x"}]}`,
		"v.tfvars": "who = \"" + marker + "\"\n", "parameters.json": `{"Who": "` + marker + `"}`, "plan.json": plan, "d/p.json": policy, "out.json": "kept",
	}
	tests := []struct {
		name, file, args string // PATH stands for the path of the file
		env              string // of the action
	}{
		{"a configuration", "config.yaml", "scan --config PATH", ""},
		{"a baseline", "baseline.json", "scan --baseline PATH", ""},
		{"the configuration of a hook", "config.yaml", "hook --config PATH good.json", ""},
		{"the configuration of a comparison", "config.yaml", "diff --config PATH HEAD", ""},
		{"a variable file", "v.tfvars", "who --format json --var-file PATH", ""},
		{"a parameter file", "parameters.json", "who --format json --parameter-file PATH", ""},
		{"a plan", "plan.json", "who PATH", ""},
		{"a directory", "d", "who ./PATH", ""},
		{"a configuration of the action", "config.yaml", "action", "INPUT_CONFIG=PATH"},
		{"a baseline of the action", "baseline.json", "action", "INPUT_BASELINE=PATH"},
		{"a path of the action", "d", "action", "INPUT_PATH=PATH"},
		{"a report", "out.json", "scan --output json=PATH", ""},
		{"the output of baseline", "out.json", "baseline --output PATH", ""},
		{"the SARIF file of the action", "out.json", "action", "INPUT_SARIF_FILE=PATH"},
	}
	links := []struct {
		name, path string // FILE stands for the name of the file
		links      map[string]string
		follows    bool
	}{
		{"that leads out", "l/FILE", map[string]string{"l/FILE": "../../outside/FILE"}, false},
		{"that leads out by an absolute path", "l/FILE", map[string]string{"l/FILE": "PARENT/outside/FILE"}, false},
		{"to a link that leads out", "l/FILE", map[string]string{"l/FILE": "../k/FILE", "k/FILE": "../../outside/FILE"}, false},
		{"above the file that leads out", "l/FILE", map[string]string{"l": "../outside"}, false},
		{"that leads out, behind one of the user", "PARENT/mine/l/FILE", map[string]string{"l/FILE": "../../outside/FILE", "../mine": "tree"}, false},
		{"that is the user's own", "PARENT/mine/files/FILE", map[string]string{"../mine": "tree"}, true},
		{"to another file of the repository", "l/FILE", map[string]string{"l/FILE": "../files/FILE"}, true},
		{"above the file to another directory", "l/FILE", map[string]string{"l": "files"}, true},
		{"that is none, elsewhere", "PARENT/outside/FILE", nil, true},
	}
	for _, test := range tests {
		for _, link := range links {
			t.Run(test.name+" and a link "+link.name, func(t *testing.T) {
				t.Parallel()
				parent, err := filepath.EvalSymlinks(t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				tree := filepath.Join(parent, "tree")
				outside := filepath.Join(parent, "outside")
				for name, content := range files {
					if link.links == nil || !link.follows {
						writeTree(t, outside, map[string]string{name: content})
					} else {
						writeTree(t, tree, map[string]string{"files/" + name: content})
					}
				}
				writeTree(t, tree, map[string]string{"good.json": goodPolicy, "main.tf": "variable \"who\" {}\nresource \"aws_iam_role\" \"r\" {\n" +
					"  assume_role_policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"sts:AssumeRole\", Principal = { AWS = var.who } }] })\n}\n",
					"t.yaml": "Parameters: {Who: {Type: String}}\nResources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n" +
						"        Statement: {Effect: Allow, Action: sts:AssumeRole, Principal: {AWS: !Ref Who}}\n"})
				fill := strings.NewReplacer("FILE", test.file, "PARENT", parent)
				for name, target := range link.links {
					name = filepath.Join(tree, fill.Replace(name))
					if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.Symlink(fill.Replace(target), name); err != nil {
						t.Fatal(err)
					}
				}
				git := [][]string{{"init", "-q"}, {"add", "-f", "."}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "x"}}
				if !strings.HasPrefix(test.args, "diff") && !strings.HasPrefix(test.args, "hook") {
					git = git[:1] // no commit is looked at
				}
				for _, args := range git {
					cmd := exec.Command("git", args...)
					cmd.Dir = tree
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Fatalf("git %v: %v\n%s", args, err, out)
					}
				}
				path := fill.Replace(link.path)
				env := map[string]string{"RUNNER_TEMP": parent}
				if name, value, ok := strings.Cut(test.env, "="); ok {
					env[name] = strings.Replace(value, "PATH", path, 1)
				}
				args := strings.Fields(strings.Replace(test.args, "./PATH", path, 1))
				for i := range args {
					args[i] = strings.Replace(args[i], "PATH", path, 1)
				}
				var stdout, stderr bytes.Buffer
				status := run(args, &system{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Dir: tree, Getenv: func(name string) string { return env[name] }})
				all := stdout.String() + stderr.String()
				followed := strings.Contains(all, marker)
				if test.file == "out.json" {
					out := filepath.Join(outside, test.file)
					if link.links != nil && link.follows {
						out = filepath.Join(tree, "files", test.file)
					}
					content, err := os.ReadFile(out)
					if err != nil {
						t.Fatal(err)
					}
					followed = string(content) != "kept"
				}
				if followed != link.follows {
					t.Errorf("followed: %t, want %t; status %d\n%s", followed, link.follows, status, head([]byte(all)))
				}
				if !link.follows && (status != exitUsage && status != exitUnreadable || !strings.Contains(all, "out of the scanned tree") && !strings.Contains(all, "outside the scanned tree") && !strings.Contains(all, "escapes")) {
					t.Errorf("status %d, and nothing says why\n%s", status, head([]byte(all)))
				}
			})
		}
	}
}
