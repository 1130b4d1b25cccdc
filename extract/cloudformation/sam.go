package cloudformation

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

const (
	samFunctionType     = "AWS::Serverless::Function"
	samStateMachineType = "AWS::Serverless::StateMachine"
)

// samRole adds the documents of the role that the SAM transform makes for a function or state machine that names none.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-function.html
func (e *evaluator) samRole(t *template, r *resource) {
	s := scope{t, r.loops}
	properties := r.node.get("Properties")
	globals := t.root.get("Globals").get("Function")
	service := "lambda.amazonaws.com"
	if r.kind == samStateMachineType {
		globals = t.root.get("Globals").get("StateMachine")
		service = "states.amazonaws.com"
	}
	before := len(e.docs)
	generated := map[*policy.Value]bool{}
	e.documents(t, r, t.prefix+r.id+"Role", func() *policy.Value {
		role, in, _ := e.find(properties, s, "Role")
		if role == nil {
			role, in = globals.get("Role"), s
		}
		if role != nil && role.kind != nullNode && e.eval(role, in) != nil {
			return nil // it has a role of its own
		}
		var doc *node
		if r.kind == samFunctionType {
			own, ownScope, _ := e.find(properties, s, "AssumeRolePolicyDocument")
			in = ownScope
			if own == nil {
				in = s
			}
			doc = e.mergeGlobals(globals.get("AssumeRolePolicyDocument"), own)
		}
		if doc != nil && doc.kind != nullNode {
			if v := e.eval(doc, in); v != nil {
				return v
			}
		}
		v := serviceDocument(service, r)
		generated[v] = true
		return v
	})
	for _, d := range e.docs[before:] {
		if generated[d.Value] {
			d.Note = "made by the SAM transform"
		}
	}
}

// samRole reports whether id is the logical ID of a role that the SAM transform makes.
func (t *template) samRole(id string) bool {
	function, ok := strings.CutSuffix(id, "Role")
	r := t.byID[function]
	return ok && r != nil && (r.kind == samFunctionType || r.kind == samStateMachineType) && r.node.get("Properties").get("Role") == nil
}

// serviceDocument returns the policy that the SAM transform gives a role of its own.
func serviceDocument(service string, r *resource) *policy.Value {
	span := r.key.span()
	text := func(s string) *policy.Value { return stringValue(unplaced(s, span), span) }
	list := func(vs ...*policy.Value) *policy.Value {
		return &policy.Value{Kind: policy.Array, Elements: vs, Span: span}
	}
	object := func(ms ...policy.Member) *policy.Value {
		return &policy.Value{Kind: policy.Object, Members: ms, Span: span}
	}
	member := func(name string, v *policy.Value) policy.Member {
		return policy.Member{Key: unplaced(name, span), Value: v}
	}
	return object(
		member("Version", text("2012-10-17")),
		member("Statement", list(object(
			member("Action", list(text("sts:AssumeRole"))),
			member("Effect", text("Allow")),
			member("Principal", object(member("Service", list(text(service)))))))))
}

// mergeGlobals returns what SAM makes of a property that Globals and a resource both have: mappings are merged at every depth,
// lists are joined with the global elements first, and in anything else the resource's own value counts.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
func (e *evaluator) mergeGlobals(global, own *node) *node {
	switch {
	case own == nil:
		return global
	case !e.step():
		e.exceeded(own.span(), "Globals take more than %d steps to merge", maxSteps)
		return own
	case global == nil || global.kind != own.kind || global.call() != nil || own.call() != nil:
		return own
	case own.kind == listNode:
		merged := *own
		merged.elements = append(append([]*node(nil), global.elements...), own.elements...)
		return &merged
	case own.kind == mappingNode:
		merged := *own
		merged.members = nil
		for _, g := range global.members {
			if o := own.get(g.key.text); o != nil {
				g.value = e.mergeGlobals(g.value, o)
			}
			merged.members = append(merged.members, g)
		}
		for _, o := range own.members {
			if global.get(o.key.text) == nil {
				merged.members = append(merged.members, o)
			}
		}
		return &merged
	}
	return own
}
