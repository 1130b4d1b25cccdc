package cloudformation

import (
	"fmt"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// An evaluator evaluates the templates of one file and those that they lead to.
type evaluator struct {
	tree     *source.Tree
	opts     Options
	docs     []*policy.Document
	problems []source.Problem
	reported map[source.Problem]bool // the same of a role in another world is not reported again

	world     *world                    // what is assumed, nil outside the evaluation of a role
	searched  int                       // steps made to find out what can hold together: see maxSearches
	gaveUp    bool                      // a search for that was given up
	sat       map[digest]bool           // remembers which assumptions can hold together
	compared  map[digest][]string       // remembers the variables of formulas
	visited   []*template               // whose roles are in docs
	aside     bool                      // companions are looked at, which report no problems
	quiet     bool                      // nothing may be assumed now: the value is part of a condition
	found     int                       // templates of the file so far
	taken     map[string]bool           // logical IDs in them
	active    map[string]bool           // resources whose attributes are being evaluated, against cycles
	pages     map[*source.File]readPage // files that templates name
	sources   map[string]*source.File   // that stack traces name: see sourceFile
	steps     int                       // nodes evaluated for the current role
	total     int                       // nodes evaluated in all
	depth     int                       // of the evaluation at the moment
	turns     int                       // turns of loops so far
	stacks    int                       // nested templates read so far
	including int                       // files being included in one another
	full      bool                      // maxDocuments are reached, and that is said
	kept      int                       // values of the policies so far
}

// A readPage is what reading a file gave.
type readPage struct {
	roots []*node
	err   error
}

func newEvaluator(tree *source.Tree, opts Options) *evaluator {
	return &evaluator{tree: tree, opts: opts, sat: map[digest]bool{}, compared: map[digest][]string{}, reported: map[source.Problem]bool{}, active: map[string]bool{}, pages: map[*source.File]readPage{},
		sources: map[string]*source.File{}}
}

const (
	maxSteps = 50_000    // nodes evaluated for one role in one world: a real one needs some hundred
	maxTotal = 3_000_000 // nodes evaluated for one file
)

// step counts a node evaluated and reports whether another one may be.
func (e *evaluator) step() bool {
	e.steps++
	e.total++
	return e.steps <= maxSteps && e.total <= maxTotal
}

// eval returns what n stands for, nil for AWS::NoValue.
func (e *evaluator) eval(n *node, s scope) *policy.Value {
	if n == nil {
		return &policy.Value{Kind: policy.Null}
	}
	e.depth++
	defer func() { e.depth-- }()
	if !e.step() || e.depth > maxDepth {
		v := e.hidden(n, "too large", fmt.Sprintf("this is more than trustvet evaluates for one role: %d steps, %d levels", maxSteps, maxDepth))
		v.Hole.Limit = true
		return v
	}
	switch n.kind {
	case brokenNode:
		return e.hidden(n, "unreadable", "this could not be read")
	case nullNode:
		return &policy.Value{Kind: policy.Null, Span: n.span()}
	case boolNode:
		text := e.text(n, s)
		if lit, known := text.Literal(); known && lit != truth(lit) {
			text = policy.String(truth(lit), text.Span)
		}
		return &policy.Value{Kind: policy.Bool, Text: text, Span: text.Span}
	case numberNode:
		text := e.text(n, s)
		if n.style == plainStyle && octal(n.text) {
			e.problem(n.span(), "%s without quotes is an octal number to YAML: CloudFormation reads another number", n.text)
		}
		return &policy.Value{Kind: policy.Number, Text: text, Span: text.Span}
	case stringNode:
		return stringValue(e.text(n, s), n.span())
	case listNode:
		v := &policy.Value{Kind: policy.Array, Span: n.span(), Elements: make([]*policy.Value, 0, len(n.elements))}
		for _, el := range n.elements {
			if ev := e.eval(el, s); ev != nil {
				v.Elements = append(v.Elements, ev)
			}
		}
		return v
	}
	if call := n.call(); call != nil {
		return e.call(n, s)
	}
	v := &policy.Value{Kind: policy.Object, Span: n.span(), Members: make([]policy.Member, 0, len(n.members))}
	e.members(n, s, func(key policy.Text, m member, in scope) {
		if m.value == nil { // members that are not known
			v.Members = append(v.Members, policy.Member{Key: key, Value: &policy.Value{Kind: policy.Hidden, Hole: key.Hole(), Span: key.Span}})
			return
		}
		if mv := e.eval(m.value, in); mv != nil {
			v.Members = append(v.Members, policy.Member{Key: key, Value: mv})
		}
	})
	return v
}

// call returns the key of the function that n calls, nil when it calls none.
func (n *node) call() *node {
	if n == nil || n.kind != mappingNode || len(n.members) != 1 {
		return nil
	}
	key := n.members[0].key
	if key.text == "Ref" || strings.HasPrefix(key.text, "Fn::") && !strings.HasPrefix(key.text, forEach) || strings.HasPrefix(key.text, "Rain::") {
		return key
	}
	return nil
}

// members calls f for each member of the mapping n: with those of its loops and includes, their names as they are then. A
// member whose value is nil stands for members that are not known.
func (e *evaluator) members(n *node, s scope, f func(key policy.Text, m member, in scope)) {
	if n == nil || n.kind != mappingNode {
		return
	}
	for _, m := range n.members {
		switch {
		case strings.HasPrefix(m.key.text, forEach):
			e.loop(m, s, func(body *node, in scope) { e.members(body, in, f) }, f)
		case m.key.text == "Fn::Transform":
			e.include(n, m, s, f)
		default:
			f(e.text(m.key, s), m, s)
		}
	}
}

// hidden returns an unknown value in the place of n.
func (e *evaluator) hidden(n *node, expr, reason string) *policy.Value {
	return &policy.Value{Kind: policy.Hidden, Hole: &policy.Hole{Expr: expr, Reason: reason}, Span: n.span()}
}

func stringValue(t policy.Text, span source.Span) *policy.Value {
	if t.Span.IsZero() {
		t.Span = span
	}
	return &policy.Value{Kind: policy.StringKind, Text: t, Span: t.Span, Via: t.Via}
}

// text returns the text of a scalar: with the values of the loops around it, and with holes for what other tools and
// CloudFormation itself put in at deployment.
func (e *evaluator) text(n *node, s scope) policy.Text {
	t := n.value()
	if strings.Contains(n.text, "${") {
		if s.t.serverless {
			t = replace(t, ownServerlessVariable)
		} else {
			t = replace(t, serverlessVariable)
		}
	}
	for l := s.loops; l != nil; l = l.outer {
		if strings.Contains(n.text, l.name) {
			t = replace(t, l.reference)
		}
	}
	if strings.Contains(n.text, "{{resolve:") {
		t = replace(t, dynamicReference)
	}
	return t
}

// dynamicReference finds {{resolve:service:key}}, which CloudFormation replaces at deployment.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
func dynamicReference(s string) (start, end int, value policy.Text) {
	start = strings.Index(s, "{{resolve:")
	if start < 0 {
		return -1, 0, policy.Text{}
	}
	n := strings.Index(s[start:], "}}")
	if n < 0 {
		return -1, 0, policy.Text{}
	}
	end = start + n + 2
	return start, end, policy.NewText(policy.HolePart(&policy.Hole{Expr: s[start:end]}, source.Span{}))
}

// replace puts values in the place of what find finds in the literals of t. A hole in a value without a place of its own gets
// the place of what it replaces.
func replace(t policy.Text, find func(s string) (start, end int, value policy.Text)) policy.Text {
	var parts []policy.Part
	for _, p := range t.Parts {
		if p.Hole != nil {
			parts = append(parts, p)
			continue
		}
		for {
			start, end, value := find(p.Literal)
			if start < 0 {
				parts = append(parts, p)
				break
			}
			parts = append(parts, p.Slice(0, start))
			at := p.Slice(start, end).Span
			for _, v := range value.Parts {
				if v.Hole != nil {
					parts = append(parts, policy.HolePart(v.Hole, at))
				} else {
					parts = append(parts, policy.Part{Literal: v.Literal, Span: at})
				}
			}
			p = p.Slice(end, len(p.Literal))
		}
	}
	out := policy.NewText(parts...)
	out.Via = t.Via
	return out
}
