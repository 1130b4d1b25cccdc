package terraform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// A library module may create a role only when its caller asks for it: count = var.create_role ? 1 : 0 with false as the
// default. Nobody in the tree may ask, and still the role is what the module is looked at for. Such a hidden role is
// evaluated in its module alone, with the variables that decide over it unknown, and its documents say when there is one.
// Where Terraform is surely run in the directory itself, or values for variables are given, the code decides that there is
// no such role.

// hidden returns the documents of the roles in the modules among files that are not among those created. Modules that
// Terragrunt runs lie in the directories run; cost is that of the root modules so far.
func (l *loader) hidden(run []string, created map[blockPlace]bool, cost int, opts *Options) []*policy.Document {
	if opts.givesValues() {
		return nil
	}
	var docs []*policy.Document
	for _, dir := range l.dirs {
		if cost > maxRun {
			l.problem(source.Problem{Name: dir, Unreadable: true, Message: fmt.Sprintf("its roles that depend on variables are not looked at: the modules before it take more than %d steps", maxRun)})
			break
		}
		m := l.module(dir)
		if m == nil || slices.Contains(run, dir) {
			continue
		}
		roles := slices.DeleteFunc(slices.Clone(m.blocks), func(b *block) bool { return sinkOf(b) != roleSink || created[b.place()] })
		if len(roles) == 0 || l.saysRoot(dir) {
			continue
		}
		for _, b := range roles {
			got, steps := l.hiddenRole(m, b, opts)
			docs = append(docs, got...)
			cost += steps
		}
	}
	return docs
}

// givesValues reports whether the values of variables are given from outside the code.
func (o *Options) givesValues() bool {
	return len(o.Vars) > 0 || len(o.VarFiles) > 0 ||
		slices.ContainsFunc(o.Env, func(kv string) bool { return strings.HasPrefix(kv, "TF_VAR_") })
}

// hiddenRole returns the documents that role b of m has when the variables that decide over it are set as it takes. Where
// no variable can make it exist there are none.
func (l *loader) hiddenRole(m *module, b *block, opts *Options) (docs []*policy.Document, cost int) {
	defer l.survive(m.dir)
	e := newEvaluator(l, m, opts)
	if len(e.expand(e.root, b).scopes) > 0 {
		return e.roleInstances(e.root, b), e.total // its callers have no instances
	}
	decisive := l.decisive(m, b)
	// Variables that are empty by default are those that switch something on.
	empty := slices.DeleteFunc(slices.Clone(decisive), func(name string) bool {
		return !hollow(e.input(e.root, name, m.variables[name].header()))
	})
	for _, names := range [][]string{empty, decisive} {
		cost += e.total
		e = newEvaluator(l, m, opts)
		for _, name := range names {
			v := m.variables[name]
			e.root.given[name] = unknown("var."+name, l.constraint(v.load(l)).typ, v.header())
		}
		x := e.expand(e.root, b)
		if x.err != nil || len(x.scopes) == 0 {
			continue
		}
		docs = e.roleInstances(e.root, b)
		for _, d := range docs {
			d.Dormant = true
		}
		if len(x.picks) == 0 && !slices.ContainsFunc(x.there, func(as []assumption) bool { return len(as) > 0 }) {
			for _, d := range docs {
				d.When = both(l.existence(b), d.When)
			}
		}
		return docs, cost + e.total
	}
	return nil, cost + e.total
}

// deciding returns the expression that says how many instances b has, and what kind of argument it is; nil when there is
// none.
func (l *loader) deciding(b *block) (argument string, expr hclsyntax.Expression) {
	body := b.load(l)
	for _, argument := range []string{"count", "for_each"} {
		if a := body.Attributes[argument]; a != nil {
			return argument, a.Expr
		}
	}
	for _, nested := range body.Blocks {
		if a := nested.Body.Attributes["enabled"]; nested.Type == "lifecycle" && a != nil {
			return "enabled", a.Expr
		}
	}
	return "", nil
}

// existence returns the condition under which b has instances, as the code has it.
func (l *loader) existence(b *block) string {
	argument, expr := l.deciding(b)
	written := firstLine(l.text(expr.Range()))
	switch argument {
	case "count":
		return written + " is not 0"
	case "for_each":
		return written + " is not empty"
	}
	return written + " is true"
}

// decisive returns the names of the variables with a default that the number of b's instances depends on.
func (l *loader) decisive(m *module, b *block) []string {
	_, expr := l.deciding(b)
	if expr == nil {
		return nil
	}
	var names []string
	seen := map[string]bool{}
	pending := hclsyntax.Variables(expr)
	for len(pending) > 0 {
		t := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		ref := reference(t)
		if ref == "" || seen[ref] {
			continue
		}
		seen[ref] = true
		kind, name, _ := strings.Cut(ref, ".")
		switch kind {
		case "var":
			if v := m.variables[name]; v != nil && v.load(l).Attributes["default"] != nil {
				names = append(names, name)
			}
		case "local":
			if loc := m.local(l, name); loc != nil {
				pending = append(pending, hclsyntax.Variables(loc.Expr)...)
			}
		case "module":
			if call := m.calls[name]; call != nil {
				pending = append(pending, bodyVariables(call.load(l))...)
			}
		default:
			if r := m.resources[ref]; r != nil {
				pending = append(pending, bodyVariables(r.load(l))...)
			}
		}
	}
	slices.Sort(names)
	return names
}

// bodyVariables returns the references in the expressions of body.
func bodyVariables(body *hclsyntax.Body) []hcl.Traversal {
	var out []hcl.Traversal
	for _, a := range body.Attributes {
		out = append(out, hclsyntax.Variables(a.Expr)...)
	}
	for _, nested := range body.Blocks {
		out = append(out, bodyVariables(nested.Body)...)
	}
	return out
}

// reference returns the address that t begins with: var.x, aws_iam_role.x, data.aws_partition.x.
func reference(t hcl.Traversal) string {
	n := 2
	if t.RootName() == "data" {
		n = 3
	}
	if len(t) < n {
		return ""
	}
	ref := t.RootName()
	for _, step := range t[1:n] {
		ref += "." + stepName(step)
	}
	return ref
}
