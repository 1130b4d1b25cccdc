package cloudformation

import (
	"path"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// A template is one template with what its conditions, parameters and resources are called.
type template struct {
	root       *node
	dir        string // of the file it is in, to which the files it names are relative
	prefix     string // of the names in it: "Identity/" for the nested stack Identity
	files      []string
	serverless bool // it is in a serverless.yml: ${self:…} and the like are that tool's

	parameters map[string]*node
	arguments  map[string]argument // what a parent template gives its parameters; nil when there is none
	nested     bool                // it has a parent, so that a parameter without an argument has its default
	elsewhere  bool                // it is deployed in other accounts than its parent
	calls      []source.Span       // the nested stacks that lead to it, outermost first
	given      []constraint        // what must hold for it to be deployed, when it is nested
	labels     []string            // of given
	conditions map[string]bound
	formulas   map[string]*formula // of conditions looked at; nil while being built
	resources  []*resource
	byID       map[string]*resource
	children   map[string]*template // of nested stacks; nil for those that cannot be read
	cdk        *constructs          // what the CDK tells about its resources; see constructs
	cdkRead    bool
	remote     []*resource // nested stacks whose templates are not in the tree
}

// A bound is a node and the loops around it.
type bound struct {
	node  *node
	loops *loop
}

// An argument is the value of a nested template's parameter, written in the parent.
type argument struct {
	node  *node
	scope scope
}

// A scope is where a node is evaluated: in which template, and in which turn of its loops.
type scope struct {
	t     *template
	loops *loop
}

// A loop is one turn of Fn::ForEach.
type loop struct {
	name  string
	value policy.Text
	outer *loop
}

// A resource is one resource of a template.
type resource struct {
	id    string // the logical ID; with ${…} in it where that depends on something not known
	key   *node
	node  *node
	loops *loop
	kind  string // its type
	index int    // in the template's resources
}

func (e *evaluator) newTemplate(root *node, name string, serverless bool) *template {
	t := &template{root: root, dir: path.Dir(name), files: []string{name}, serverless: serverless}
	e.includeSections(t)
	e.index(t)
	return t
}

// fragment returns a template with nothing but resources, which stand in a file in another way. n is the place of them.
func (e *evaluator) fragment(n *node, resources []member, name string, serverless bool) *template {
	mapping := derivedNode(n, "")
	mapping.kind, mapping.members = mappingNode, resources
	root := derivedNode(n, "")
	root.kind, root.members = mappingNode, []member{{derivedNode(n, "Resources"), mapping}}
	return e.newTemplate(root, name, serverless)
}

// derivedNode returns a scalar that is not written in the file, at the place of n.
func derivedNode(n *node, text string) *node {
	return &node{kind: stringNode, page: n.page, text: text, style: derived, start: n.start, line: n.line, column: n.column, end: n.start}
}

// maxID is how long a logical ID may be.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const maxID = 255

// index finds the template's parameters, conditions and resources.
func (e *evaluator) index(t *template) {
	t.parameters = map[string]*node{}
	t.conditions = map[string]bound{}
	t.formulas = map[string]*formula{}
	t.byID = map[string]*resource{}
	t.children = map[string]*template{}
	s := scope{t: t}
	e.members(t.root.get("Parameters"), s, func(key policy.Text, m member, in scope) {
		t.parameters[key.String()] = m.value
	})
	e.members(t.root.get("Conditions"), s, func(key policy.Text, m member, in scope) {
		t.conditions[key.String()] = bound{m.value, in.loops}
	})
	e.members(t.root.get("Resources"), s, func(key policy.Text, m member, in scope) {
		r := &resource{id: key.String(), key: m.key, node: m.value, loops: in.loops, kind: m.value.str("Type")}
		if in.loops != nil && len(r.id) > maxID {
			e.total += len(r.id) / 16
			e.exceeded(m.key.span(), "a loop makes logical IDs of more than %d characters: CloudFormation takes none of them", maxID)
			return
		}
		if old := t.byID[r.id]; old != nil {
			e.problem(m.key.span(), "the template has two resources %q: CloudFormation takes the last one", r.id)
			r.index = old.index
			t.resources[r.index] = r
		} else {
			r.index = len(t.resources)
			t.resources = append(t.resources, r)
		}
		t.byID[r.id] = r
	})
	e.transforms(t)
}

func (t *template) conditionsSpan() source.Span {
	if c := t.root.get("Conditions"); c != nil {
		return c.span()
	}
	return t.root.span()
}

// parameter returns the value of the template's parameter of that name, referred to at span; nil when there is none.
func (e *evaluator) parameter(name string, s scope, span source.Span) *policy.Value {
	t := s.t
	p, ok := t.parameters[name]
	if !ok {
		return nil
	}
	kind := p.str("Type")
	list := strings.HasPrefix(kind, "List<") || kind == "CommaDelimitedList" || strings.HasPrefix(kind, "AWS::SSM::Parameter::Value<List<") ||
		kind == "AWS::SSM::Parameter::Value<CommaDelimitedList>"
	fromSSM := strings.HasPrefix(kind, "AWS::SSM::Parameter::Value<")
	def := p.get("Default")

	hole := &policy.Hole{Expr: t.prefix + name, Many: list}
	var text policy.Text
	var via source.Span
	known := false
	if a, ok := t.arguments[name]; ok {
		v := e.eval(a.node, a.scope)
		switch {
		case v == nil: // AWS::NoValue: as if there were no argument
		case v.Kind == policy.Array || v.Kind == policy.Hidden:
			return v
		case v.Scalar():
			text, known = v.Text, true
			via = v.Span
			if t.elsewhere {
				text = elsewhere(text)
			}
		}
	} else if given, ok := e.opts.Parameters[name]; ok && !t.nested {
		text, known = policy.String(given, span), true
	}
	if !known && (t.nested || e.opts.Parameters != nil) && def.scalar() {
		text, known = e.text(def, scope{t: t}), true
		via = def.span()
	}
	if known && fromSSM {
		hole = &policy.Hole{Expr: "SSM:" + text.String(), Many: list}
		known = false
	}
	if !known {
		if def.scalar() && !fromSSM {
			d := def.canonical()
			hole.Default = &d
		}
		if allowed := p.get("AllowedValues"); allowed != nil && allowed.kind == listNode && !list && !fromSSM {
			for _, v := range allowed.elements {
				if !v.scalar() {
					hole.Choices = nil
					break
				}
				hole.Choices = append(hole.Choices, v.canonical())
			}
		}
		if list {
			return &policy.Value{Kind: policy.Array, Span: span, Elements: []*policy.Value{{Kind: policy.Hidden, Hole: hole, Span: span}}}
		}
		return stringValue(policy.NewText(e.narrow(hole, span)), span)
	}
	var vias []source.Span
	if !via.IsZero() {
		vias = []source.Span{via}
	}
	// A literal that comes through a parameter stands where the parameter is referred to, and comes via its own place.
	at := func(t policy.Text) policy.Text {
		parts := make([]policy.Part, len(t.Parts))
		for i, p := range t.Parts {
			p = policy.Part{Literal: p.Literal, Hole: p.Hole, Span: span}
			parts[i] = p
		}
		return policy.Text{Parts: parts, Span: span, Via: vias}
	}
	if !list {
		v := stringValue(at(text), span)
		v.Via = vias
		return v
	}
	v := &policy.Value{Kind: policy.Array, Span: span, Via: vias}
	for _, piece := range split(text, ",") {
		if len(piece.Parts) == 1 && piece.Parts[0].Hole != nil {
			many := *piece.Parts[0].Hole
			many.Many = true
			v.Elements = append(v.Elements, &policy.Value{Kind: policy.Hidden, Hole: &many, Span: span, Via: vias})
			continue
		}
		el := stringValue(at(trimSpace(piece)), span)
		el.Via = vias
		v.Elements = append(v.Elements, el)
	}
	return v
}

// canonical returns the text of a scalar as CloudFormation takes it: yes without quotes is true.
func (n *node) canonical() string {
	if n.kind == boolNode {
		return truth(n.text)
	}
	return n.text
}
