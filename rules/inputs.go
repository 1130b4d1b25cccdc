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
// the role has other policies with another value: so does nobody who wants the role. An attribute of an input may be optional, and is
// another matter. each[i] are the findings of docs[i].
func withoutInput(docs []*policy.Document, each [][]Finding) {
	if !slices.ContainsFunc(docs, func(d *policy.Document) bool { return d.When != "" }) {
		return
	}
	always := map[roleKey][]string{} // what holds of every policy of a role: it is there only without the input
	for _, d := range docs {
		role, held := roleOf(d), emptyInEvery(d.When)
		if before, more := always[role]; more {
			held = slices.DeleteFunc(held, func(c string) bool { return !slices.Contains(before, c) })
		}
		always[role] = held
	}
	for i, d := range docs {
		if d.When == "" || d.Dormant {
			continue
		}
		for j := range each[i] {
			if f := &each[i][j]; onlyWithoutInput(f.When, always[roleOf(d)]) {
				f.Level, f.Severity = min(f.Level, Note), min(f.Severity, noteSeverity)
			}
		}
	}
}

// onlyWithoutInput reports whether in each way in which when holds an input is empty beside those that always are.
func onlyWithoutInput(when string, always []string) bool {
	ways := waysOf(when)
	for _, way := range ways {
		if !slices.ContainsFunc(way, func(clause string) bool { return isEmptyInput(clause) && !slices.Contains(always, clause) }) {
			return false
		}
	}
	return len(ways) > 0
}

// emptyInEvery returns the clauses of each way in which when holds that say that an input is empty.
func emptyInEvery(when string) []string {
	ways := waysOf(when)
	if len(ways) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(ways[0]), func(c string) bool {
		return !isEmptyInput(c) || slices.ContainsFunc(ways[1:], func(way []string) bool { return !slices.Contains(way, c) })
	})
}

// isEmptyInput reports whether a clause of a condition says that an input is empty or null: var.name == "" is true.
func isEmptyInput(clause string) bool {
	return strings.HasPrefix(clause, "var.") && emptyClause().MatchString(clause)
}

var emptyClause = lazily(`^var\.[\w-]+ (?:(?:is empty|== null|== "") is true|(?:!= null|!= "") is false)$`)

// waysOf takes a condition apart: the ways in which it holds, and the clauses of each. It holds expressions, in which their author may
// write what looks like a clause: nil where it has other quotes than those of plain strings, or comments.
func waysOf(when string) [][]string {
	for _, s := range [...]string{"${", "%{", "#", "//", "/*", "<<"} {
		if strings.Contains(when, s) {
			return nil
		}
	}
	var ways [][]string
	var clauses []string
	start, quoted := 0, false
	for i := 0; i < len(when); i++ {
		switch rest := when[i:]; {
		case rest[0] == '\\' && quoted:
			i++
		case rest[0] == '"':
			quoted = !quoted
		case quoted:
		case strings.HasPrefix(rest, " and "):
			clauses = append(clauses, when[start:i])
			start = i + len(" and ")
		case strings.HasPrefix(rest, " or "):
			ways, clauses = append(ways, append(clauses, when[start:i])), nil
			start = i + len(" or ")
		}
	}
	if quoted {
		return nil
	}
	return append(ways, append(clauses, when[start:]))
}
