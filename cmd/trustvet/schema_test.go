package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/trustvet/trustvet/internal/scan"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

const schemas = "../../internal/report/schema/"

// TestOutputsHaveTheirSchema runs the commands that other programs read and checks what they print against the published
// schemas. A member that a schema does not name is a mistake too: it would be a promise that nobody wrote down.
func TestOutputsHaveTheirSchema(t *testing.T) {
	everything, err := filepath.Abs("../../testdata/everything")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(everything)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.tf"), []byte("resource {\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"cdk.out/Shop.template.json": `{"Resources": {"CartRole1F": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
			"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}}}}}`,
		"cdk.out/manifest.json": `{"artifacts": {"Shop": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Shop.template.json"},
			"metadata": {"/Shop/CartRole/Resource": [{"type": "aws:cdk:logicalId", "data": "CartRole1F", "trace": ["new Shop (shop.ts:1:1)"]}]}}}}`,
		"shop.ts": "new Role(this, 'CartRole');\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	gitIn(t, dir, "init", "-q")
	gitIn(t, dir, "commit", "-q", "--allow-empty", "-m", "nothing")
	gitIn(t, dir, "add", "-A")
	gitIn(t, dir, "commit", "-q", "-m", "everything")
	baseline := filepath.Join(t.TempDir(), "baseline.json")
	runIn(t, dir, "baseline", "--output", baseline)
	src, err := os.ReadFile(baseline)
	if err != nil {
		t.Fatal(err)
	}
	outputs := []struct {
		schema string
		text   []byte
		has    string // so that what is checked is there to check
	}{
		{"scan", runIn(t, dir, "scan", "--format", "json"), `"unreadable": true`},
		{"scan", runIn(t, dir, "scan", "--format", "json", "--baseline", baseline, "terraform"), `"held": `},
		{"who", runIn(t, dir, "who", "--format", "json", "--places"), `"places": [`},
		{"who", runIn(t, dir, "who", "--format", "json"), `"createdAt": "shop.ts:1:1"`},
		{"diff", runIn(t, dir, "diff", "--format", "json", "HEAD~1"), `"related": [`},
		{"diff", runIn(t, dir, "diff", "--format", "json", "HEAD~1"), `"who": `},
		{"diff", runIn(t, dir, "diff", "--format", "json", "HEAD", "HEAD~1"), `"removed": [`},
		{"baseline", src, `"rule":`},
	}
	for _, o := range outputs {
		if !bytes.Contains(o.text, []byte(o.has)) {
			t.Errorf("%s: the output has no %s", o.schema, o.has)
		}
		var v any
		if err := json.Unmarshal(o.text, &v); err != nil {
			t.Fatalf("%s: %v", o.schema, err)
		}
		s := readSchema(t, o.schema)
		for _, problem := range s.check(s.root, v, "$") {
			t.Errorf("%s: %s", o.schema, problem)
		}
		// The schema says something: without any one of its members the output is not one.
		for name := range v.(map[string]any) {
			less := map[string]any{}
			for k, member := range v.(map[string]any) {
				if k != name {
					less[k] = member
				}
			}
			if len(s.check(s.root, less, "$")) == 0 {
				t.Errorf("%s: nothing is said of an output without %s", o.schema, name)
			}
		}
	}
}

// TestSchemaOfTheConfigurationAgreesWithItsReader checks configurations with both.
func TestSchemaOfTheConfigurationAgreesWithItsReader(t *testing.T) {
	s := readSchema(t, "config")
	for text, good := range map[string]bool{
		"": true,
		"own_accounts: [111122223333, '000000000001']":                    true,
		"own_accounts: 111122223333":                                      false,
		"own_accounts:":                                                   true,
		"trusted_organizations: [o-a1b2c3d4e5]":                           true,
		"trusted_organizations: [acme]":                                   false,
		"github_organizations: [acme, b/c]":                               false,
		"rules: {principal-any-aws: off, tag-session-unrestricted: note}": true,
		"rules: {principal-any-aws: false}":                               true,
		"rules: {principal-any-aws: severe}":                              false,
		"rules: {no-such-rule: off}":                                      false,
		"exclude: ['examples/']":                                          true,
		"exclude: {a: b}":                                                 false,
		"ignore: [{rule: principal-any-aws, role: aws_iam_role.x, reason: public, until: 2027-01-31}]": true,
		"ignore: [{rule: principal-any-aws, path: examples/, reason: public}]":                         true,
		"ignore: [{rule: principal-any-aws, reason: public}]":                                          false,
		"ignore: [{role: aws_iam_role.x}]":                                                             false,
		"ignore: [{rule: principal-any-aws, role: x, until: soon}]":                                    false,
		"ignore: [{rule: principal-any-aws, role: x, why: soon}]":                                      false,
		"now: 2027-01-31": true,
		"now: tomorrow":   false,
		"nothing: 1":      false,
	} {
		_, err := scan.ReadConfig(source.NewFile(scan.ConfigName, []byte(text)))
		if (err == nil) != good {
			t.Errorf("the reader of %q: %v", text, err)
		}
		var node yaml.Node
		if err := yaml.Unmarshal([]byte(text), &node); err != nil {
			t.Fatal(err)
		}
		if node.Kind == 0 {
			continue // no document: nothing to check
		}
		if problems := s.check(s.root, plain(node.Content[0]), "$"); (len(problems) == 0) != good {
			t.Errorf("the schema of %q: %v", text, problems)
		}
	}
	var ids []string
	for _, r := range rules.All {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	list := &struct {
		Defs struct {
			Rule struct{ Enum []string } `json:"rule"`
		} `json:"$defs"`
	}{}
	src, err := os.ReadFile(schemas + "config.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(src, list); err != nil {
		t.Fatal(err)
	}
	if slices.Equal(list.Defs.Rule.Enum, ids) {
		return
	}
	if !*update {
		t.Fatal("config.json does not list the rules: go test ./cmd/trustvet -update writes them")
	}
	names := "\"enum\": [\n      \"" + strings.Join(ids, "\",\n      \"") + "\"\n    ]}}\n}\n"
	src = append(src[:bytes.LastIndex(src, []byte(`"enum"`))], names...)
	if err := os.WriteFile(schemas+"config.json", src, 0o644); err != nil {
		t.Fatal(err)
	}
}

// plain returns a node as JSON would be read: dates stay text.
func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := []any{}
		for _, e := range n.Content {
			list = append(list, plain(e))
		}
		return list
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return n.Value == "true"
	case "!!int":
		return 1.0
	}
	return n.Value
}

func gitIn(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull,
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
}

// runIn returns what a command prints.
func runIn(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	sys := &system{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Dir: dir, Getenv: func(string) string { return "" }}
	if status := run(args, sys); status == exitUsage {
		t.Fatalf("trustvet %q: %s", args, errs.String())
	}
	return out.Bytes()
}

// A schema is as much of JSON Schema as the published ones use.
type schema struct{ root map[string]any }

func readSchema(t *testing.T, name string) schema {
	t.Helper()
	src, err := os.ReadFile(schemas + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(src, &s.root); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

// check returns what is wrong with v.
func (s schema) check(rule map[string]any, v any, at string) (problems []string) {
	fail := func(format string, args ...any) {
		problems = append(problems, at+": "+fmt.Sprintf(format, args...))
	}
	for keyword, want := range rule {
		switch keyword {
		case "$schema", "$id", "$defs", "title", "description", "additionalProperties":
		case "$ref":
			name := strings.TrimPrefix(want.(string), "#/$defs/")
			problems = append(problems, s.check(s.root["$defs"].(map[string]any)[name].(map[string]any), v, at)...)
		case "const":
			if !reflect.DeepEqual(v, want) {
				fail("%v is not %v", v, want)
			}
		case "enum":
			if !slices.ContainsFunc(want.([]any), func(w any) bool { return reflect.DeepEqual(v, w) }) {
				fail("%v is none of %v", v, want)
			}
		case "type":
			names, several := want.([]any)
			if !several {
				names = []any{want}
			}
			if !slices.ContainsFunc(names, func(name any) bool { return hasType(v, name.(string)) }) {
				fail("%v is no %v", v, want)
			}
		case "minimum":
			if n, ok := v.(float64); ok && n < want.(float64) {
				fail("%v is less than %v", v, want)
			}
		case "maximum":
			if n, ok := v.(float64); ok && n > want.(float64) {
				fail("%v is more than %v", v, want)
			}
		case "pattern":
			if text, ok := v.(string); ok && !regexp.MustCompile(want.(string)).MatchString(text) {
				fail("%q does not match %s", text, want)
			}
		case "items":
			list, _ := v.([]any)
			for i, e := range list {
				problems = append(problems, s.check(want.(map[string]any), e, fmt.Sprintf("%s[%d]", at, i))...)
			}
		case "required":
			if m, ok := v.(map[string]any); ok {
				for _, name := range want.([]any) {
					if _, ok := m[name.(string)]; !ok {
						fail("%s is missing", name)
					}
				}
			}
		case "properties":
			m, _ := v.(map[string]any)
			for name, member := range m {
				if of, ok := want.(map[string]any)[name].(map[string]any); ok {
					problems = append(problems, s.check(of, member, at+"."+name)...)
				} else {
					fail("the schema says nothing of %s", name)
				}
			}
		case "propertyNames":
			m, _ := v.(map[string]any)
			for name := range m {
				problems = append(problems, s.check(want.(map[string]any), name, at)...)
			}
		case "anyOf":
			if !slices.ContainsFunc(want.([]any), func(w any) bool { return len(s.check(w.(map[string]any), v, at)) == 0 }) {
				fail("%v is none of what it may be", v)
			}
		default:
			fail("the keyword %s is not known", keyword)
		}
	}
	if of, ok := rule["additionalProperties"].(map[string]any); ok && rule["properties"] == nil {
		m, _ := v.(map[string]any)
		for name, member := range m {
			problems = append(problems, s.check(of, member, at+"."+name)...)
		}
	}
	return problems
}

func hasType(v any, name string) bool {
	switch v := v.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case float64:
		return name == "number" || name == "integer" && v == float64(int64(v))
	case []any:
		return name == "array"
	}
	return name == "object"
}
