package rules

import (
	"bytes"
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// withInputs returns statements with a hole for each part of a condition's value that an input of the code leaves empty, and with the
// default of each input that makes a pattern of the value. A module has an empty default where its callers are to give a value: what
// would be so of a role without one is true of no role. A template that is open by default is open wherever nobody thought of it; when
// says which inputs that takes.
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
				changed := &change(i).Principals[j]
				changed.ID, when = id, append(when, inputs...)
				changed.Issuer = policy.IssuerOf(changed)
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

// withDefaults returns t with the defaults that hold a wildcard, or leave the one beside them alone, in place of their inputs, which it
// names.
func withDefaults(t policy.Text) (policy.Text, []string) {
	var inputs []string
	parts := t.Parts
	for i, p := range t.Parts {
		h := p.Hole
		if h == nil || h.Default == nil || h.Choices != nil ||
			!strings.Contains(*h.Default, "*") && (*h.Default != "" || !besideWildcard(t.Parts, i, i)) {
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

// besideWildcard reports whether the literal before part i or the one after part j has a wildcard at that end.
func besideWildcard(parts []policy.Part, i, j int) bool {
	before, after := "", ""
	if i > 0 {
		before = parts[i-1].Literal
	}
	if j+1 < len(parts) {
		after = parts[j+1].Literal
	}
	return before != "" && wild(before[len(before)-1:]) || after != "" && wild(after[:1])
}

// haveDefaults says of inputs that they have their defaults.
func haveDefaults(inputs []string) string {
	if len(inputs) == 1 {
		return inputs[0] + " has its default"
	}
	return list(inputs) + " have their defaults"
}

// withInput returns v, a value of a condition of s, with holes for what an input leaves empty in it; false where none does. What is
// empty beside a wildcard stays so: whatever it may be, by default the value lets in all that the wildcard matches.
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
			start := bytes.LastIndex(src[:p.Span.Start], []byte("${"))
			if start >= 0 && !bytes.ContainsAny(src[start:p.Span.Start], "\n\"") && !besideWildcard(v.Parts, i, i-1) {
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
		if besideWildcard(v.Parts, i+1, i) {
			continue
		}
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

// withoutInput lowers to notes what is so of a role only when somebody gives an input that has no default an empty value or null, though
// the role takes another value too: so does nobody who wants the role. A role that is there only without the input is another matter,
// and so are an attribute of an input, which may be optional, and what holds only together with something else: then the input may be
// empty by default. each[i] are the findings of docs[i].
func withoutInput(docs []*policy.Document, each [][]Finding) {
	taken := map[roleKey]bool{} // roles that take a value
	for _, d := range docs {
		if !holdsWhenEmpty(d.When) {
			taken[roleOf(d)] = true
		}
	}
	for i, findings := range each {
		for j := range findings {
			if f := &findings[j]; holdsWhenEmpty(f.When) && taken[roleOf(docs[i])] {
				f.Level, f.Severity = min(f.Level, Note), min(f.Severity, noteSeverity)
			}
		}
	}
}

// holdsWhenEmpty reports whether when is a condition that holds only when inputs are empty or null.
func holdsWhenEmpty(when string) bool { return when != "" && emptyInputs().MatchString(when) }

// emptyInputs matches such a condition: var.name == "" is true. Nothing else may be in it: expressions hold what their author likes.
var emptyInputs = lazily(strings.ReplaceAll(`^EMPTY(?:(?: and | or )EMPTY)*$`, "EMPTY",
	`var\.[\w-]+ (?:(?:is empty|== null|== "") is true|(?:!= null|!= "") is false)`))
