package rules

import (
	"bytes"
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// withInputs returns statements with a hole for each part of a condition's value that an input of the code leaves empty, and with the
// default of each input in which a wildcard stands. A module has an empty default where its callers are to give a value: what would be
// so of a role without one is true of no role. A template that is open by default is open wherever nobody thought of it; when says
// which inputs that takes.
func withInputs(statements []*policy.Statement) (filled []*policy.Statement, when []string) {
	filled = statements
	change := func(i int) *policy.Statement {
		if &filled[0] == &statements[0] {
			filled = slices.Clone(statements)
		}
		if filled[i] == statements[i] {
			changed := *statements[i]
			changed.Principals = slices.Clone(changed.Principals)
			changed.Conditions = slices.Clone(changed.Conditions)
			filled[i] = &changed
		}
		return filled[i]
	}
	for i, s := range statements {
		for j, pr := range s.Principals {
			if id, inputs := withDefaults(pr.ID); inputs != nil {
				change(i).Principals[j].ID, when = id, append(when, inputs...)
			}
		}
		for j := range s.Conditions {
			for k, v := range s.Conditions[j].Values {
				value, changed := withInput(s, v)
				if w, inputs := withDefaults(v); inputs != nil {
					value, changed, when = w, true, append(when, inputs...)
				}
				if !changed {
					continue
				}
				c := &change(i).Conditions[j]
				if &c.Values[0] == &s.Conditions[j].Values[0] {
					c.Values = slices.Clone(c.Values)
				}
				c.Values[k] = value
			}
		}
	}
	slices.Sort(when)
	return filled, slices.Compact(when)
}

// withDefaults returns t with the defaults with a wildcard in place of their inputs, which it names.
func withDefaults(t policy.Text) (policy.Text, []string) {
	var inputs []string
	parts := t.Parts
	for i, p := range t.Parts {
		if h := p.Hole; h == nil || h.Default == nil || h.Choices != nil || !strings.Contains(*h.Default, "*") {
			continue
		}
		if inputs == nil {
			parts = slices.Clone(parts)
		}
		inputs = append(inputs, p.Hole.Expr)
		parts[i] = policy.Literal(*p.Hole.Default, p.Span)
	}
	return policy.Text{Parts: parts, Span: t.Span, Via: t.Via}, inputs
}

// haveDefaults says of inputs that they have their defaults.
func haveDefaults(inputs []string) string {
	if len(inputs) == 1 {
		return inputs[0] + " has its default"
	}
	return list(inputs) + " have their defaults"
}

// withInput returns v, a value of a condition of s, with holes for what an input leaves empty in it; false where none does.
func withInput(s *policy.Statement, v policy.Text) (policy.Text, bool) {
	last := len(v.Parts) - 1
	if last < 0 || v.Unknown() != nil || v.Span.IsZero() {
		return v, false
	}
	hole := func(expr string, span source.Span) policy.Part {
		return policy.HolePart(&policy.Hole{Expr: expr}, span)
	}
	if v.Is("") {
		if s.Span.Contains(v.Span) && !interpolated(v.Span) {
			return v, false
		}
		expr := "input"
		for _, via := range v.Via {
			if text := via.Text(); s.Span.Contains(via) && len(text) < 64 && !strings.ContainsAny(text, " \n\"") {
				expr = text
			}
		}
		return policy.Text{Parts: []policy.Part{hole(expr, v.Span)}, Span: v.Span, Via: v.Via}, true
	}
	var parts []policy.Part
	add := func(at source.Span) bool {
		parts = append(parts, hole(strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(at.Text(), "${"), "}")), at))
		return true
	}
	found := false
	for i, p := range v.Parts {
		if p.Hole != nil || p.Span.IsZero() {
			parts = append(parts, p)
			continue
		}
		src := p.Span.File.Src
		if i == 0 && p.Span.Start > 0 && src[p.Span.Start-1] == '}' {
			if start := bytes.LastIndex(src[:p.Span.Start], []byte("${")); start >= 0 && !bytes.ContainsAny(src[start:p.Span.Start], "\n\"") {
				found = add(source.Span{File: p.Span.File, Start: start, End: p.Span.Start})
			}
		}
		parts = append(parts, p)
		rest := src[p.Span.End:]
		end := bytes.IndexByte(rest, '}')
		if end < 0 || !bytes.HasPrefix(rest, []byte("${")) || bytes.ContainsAny(rest[:end], "\n\"") {
			continue
		}
		gap := source.Span{File: p.Span.File, Start: p.Span.End, End: p.Span.End + end + 1}
		if i == last || v.Parts[i+1].Hole == nil && v.Parts[i+1].Span.File == p.Span.File && v.Parts[i+1].Span.Start == gap.End {
			found = add(gap)
		}
	}
	return policy.Text{Parts: parts, Span: v.Span, Via: v.Via}, found
}

// interpolated reports whether the empty string at span is what ${…} is there.
func interpolated(span source.Span) bool {
	return strings.Contains(span.Text(), "${") || span.Start == span.End && span.Start > 0 && span.File.Src[span.Start-1] == '}'
}
