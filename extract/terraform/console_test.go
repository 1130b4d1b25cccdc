package terraform

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// consoleFiles are what the expressions below may read, in the directory that Terraform runs in.
var consoleFiles = map[string]string{
	"main.tf":    "",
	"trust.json": `{"Statement":[{"Effect":"Allow"}]}`,
	"hello.tpl":  "Hello %{ for n in names ~}\n  ${n},\n%{ endfor ~}\n$${x} %{ if loud }!!%{ else }.%{ endif }",
	"d/a.json":   `{"a":1}`,
	"d/b.json":   `{"b":2}`,
	"d/e/c.json": `[]`,
	"d/x.txt":    "x",
}

// evaluator for expressions on their own, in the directory that holds consoleFiles.
func consoleScope() *scope {
	fsys := fstest.MapFS{}
	for name, content := range consoleFiles {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	l := newLoader(source.NewTree(fsys))
	m := newModule(".")
	e := newEvaluator(l, m, &Options{})
	return &scope{e: e, inst: e.root}
}

// evaluate returns the JSON of what expr is worth, "error", or "unknown".
func evaluate(s *scope, expr string) string {
	name, src := s.e.l.addText([]policy.Part{policy.Literal(expr, source.Span{})})
	x, diags := hclsyntax.ParseExpression(src, name, hcl.InitialPos)
	if diags.HasErrors() {
		return "error"
	}
	v := s.eval(x)
	if fails(v) {
		return "error"
	}
	out, ok := encoded(v, source.Span{}).literal()
	if !ok {
		return "unknown"
	}
	return out
}

// console returns what Terraform makes of each expression. It skips the test where there is no Terraform.
func console(t *testing.T, exprs []string) []string {
	t.Helper()
	bin, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("terraform is not installed")
	}
	dir := t.TempDir()
	for name, content := range consoleFiles {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return askConsole(t, bin, dir, exprs)
}

// askConsole evaluates all expressions at once. Terraform refuses some without evaluating them; these it finds by halves.
func askConsole(t *testing.T, bin, dir string, exprs []string) []string {
	t.Helper()
	tries := make([]string, len(exprs))
	for i, e := range exprs {
		tries[i] = fmt.Sprintf(`try(jsonencode(%s), "error")`, e)
	}
	if len(strings.Join(tries, ", ")) > 60_000 { // the console reads no longer lines
		half := len(exprs) / 2
		return append(askConsole(t, bin, dir, exprs[:half]), askConsole(t, bin, dir, exprs[half:])...)
	}
	cmd := exec.Command(bin, "console")
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader("base64encode(jsonencode([" + strings.Join(tries, ", ") + "]))\n")
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+os.DevNull)
	out, err := cmd.Output()
	if answer := strings.TrimSpace(string(out)); err != nil || answer == "(known after apply)" || answer == "(sensitive value)" {
		if len(exprs) == 1 {
			if err == nil {
				return []string{"unknown"}
			}
			return []string{"error"}
		}
		half := len(exprs) / 2
		return append(askConsole(t, bin, dir, exprs[:half]), askConsole(t, bin, dir, exprs[half:])...)
	}
	var answers []string
	b, err := base64.StdEncoding.DecodeString(strings.Trim(strings.TrimSpace(string(out)), `"`))
	if err == nil {
		err = json.Unmarshal(b, &answers)
	}
	if err != nil || len(answers) != len(exprs) {
		t.Fatalf("%d answers to %d expressions: %v\n%s", len(answers), len(exprs), err, out)
	}
	return answers
}

func compareWithConsole(t *testing.T, exprs []string) {
	t.Helper()
	want := console(t, exprs)
	s := consoleScope()
	for i, e := range exprs {
		s.e.steps, s.e.bytes, s.e.spent = 0, 0, ""
		got := evaluate(s, e)
		if want[i] == "error" && (strings.Contains(e, "&&") || strings.Contains(e, "||")) {
			continue // only newer versions stop at the side that decides
		}
		if got != want[i] {
			t.Errorf("%s\n  is   %s\n  not  %s", e, want[i], got)
		}
	}
}

func TestFunctionsAgreeWithTerraform(t *testing.T) {
	b, err := os.ReadFile("testdata/expressions.txt")
	if err != nil {
		t.Fatal(err)
	}
	var exprs []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			exprs = append(exprs, line)
		}
	}
	compareWithConsole(t, exprs)
}

// Every function that Terraform lists is one that the evaluator has.
func TestEveryFunctionExists(t *testing.T) {
	bin, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("terraform is not installed")
	}
	cmd := exec.Command(bin, "metadata", "functions", "-json")
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+os.DevNull)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Functions map[string]any `json:"function_signatures"`
	}
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Functions) < 100 {
		t.Fatalf("Terraform lists %d functions", len(list.Functions))
	}
	for name := range list.Functions {
		name = strings.TrimPrefix(name, "core::")
		if builtinFor(name) == nil && name != "try" && name != "can" {
			t.Errorf("function %s is missing", name)
		}
	}
}

// A generator makes expressions that mean something more often than not.
type generator struct{ r *rand.Rand }

func (g generator) pick(ss ...string) string { return ss[g.r.IntN(len(ss))] }

func (g generator) str(depth int) string {
	if depth == 0 {
		return g.pick(`"a"`, `""`, `"arn:aws:iam::111122223333:root"`, `"x y"`, `"A,b,,c"`, `"é"`, `"https://h/p"`, `"1"`, `"true"`)
	}
	s, n := g.str(depth-1), g.num(depth-1)
	switch g.r.IntN(16) {
	case 0:
		return "lower(" + s + ")"
	case 1:
		return "upper(" + s + ")"
	case 2:
		return "join(" + g.str(0) + ", " + g.list(depth-1) + ")"
	case 3:
		return "replace(" + s + ", " + g.pick(`"a"`, `":"`, `"/[a-m]+/"`, `","`) + ", " + g.str(0) + ")"
	case 4:
		return "trimprefix(" + s + ", " + g.pick(`"a"`, `"https://"`) + ")"
	case 5:
		return "trimsuffix(" + s + ", " + g.pick(`"a"`, `"root"`) + ")"
	case 6:
		return "format(" + g.pick(`"%s-%d"`, `"%s:%v"`, `"%q%5d"`, `"%%%s%03d"`) + ", " + s + ", " + n + ")"
	case 7:
		return "substr(" + s + ", " + n + ", " + g.num(0) + ")"
	case 8:
		return "element(" + g.list(depth-1) + ", " + n + ")"
	case 9:
		return g.list(depth-1) + "[" + g.num(0) + "]"
	case 10:
		return `"p-${` + s + `}-${` + n + `}"`
	case 11:
		return "(" + g.boolean(depth-1) + " ? " + s + " : " + g.str(depth-1) + ")"
	case 12:
		return "coalesce(" + s + ", " + g.str(depth-1) + `, "z")`
	case 13:
		return "jsonencode(" + g.any(depth-1) + ")"
	case 14:
		return "trim(" + s + `, "a:")`
	}
	return `lookup(` + g.obj(depth-1) + `, "k", ` + s + ")"
}

func (g generator) num(depth int) string {
	if depth == 0 {
		return g.pick("0", "1", "2", "-1", "3.5", "10")
	}
	switch g.r.IntN(7) {
	case 0:
		return "length(" + g.list(depth-1) + ")"
	case 1:
		return "(" + g.num(depth-1) + g.pick(" + ", " - ", " * ", " % ") + g.num(depth-1) + ")"
	case 2:
		return g.pick("max", "min") + "(" + g.num(depth-1) + ", " + g.num(depth-1) + ")"
	case 3:
		return g.pick("ceil", "floor", "abs", "signum") + "(" + g.num(depth-1) + ")"
	case 4:
		return "length(" + g.str(depth-1) + ")"
	}
	return "length(" + g.obj(depth-1) + ")"
}

func (g generator) boolean(depth int) string {
	if depth == 0 {
		return g.pick("true", "false")
	}
	switch g.r.IntN(7) {
	case 0:
		return "(" + g.str(depth-1) + g.pick(" == ", " != ") + g.str(depth-1) + ")"
	case 1:
		return "contains(" + g.list(depth-1) + ", " + g.str(0) + ")"
	case 2:
		return "(" + g.num(depth-1) + g.pick(" < ", " >= ", " == ") + g.num(depth-1) + ")"
	case 3:
		return "(" + g.boolean(depth-1) + g.pick(" && ", " || ") + g.boolean(depth-1) + ")"
	case 4:
		return "!" + g.boolean(depth-1)
	case 5:
		return "can(" + g.any(depth-1) + ")"
	}
	return g.pick("startswith", "endswith", "strcontains") + "(" + g.str(depth-1) + ", " + g.str(0) + ")"
}

func (g generator) list(depth int) string {
	if depth == 0 {
		return g.pick("[]", `["a"]`, `["b", "a", "b"]`, `["a", ""]`, `["1", "x y"]`)
	}
	l := g.list(depth - 1)
	switch g.r.IntN(13) {
	case 0:
		return "concat(" + l + ", " + g.list(depth-1) + ")"
	case 1:
		return g.pick("distinct", "compact", "reverse", "sort", "tolist", "toset") + "(" + l + ")"
	case 2:
		return "[for x in " + l + ` : "${x}!"` + g.pick("", ` if x != "a"`) + "]"
	case 3:
		return "split(" + g.pick(`","`, `":"`, `"a"`) + ", " + g.str(depth-1) + ")"
	case 4:
		return g.pick("keys", "values") + "(" + g.obj(depth-1) + ")"
	case 5:
		return "flatten([" + l + ", " + g.list(depth-1) + "])"
	case 6:
		return "slice(" + l + ", 0, " + g.num(0) + ")"
	case 7:
		return "formatlist(" + g.pick(`"<%s>"`, `"%s-%s"`) + ", " + l + g.pick("", `, "q"`) + ")"
	case 8:
		return g.pick("setunion", "setintersection", "setsubtract") + "(" + l + ", " + g.list(depth-1) + ")"
	case 9:
		return "(" + g.boolean(depth-1) + " ? " + l + " : " + g.list(depth-1) + ")"
	case 10:
		return "[" + g.str(depth-1) + ", " + g.str(depth-1) + "]"
	case 11:
		return l + "[*]"
	}
	return "coalescelist(" + l + `, ["z"])`
}

func (g generator) obj(depth int) string {
	if depth == 0 {
		return g.pick("{}", `{ k = "v" }`, `{ k = "a", "l:m" = "b" }`)
	}
	switch g.r.IntN(5) {
	case 0:
		return "merge(" + g.obj(depth-1) + ", " + g.obj(depth-1) + ")"
	case 1:
		return "{ for x in " + g.list(depth-1) + ` : "k${x}" => upper(x)` + g.pick("", "...") + " }"
	case 2:
		return "{ k = " + g.str(depth-1) + ", (" + g.str(0) + `) = "w" }`
	case 3:
		return "zipmap(" + g.list(depth-1) + ", " + g.list(depth-1) + ")"
	}
	return "jsondecode(jsonencode(" + g.obj(depth-1) + "))"
}

func (g generator) any(depth int) string {
	switch g.r.IntN(5) {
	case 0:
		return g.num(depth)
	case 1:
		return g.boolean(depth)
	case 2:
		return g.list(depth)
	case 3:
		return g.obj(depth)
	}
	return g.str(depth)
}

// Made-up expressions are worth the same here and in Terraform.
func TestExpressionsAgreeWithTerraform(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(1, 2))}
	var exprs []string
	for range 2000 {
		exprs = append(exprs, g.any(1+g.r.IntN(3)))
	}
	slices.Sort(exprs)
	compareWithConsole(t, slices.Compact(exprs))
}
