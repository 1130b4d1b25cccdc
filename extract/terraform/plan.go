package terraform

import (
	"bytes"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// ExtractPlan returns the trust policies in a plan or state that terraform show -json, or OpenTofu's, has written. It
// reports false when file is neither. https://developer.hashicorp.com/terraform/internals/json-format
func ExtractPlan(file *source.File) (docs []*policy.Document, problems []source.Problem, isPlan bool) {
	if !bytes.Contains(file.Src, []byte(`"format_version"`)) ||
		!bytes.Contains(file.Src, []byte(`"planned_values"`)) && !bytes.Contains(file.Src, []byte(`"root_module"`)) {
		return nil, nil, false
	}
	doc, err := policy.ParseJSON(policy.String(string(file.Src), source.Span{File: file, Start: 0, End: len(file.Src)}))
	if err != nil {
		return nil, []source.Problem{{Span: err.Span, Message: "syntax error: " + err.Message, Unreadable: true}}, true
	}
	p := plan{file: file, unknown: map[string]*policy.Value{}, references: map[string][]string{}}
	values := child(doc, "planned_values")
	if values == nil {
		values = child(doc, "values") // a state
	}
	if values == nil || child(values, "root_module") == nil {
		return nil, nil, false
	}
	for _, change := range listed(child(doc, "resource_changes")) {
		p.unknown[literalOf(child(change, "address"))] = child(child(change, "change"), "after_unknown")
	}
	p.configured("", child(child(doc, "configuration"), "root_module"), 0)
	p.module(child(values, "root_module"), 0)
	return p.docs, nil, true
}

// A plan is one file of terraform show -json while its roles are collected.
type plan struct {
	file       *source.File
	unknown    map[string]*policy.Value // what is known after apply only, by address
	references map[string][]string      // what the policy of a role refers to, by address without instance keys
	docs       []*policy.Document
}

func child(v *policy.Value, name string) *policy.Value {
	if v == nil || v.Kind != policy.Object {
		return nil
	}
	return v.Member(name)
}

func listed(v *policy.Value) []*policy.Value {
	if v == nil || v.Kind != policy.Array {
		return nil
	}
	return v.Elements
}

func literalOf(v *policy.Value) string {
	if v == nil {
		return ""
	}
	s, _ := v.Text.Literal()
	return s
}

// configured collects what the policies of roles refer to.
func (p *plan) configured(prefix string, m *policy.Value, depth int) {
	if m == nil || depth > maxModuleDepth {
		return
	}
	for _, r := range listed(child(m, "resources")) {
		attr := sinkAttribute(literalOf(child(r, "type")))
		if attr == "" {
			continue
		}
		for _, ref := range listed(child(child(child(r, "expressions"), attr), "references")) {
			address := prefix + literalOf(child(r, "address"))
			p.references[address] = append(p.references[address], literalOf(ref))
		}
	}
	if calls := child(m, "module_calls"); calls != nil {
		for _, call := range calls.Members {
			p.configured(prefix+"module."+call.Key.String()+".", child(call.Value, "module"), depth+1)
		}
	}
}

// module collects the roles of a module and of those it calls.
func (p *plan) module(m *policy.Value, depth int) {
	if m == nil || depth > maxModuleDepth {
		return
	}
	for _, r := range listed(child(m, "resources")) {
		attr := sinkAttribute(literalOf(child(r, "type")))
		if attr != "" && literalOf(child(r, "mode")) != "data" {
			p.role(literalOf(child(r, "address")), attr, r)
		}
	}
	for _, c := range listed(child(m, "child_modules")) {
		p.module(c, depth+1)
	}
}

func (p *plan) role(address, attr string, r *policy.Value) {
	v := child(child(r, "values"), attr)
	switch {
	case v != nil && v.Kind == policy.Object:
		// awscc takes the policy as an object.
	case v == nil || v.Kind != policy.StringKind:
		reason := attr + " is not set"
		if u := child(p.unknown[address], attr); u != nil && u.Text.Is("true") {
			reason = "known after apply only"
			if refs := p.references[withoutKeys(address)]; len(refs) > 0 {
				reason += ", from " + strings.Join(refs, ", ")
			}
		}
		p.docs = append(p.docs, &policy.Document{Role: address, Span: r.Span, Unresolved: []policy.Unresolved{{
			What: "the policy", Span: r.Span, Hole: &policy.Hole{Expr: address + "." + attr, Reason: reason},
		}}})
		return
	}
	d := policy.Parse(address, v)
	d.Role = address
	d.Span = v.Span
	p.docs = append(p.docs, d)
}

// withoutKeys returns an address without instance keys.
func withoutKeys(address string) string {
	var b strings.Builder
	for address != "" {
		open := strings.IndexByte(address, '[')
		if open < 0 {
			b.WriteString(address)
			break
		}
		b.WriteString(address[:open])
		rest := address[open:]
		end := strings.Index(rest, "]")
		if strings.HasPrefix(rest, `["`) {
			end = strings.Index(rest, `"]`) + 1
		}
		if end <= 0 {
			break
		}
		address = rest[end+1:]
	}
	return b.String()
}
