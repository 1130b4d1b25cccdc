package terraform

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// tfvarsFiles returns the files in dir that Terraform takes variables from by itself, in its order.
// https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
func (l *loader) tfvarsFiles(dir string) []string {
	entries, err := l.tree.ReadDir(dir)
	if err != nil {
		return nil
	}
	var names, auto []string
	for _, e := range entries {
		switch name := e.Name(); {
		case e.IsDir():
		case name == "terraform.tfvars" || name == "terraform.tfvars.json":
			names = append(names, path.Join(dir, name))
		case strings.HasSuffix(name, ".auto.tfvars") || strings.HasSuffix(name, ".auto.tfvars.json"):
			auto = append(auto, path.Join(dir, name))
		}
	}
	return append(names, auto...)
}

// givenVariables returns the values of the root module's variables that are given from outside, by name.
func (e *evaluator) givenVariables() map[string]*value {
	given := map[string]*value{}
	for _, kv := range e.opts.Env {
		if name, val, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(name, "TF_VAR_") {
			name = strings.TrimPrefix(name, "TF_VAR_")
			given[name] = e.argument(name, val)
		}
	}
	size := 0
	for _, name := range e.l.tfvarsFiles(e.root.mod.dir) {
		if size > maxVariableFiles {
			e.l.problem(source.Problem{Name: name, Unreadable: true,
				Message: fmt.Sprintf("not read: the variable files before it have more than %d bytes", maxVariableFiles)})
			e.l.tree.Forget(name)
			continue
		}
		size += e.readVariables(name, given)
	}
	for _, v := range e.opts.VarFiles {
		if v.File != nil {
			e.setVariables(v.File, given)
		} else {
			e.readVariables(v.Name, given)
		}
	}
	for name, val := range e.opts.Vars {
		given[name] = e.argument(name, val)
	}
	return given
}

// argument returns the value that NAME=val on the command line gives a variable: a string as it is, any other type as an
// expression.
func (e *evaluator) argument(name, val string) *value {
	b := e.root.mod.variables[name]
	if b == nil {
		return text(val, source.Span{})
	}
	span := b.header() // the value itself has no place in a file
	c := e.l.constraint(b.load(e.l))
	if c.typ == cty.NilType || c.typ == cty.DynamicPseudoType || c.typ.IsPrimitiveType() {
		return text(val, span)
	}
	name, src := e.l.addText([]policy.Part{policy.Literal(val, span)})
	expr, diags := hclsyntax.ParseExpression(src, name, hcl.InitialPos)
	if diags.HasErrors() || nestsTooDeep(src) {
		return failed(span, "the value given for the variable is no expression")
	}
	return (&scope{e: e, inst: e.root, closed: true}).eval(expr)
}

// maxVariableFiles is the size in bytes past which no further file of variables is read that Terraform reads by itself for a
// root module. The largest one in public repositories has 70 KB.
const maxVariableFiles = 2 << 20

// readVariables adds what a tfvars file sets, and returns its size.
func (e *evaluator) readVariables(name string, given map[string]*value) int {
	f, err := e.l.tree.File(name)
	if err != nil {
		e.l.problem(source.Problem{Name: name, Message: source.Reason(err), Unreadable: true})
		return 0
	}
	e.setVariables(f, given)
	return len(f.Src)
}

// setVariables adds what the tfvars file f sets.
func (e *evaluator) setVariables(f *source.File, given map[string]*value) {
	if encrypted(f.Src) {
		e.setUnknown(f, given)
		return
	}
	s := &scope{e: e, inst: e.root, closed: true}
	if strings.HasSuffix(f.Name, ".json") {
		doc, err := policy.ParseJSON(policy.String(string(f.Src), source.Span{File: f, Start: 0, End: len(f.Src)}))
		if err != nil {
			e.l.problem(source.Problem{Span: err.Span, Message: "syntax error: " + err.Message, Unreadable: true})
			return
		}
		for _, m := range fromPolicy(doc).members {
			if name, ok := m.key.literal(); ok {
				given[name] = m.val
			}
		}
		return
	}
	e.l.addOrigin(f.Name, &origin{src: f.Src, file: f})
	body, _ := e.l.parseBody(f)
	if body == nil {
		return
	}
	for _, a := range sortedAttributes(body) {
		given[a.Name] = s.eval(a.Expr).through(e.l.span(a.NameRange))
	}
}

// installed returns the directories of modules that terraform init has put beside the root module in dir, by the path of
// their calls.
func (l *loader) installed(dir string) map[string]string {
	f, err := l.tree.File(path.Join(dir, ".terraform/modules/modules.json"))
	if err != nil {
		return nil
	}
	var manifest struct {
		Modules []struct{ Key, Dir string }
	}
	if json.Unmarshal(f.Src, &manifest) != nil {
		return nil
	}
	dirs := make(map[string]string, len(manifest.Modules))
	for _, m := range manifest.Modules {
		dirs[m.Key] = m.Dir
	}
	return dirs
}

// literalSource returns the source of a module call when it is a plain string.
func literalSource(b *block, l *loader) (string, bool) {
	a := b.argument(l, "source")
	if a == nil {
		return "", false
	}
	if t, ok := a.Expr.(*hclsyntax.TemplateExpr); ok && !t.IsStringLiteral() {
		return "", false
	} else if _, literal := a.Expr.(*hclsyntax.LiteralValueExpr); !ok && !literal {
		return "", false
	}
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() || v.IsNull() || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
}

// sameAccount reports whether two provider configurations of the root module act in one account: they differ in nothing
// that chooses the credentials.
func (e *evaluator) sameAccount(a, b string) bool {
	return a == b || e.credentials(a) == e.credentials(b)
}

// providerBlock returns the root module's provider configuration of that name, nil when there is none.
func (e *evaluator) providerBlock(name string) *block {
	kind, alias, _ := strings.Cut(name, ".")
	for _, b := range e.root.mod.providers {
		if b.label(0) != kind {
			continue
		}
		got := ""
		if a := b.load(e.l).Attributes["alias"]; a != nil {
			got = providerName(e.l.text(a.Expr.Range()))
		}
		if got == alias {
			return b
		}
	}
	return nil
}

// credentials returns what in the provider configuration of that name chooses the account.
func (e *evaluator) credentials(name string) string {
	b := e.providerBlock(name)
	if b == nil {
		if strings.Contains(name, ".") {
			return name // not declared: nothing is known of it
		}
		return ""
	}
	body := b.load(e.l)
	var settings []string
	for name, a := range body.Attributes {
		switch name {
		case "profile", "access_key", "shared_credentials_file", "shared_credentials_files", "shared_config_files", "allowed_account_ids":
			settings = append(settings, name+"="+e.l.text(a.Expr.Range()))
		}
	}
	for _, nested := range body.Blocks {
		if strings.HasPrefix(nested.Type, "assume_role") || nested.Type == "dynamic" {
			settings = append(settings, e.l.text(nested.Range()))
		}
	}
	slices.Sort(settings)
	return strings.Join(settings, "\n")
}
