package terraform

import (
	"bytes"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// sinkAttribute returns the attribute of that resource type that holds a trust policy, "" for other types.
func sinkAttribute(typ string) string {
	switch typ {
	case "aws_iam_role":
		return "assume_role_policy"
	case "awscc_iam_role":
		return "assume_role_policy_document"
	}
	return ""
}

// hasSinks reports whether m declares roles, or calls that may.
func (m *module) hasSinks() bool {
	m.sinksOnce.Do(func() {
		for _, b := range m.blocks {
			if b.typ == "module" || b.typ == "resource" && sinkAttribute(b.label(0)) != "" {
				m.sinks = true
				return
			}
		}
	})
	return m.sinks
}

// visit returns the documents of inst and of the modules it calls, in the order of blocks.
func (e *evaluator) visit(inst *instance) []*policy.Document {
	if inst.mod == nil || !inst.mod.hasSinks() {
		return nil
	}
	var docs []*policy.Document
	for _, b := range inst.mod.blocks {
		switch {
		case b.typ == "module":
			for _, child := range e.moduleInstances(inst, b) {
				docs = append(docs, e.visit(child)...)
			}
			if x := e.expand(inst, b); x.err != nil {
				e.l.problem(source.Problem{Span: b.header(), Message: "module instances are not known: " + x.err.reason})
			}
		case b.typ == "resource" && sinkAttribute(b.label(0)) != "":
			docs = append(docs, e.roles(inst, b)...)
		}
	}
	return docs
}

// roles returns the documents of the instances of a role.
func (e *evaluator) roles(inst *instance, b *block) []*policy.Document {
	e.renew()
	x := e.expand(inst, b)
	if x.err != nil {
		name := inst.address(strings.Join(b.labels, "."))
		return []*policy.Document{unresolved(name, inst, b.header(), "its instances are not known: "+x.err.reason, x.err.span)}
	}
	var docs []*policy.Document
	for i := range x.scopes {
		e.renew()
		r := e.newResource(inst, b, x, i)
		docs = append(docs, e.roleDocuments(r, append(inst.exists[:len(inst.exists):len(inst.exists)], x.picks...))...)
	}
	return docs
}

// unresolved returns the document of a role of which nothing is known.
func unresolved(role string, inst *instance, span source.Span, reason string, at source.Span) *policy.Document {
	if at.IsZero() {
		at = span
	}
	return &policy.Document{Role: role, Span: span, Calls: inst.calls, Unresolved: []policy.Unresolved{{
		What: "the policy", Span: at, Hole: &policy.Hole{Expr: firstLine(at.Text()), Reason: reason},
	}}}
}

// firstLine returns the first line of s, short enough for a message.
func firstLine(s string) string {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		s = s[:i] + "…"
	}
	if len(s) > maxDescription {
		s = strings.ToValidUTF8(s[:maxDescription], "") + "…"
	}
	return strings.TrimSpace(s)
}

// A policyOutcome is what a role's policy is under one set of assumptions.
type policyOutcome struct {
	value  *policy.Value
	reason string // why there is none
	span   source.Span
}

// roleDocuments returns the documents that role r may have.
func (e *evaluator) roleDocuments(r *resource, given []assumption) []*policy.Document {
	name := sinkAttribute(r.b.label(0))
	body := r.b.load(e.l)
	a := body.Attributes[name]
	if a == nil {
		reason := name + " is not set"
		if r.b.broken != "" {
			reason = "syntax error: " + r.b.broken
		}
		return []*policy.Document{unresolved(r.addr, r.inst, r.b.header(), reason, source.Span{})}
	}
	span := r.s.span(a.Expr.Range())
	provider := e.provider(r.inst, r.b)
	outcomes, complete := alternatives(e, given, func() policyOutcome {
		v := r.s.eval(a.Expr)
		switch v.kind {
		case failedKind:
			return policyOutcome{reason: v.reason, span: v.span}
		case nullKind:
			if v.hole == nil {
				return policyOutcome{reason: name + " is null", span: v.span}
			}
			return policyOutcome{value: &policy.Value{Kind: policy.Hidden, Hole: v.hole, Span: v.span}}
		}
		if v.decoded != nil {
			return policyOutcome{value: e.toPolicy(v.decoded, v.via, provider)}
		}
		return policyOutcome{value: e.toPolicy(v, nil, provider)}
	})
	docs := e.documents(r, span, outcomes)
	if !complete {
		d := unresolved(r.addr, r.inst, span, "more than the number of alternatives that are looked at depend on conditions that the code does not decide", span)
		d.When = "otherwise"
		docs = append(docs, d)
	}
	if existence := describeAssumptions(given); existence != "" {
		for _, d := range docs {
			switch {
			case d.When == "":
				d.When = existence
			case strings.Contains(d.When, " or "):
				d.When = existence + " and (" + d.When + ")"
			default:
				d.When = existence + " and " + d.When
			}
		}
	}
	return docs
}

// documents returns one document for each different outcome.
func (e *evaluator) documents(r *resource, span source.Span, outcomes []alternative[policyOutcome]) []*policy.Document {
	type group struct {
		outcome policyOutcome
		json    []byte
		whens   []string
	}
	var groups []*group
	for _, alt := range outcomes {
		when := describeAssumptions(alt.assumptions)
		var json []byte
		if alt.result.value != nil {
			json = alt.result.value.JSON()
		}
		found := false
		for _, g := range groups {
			if (g.outcome.value == nil) == (alt.result.value == nil) && bytes.Equal(g.json, json) {
				g.whens = append(g.whens, when)
				found = true
				break
			}
		}
		if !found {
			groups = append(groups, &group{alt.result, json, []string{when}})
		}
	}
	var docs []*policy.Document
	for _, g := range groups {
		var d *policy.Document
		if g.outcome.value == nil {
			d = unresolved(r.addr, r.inst, span, g.outcome.reason, g.outcome.span)
		} else {
			d = policy.Parse(r.addr, g.outcome.value)
			d.Role = r.addr
			d.Calls = r.inst.calls
			d.Span = span
		}
		if len(groups) > 1 {
			d.When = strings.Join(g.whens, " or ")
		}
		docs = append(docs, d)
	}
	return docs
}
