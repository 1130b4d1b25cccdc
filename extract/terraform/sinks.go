package terraform

import (
	"bytes"
	"fmt"
	"slices"
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

// hasSinks reports whether m declares anything that visit looks at.
func (m *module) hasSinks() bool {
	m.sinksOnce.Do(func() {
		m.sinks = slices.ContainsFunc(m.blocks, func(b *block) bool { return sinkOf(b) != noSink })
	})
	return m.sinks
}

// A sink is a kind of block that holds or leads to trust policies.
type sink uint8

const (
	noSink    sink = iota
	callSink       // a module call
	roleSink       // a role
	stackSink      // a CloudFormation stack
	trustSink      // a policy document that may be a trust policy, whoever uses it
)

func sinkOf(b *block) sink {
	switch typ := b.label(0); {
	case b.typ == "module":
		return callSink
	case b.typ == "resource" && sinkAttribute(typ) != "":
		return roleSink
	case b.typ == "resource" && (typ == "aws_cloudformation_stack" || typ == "aws_cloudformation_stack_set"):
		return stackSink
	case b.typ == "data" && typ == "aws_iam_policy_document" && bytes.Contains(b.file.Src[b.rng.start:b.rng.end], []byte("sts:AssumeRole")):
		return trustSink
	}
	return noSink
}

// visit returns the documents of inst and of the modules it calls, in the order of blocks.
func (e *evaluator) visit(inst *instance) []*policy.Document {
	if inst.mod == nil || !inst.mod.hasSinks() {
		return nil
	}
	var docs []*policy.Document
	for _, b := range inst.mod.blocks {
		switch sinkOf(b) {
		case callSink:
			e.renew()
			for _, child := range e.moduleInstances(inst, b) {
				docs = append(docs, e.visit(child)...)
			}
			if x := e.expand(inst, b); x.err != nil && e.mayHoldRole(inst, b) {
				e.l.problem(source.Problem{Span: b.header(), Message: "module instances are not known: " + x.err.more().reason, Unreadable: e.spent != ""})
			}
		case roleSink:
			docs = append(docs, e.roleInstances(inst, b)...)
		case stackSink:
			docs = append(docs, e.stacks(inst, b)...)
		case trustSink:
			if inst.mod.stub {
				continue // nobody wrote it
			}
			e.unclaimed = append(e.unclaimed, e.trustDocuments(inst, b)...)
		}
	}
	if len(docs) > 0 {
		e.l.twiceProblem(inst.mod)
	}
	return docs
}

// mayHoldRole reports whether the module that b calls, or one further down, declares what may hold a trust policy.
func (e *evaluator) mayHoldRole(inst *instance, b *block) bool {
	m, _ := e.calledModule(inst, b)
	return e.l.leadsToRole(m)
}

// A Stack is a CloudFormation stack whose template is written in the configuration.
type Stack struct {
	Address string       // of the resource
	File    *source.File // that holds the resource
	Body    policy.Text  // the template
	Calls   []source.Span
}

// stacks returns what Options.Stack makes of the templates that a stack resource holds. A template in a file of its own is
// not its concern: whoever looks at the files sees that one anyway.
func (e *evaluator) stacks(inst *instance, b *block) []*policy.Document {
	if e.opts.Stack == nil {
		return nil
	}
	x := e.expand(inst, b)
	var docs []*policy.Document
	for i := range x.scopes {
		e.renew()
		r := e.newResource(inst, b, x, i)
		provider := e.provider(inst, b)
		bodies, _ := alternatives(e, x.existence(inst, i), func() *policy.Value {
			if r.absent() {
				return nil
			}
			v := r.configured("template_body")
			if v == nil || v.kind != stringKind || wholeFile(v) != nil {
				return nil
			}
			return e.toPolicy(v, nil, provider)
		})
		for _, body := range bodies {
			if body.result == nil {
				continue
			}
			got, companions, problems := e.opts.Stack(Stack{Address: r.addr, File: b.file, Body: body.result.Text, Calls: inst.calls})
			for _, d := range got {
				d.Role = r.addr + "." + d.Role
				d.Calls = append(slices.Clip(inst.calls), d.Calls...)
				if len(bodies) > 1 && d.When == "" {
					d.When = e.describeAssumptions(body.assumptions)
				}
			}
			for _, c := range companions {
				c.Address = r.addr + "." + c.Address
				if c.Role != "" {
					c.Role = r.addr + "." + c.Role
				}
				c.Calls = append(slices.Clip(inst.calls), c.Calls...)
				if len(bodies) > 1 && c.When == "" {
					c.When = e.describeAssumptions(body.assumptions)
				}
				e.companions = append(e.companions, c)
			}
			for _, p := range problems {
				e.l.problem(p)
			}
			docs = append(docs, got...)
		}
	}
	return docs
}

// An unclaimed document is a trust policy by its shape of which it is not yet known whether a role uses it.
type unclaimed struct {
	b   *block
	doc *policy.Document
}

const unusedNote = "trust-shaped, but no role in the code uses it"

// trustDocuments returns the trust policies that a policy document of the configuration is.
func (e *evaluator) trustDocuments(inst *instance, b *block) []unclaimed {
	x := e.expand(inst, b)
	var out []unclaimed
	for i := range x.scopes {
		e.renew()
		r := e.newResource(inst, b, x, i)
		provider := e.provider(inst, b)
		outcomes, _ := alternatives(e, x.existence(inst, i), func() policyOutcome {
			if r.absent() {
				return policyOutcome{absent: true}
			}
			d, err := r.document()
			if err != nil {
				return policyOutcome{reason: err.more().reason, span: err.span}
			}
			return policyOutcome{value: e.toPolicy(d.value(b.header()), nil, provider)}
		})
		for _, d := range e.documents(r, b.header(), outcomes) {
			if trustShaped(d) {
				d.Note = unusedNote
				out = append(out, unclaimed{b, d})
			}
		}
	}
	return out
}

// trustShaped reports whether a policy lets principals assume something: only a trust policy does.
func trustShaped(d *policy.Document) bool {
	for _, s := range d.Statements {
		if len(s.Principals)+len(s.NotPrincipals) == 0 {
			continue
		}
		for _, a := range s.Actions {
			if a.HasPrefix("sts:AssumeRole") {
				return true
			}
		}
	}
	return false
}

// roleInstances returns the documents of the instances of a role.
func (e *evaluator) roleInstances(inst *instance, b *block) []*policy.Document {
	if e.roles > maxRoles {
		e.created[b.place()] = true
		return nil // what comes below has said so
	}
	e.renew()
	x := e.expand(inst, b)
	if x.err != nil || len(x.scopes) > 0 {
		e.created[b.place()] = true
	}
	if x.err != nil {
		name := inst.address(strings.Join(b.labels, "."))
		return e.limit([]*policy.Document{unresolved(name, inst, b.header(), "its instances are not known: "+x.err.more().reason, x.err.span)})
	}
	var docs []*policy.Document
	for i := range x.scopes {
		if e.roles++; e.roles > maxRoles {
			e.l.problem(source.Problem{Span: b.header(), Unreadable: true,
				Message: fmt.Sprintf("not looked at, and none of the following: the root module has more than %d roles", maxRoles)})
			break
		}
		e.renew()
		r := e.newResource(inst, b, x, i)
		given := x.existence(inst, i)
		for _, d := range e.roleDocuments(r, given) {
			e.total += documentCost
			if d.Value != nil {
				e.total += valueCost * len(d.Value.Leaves())
			}
			docs = append(docs, d)
		}
	}
	return docs
}

// limit marks documents that are not known because a bound was reached, and returns them.
func (e *evaluator) limit(docs []*policy.Document) []*policy.Document {
	if e.spent == "" {
		return docs
	}
	for _, d := range docs {
		if len(d.Unresolved) > 0 {
			h := *d.Unresolved[0].Hole
			h.Limit = true
			d.Unresolved[0].Hole = &h
			continue
		}
		d.Unresolved = []policy.Unresolved{{What: "the policy", Span: d.Span, Hole: &policy.Hole{Expr: firstLine(d.Span.Text()), Reason: e.spent, Limit: true}}}
	}
	return docs
}

// maxRoles bounds the roles of one root module. AWS allows 5,000 in an account.
const maxRoles = 10_000

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
	absent bool // the role does not exist then
	// refused: Terraform takes none, as something that it is made of does not exist.
	refused bool
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
	account := e.account(provider)
	outcomes, complete := alternatives(e, given, func() policyOutcome {
		if r.absent() {
			return policyOutcome{absent: true}
		}
		v := r.s.eval(a.Expr)
		if e.without && (v.kind == failedKind && !v.limit && !v.more().unread || v.kind == nullKind && v.hole == nil || v.is("")) {
			return policyOutcome{refused: true, reason: name + " is not set", span: v.span}
		}
		switch v.kind {
		case failedKind:
			return policyOutcome{reason: v.more().reason, span: v.span}
		case nullKind:
			if v.hole == nil {
				return policyOutcome{reason: name + " is null", span: v.span}
			}
			return policyOutcome{value: &policy.Value{Kind: policy.Hidden, Hole: v.hole, Span: v.span}}
		}
		if v.more().decoded != nil {
			return policyOutcome{value: e.toPolicy(v.more().decoded, v.via, provider)}
		}
		return policyOutcome{value: e.toPolicy(v, nil, provider)}
	})
	docs := e.limit(e.documents(r, span, outcomes))
	if !complete {
		d := unresolved(r.addr, r.inst, span, fmt.Sprintf("conditions that the code does not decide give it more than %d policies", maxAlternatives), span)
		d.When = "otherwise"
		d.Unresolved[0].Hole.Limit = true
		docs = append(docs, d)
	}
	for _, d := range docs {
		d.Account = account
	}
	if existence := e.describeAssumptions(given); existence != "" {
		for _, d := range docs {
			d.When = both(existence, d.When)
		}
	}
	return docs
}

// both returns the condition that existence and when hold, which may be none.
func both(existence, when string) string {
	switch {
	case when == "":
		return existence
	case strings.Contains(when, " or "):
		return existence + " and (" + when + ")"
	}
	return existence + " and " + when
}

// documents returns one document for each different outcome.
func (e *evaluator) documents(r *resource, span source.Span, outcomes []alternative[policyOutcome]) []*policy.Document {
	type group struct {
		outcome policyOutcome
		json    []byte
		whens   [][]assumption
	}
	var groups []*group
	always := true
	if taken := slices.DeleteFunc(slices.Clone(outcomes), func(alt alternative[policyOutcome]) bool { return alt.result.refused }); len(taken) > 0 {
		outcomes = taken
	}
	for _, alt := range outcomes {
		if alt.result.absent {
			always = false
			continue
		}
		var json []byte
		if alt.result.value != nil {
			json = alt.result.value.JSON()
		}
		found := false
		for _, g := range groups {
			if (g.outcome.value == nil) == (alt.result.value == nil) && bytes.Equal(g.json, json) {
				g.whens = append(g.whens, alt.assumptions)
				found = true
				break
			}
		}
		if !found {
			groups = append(groups, &group{alt.result, json, [][]assumption{alt.assumptions}})
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
		if len(groups) > 1 || !always {
			d.When = e.describeWays(g.whens)
		}
		docs = append(docs, d)
	}
	return docs
}
