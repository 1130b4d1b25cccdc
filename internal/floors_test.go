// Package internal_test keeps the architecture: which package may import which, and what only the command may do.
//
// Every package stands on a floor and imports packages of lower floors only, so that extraction knows no rule, rules know no
// file format and the parsers of hostile input cannot reach the network, other programs or the process. Test files are
// exempt.
package internal_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	module  = "github.com/trustvet/trustvet"
	command = "cmd/trustvet"
)

// floors are all packages of the module with the floor that each stands on. A package that is not listed is a violation.
var floors = map[string]int{
	command:                  5,
	"internal/scan":          4,
	"internal/report":        4,
	"rules":                  3,
	"extract":                3,
	"internal/access":        2,
	"extract/terraform":      2,
	"extract/cloudformation": 2,
	"extract/policyfile":     2,
	"internal/policy":        1,
	"internal/source":        0,
	"internal/parallel":      0,
}

// strangers are pairs of packages, each with those below it, that may not know each other although the floors allow it.
var strangers = []struct{ importer, imported, reason string }{
	{"rules", "extract", "rules know no file format"},
	{"extract", "internal/access", "extraction knows no engine"},
	{"internal/report", "extract", "reports know findings only"},
}

// A restriction says which packages may import what. The longest matching one counts.
type restriction struct {
	imported string   // an import path
	exact    bool     // the packages below it are another matter
	only     []string // the packages that may import it
	reason   string
}

var restrictions = []restriction{
	{imported: "github.com/hashicorp/hcl", only: []string{"extract/terraform"}, reason: "HCL is Terraform's"},
	{imported: "github.com/zclconf", only: []string{"extract/terraform"}, reason: "cty is Terraform's"},
	{imported: "gopkg.in/yaml.v3", only: []string{"extract/cloudformation", "extract/policyfile", "internal/scan"},
		reason: "YAML is read in templates and in the configuration"},
	{imported: "github.com/awslabs/goformation", only: []string{"extract/cloudformation", "extract/policyfile"},
		reason: "goformation is CloudFormation's"},
	{imported: "github.com/awslabs/goformation/v7", exact: true, reason: "it adds 10 MB to the binary: use its sub-packages"},
	{imported: "github.com/awslabs/goformation/v7/cloudformation", exact: true,
		reason: "it adds 10 MB to the binary: use its sub-packages"},
	{imported: "github.com/sethvargo/go-githubactions", only: []string{command}, reason: "the Action belongs to the command"},
	{imported: "github.com/spf13", only: []string{command}, reason: "flags belong to the command"},
	{imported: "flag", only: []string{command}, reason: "flags belong to the command"},
	{imported: "os", exact: true, only: []string{command, "internal/scan", "internal/source", "internal/report"},
		reason: "source.Tree is the only way to read a file"},
	{imported: "os/exec", only: []string{command, "internal/scan"}, reason: "nothing is executed but git"},
	{imported: "os/signal", only: []string{command}, reason: "the process belongs to the command"},
	{imported: "net", reason: "trustvet uses no network"},
	{imported: "net/netip", only: slices.Collect(maps.Keys(floors)), reason: "addresses are no network"},
	{imported: "net/url", only: slices.Collect(maps.Keys(floors)), reason: "addresses are no network"},
	{imported: "syscall", only: []string{"internal/source"}, reason: "use os"},
	{imported: "unsafe", reason: "nothing here needs it"},
	{imported: "plugin", reason: "no code is loaded"},
	{imported: "C", reason: "the build uses no cgo"},
}

// commandOnly are the functions and variables of the standard library that only the command may use.
var commandOnly = map[string][]string{
	"os": {"Exit", "Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Unsetenv", "Clearenv", "Args", "Stdin", "Stdout", "Stderr",
		"Getwd", "Chdir", "UserHomeDir", "UserConfigDir", "UserCacheDir"},
	"log": {"Fatal", "Fatalf", "Fatalln", "Panic", "Panicf", "Panicln"},
}

// violations returns what is wrong with the module in fsys, sorted.
func violations(fsys fs.FS) ([]string, error) {
	var found []string
	imports := map[string][]string{} // package directory to the packages of this module that it imports
	mains := map[string]bool{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != "." && (base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
				return fs.SkipDir // go's own patterns leave it out too
			}
			if _, err := fs.Stat(fsys, path.Join(name, "go.mod")); name != "." && err == nil {
				return fs.SkipDir // another module
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, src, parser.ParseComments)
		if err != nil {
			return err
		}
		if ignored(file) {
			return nil
		}
		dir := path.Dir(name)
		if file.Name.Name == "main" {
			mains[dir] = true
		}
		report := func(node ast.Node, format string, args ...any) {
			at := set.Position(node.Pos())
			found = append(found, fmt.Sprintf("%s:%d: %s", at.Filename, at.Line, fmt.Sprintf(format, args...)))
		}
		if _, known := floors[dir]; !known {
			report(file.Name, "package %s stands on no floor", dir)
			return nil
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if own, ok := strings.CutPrefix(imported, module+"/"); ok {
				imports[dir] = append(imports[dir], own)
				if reason := wrongFloor(dir, own); reason != "" {
					report(spec, "%s imports %s: %s", dir, own, reason)
				}
			} else if r := restrictionOf(imported); r != nil && !slices.Contains(r.only, dir) {
				report(spec, "%s imports %s: %s", dir, imported, r.reason)
			}
			if spec.Name != nil && spec.Name.Name == "." {
				report(spec, "%s imports %s with a dot", dir, imported)
			}
		}
		if dir != command {
			for _, use := range commandUses(file) {
				report(use, "%s uses %s.%s: only the command may", dir, use.X.(*ast.Ident).Name, use.Sel.Name)
			}
		}
		return nil
	})
	for dir, own := range imports {
		if dir != "internal/scan" && slices.ContainsFunc(own, within("extract")) && slices.ContainsFunc(own, within("rules")) &&
			!within("extract")(dir) {
			found = append(found, fmt.Sprintf("%s imports extract and rules: only internal/scan joins them", dir))
		}
	}
	for dir := range mains {
		if dir != command {
			found = append(found, fmt.Sprintf("%s is a main package: pre-commit would install it beside %s", dir, command))
		}
	}
	slices.Sort(found)
	return slices.Compact(found), err
}

// wrongFloor says why a package may not import another one of this module, "" when it may.
func wrongFloor(importer, imported string) string {
	floor, known := floors[imported]
	switch {
	case !known:
		return "it stands on no floor"
	case floor >= floors[importer]:
		return fmt.Sprintf("floor %d is not below floor %d", floor, floors[importer])
	}
	for _, s := range strangers {
		if within(s.importer)(importer) && within(s.imported)(imported) {
			return s.reason
		}
	}
	return ""
}

// restrictionOf returns the restriction that counts for an import path, nil when there is none.
func restrictionOf(imported string) *restriction {
	var longest *restriction
	for i, r := range restrictions {
		if r.imported != imported && (r.exact || !within(r.imported)(imported)) {
			continue
		}
		if longest == nil || cmp.Compare(len(r.imported), len(longest.imported)) > 0 {
			longest = &restrictions[i]
		}
	}
	return longest
}

// within returns the test whether a package is root or lies below it.
func within(root string) func(string) bool {
	return func(dir string) bool { return dir == root || strings.HasPrefix(dir, root+"/") }
}

// ignored reports whether a file is left out of every build: a generator run by name.
func ignored(file *ast.File) bool {
	for _, group := range file.Comments {
		for _, c := range group.List {
			if c.Pos() < file.Package && c.Text == "//go:build ignore" {
				return true
			}
		}
	}
	return false
}

// commandUses returns where a file uses what only the command may use.
func commandUses(file *ast.File) []*ast.SelectorExpr {
	names := map[string][]string{} // local name of the import to the forbidden selectors
	for _, spec := range file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		if forbidden := commandOnly[imported]; forbidden != nil {
			name := imported
			if spec.Name != nil {
				name = spec.Name.Name
			}
			names[name] = forbidden
		}
	}
	var uses []*ast.SelectorExpr
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && slices.Contains(names[x.Name], sel.Sel.Name) {
				uses = append(uses, sel)
			}
		}
		return true
	})
	return uses
}

func TestFloorsHold(t *testing.T) {
	root := os.DirFS("..")
	for dir := range floors {
		if _, err := fs.Stat(root, dir); err != nil {
			t.Errorf("a floor holds a package that is not there: %v", err)
		}
	}
	found, err := violations(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Error(v)
	}
}

func TestFloorViolationsAreFound(t *testing.T) {
	tests := []struct {
		name, file, src string
		want            string // the violation; "" when there is none
	}{
		{"a lower floor", "rules/a.go", `package rules; import _ "` + module + `/internal/policy"`, ""},
		{"a higher floor", "internal/policy/a.go", `package policy; import _ "` + module + `/internal/access"`,
			"internal/policy/a.go:1: internal/policy imports internal/access: floor 2 is not below floor 1"},
		{"the same floor", "extract/terraform/a.go", `package terraform; import _ "` + module + `/extract/policyfile"`,
			"extract/terraform/a.go:1: extract/terraform imports extract/policyfile: floor 2 is not below floor 2"},
		{"an engine in extraction", "extract/a.go", `package extract; import _ "` + module + `/internal/access"`,
			"extract/a.go:1: extract imports internal/access: extraction knows no engine"},
		{"a format in a rule", "rules/a.go", `package rules; import _ "` + module + `/extract/terraform"`,
			"rules/a.go:1: rules imports extract/terraform: rules know no file format"},
		{"extraction in a report", "internal/report/a.go", `package report; import _ "` + module + `/extract"`,
			"internal/report/a.go:1: internal/report imports extract: reports know findings only"},
		{"the command joins", command + "/a.go", `package main; import ( _ "` + module + `/extract"; _ "` + module + `/rules")`,
			"cmd/trustvet imports extract and rules: only internal/scan joins them"},
		{"scan joins", "internal/scan/a.go", `package scan; import ( _ "` + module + `/extract"; _ "` + module + `/rules")`, ""},
		{"a new package", "internal/util/a.go", `package util`, "internal/util/a.go:1: package internal/util stands on no floor"},
		{"an import of a new package", "rules/a.go", `package rules; import _ "` + module + `/internal/util"`,
			"rules/a.go:1: rules imports internal/util: it stands on no floor"},
		{"hcl in its place", "extract/terraform/a.go", `package terraform; import _ "github.com/hashicorp/hcl/v2/hclsyntax"`, ""},
		{"hcl elsewhere", "rules/a.go", `package rules; import _ "github.com/hashicorp/hcl/v2/hclsyntax"`,
			"rules/a.go:1: rules imports github.com/hashicorp/hcl/v2/hclsyntax: HCL is Terraform's"},
		{"cty elsewhere", "internal/policy/a.go", `package policy; import _ "github.com/zclconf/go-cty/cty"`,
			"internal/policy/a.go:1: internal/policy imports github.com/zclconf/go-cty/cty: cty is Terraform's"},
		{"yaml in the configuration", "internal/scan/a.go", `package scan; import _ "gopkg.in/yaml.v3"`, ""},
		{"yaml elsewhere", "internal/report/a.go", `package report; import _ "gopkg.in/yaml.v3"`,
			"internal/report/a.go:1: internal/report imports gopkg.in/yaml.v3: YAML is read in templates and in the configuration"},
		{"a part of goformation", "extract/cloudformation/a.go",
			`package cloudformation; import _ "github.com/awslabs/goformation/v7/cloudformation/iam"`, ""},
		{"goformation in the configuration", "internal/scan/a.go",
			`package scan; import _ "github.com/awslabs/goformation/v7/intrinsics"`,
			"internal/scan/a.go:1: internal/scan imports github.com/awslabs/goformation/v7/intrinsics: goformation is CloudFormation's"},
		{"goformation whole", "extract/cloudformation/a.go", `package cloudformation; import _ "github.com/awslabs/goformation/v7"`,
			"extract/cloudformation/a.go:1: extract/cloudformation imports github.com/awslabs/goformation/v7: it adds 10 MB to the binary: use its sub-packages"},
		{"all resources of goformation", "extract/cloudformation/a.go",
			`package cloudformation; import _ "github.com/awslabs/goformation/v7/cloudformation"`,
			"extract/cloudformation/a.go:1: extract/cloudformation imports github.com/awslabs/goformation/v7/cloudformation: it adds 10 MB to the binary: use its sub-packages"},
		{"the Action in a report", "internal/report/a.go", `package report; import _ "github.com/sethvargo/go-githubactions"`,
			"internal/report/a.go:1: internal/report imports github.com/sethvargo/go-githubactions: the Action belongs to the command"},
		{"flags elsewhere", "internal/scan/a.go", `package scan; import _ "flag"`,
			"internal/scan/a.go:1: internal/scan imports flag: flags belong to the command"},
		{"files read past the tree", "extract/terraform/a.go", `package terraform; import _ "os"`,
			"extract/terraform/a.go:1: extract/terraform imports os: source.Tree is the only way to read a file"},
		{"another program", "extract/a.go", `package extract; import _ "os/exec"`,
			"extract/a.go:1: extract imports os/exec: nothing is executed but git"},
		{"the network", command + "/a.go", `package main; import _ "net/http"`,
			"cmd/trustvet/a.go:1: cmd/trustvet imports net/http: trustvet uses no network"},
		{"an address", "internal/access/a.go", `package access; import _ "net/netip"`, ""},
		{"an exit", "internal/scan/a.go", `package scan; import "os"; func f() { os.Exit(1) }`,
			"internal/scan/a.go:1: internal/scan uses os.Exit: only the command may"},
		{"an exit by another name", "internal/scan/a.go", "package scan\nimport system \"os\"\nvar f = system.Exit",
			"internal/scan/a.go:3: internal/scan uses system.Exit: only the command may"},
		{"a fatal log", "rules/a.go", `package rules; import "log"; func f() { log.Fatalf("") }`,
			"rules/a.go:1: rules uses log.Fatalf: only the command may"},
		{"the environment", "internal/report/a.go", `package report; import "os"; var v = os.Getenv("NO_COLOR")`,
			"internal/report/a.go:1: internal/report uses os.Getenv: only the command may"},
		{"an import with a dot", "internal/scan/a.go", `package scan; import . "os"; func f() { Exit(1) }`,
			"internal/scan/a.go:1: internal/scan imports os with a dot"},
		{"all of it in the command", command + "/a.go", `package main; import "os"; func main() { os.Exit(len(os.Getenv("X"))) }`, ""},
		{"a second main package", "rules/a.go", `package main`,
			"rules is a main package: pre-commit would install it beside cmd/trustvet"},
		{"a generator", "rules/a.go", "//go:build ignore\n\npackage main\nimport \"os\"\nfunc main() { os.Exit(1) }", ""},
		{"a test", "rules/a_test.go", `package rules; import _ "os/exec"`, ""},
		{"test data", "rules/testdata/a.go", `package main`, ""},
		{"another module", "tools/go.mod", `module tools`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, err := violations(fstest.MapFS{tt.file: {Data: []byte(tt.src)}})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(found, "\n"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
