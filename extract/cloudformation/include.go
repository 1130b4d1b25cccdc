package cloudformation

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// include gives f the members that the Fn::Transform member m of the mapping n stands for.
func (e *evaluator) include(n *node, m member, s scope, f func(key policy.Text, m member, in scope)) {
	content, hole := e.included(m.value, s)
	if content != nil && content.kind == mappingNode {
		e.including++
		e.members(content, s, f)
		e.including--
		return
	}
	if hole == nil {
		hole = &policy.Hole{Expr: "Fn::Transform", Reason: "the included file does not hold a mapping"}
	}
	many := *hole
	many.Many = true
	f(policy.NewText(policy.HolePart(&many, m.key.span())), member{key: m.key}, s)
}

// transform evaluates a mapping that is nothing but a Fn::Transform.
func (e *evaluator) transform(n *node, s scope) *policy.Value {
	content, hole := e.included(n.members[0].value, s)
	if content == nil {
		return &policy.Value{Kind: policy.Hidden, Hole: hole, Span: n.span()}
	}
	e.including++
	defer func() { e.including-- }()
	return e.eval(content, s)
}

// embed evaluates Rain::Embed, which AWS's Rain replaces with the text of a file beside the template.
// https://github.com/aws-cloudformation/rain#rainembed
func (e *evaluator) embed(n, arg *node, s scope) *policy.Value {
	if !arg.scalar() {
		return e.arity(n, "Rain::Embed", "a file name")
	}
	name, known := e.text(arg, s).Literal()
	if !known {
		return e.unknownText(n, "Rain::Embed")
	}
	file, err := e.file(s.t.dir, name)
	if err != nil {
		e.problem(arg.span(), "cannot embed: %v", err)
		return e.hidden(n, "Rain::Embed "+name, "the file cannot be read")
	}
	whole := source.Span{File: file, End: len(file.Src)}
	v := stringValue(policy.String(string(file.Src), whole), whole)
	v.Via = []source.Span{n.span()}
	v.Text.Via = v.Via
	return v
}

// maxIncludes is how many files may include one another in turn.
const maxIncludes = 8

// included returns the content of the file that a call of AWS::Include names, or a hole that says why it is not known.
func (e *evaluator) included(call *node, s scope) (*node, *policy.Hole) {
	name := call.str("Name")
	if name != "AWS::Include" {
		reason := "the macro " + name + " makes it at deployment"
		e.problem(call.span(), "what the macro %q makes of this is not known", name)
		return nil, &policy.Hole{Expr: "Fn::Transform " + name, Reason: reason}
	}
	location := call.get("Parameters").get("Location")
	if location == nil {
		e.problem(call.span(), "AWS::Include without a Location")
		return nil, &policy.Hole{Expr: "Include", Reason: "AWS::Include without a Location"}
	}
	text, ok := asText(e.eval(location, s))
	if !ok {
		return nil, &policy.Hole{Expr: "Include", Reason: "the Location of AWS::Include is not a string"}
	}
	hole := &policy.Hole{Expr: "Include:" + text.String()}
	lit, known := text.Literal()
	if !known || remote(lit) {
		hole.Reason = "the included file is not in the scanned tree"
		return nil, hole
	}
	if e.including >= maxIncludes {
		e.problem(location.span(), "%s includes itself, or files include each other too deep", lit)
		hole.Reason = "files include each other too deep"
		return nil, hole
	}
	file, err := e.file(s.t.dir, lit)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s is not in the scanned tree", lit)
	}
	if err != nil {
		e.problem(location.span(), "cannot include: %v", err)
		hole.Reason = err.Error()
		return nil, hole
	}
	roots, err := e.contents(file)
	if err != nil {
		e.problem(location.span(), "cannot include %s: %v", file.Name, err)
		roots = nil
	}
	if len(roots) == 0 {
		hole.Reason = "the included file cannot be read"
		return nil, hole
	}
	return roots[0], nil
}

// contents returns the documents of a file that templates name, which is read once.
func (e *evaluator) contents(file *source.File) ([]*node, error) {
	p, known := e.pages[file]
	if !known {
		p.roots, p.err = e.read(newPage(file), file.Name)
		e.pages[file] = p
	}
	return p.roots, p.err
}

// includeSections adds to the root of a template the sections of files that it includes as a whole.
func (e *evaluator) includeSections(t *template) {
	call := t.root.get("Transform")
	calls := []*node{call}
	if call != nil && call.kind == listNode {
		calls = call.elements
	}
	calls = append(calls, t.root.get("Fn::Transform"))
	for _, c := range calls {
		if c.str("Name") != "AWS::Include" {
			continue
		}
		content, hole := e.included(c, scope{t: t})
		switch {
		case content != nil && content.kind == mappingNode:
			root := *t.root
			root.members = append(slices.Clip(slices.Clone(content.members)), root.members...)
			t.root = &root
		case hole != nil && hole.Reason != "":
			e.problem(c.span(), "a part of the template is not known: %s", hole.Reason)
		}
	}
}

// remote reports whether location names something outside the file system.
func remote(location string) bool {
	return strings.Contains(location, "://")
}

// file returns the file that name, as a template in dir writes it, stands for.
func (e *evaluator) file(dir, name string) (*source.File, error) {
	if path.IsAbs(name) {
		return e.tree.File(name)
	}
	return e.tree.File(path.Join(dir, name))
}

// transforms notes macros over the whole template, which may change it in any way.
func (e *evaluator) transforms(t *template) {
	call := t.root.get("Transform")
	names := []*node{call}
	if call != nil && call.kind == listNode {
		names = call.elements
	}
	for _, n := range names {
		name := ""
		switch {
		case n.scalar():
			name = n.text
		case n != nil && n.kind == mappingNode:
			name = n.str("Name")
		}
		switch {
		case name == "", name == "AWS::LanguageExtensions", name == "AWS::Include", strings.HasPrefix(name, "AWS::Serverless-"),
			strings.HasPrefix(name, "AWS::SecretsManager-"), strings.HasPrefix(name, "AWS::CodeDeploy"), strings.HasPrefix(name, "AWS::CodeStar"),
			strings.HasPrefix(name, "AWS::ServiceCatalog"):
		default:
			e.problem(n.span(), "the macro %q may change what this template stands for", name)
		}
	}
}
