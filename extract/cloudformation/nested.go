package cloudformation

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

const (
	maxNesting = 8   // nested stacks within nested stacks
	maxStacks  = 200 // nested templates read for one file
)

// stack adds the roles of a nested stack whose template is in the tree, as the parent's values make them.
func (e *evaluator) stack(t *template, r *resource) {
	given, labels, exists := e.existence(t, r)
	if !exists {
		return
	}
	child := e.child(t, r)
	if child == nil {
		return
	}
	child.given, child.labels = given, labels
	e.template(child)
}

// reportRemote says which nested stacks of t have templates elsewhere: once for all, since a template of stacks has many.
func (e *evaluator) reportRemote(t *template) {
	if len(t.remote) == 0 {
		return
	}
	var names []string
	for _, r := range t.remote {
		names = append(names, r.id)
	}
	e.problem(t.remote[0].key.span(), "templates of nested stacks are not in the scanned tree, so their roles are not known: %s", strings.Join(names, ", "))
}

// child returns the template of the nested stack r, nil when it cannot be read.
func (e *evaluator) child(t *template, r *resource) *template {
	if child, ok := t.children[r.id]; ok {
		return child
	}
	t.children[r.id] = nil
	s := scope{t, r.loops}
	properties := r.node.get("Properties")
	property := "TemplateURL"
	if r.kind == samStackType {
		property = "Location"
	}
	location, in, _ := e.find(properties, s, property)
	// The CDK writes the URL of an asset there and the file's name into the metadata.
	name := r.node.get("Metadata").str("aws:asset:path")
	if name == "" {
		if location == nil || location.kind == mappingNode && location.call() == nil {
			return nil // SAM applications of the repository are remote
		}
		text, ok := asText(e.eval(location, in))
		if !ok {
			return nil
		}
		lit, known := text.Literal()
		if !known || remote(lit) {
			t.remote = append(t.remote, r)
			return nil
		}
		name = lit
	}
	span := r.key.span()
	if location != nil {
		span = location.span()
	}
	file, err := e.file(t.dir, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.remote = append(t.remote, r)
		return nil
	case err != nil:
		e.problem(span, "cannot read the template of the nested stack %s: %v", r.id, err)
		return nil
	case slices.Contains(t.files, file.Name):
		e.problem(span, "the nested stack %s has the template %s, which it is itself part of", r.id, file.Name)
		return nil
	case len(t.files) > maxNesting:
		e.exceeded(span, "stacks are nested more than %d deep: the stack %s is not looked at", maxNesting, r.id)
		return nil
	}
	if e.stacks++; e.stacks > maxStacks {
		if e.stacks == maxStacks+1 {
			e.exceeded(span, "there are more than %d nested stacks: the stack %s and those that follow are not looked at", maxStacks, r.id)
		}
		return nil
	}
	roots, err := e.contents(file)
	if err != nil || len(roots) == 0 || !isTemplate(roots[0]) {
		e.problem(span, "%s, the template of the nested stack %s, is not a template that can be read", file.Name, r.id)
		return nil
	}
	child := &template{root: roots[0], dir: path.Dir(file.Name), files: append(slices.Clip(t.files), file.Name),
		calls: append(slices.Clip(t.calls), r.key.span())}
	e.nest(child, t, r, properties.get("Parameters"))
	return child
}

// nest makes child the template of the resource r of t, with the arguments that the mapping gives its parameters.
func (e *evaluator) nest(child, t *template, r *resource, arguments *node) {
	child.prefix = t.prefix + r.id + "/"
	child.nested = true
	child.arguments = map[string]argument{}
	e.members(arguments, scope{t, r.loops}, func(key policy.Text, m member, in scope) {
		if m.value != nil {
			child.arguments[key.String()] = argument{m.value, in}
		}
	})
	t.children[r.id] = child
	e.index(child)
}

// output returns an output of the nested stack r, referred to at span; nil when it is not known.
func (e *evaluator) output(r *resource, t *template, name string, span source.Span) *policy.Value {
	child := e.child(t, r)
	if child == nil {
		return nil
	}
	output, in, _ := e.find(child.root.get("Outputs"), scope{t: child}, name)
	value := output.get("Value")
	if value == nil {
		return nil
	}
	v := e.eval(value, in)
	text, ok := asText(v)
	if !ok {
		return nil
	}
	return stringValue(relocated(text, span), span)
}

// stackSet adds the roles of a stack set whose template stands in the resource itself.
func (e *evaluator) stackSet(t *template, r *resource) {
	given, labels, exists := e.existence(t, r)
	if !exists {
		return
	}
	properties := r.node.get("Properties")
	body, in, _ := e.find(properties, scope{t, r.loops}, "TemplateBody")
	if body == nil {
		return
	}
	v := e.eval(body, in)
	if v == nil {
		return
	}
	roots, err := []*node(nil), error(nil)
	if body.kind == mappingNode && body.call() != nil && body.members[0].key.text == "Fn::ToJsonString" {
		roots = []*node{body.members[0].value}
	} else if text, ok := asText(v); ok && text.Hole() == nil || ok && len(text.Parts) > 1 {
		p := textPage(elsewhere(text))
		if !Candidate(p.src) {
			return
		}
		roots, err = e.read(p, "")
	}
	if err != nil || len(roots) == 0 || !isTemplate(roots[0]) {
		e.problem(body.span(), "the template of the stack set %s is not known", r.id)
		return
	}
	child := &template{root: roots[0], dir: t.dir, files: slices.Clip(t.files), calls: t.calls, given: given, labels: labels, elsewhere: true}
	arguments := properties.get("Parameters")
	e.nest(child, t, r, nil)
	if arguments != nil && arguments.kind == listNode {
		for _, a := range arguments.elements {
			if value := a.get("ParameterValue"); value != nil {
				child.arguments[a.str("ParameterKey")] = argument{value, scope{t, r.loops}}
			}
		}
	}
	e.template(child)
}

// elsewhere returns t as it is in a stack of another account: the account that a stack set's own template is deployed in is not
// the one that the roles of its instances are in.
func elsewhere(t policy.Text) policy.Text {
	parts := slices.Clone(t.Parts)
	for i, p := range parts {
		if p.Hole == nil || p.Hole.Kind != policy.OwnAccount && p.Hole.Form == nil {
			continue
		}
		hole := *p.Hole
		if hole.Kind == policy.OwnAccount {
			hole.Kind = policy.Unknown
			hole.Reason = "the account of the stack set, not of the role"
		}
		hole.Form = elsewhere(policy.Text{Parts: hole.Form}).Parts
		parts[i] = policy.HolePart(&hole, p.Span)
	}
	t.Parts = parts
	return t
}

// ExtractText is Extract for a template that stands as a text in another file: the template_body of Terraform's
// aws_cloudformation_stack. The text's holes are holes of the policies.
func ExtractText(tree *source.Tree, file *source.File, text policy.Text, opts Options) ([]*policy.Document, []*policy.Companion, []source.Problem) {
	p := textPage(text)
	if !Candidate(p.src) {
		return nil, nil, nil
	}
	e := newEvaluator(tree, opts)
	roots, err := e.read(p, file.Name)
	for _, root := range roots {
		e.extract(root, file.Name)
	}
	if err != nil {
		e.unreadable(p, err)
	}
	return e.docs, e.companions(), source.SortProblems(e.problems)
}
