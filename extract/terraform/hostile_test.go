package terraform

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// extractFiles extracts from the files given by name and content.
func extractFiles(t testing.TB, files map[string]string, opts Options) ([]*policy.Document, []source.Problem) {
	t.Helper()
	fsys := fstest.MapFS{}
	var names []string
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
		if isConfig(name) {
			names = append(names, name)
		}
	}
	docs, _, problems := Extract(source.NewTree(fsys), names, opts)
	return docs, problems
}

const goodRole = `
resource "aws_iam_role" "good" {
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "*" } }] })
}
`

// role returns a role with that expression as its policy.
func role(expr string) string {
	return "resource \"aws_iam_role\" \"bad\" {\n  assume_role_policy = " + expr + "\n}\n"
}

// Whatever the input, the good role beside the bad one is extracted, and it does not take long.
func TestHostileInput(t *testing.T) {
	doubling := func(first, next string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "locals {\n  a0 = %s\n", first)
		for i := range 60 {
			fmt.Fprintf(&b, "  a%d = %s\n", i+1, strings.ReplaceAll(next, "X", fmt.Sprintf("local.a%d", i)))
		}
		return b.String() + "}\n"
	}
	for _, tt := range []struct {
		name   string
		bad    string
		files  map[string]string
		reason string // of the bad role; "" when it may be anything
	}{
		{"cyclic locals", "locals {\n  a = local.b\n  b = local.a\n}\n" + role("local.a"), nil, "depends on itself"},
		{"a local of itself", "locals {\n  a = \"${local.a}x\"\n}\n" + role("local.a"), nil, "depends on itself"},
		{"cyclic modules", role("module.m.policy") + "module \"m\" {\n  source = \"./m\"\n}\n",
			map[string]string{"m/main.tf": "module \"n\" {\n  source = \"../n\"\n}\noutput \"policy\" {\n  value = module.n.policy\n}\n",
				"n/main.tf": "module \"m\" {\n  source = \"../m\"\n}\noutput \"policy\" {\n  value = module.m.policy\n}\n"}, "calls itself"},
		{"a module outside", role("module.m.policy") + "module \"m\" {\n  source = \"../../m\"\n}\n", nil, "outside the scanned tree"},
		{"a file outside", role(`file("/etc/passwd")`), nil, "outside the scanned tree"},
		{"a file above", role(`file("${path.module}/../../../etc/passwd")`), nil, "outside the scanned tree"},
		{"a template outside", role(`templatefile("/etc/passwd", {})`), nil, "outside the scanned tree"},
		{"a set of files outside", role(`join("", fileset("/etc", "*"))`), nil, "outside the scanned tree"},
		{"a hash of a file outside", role(`filesha256("/etc/passwd")`), nil, "outside the scanned tree"},
		{"a huge range", role("jsonencode(range(1000000000))"), nil, "more than 1024"},
		{"a huge count", "resource \"aws_iam_role\" \"bad\" {\n  count = 1000000000\n  assume_role_policy = \"\"\n}\n", nil, "more than the 5000 instances"},
		{"strings that double", doubling(`"x"`, `"${X}${X}"`) + role("local.a60"), nil, "more than"},
		{"lists that double", doubling(`["x"]`, `[X, X]`) + role("jsonencode(local.a60)"), nil, ""},
		{"lists that grow", doubling(`["x"]`, `concat(X, X)`) + role("jsonencode(local.a60)"), nil, ""},
		{"objects that double", doubling(`{}`, `{ a = X, b = X }`) + role("jsonencode(local.a60)"), nil, ""},
		{"nested loops", role("jsonencode([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]])"), nil, ""},
		{"a product", role("jsonencode(setproduct(range(1000), range(1000), range(1000)))"), nil, ""},
		{"a wide format", role(`format("%999999999d", 1)`), nil, "width"},
		{"a wide indent", role(`indent(999999999, "a\nb")`), nil, "width"},
		{"a huge number", role("tostring(1e99999999)"), nil, ""},
		{"a division of huge numbers", role("tostring(1e99999 % 3)"), nil, ""},
		{"deep brackets", role(strings.Repeat("[", 300_000) + strings.Repeat("]", 300_000)), nil, "nested too deeply"},
		{"deep parentheses", role(strings.Repeat("(", 300_000) + "1" + strings.Repeat(")", 300_000)), nil, "nested too deeply"},
		{"deep templates", role(strings.Repeat(`"${`, 30_000) + "1" + strings.Repeat(`}"`, 30_000)), nil, ""},
		{"a run of operators", role(strings.Repeat("!", 1_000_000) + "true"), nil, "nested too deeply"},
		{"a chain of conditionals", role(strings.Repeat("true ? 1 : ", 100_000) + "2"), nil, "nested too deeply"},
		{"a large file", "locals {\n" + strings.Repeat("  # "+strings.Repeat("x", 1000)+"\n", 10_000) + "}\n" + role("null"), nil, "null"},
		{"deep JSON", role("jsondecode(file(\"deep.json\"))"), map[string]string{"deep.json": strings.Repeat("[", 1_000_000)}, ""},
		{"deep .tf.json", "", map[string]string{"deep.tf.json": `{"locals":{"a":` + strings.Repeat("[", 1_000_000) + "}"}, ""},
		{"deep YAML", role("jsonencode(yamldecode(file(\"deep.yaml\")))"), map[string]string{"deep.yaml": strings.Repeat("[", 100_000)}, ""},
		{"a YAML bomb", role("jsonencode(yamldecode(file(\"bomb.yaml\")))"), map[string]string{"bomb.yaml": yamlBomb()}, ""},
		{"duplicate variables", "variable \"a\" {}\nvariable \"a\" {}\n" + role("var.a"), nil, ""},
		{"a duplicate attribute", "locals {\n  a = 1\n  a = 2\n}\n" + role("local.a"), nil, ""},
		{"syntax of 0.11", role(`"${file("x.json")}"`) + "locals {\n  \"a.b\" = \"${list(\"a\")}\"\n}\n", map[string]string{"x.json": "{}"}, ""},
		{"a syntax error", role("jsonencode({"), nil, ""},
		{"a dynamic block without content", "data \"aws_iam_policy_document\" \"d\" {\n  dynamic \"statement\" {\n    for_each = [1]\n  }\n}\n" +
			role("data.aws_iam_policy_document.d.json"), nil, "without content"},
		{"a policy document of itself", "data \"aws_iam_policy_document\" \"d\" {\n  source_policy_documents = [data.aws_iam_policy_document.d.json]\n}\n" +
			role("data.aws_iam_policy_document.d.json"), nil, "depends on itself"},
		{"a template of itself", role(`templatefile("t.tpl", { x = 1 })`), map[string]string{"t.tpl": `${templatefile("t.tpl", { x = 1 })}`}, ""},
		{"not UTF-8", role("file(\"bin\")"), map[string]string{"bin": "\xff\xfe"}, "not UTF-8"},
		{"a null byte", "\x00" + role("1"), nil, ""},
		{"an empty file", "", nil, ""},
		{"a byte order mark", "\ufeff" + role("null"), nil, "null"},
		{"carriage returns", strings.ReplaceAll(role("null"), "\n", "\r\n"), nil, "null"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"root/good.tf": goodRole, "root/bad.tf": tt.bad}
			for name, content := range tt.files {
				files[path.Join("root", name)] = content
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			docs, problems := extractFiles(t, files, Options{})
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<30 {
				t.Errorf("allocated %d MB", used>>20)
			}
			good := false
			for _, d := range docs {
				switch d.Role {
				case "aws_iam_role.good":
					good = d.Value != nil && len(d.Statements) == 1
				case "aws_iam_role.bad":
					if tt.reason != "" && !strings.Contains(why(d), tt.reason) {
						t.Errorf("the reason is %q, want one with %q", why(d), tt.reason)
					}
					if strings.Contains(string(fmt.Append(nil, why(d), d.When)), "root:x:0") {
						t.Error("the content of /etc/passwd shows")
					}
				}
			}
			if !good {
				t.Errorf("the good role is missing; problems: %v", problems)
			}
		})
	}
}

// why returns the reason for which nothing is known of d.
func why(d *policy.Document) string {
	for _, u := range d.Unresolved {
		if u.Hole != nil && u.Hole.Reason != "" {
			return u.Hole.Reason
		}
	}
	return ""
}

func yamlBomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x]\n")
	for i := range 40 {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
	}
	return b.String()
}

// A symbolic link out of the tree is not followed.
func TestLinksOutOfTheTreeAreNotFollowed(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret.json")
	for name, content := range map[string]string{secret: `{"Statement":[]}`, filepath.Join(dir, "main.tf"): role(`file("link.json")`)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(secret, filepath.Join(dir, "link.json")); err != nil {
		t.Skip(err)
	}
	docs, _, _ := Extract(openTree(t, dir), []string{"main.tf"}, Options{})
	if len(docs) != 1 || docs[0].Value != nil || !strings.Contains(why(docs[0]), "outside") {
		t.Errorf("got %v", docs)
	}
}

// A link to nothing is said once, in words without the call that found out.
func TestBrokenLinksAreSaid(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(goodRole), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"more.tf", "terraform.tfvars"} {
		if err := os.Symlink("nothing", filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	docs, _, problems := Extract(openTree(t, dir), []string{"main.tf"}, Options{})
	var got []string
	for _, p := range problems {
		got = append(got, p.Name+": "+p.Message)
	}
	want := []string{"more.tf: no such file or directory", "terraform.tfvars: no such file or directory"}
	if len(docs) != 1 || !slices.Equal(got, want) {
		t.Errorf("got %d documents and %q, want %q", len(docs), got, want)
	}
}

// What Terraform would make of an expression that takes us too much work is not known, whatever the code wants instead.
func TestBoundsCannotBeCaught(t *testing.T) {
	for _, expr := range []string{`format("%9999d", 1)`, `indent(9999, "a\nb")`, `tostring(1e99999)`, `join("", [for a in range(1000) : join("", [for b in range(1000) : "${a}${b}"])])`} {
		for _, caught := range []string{"try(" + expr + `, "{}")`, "can(" + expr + `) ? "{}" : "[]"`, `coalesce(try(` + expr + `, ""), "{}")`} {
			docs, _ := extractFiles(t, map[string]string{"main.tf": goodRole + role(caught)}, Options{})
			for _, d := range docs {
				if limit := d.Limit(); (limit != nil) != (d.Role == "aws_iam_role.bad") {
					t.Errorf("%s: %s has the limit %v", caught, d.Role, limit)
				}
			}
			if len(docs) != 2 {
				t.Errorf("%s: %d documents", caught, len(docs))
			}
		}
	}
}
