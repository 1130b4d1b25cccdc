package cloudformation

import (
	"fmt"
	"math"
	"slices"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// template adds the documents of the roles of t.
func (e *evaluator) template(t *template) {
	e.visited = append(e.visited, t)
	for _, r := range t.resources {
		switch r.kind {
		case roleType:
			e.role(t, r)
		case samFunctionType, samStateMachineType:
			e.samRole(t, r)
		case stackType, samStackType:
			e.stack(t, r)
		case stackSetType:
			e.stackSet(t, r)
		}
	}
	e.reportRemote(t)
	if e.gaveUp {
		e.gaveUp = false
		e.problem(t.conditionsSpan(), "which conditions go together takes more than %d steps to find out: some of the cases shown may be impossible", maxSearch)
	}
}

// role adds the documents of an AWS::IAM::Role, one for each policy that it may have.
func (e *evaluator) role(t *template, r *resource) {
	properties := r.node.get("Properties")
	e.documents(t, r, t.prefix+r.id, func() *policy.Value {
		n, s, unknown := e.find(properties, scope{t, r.loops}, "AssumeRolePolicyDocument")
		if n == nil {
			return e.missing(r, unknown)
		}
		v := e.eval(n, s)
		if v == nil {
			return e.missing(r, nil)
		}
		return v
	})
}

// missing returns the value of a role without a policy.
func (e *evaluator) missing(r *resource, unknown *policy.Hole) *policy.Value {
	if unknown == nil {
		unknown = &policy.Hole{Expr: "AssumeRolePolicyDocument", Reason: "the role has no AssumeRolePolicyDocument"}
	}
	return &policy.Value{Kind: policy.Hidden, Hole: unknown, Span: r.key.span()}
}

// maxDocuments is how many policies of one file are looked at. AWS takes 500 resources in a template.
const maxDocuments = 10_000

// maxKept bounds what the policies of one file count together: each of its values, twice since it may have a name, and more where
// it is large, since what comes of it grows faster. Aliases and loops give many roles one large policy.
const maxKept = 200_000

// documents adds a document for each policy that eval gives in the worlds in which the resource r exists. A nil policy means
// that there is no role in that world.
func (e *evaluator) documents(t *template, r *resource, role string, eval func() *policy.Value) {
	if len(e.docs) >= maxDocuments {
		if !e.full {
			e.exceeded(r.key.span(), "not looked at, nor what follows: the file has %d policies before it", maxDocuments)
		}
		e.full = true
		return
	}
	given, labels, exists := e.existence(t, r)
	if !exists {
		if e.docs == nil {
			e.docs = []*policy.Document{} // not nil, see Extract
		}
		return
	}
	found, complete := outcomes(e, given, labels, func() *policy.Value {
		e.steps = 0
		if e.kept > maxKept {
			hole := &policy.Hole{Expr: role, Reason: fmt.Sprintf("the policies of the file before it take more than %d steps", maxKept), Limit: true}
			return &policy.Value{Kind: policy.Hidden, Hole: hole, Span: r.key.span()}
		}
		return eval()
	})
	for _, o := range found {
		if o.value == nil {
			continue
		}
		d := policy.Parse(role, o.value)
		if o.value.Kind == policy.Hidden {
			d.Value = nil
		}
		d.When = o.when
		d.Calls = t.calls
		if d.Value != nil {
			n := 2 * d.Value.Count(math.MaxInt/2)
			judged := min(n, policy.MaxValues)
			e.kept += n + judged*judged/1000
		}
		e.blanks(r, d)
		e.describe(t, r, d)
		e.docs = append(e.docs, d)
	}
	if !complete {
		span := r.key.span()
		hole := &policy.Hole{Expr: role, Reason: fmt.Sprintf("conditions give it more than %d policies: the rest is not shown", maxAlternatives), Limit: true}
		d := policy.Parse(role, &policy.Value{Kind: policy.Hidden, Hole: hole, Span: span})
		d.Value, d.When = nil, "none of the other cases holds"
		d.Calls = t.calls
		e.docs = append(e.docs, d)
	}
}

// existence returns what must hold for the resource r to exist, and whether it can.
func (e *evaluator) existence(t *template, r *resource) (given []constraint, labels []string, exists bool) {
	given, labels = append(given, t.given...), append(labels, t.labels...)
	if c := r.node.get("Condition"); c.scalar() {
		name := e.text(c, scope{t, r.loops}).String()
		f := e.condition(name, scope{t: t})
		if f.op == constFalse {
			return nil, nil, false
		}
		if f.op != constTrue {
			given = append(given, constraint{f, true})
			labels = append(labels, t.prefix+name+" is true")
		}
	}
	return given, labels, len(given) == 0 || e.satisfiable(given)
}

// blanks marks a document that lines of another template language belong to: what they put there is not known.
func (e *evaluator) blanks(r *resource, d *policy.Document) {
	p := r.node.page
	if d.Span.File == nil || p.file != d.Span.File {
		return
	}
	// Lines behind the last element belong to the document when they are indented as it is.
	end := d.Span.End
	for end < len(p.src) && (p.src[end] == ' ' || p.src[end] == '\n' || p.src[end] == '\r') {
		end++
	}
	first, _ := slices.BinarySearchFunc(p.gaps, d.Span.Start, func(g gap, start int) int { return g.start - start })
	for _, g := range p.gaps[first:] {
		if g.start > end {
			break
		}
		if g.hole == nil || !g.hole.Many {
			continue
		}
		start := blankTo(d.Span.File.Src, g.start)
		if g.start >= d.Span.End && start-g.start < d.Span.Start-lineStart(p.src, d.Span.Start) {
			continue
		}
		at := source.Span{File: d.Span.File, Start: start, End: max(start, g.end)}
		d.Unresolved = append(d.Unresolved, policy.Unresolved{What: "a part of the policy", Hole: g.hole, Span: at})
	}
}
