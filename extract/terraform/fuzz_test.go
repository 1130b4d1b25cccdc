package terraform

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// seeds returns the configurations of the fixtures.
func seeds(f *testing.F) []string {
	names, _ := filepath.Glob("testdata/f[0-9]*/*.tf")
	var out []string
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

func FuzzSplit(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	for _, s := range []string{"a {}\n", "a \"b\" c {\n x = <<-E\n ${\"}\"}\n E\n}\n", "a {\n b = \"$${\" # }\n}", "a {} /* } */\nb {}", "\ufeffa {\r\n}\r\n",
		"a {\n x = <<E\nE\n}\n", "a {\n x = \"%%{\" // \"\n}", "a {\n x = 1 << 2\n}", "a { b = \"${\"${\"}\"}\"}\" }"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		ranges, ok := split([]byte(src))
		if len(src) < 10_000 {
			checkSplit(t, "fuzz.tf", []byte(src), ranges, ok)
		}
	})
}

func FuzzExtract(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s, "")
	}
	f.Add(role(`file("x")`), `{"Statement": []}`)
	f.Add(role(`templatefile("x", { a = ["b"] })`), "%{ for x in a ~}\n${x}\n%{ endfor }")
	f.Add(role(`jsonencode(yamldecode(file("x")))`), "a: [b, c]")
	f.Fuzz(func(t *testing.T, src, file string) {
		if len(src)+len(file) > 20_000 {
			return
		}
		fsys := fstest.MapFS{"main.tf": {Data: []byte(src)}, "x": {Data: []byte(file)}, "y.tf.json": {Data: []byte(file)}, "terragrunt.hcl": {Data: []byte(file)}}
		docs, _, _ := Extract(source.NewTree(fsys), []string{"main.tf", "y.tf.json", "terragrunt.hcl"}, Options{})
		checkLocated(t, docs)
	})
}

// checkLocated requires a place within a file for everything that the documents say.
func checkLocated(t *testing.T, docs []*policy.Document) {
	t.Helper()
	for _, d := range docs {
		if d.Value == nil {
			continue
		}
		for _, p := range located(d.Value) {
			if p.Span.File == nil || p.Span.Start < 0 || p.Span.End > len(p.Span.File.Src) || p.Span.Start > p.Span.End {
				t.Fatalf("%q lies at %v", p.Literal, p.Span)
			}
		}
		for _, l := range d.Value.Leaves() {
			if f := l.Value.Span.File; f != nil && strings.HasPrefix(f.Name, "\x00") {
				t.Fatalf("%s lies in no file", l.Path)
			}
		}
	}
}

// FuzzTerragrunt: no unit, and nothing that a unit includes, makes the evaluator fail, loop or read outside the tree.
func FuzzTerragrunt(f *testing.F) {
	for _, unit := range []string{
		"include \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n  expose = true\n  merge_strategy = \"deep\"\n}\nterraform {\n  source = \"../m//.\"\n}\ninputs = merge(include.root.locals, { who = include.root.inputs.who })\n",
		"locals {\n  common = read_terragrunt_config(find_in_parent_folders(\"root.hcl\"))\n  y = yamldecode(file(\"${get_terragrunt_dir()}/x\"))\n}\nterraform {\n  source = \"${get_repo_root()}/m\"\n}\ninputs = { who = local.common.locals.a }\n",
		"dependency \"d\" {\n  config_path = \"../v\"\n  mock_outputs = { a = \"b\" }\n}\ngenerate \"p\" {\n  path = \"g.tf\"\n  if_exists = \"overwrite\"\n  contents = <<E\nlocals {}\nE\n}\nterraform { source = \"../m\" }\ninputs = { who = dependency.d.outputs.a }\n",
		"include { path = \"../u/terragrunt.hcl\" }\nlocals { a = read_terragrunt_config(\"terragrunt.hcl\") }\n",
	} {
		f.Add(unit, "locals {\n  a = \"*\"\n}\ninputs = { who = run_cmd(\"id\") }\n")
	}
	module := "variable \"who\" {}\n" + role(`jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = var.who } }] })`)
	f.Fuzz(func(t *testing.T, unit, parent string) {
		if len(unit)+len(parent) > 10_000 {
			return
		}
		fsys := fstest.MapFS{"u/terragrunt.hcl": {Data: []byte(unit)}, "root.hcl": {Data: []byte(parent)}, "v/terragrunt.hcl": {Data: []byte(parent)},
			"u/x": {Data: []byte(parent)}, "m/main.tf": {Data: []byte(module)}}
		docs, _, problems := Extract(source.NewTree(fsys), []string{"m/main.tf", "u/terragrunt.hcl", "v/terragrunt.hcl"}, Options{})
		if len(docs) == 0 && len(problems) == 0 {
			t.Fatal("the role is lost, and nothing is said")
		}
		checkLocated(t, docs)
	})
}

// FuzzPlan: a plan or state, and what lies beside it, may say anything.
func FuzzPlan(f *testing.F) {
	f.Add(planJSON, role("var.x"))
	f.Add(`{"format_version":"1.0","values":{"root_module":{"resources":[{"address":"a[\"]\"].b","type":"aws_iam_role","values":{"assume_role_policy":"{}"}}]}}}`, "")
	f.Fuzz(func(t *testing.T, src, code string) {
		if len(src)+len(code) > 20_000 {
			return
		}
		tree := source.NewTree(fstest.MapFS{"main.tf": {Data: []byte(code)}, "modules/m/main.tf": {Data: []byte(code)}})
		docs, _, _ := ExtractPlan(tree, source.NewFile("plan.json", []byte(src)))
		checkLocated(t, docs)
	})
}

// FuzzVariables: variable files and the environment may hold anything.
func FuzzVariables(f *testing.F) {
	f.Add("v = [\"*\"]\nw = { a = null }\n", `{"v": ["${w}"]}`, `["a"]`)
	f.Add("v = file(\"x\")\nv = v\n", `[]`, "{ a = 1")
	module := "variable \"v\" {\n  type = list(string)\n}\nvariable \"w\" {\n  type = map(object({ a = optional(string, \"x\") }))\n  default = {}\n}\n" +
		role(`jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = concat(var.v, values(var.w)[*].a) } }] })`)
	f.Fuzz(func(t *testing.T, native, inJSON, given string) {
		fsys := fstest.MapFS{"main.tf": {Data: []byte(module)}, "terraform.tfvars": {Data: []byte(native)}, "x.auto.tfvars.json": {Data: []byte(inJSON)}}
		opts := Options{Vars: map[string]string{"v": given}, Env: []string{"TF_VAR_w=" + given}, VarFiles: []VarFile{{Name: "terraform.tfvars"}}}
		for _, o := range []Options{{}, opts} {
			docs, _, problems := Extract(source.NewTree(fsys), []string{"main.tf"}, o)
			if len(docs) == 0 && len(problems) == 0 {
				t.Fatal("the role is lost, and nothing is said")
			}
			checkLocated(t, docs)
		}
	})
}
