package rules_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/trustvet/trustvet/extract"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// A spelling is a way to give a role a policy.
type spelling struct {
	name  string
	write func(v *policy.Value, text string) (files fstest.MapFS, ok bool)
}

const terraformRole = "resource \"aws_iam_role\" \"x\" {\n  assume_role_policy = %s\n}\n"

var spellings = []spelling{
	{"jsonencode", func(v *policy.Value, _ string) (fstest.MapFS, bool) {
		return oneFile("main.tf", fmt.Sprintf(terraformRole, "jsonencode("+hclExpression(v, "  ")+")")), !hasDuplicates(v)
	}},
	{"heredoc", func(_ *policy.Value, text string) (fstest.MapFS, bool) {
		return oneFile("main.tf", fmt.Sprintf(terraformRole, "<<-EOT\n"+hclTemplate(text)+"\nEOT")), true
	}},
	{"string", func(_ *policy.Value, text string) (fstest.MapFS, bool) {
		return oneFile("main.tf", fmt.Sprintf(terraformRole, hclString(text))), true
	}},
	{"variable", func(_ *policy.Value, text string) (fstest.MapFS, bool) {
		return oneFile("main.tf", "variable \"policy\" {\n  default = "+hclString(text)+"\n}\n"+fmt.Sprintf(terraformRole, "var.policy")), true
	}},
	{"data source", func(v *policy.Value, _ string) (fstest.MapFS, bool) {
		block, ok := dataSource(v)
		return oneFile("main.tf", fmt.Sprintf(terraformRole, "data.aws_iam_policy_document.x.json")+block), ok
	}},
	{"tf.json", func(_ *policy.Value, text string) (fstest.MapFS, bool) {
		quoted := jsonString(hclTemplate(text))
		return oneFile("main.tf.json", `{"resource": {"aws_iam_role": {"x": {"assume_role_policy": `+quoted+`}}}}`), true
	}},
	{"templatefile", func(_ *policy.Value, text string) (fstest.MapFS, bool) {
		files := oneFile("main.tf", fmt.Sprintf(terraformRole, "templatefile(\"${path.module}/policy.json.tftpl\", {})"))
		files["policy.json.tftpl"] = &fstest.MapFile{Data: []byte(hclTemplate(text))}
		return files, true
	}},
	{"file", func(_ *policy.Value, text string) (fstest.MapFS, bool) {
		files := oneFile("main.tf", fmt.Sprintf(terraformRole, "file(\"${path.module}/policy.json\")"))
		files["policy.json"] = &fstest.MapFile{Data: []byte(text)}
		return files, true
	}},
	{"CloudFormation YAML", func(v *policy.Value, _ string) (fstest.MapFS, bool) {
		return oneFile("stack.yaml", "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  x:\n    Type: AWS::IAM::Role\n    Properties:\n"+
			"      AssumeRolePolicyDocument:"+yamlBlock(v, "        ")+"\n"), v.Kind == policy.Object
	}},
	{"CloudFormation JSON", func(_ *policy.Value, text string) (fstest.MapFS, bool) {
		return oneFile("stack.json", `{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"x": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": `+
			text+`}}}}`), true
	}},
}

func oneFile(name, text string) fstest.MapFS {
	return fstest.MapFS{name: &fstest.MapFile{Data: []byte(text)}}
}

// TestOneDocumentManySpellings writes the policies of all fixtures in every language: the same rules report each.
func TestOneDocumentManySpellings(t *testing.T) {
	archives, err := filepath.Glob(filepath.Join(fixtures, "*", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	compared := map[string]int{}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if !strings.HasSuffix(f.Name, ".json") {
				continue
			}
			text := strings.TrimSpace(string(f.Data))
			file := source.NewFile(f.Name, []byte(text))
			v, syntax := policy.ParseJSON(policy.String(text, source.Span{File: file, End: len(text)}))
			if syntax != nil || v.Kind != policy.Object {
				continue
			}
			raw := []*policy.Document{parse("x", file)}
			want := verdict(rules.Run(raw, options(t, raw, a)))
			for _, s := range spellings {
				files, ok := s.write(v, text)
				if !ok {
					continue
				}
				var names []string
				for n := range files {
					names = append(names, n)
				}
				slices.Sort(names)
				docs := extract.Extract(source.NewTree(files), names, extract.Options{}).Documents
				docs = slices.DeleteFunc(docs, func(d *policy.Document) bool { return d.Note != "" }) // the file beside its user
				got := verdict(rules.Run(docs, options(t, docs, a)))
				if len(docs) != 1 || got != want {
					t.Errorf("%s %s as %s: %d policies, rules\n%s\nraw JSON has\n%s", strings.TrimPrefix(name, fixtures+"/"), f.Name, s.name, len(docs), got, want)
				}
				compared[s.name]++
			}
		}
	}
	for _, s := range spellings {
		if compared[s.name] < 50 {
			t.Errorf("only %d policies were written as %s", compared[s.name], s.name)
		}
	}
}

// verdict returns the levels and rules of findings, sorted.
func verdict(findings []rules.Finding) string {
	var lines []string
	for _, f := range findings {
		lines = append(lines, f.Level.String()+" "+f.Rule.ID)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func hasDuplicates(v *policy.Value) bool { return len(v.Duplicates()) > 0 }

// hclTemplate returns text as the body of a template.
func hclTemplate(text string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(text)
}

func hclString(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(hclTemplate(text)) + `"`
}

func jsonString(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(text) + `"`
}

// hclExpression returns v as an expression of Terraform.
func hclExpression(v *policy.Value, indent string) string {
	switch v.Kind {
	case policy.StringKind:
		return hclString(v.Text.String())
	case policy.Null:
		return "null"
	case policy.Array:
		var b strings.Builder
		b.WriteString("[")
		for i, e := range v.Elements {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(hclExpression(e, indent+"  "))
		}
		return b.String() + "]"
	case policy.Object:
		var b strings.Builder
		b.WriteString("{\n")
		for _, m := range v.Members {
			b.WriteString(indent + "  " + hclString(m.Key.String()) + " = " + hclExpression(m.Value, indent+"  ") + "\n")
		}
		return b.String() + indent + "}"
	}
	return v.Text.String()
}

// yamlBlock returns v as what follows a key or a dash in YAML, in block style and with its strings in single quotes.
func yamlBlock(v *policy.Value, indent string) string {
	switch v.Kind {
	case policy.Object:
		if len(v.Members) == 0 {
			return " {}"
		}
		var b strings.Builder
		for _, m := range v.Members {
			b.WriteString("\n" + indent + yamlString(m.Key.String()) + ":" + yamlBlock(m.Value, indent+"  "))
		}
		return b.String()
	case policy.Array:
		if len(v.Elements) == 0 {
			return " []"
		}
		var b strings.Builder
		for _, e := range v.Elements {
			b.WriteString("\n" + indent + "-" + yamlBlock(e, indent+"  "))
		}
		return b.String()
	case policy.StringKind:
		return " " + yamlString(v.Text.String())
	case policy.Null:
		return " null"
	}
	return " " + v.Text.String()
}

func yamlString(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// dataSource returns v as a data source aws_iam_policy_document; false when it has no such form.
func dataSource(v *policy.Value) (string, bool) {
	version, statements := v.Member("Version"), v.Member("Statement")
	if version == nil || statements == nil || statements.Kind != policy.Array || len(statements.Elements) == 0 || len(v.Members) != 2 || hasDuplicates(v) {
		return "", false
	}
	var b strings.Builder
	b.WriteString("data \"aws_iam_policy_document\" \"x\" {\n  version = " + hclString(version.Text.String()) + "\n")
	legacy := version.Text.Is("2008-10-17")
	if !legacy && !version.Text.Is("2012-10-17") || legacy && strings.Contains(string(v.JSON()), "${") {
		return "", false // the provider refuses it
	}
	sids := map[string]bool{}
	for _, s := range statements.Elements {
		if s.Kind != policy.Object || s.Member("Effect") == nil || !slices.Contains([]string{"Allow", "Deny"}, s.Member("Effect").Text.String()) {
			return "", false
		}
		b.WriteString("  statement {\n")
		for _, m := range s.Members {
			switch m.Key.String() {
			case "Sid":
				sid := m.Value.Text.String()
				if sids[sid] && sid != "" {
					return "", false // the provider refuses it
				}
				sids[sid] = true
				b.WriteString("    sid = " + hclString(sid) + "\n")
			case "Effect":
				b.WriteString("    effect = " + hclString(m.Value.Text.String()) + "\n")
			case "Action", "NotAction":
				name := map[string]string{"Action": "actions", "NotAction": "not_actions"}[m.Key.String()]
				b.WriteString("    " + name + " = [" + strings.Join(hclList(m.Value), ", ") + "]\n")
			case "Principal", "NotPrincipal":
				if m.Value.Kind != policy.Object || len(m.Value.Members) == 0 {
					return "", false
				}
				name := map[string]string{"Principal": "principals", "NotPrincipal": "not_principals"}[m.Key.String()]
				for _, p := range m.Value.Members {
					if !slices.Contains([]string{"AWS", "Service", "Federated"}, p.Key.String()) {
						return "", false
					}
					fmt.Fprintf(&b, "    %s {\n      type = %s\n      identifiers = [%s]\n    }\n", name, hclString(p.Key.String()), strings.Join(hclList(p.Value), ", "))
				}
			case "Condition":
				if m.Value.Kind != policy.Object {
					return "", false
				}
				for _, op := range m.Value.Members {
					for _, key := range op.Value.Members {
						fmt.Fprintf(&b, "    condition {\n      test = %s\n      variable = %s\n      values = [%s]\n    }\n",
							hclString(op.Key.String()), hclString(key.Key.String()), strings.Join(hclList(key.Value), ", "))
					}
				}
			default:
				return "", false
			}
		}
		b.WriteString("  }\n")
	}
	// The data source writes &{…} for ${…} of a policy variable.
	return strings.ReplaceAll(b.String(), "$${", "&{") + "}\n", true
}

func hclList(v *policy.Value) []string {
	elements := []*policy.Value{v}
	if v.Kind == policy.Array {
		elements = v.Elements
	}
	var all []string
	for _, e := range elements {
		all = append(all, hclString(e.Text.String()))
	}
	return all
}
