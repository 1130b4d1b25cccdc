package terraform

import (
	"fmt"
	"path"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/source"
)

// traversal returns what a reference stands for. indexed: an element of it is selected.
func (s *scope) traversal(t hcl.Traversal, indexed bool, span source.Span) *value {
	root := t.RootName()
	v, closed := s.variable(root)
	switch {
	case v != nil:
		return s.steps(v, t[1:], span)
	case closed:
		return failed(span, fmt.Sprintf("template variable %q is not set", root))
	}
	if len(t) < 2 {
		return failed(span, fmt.Sprintf("%q is no reference", root))
	}
	name := stepName(t[1])
	switch root {
	case "var":
		return s.steps(s.e.input(s.inst, name, span), t[2:], span).through(span)
	case "local":
		if len(t) > 2 {
			return s.steps(s.localFor(name, stepName(t[2]), span), t[2:], span).through(span)
		}
		return s.local(name, span).through(span)
	case "module":
		return s.moduleReference(name, t, indexed, span)
	case "path":
		return s.pathValue(name, span)
	case "terraform", "tofu":
		if name == "workspace" {
			if w := s.e.workspace; w != "" {
				return text(w, span)
			}
		}
		return s.steps(unknown("terraform."+name, cty.String, span), t[2:], span)
	case "each", "count", "self":
		return failed(span, root+" outside a block that has it")
	case "data":
		if len(t) < 3 {
			return failed(span, "an incomplete reference to a data source")
		}
		return s.resource("data."+name+"."+stepName(t[2]), t[3:], indexed, span).through(span)
	case "resource":
		if len(t) < 3 {
			return failed(span, "an incomplete reference to a resource")
		}
		return s.resource(name+"."+stepName(t[2]), t[3:], indexed, span).through(span)
	case "ephemeral", "provider":
		return s.steps(unknown(s.inst.address(root+"."+name), cty.NilType, span), t[2:], span)
	}
	return s.resource(root+"."+name, t[2:], indexed, span).through(span)
}

// stepName returns the name that a traversal step selects.
func stepName(step hcl.Traverser) string {
	switch step := step.(type) {
	case hcl.TraverseAttr:
		return step.Name
	case hcl.TraverseIndex:
		if step.Key.Type() == cty.String && !step.Key.IsNull() {
			return step.Key.AsString()
		}
	}
	return ""
}

func (s *scope) local(name string, span source.Span) *value {
	loc := s.inst.mod.local(s.e.l, name)
	if loc == nil {
		// Terraform refuses the module, whatever is around the reference: what else the policy says is still of use.
		u := unknown(s.inst.address("local."+name), cty.NilType, span)
		u.hole.Reason = fmt.Sprintf("local.%s is not declared", name)
		if s.inst.mod.encrypted != "" {
			u.hole.Reason = s.inst.mod.encrypted + " is " + encryptedReason
		}
		return u
	}
	return s.e.once(s.inst, "local."+name, span, func() *value {
		if r := loc.Expr.Range(); !s.e.spend((r.End.Byte - r.Start.Byte) / parsedPerStep) {
			return failed(span, s.e.spent)
		}
		return (&scope{e: s.e, inst: s.inst}).eval(loc.Expr)
	})
}

// parsedPerStep is how many bytes of an expression that is parsed for a role count as a step: its syntax tree takes twenty times
// their memory.
const parsedPerStep = 4

// selects reports whether rest, of a reference to a block, begins with the key of an instance.
func selects(rest hcl.Traversal, indexed bool) bool {
	if len(rest) == 0 {
		return indexed
	}
	_, ok := rest[0].(hcl.TraverseIndex)
	return ok
}

func (s *scope) moduleReference(name string, t hcl.Traversal, indexed bool, span source.Span) *value {
	b := s.inst.mod.calls[name]
	if b == nil {
		u := unknown(s.inst.address("module."+name), cty.NilType, span)
		u.hole.Reason = "module." + name + " is not declared"
		return s.steps(u, t[2:], span)
	}
	x := s.e.expand(s.inst, b)
	children := s.e.moduleInstances(s.inst, b)
	v := x.collect(s.e, selects(t[2:], indexed), span, func(i int) *value { return s.e.moduleValue(children[i], span) })
	return s.steps(v, t[2:], span).through(span)
}

// pathValue returns path.module and the like, relative to the directory that Terraform runs in: the root module's.
func (s *scope) pathValue(name string, span source.Span) *value {
	switch name {
	case "module":
		return text(relative(s.e.root.mod.dir, s.inst.mod.dir), span)
	case "root":
		return text(".", span)
	case "cwd":
		return text(s.e.cwd(), span)
	}
	return failed(span, fmt.Sprintf("path.%s does not exist", name))
}

// cwdPrefix stands for the directory that holds the scanned tree, which is not known and must not show.
const cwdPrefix = "/~trustvet~"

// cwd returns the root module's directory as an absolute path.
func (e *evaluator) cwd() string { return path.Join(cwdPrefix, e.root.mod.dir) }

// relative returns the path from directory base to directory dir, both relative to the tree.
func relative(base, dir string) string {
	if base == dir {
		return "."
	}
	b, d := segments(base), segments(dir)
	for len(b) > 0 && len(d) > 0 && b[0] == d[0] {
		b, d = b[1:], d[1:]
	}
	out := ""
	for range b {
		out = path.Join(out, "..")
	}
	return path.Join(append([]string{out}, d...)...)
}

func segments(dir string) []string {
	var out []string
	for dir != "." && dir != "" && dir != "/" {
		out = append([]string{path.Base(dir)}, out...)
		dir = path.Dir(dir)
	}
	return out
}

// path returns the name in the tree of the file that name, in an expression, stands for.
func (e *evaluator) path(name string) (string, error) {
	if path.IsAbs(name) {
		clean := path.Clean(name)
		if clean == cwdPrefix {
			return ".", nil
		}
		if rest, ok := cutPathPrefix(clean, cwdPrefix); ok {
			return rest, nil
		}
		return "", fmt.Errorf("%s %w", name, source.ErrOutside)
	}
	return source.Clean(path.Join(e.root.mod.dir, name))
}

func cutPathPrefix(name, prefix string) (string, bool) {
	if len(name) > len(prefix) && name[:len(prefix)] == prefix && name[len(prefix)] == '/' {
		return name[len(prefix)+1:], true
	}
	return "", false
}
