package terraform

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// ExtractPlan returns the trust policies in a plan or state that terraform show -json, or OpenTofu's, has written. It
// reports false when file is neither. Where the code that was planned lies beside the file, the documents point there.
// https://developer.hashicorp.com/terraform/internals/json-format
func ExtractPlan(tree *source.Tree, file *source.File) (docs []*policy.Document, problems []source.Problem, isPlan bool) {
	if !bytes.Contains(file.Src, []byte(`"format_version"`)) ||
		!bytes.Contains(file.Src, []byte(`"planned_values"`)) && !bytes.Contains(file.Src, []byte(`"root_module"`)) {
		return nil, nil, false
	}
	doc, err := policy.ParseJSON(policy.String(string(file.Src), source.Span{File: file, Start: 0, End: len(file.Src)}))
	if err != nil {
		return nil, []source.Problem{{Span: err.Span, Message: "syntax error: " + err.Message, Unreadable: true}}, true
	}
	p := plan{l: newLoader(tree), dirs: map[string]string{}, unknown: map[string]*policy.Value{}, references: map[string][]string{}}
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
	p.configured("", path.Dir(file.Name), child(child(doc, "configuration"), "root_module"), 0)
	p.module(child(values, "root_module"), 0)
	return p.docs, p.problems, true
}

// A plan is one file of terraform show -json while its roles are collected.
type plan struct {
	l          *loader
	dirs       map[string]string        // the directories of modules, by address without instance keys
	unknown    map[string]*policy.Value // what is known after apply only, by address
	references map[string][]string      // what the policy of a role refers to, by address without instance keys
	docs       []*policy.Document
	problems   []source.Problem
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

// configured collects what the policies of roles refer to, and where modules lie. dir is the directory of module m, "" when
// it is not known.
func (p *plan) configured(prefix, dir string, m *policy.Value, depth int) {
	if m == nil || depth > maxModuleDepth {
		return
	}
	if dir != "" {
		p.dirs[prefix] = dir
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
			below := ""
			if name := literalOf(child(call.Value, "source")); dir != "" && localSource(name) {
				if clean, err := source.Clean(path.Join(dir, name)); err == nil {
					below = clean
				}
			}
			p.configured(prefix+"module."+call.Key.String()+".", below, child(call.Value, "module"), depth+1)
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

// written returns the place of the attribute of the resource at that address in the code, r's own place in the plan when
// the code is not there.
func (p *plan) written(address, attr string, r *policy.Value) source.Span {
	name := literalOf(child(r, "type")) + "." + literalOf(child(r, "name"))
	dir, ok := p.dirs[strings.TrimSuffix(withoutKeys(address), name)]
	if !ok {
		return r.Span
	}
	m := p.l.module(dir)
	if m == nil || m.resources[name] == nil {
		return r.Span
	}
	b := m.resources[name]
	if a := b.load(p.l).Attributes[attr]; a != nil {
		return p.l.span(a.Expr.Range())
	}
	return b.header()
}

func (p *plan) role(address, attr string, r *policy.Value) {
	if len(p.docs) >= maxRoles {
		if p.problems == nil {
			p.problems = []source.Problem{{Span: r.Span.Empty(), Unreadable: true, Message: fmt.Sprintf("not looked at, nor what follows: there are more than %d roles", maxRoles)}}
		}
		return
	}
	span := p.written(address, attr, r)
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
		p.docs = append(p.docs, &policy.Document{Role: address, Span: span, Unresolved: []policy.Unresolved{{
			What: "the policy", Span: span, Hole: &policy.Hole{Expr: address + "." + attr, Reason: reason},
		}}})
		return
	}
	d := policy.Parse(address, v)
	d.Role = address
	d.Span = span
	if span == r.Span {
		d.Span = v.Span
	}
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
