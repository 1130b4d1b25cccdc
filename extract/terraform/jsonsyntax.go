package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// A jsonReader turns the JSON form of the language into the syntax tree of the native one, so that nothing else needs to
// know of it. https://developer.hashicorp.com/terraform/language/syntax/json
type jsonReader struct {
	l *loader
	f *source.File
}

// jsonBlocks returns the top-level blocks of a .tf.json file.
func (l *loader) jsonBlocks(f *source.File) []*block {
	doc, err := policy.ParseJSON(policy.String(string(f.Src), source.Span{File: f, Start: 0, End: len(f.Src)}))
	if err != nil {
		l.problem(source.Problem{Span: err.Span, Message: "syntax error: " + err.Message, Unreadable: true})
		return nil
	}
	r := jsonReader{l, f}
	var blocks []*block
	for _, m := range jsonMembers(doc) {
		typ, _ := m.Key.Literal()
		labels := 0
		switch typ {
		case "resource", "data", "ephemeral":
			labels = 2
		case "module", "variable", "output", "provider", "check":
			labels = 1
		case "locals", "terraform", "import", "removed", "moved":
		default:
			continue // "//" is a comment
		}
		blocks = r.blocks(blocks, typ, nil, labels, m)
	}
	return blocks
}

// jsonMembers returns the members of an object, or of all objects in an array.
func jsonMembers(v *policy.Value) []policy.Member {
	switch v.Kind {
	case policy.Object:
		return v.Members
	case policy.Array:
		var all []policy.Member
		for _, e := range v.Elements {
			if e.Kind == policy.Object {
				all = append(all, e.Members...)
			}
		}
		return all
	}
	return nil
}

// blocks appends the blocks of type typ that m holds, which needs that many more labels.
func (r jsonReader) blocks(blocks []*block, typ string, labels []string, more int, m policy.Member) []*block {
	if more > 0 {
		for _, inner := range jsonMembers(m.Value) {
			label, _ := inner.Key.Literal()
			if label == "//" {
				continue
			}
			blocks = r.blocks(blocks, typ, append(labels[:len(labels):len(labels)], label), more-1, inner)
		}
		return blocks
	}
	bodies := []*policy.Value{m.Value}
	if m.Value.Kind == policy.Array {
		bodies = m.Value.Elements
	}
	for _, v := range bodies {
		if v.Kind != policy.Object {
			continue
		}
		rng := blockRange{start: m.Key.Span.Start, header: m.Key.Span.End, end: v.Span.End}
		rng.end = max(rng.end, rng.header)
		blocks = append(blocks, &block{blockHead: blockHead{typ, labels, rng}, file: r.f, body: r.body(typ, v)})
	}
	return blocks
}

// nestedBlocks are the nested blocks that the evaluator asks for; everything else that is an object stays a value.
var nestedBlocks = map[string]bool{
	"statement": true, "principals": true, "not_principals": true, "condition": true, "inline_policy": true,
	"content": true, "lifecycle": true, "assume_role": true, "assume_role_with_web_identity": true, "backend": true, "cloud": true,
}

func (r jsonReader) body(typ string, v *policy.Value) *hclsyntax.Body {
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: r.rng(v.Span), EndRange: r.rng(v.Span)}
	for _, m := range v.Members {
		name, ok := m.Key.Literal()
		switch {
		case !ok || name == "//":
		case name == "dynamic":
			for _, d := range jsonMembers(m.Value) {
				label, _ := d.Key.Literal()
				r.nested(body, "dynamic", []string{label}, d)
			}
		case nestedBlocks[name]:
			r.nested(body, name, nil, m)
		default:
			expr := r.expression(m.Value)
			if m.Value.Kind == policy.StringKind && (name == "type" && typ == "variable" || name == "iterator" && typ == "dynamic") {
				expr = r.rawExpression(m.Value)
			}
			body.Attributes[name] = &hclsyntax.Attribute{
				Name: name, Expr: expr,
				NameRange: r.rng(m.Key.Span), SrcRange: hcl.RangeBetween(r.rng(m.Key.Span), r.rng(m.Value.Span)),
			}
		}
	}
	return body
}

func (r jsonReader) nested(body *hclsyntax.Body, typ string, labels []string, m policy.Member) {
	values := []*policy.Value{m.Value}
	if m.Value.Kind == policy.Array {
		values = m.Value.Elements
	}
	for _, v := range values {
		if v.Kind != policy.Object {
			continue
		}
		key, end := r.rng(m.Key.Span), r.rng(v.Span)
		body.Blocks = append(body.Blocks, &hclsyntax.Block{
			Type: typ, Labels: labels, Body: r.body(typ, v),
			TypeRange: key, OpenBraceRange: key, CloseBraceRange: hcl.Range{Filename: end.Filename, Start: end.End, End: end.End},
		})
	}
}

func (r jsonReader) rng(span source.Span) hcl.Range {
	return hcl.Range{Filename: r.f.Name, Start: hcl.Pos{Byte: span.Start}, End: hcl.Pos{Byte: span.End}}
}

// expression returns v as an expression: its strings are templates.
func (r jsonReader) expression(v *policy.Value) hclsyntax.Expression {
	rng := r.rng(v.Span)
	switch v.Kind {
	case policy.StringKind:
		return r.template(v.Text)
	case policy.Bool:
		return &hclsyntax.LiteralValueExpr{Val: cty.BoolVal(v.Text.Is("true")), SrcRange: rng}
	case policy.Number:
		s, _ := v.Text.Literal()
		if n, err := parseNumber(s); err == nil {
			return &hclsyntax.LiteralValueExpr{Val: n, SrcRange: rng}
		}
	case policy.Null:
		return &hclsyntax.LiteralValueExpr{Val: cty.NullVal(cty.DynamicPseudoType), SrcRange: rng}
	case policy.Array:
		t := &hclsyntax.TupleConsExpr{SrcRange: rng, OpenRange: rng}
		for _, e := range v.Elements {
			t.Exprs = append(t.Exprs, r.expression(e))
		}
		return t
	case policy.Object:
		o := &hclsyntax.ObjectConsExpr{SrcRange: rng, OpenRange: rng}
		for _, m := range v.Members {
			key := &hclsyntax.ObjectConsKeyExpr{Wrapped: r.template(m.Key), ForceNonLiteral: true}
			o.Items = append(o.Items, hclsyntax.ObjectConsItem{KeyExpr: key, ValueExpr: r.expression(m.Value)})
		}
		return o
	}
	return &hclsyntax.ExprSyntaxError{SrcRange: rng}
}

// template returns the string t as a template. What is no template keeps its place in the file without further ado.
func (r jsonReader) template(t policy.Text) hclsyntax.Expression {
	s, _ := t.Literal()
	if s == "" {
		return &hclsyntax.LiteralValueExpr{Val: cty.StringVal(""), SrcRange: r.rng(t.Span)}
	}
	name, src := r.l.addText(t.Parts)
	if !strings.Contains(s, "${") && !strings.Contains(s, "%{") {
		rng := hcl.Range{Filename: name, End: hcl.Pos{Byte: len(src)}}
		return &hclsyntax.LiteralValueExpr{Val: cty.StringVal(s), SrcRange: rng}
	}
	expr, diags := hclsyntax.ParseTemplate(src, name, hcl.InitialPos)
	if diags.HasErrors() {
		return &hclsyntax.ExprSyntaxError{SrcRange: r.rng(t.Span)}
	}
	return expr
}

func (r jsonReader) rawExpression(v *policy.Value) hclsyntax.Expression {
	name, src := r.l.addText(v.Text.Parts)
	expr, diags := hclsyntax.ParseExpression(src, name, hcl.InitialPos)
	if diags.HasErrors() {
		return &hclsyntax.ExprSyntaxError{SrcRange: r.rng(v.Span)}
	}
	return expr
}
