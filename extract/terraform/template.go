package terraform

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// templateExpr joins the parts of a template to one string. A part that is not known becomes a hole in it.
func (s *scope) templateExpr(x *hclsyntax.TemplateExpr) *value {
	span := s.span(x.SrcRange)
	if len(x.Parts) == 1 {
		if lit, ok := x.Parts[0].(*hclsyntax.LiteralValueExpr); ok && lit.Val.Type() == cty.String {
			return s.literalValue(lit)
		}
	}
	t := stringBuilder{e: s.e}
	for _, part := range x.Parts {
		v := s.eval(part)
		if err := t.add(v, s.span(part.Range())); err != nil {
			return err
		}
	}
	return t.value(span)
}

// templateJoin joins what a %{for} directive yields.
func (s *scope) templateJoin(x *hclsyntax.TemplateJoinExpr) *value {
	span := s.span(x.Tuple.Range())
	tuple := s.eval(x.Tuple)
	if tuple.kind != listKind {
		return tuple
	}
	t := stringBuilder{e: s.e}
	for _, el := range tuple.elems {
		if el.many {
			// Any number of copies of this text: what they are together is not known.
			u := unknown("for "+describe(el), cty.String, span)
			u.hole.Many = true
			el = u
		}
		if err := t.add(el, span); err != nil {
			return err
		}
	}
	return t.value(span)
}

// A stringBuilder joins values to a string.
type stringBuilder struct {
	e     *evaluator
	parts []policy.Part
	via   []source.Span
	size  int
	first *value // when it is the only one
	count int
}

// add appends v, which is written at span.
func (b *stringBuilder) add(v *value, span source.Span) (err *value) {
	if v.kind == failedKind {
		return v
	}
	if v.kind == nullKind {
		if v.hole == nil {
			return failed(span, "null in a string")
		}
		v = unknown(v.hole.Expr, cty.String, span)
	}
	parts, ok := v.asParts()
	if !ok {
		return failed(span, article(v)+" in a string")
	}
	for _, p := range parts {
		if v.kind == unknownKind && !span.IsZero() {
			p.Span = span
		}
		b.parts = append(b.parts, p)
		b.size += len(p.Literal)
	}
	if !b.e.spend(len(parts)) || !b.e.spendBytes(b.size-len(b.parts)+len(parts)) {
		return failed(span, b.e.spent)
	}
	b.count++
	b.first = v
	b.via = (&value{via: b.via}).through(v.via...).via
	return nil
}

func (b *stringBuilder) value(span source.Span) *value {
	if b.count == 1 && b.first.kind == stringKind {
		return b.first
	}
	if len(b.parts) == 0 {
		return text("", span)
	}
	v := stringOf(b.parts, span)
	v.via = b.via
	return v
}

// renderTemplate evaluates the text of a template with the given variables, which are all that it sees.
func (s *scope) renderTemplate(tmpl *value, vars []member, span source.Span) *value {
	l := s.e.l
	for _, p := range tmpl.parts {
		if p.Hole != nil {
			return unknown("template "+describe(tmpl), cty.String, span)
		}
	}
	var name string
	var src []byte
	if f := wholeFile(tmpl); f != nil {
		name, src = f.Name, f.Src
		if l.origin(name) == nil {
			l.addOrigin(name, &origin{src: src, file: f})
		}
	} else {
		name, src = l.addText(tmpl.parts)
	}
	if !s.e.spend(len(src)/16) || nestsTooDeep(src) {
		return limited(span, "a template that is too large or too deep")
	}
	expr, diags := hclsyntax.ParseTemplate(src, name, hcl.InitialPos)
	if diags.HasErrors() {
		reason := "syntax error in a template"
		for _, d := range diags {
			if d.Severity == hcl.DiagError {
				reason += ": " + lowerFirst(d.Summary)
				break
			}
		}
		return failed(span, reason)
	}
	inner := &scope{e: s.e, inst: s.inst, closed: true, template: map[string]*value{}}
	for _, m := range vars {
		if name, ok := m.key.literal(); ok {
			inner.template[name] = m.val
		}
	}
	v := inner.eval(expr)
	if v.kind == failedKind {
		return v
	}
	return v.asString().through(span)
}

// wholeFile returns the file that v is the whole content of, nil when it is none.
func wholeFile(v *value) *source.File {
	if v.kind != stringKind || len(v.parts) != 1 {
		return nil
	}
	span := v.parts[0].Span
	if f := span.File; f != nil && span.Start == 0 && span.End == len(f.Src) && v.parts[0].Literal == string(f.Src) {
		return f
	}
	return nil
}

// file returns the content of the file of that name, relative to the root module's directory.
func (s *scope) file(name string, span source.Span) (*source.File, *value) {
	clean, err := s.e.path(name)
	if err == nil {
		var f *source.File
		if f, err = s.e.l.tree.File(clean); err == nil {
			if !s.e.spend(len(f.Src) / 16) {
				s.e.l.tree.Drop(f) // files that are too much for one role each are not kept
				return nil, failed(span, s.e.spent)
			}
			return f, nil
		}
	}
	reason := fmt.Sprintf("file %q cannot be read: %s", name, fileError(err))
	s.e.fileProblem(span, err, reason)
	f := failed(span, reason)
	f.edit().unread = true
	return nil, f
}
