package terraform

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// A scope is where names in an expression are looked up: iterators first, then what the module declares.
type scope struct {
	e      *evaluator
	inst   *instance
	parent *scope
	name   string // of the one variable that this scope adds
	val    *value
	anon   *hclsyntax.AnonSymbolExpr // the element of a splat, instead of name
	// closed: a template's scope, which sees nothing but its own variables.
	closed   bool
	template map[string]*value
	grunt    *gruntFile // of a closed scope: the Terragrunt file whose functions it sees
}

func (s *scope) with(name string, val *value) *scope {
	return &scope{e: s.e, inst: s.inst, parent: s, name: name, val: val}
}

// variable returns the iterator or template variable of that name.
func (s *scope) variable(name string) (v *value, closed bool) {
	for ; s != nil; s = s.parent {
		if s.name == name && s.val != nil && s.anon == nil {
			return s.val, false
		}
		if s.closed {
			return s.template[name], true
		}
	}
	return nil, false
}

// terragrunt returns the Terragrunt file that s belongs to, nil when it does not.
func (s *scope) terragrunt() *gruntFile {
	for ; s != nil; s = s.parent {
		if s.grunt != nil {
			return s.grunt
		}
	}
	return nil
}

func (s *scope) span(rng hcl.Range) source.Span { return s.e.l.span(rng) }

// eval returns the value of expr. It never returns nil.
func (s *scope) eval(expr hclsyntax.Expression) *value {
	e := s.e
	if err := s.enter(expr); err != nil {
		return err
	}
	defer e.leave()
	keep := s.parent == nil && !s.closed && compound(expr)
	key := fixedKey{s.inst, expr}
	if keep {
		if v := e.fixed[key]; v != nil {
			return v
		}
	}
	before := e.consulted
	v := e.exceed(s.evalNode(expr).weigh())
	if keep && e.consulted == before && e.spent == "" {
		e.fixed[key] = v
	}
	return v
}

// enter counts the evaluation of expr, which ends with leave. It returns a failure where a budget is used up.
func (s *scope) enter(expr hclsyntax.Expression) *value {
	e := s.e
	if !e.spend(1) {
		return failed(s.span(expr.Range()), e.spent)
	}
	if e.depth >= maxDepth {
		return e.exceed(limited(s.span(expr.Range()), fmt.Sprintf("expressions are nested more than %d deep", maxDepth)))
	}
	e.depth++
	return nil
}

func (e *evaluator) leave() { e.depth-- }

// compound reports whether expr may be large: what one of them makes is kept for when it is evaluated again.
func compound(expr hclsyntax.Expression) bool {
	switch expr.(type) {
	case *hclsyntax.ObjectConsExpr, *hclsyntax.FunctionCallExpr, *hclsyntax.ForExpr:
		return true
	}
	return false
}

func (s *scope) evalNode(expr hclsyntax.Expression) *value {
	switch x := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		return s.literalValue(x)
	case *hclsyntax.TemplateExpr:
		return s.templateExpr(x)
	case *hclsyntax.TemplateWrapExpr:
		return s.eval(x.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		return s.templateJoin(x)
	case *hclsyntax.ScopeTraversalExpr:
		return s.traversal(x.Traversal, false, s.span(x.SrcRange))
	case *hclsyntax.RelativeTraversalExpr:
		return s.steps(s.evalFor(x.Source, stepName(x.Traversal[0])), x.Traversal, s.span(x.SrcRange))
	case *hclsyntax.IndexExpr:
		v := s.index(s.collection(x.Collection), s.eval(x.Key), s.span(x.SrcRange))
		if s.e.picking {
			s.e.take(v.more().chosen...)
		}
		return v
	case *hclsyntax.SplatExpr:
		return s.splat(x)
	case *hclsyntax.AnonSymbolExpr:
		for t := s; t != nil; t = t.parent {
			if t.anon == x {
				return t.val
			}
		}
		return failed(s.span(x.SrcRange), "a splat element outside its splat")
	case *hclsyntax.ConditionalExpr:
		return s.conditional(x)
	case *hclsyntax.BinaryOpExpr:
		return s.binary(x)
	case *hclsyntax.UnaryOpExpr:
		return s.unary(x)
	case *hclsyntax.TupleConsExpr:
		elems := make([]*value, len(x.Exprs))
		for i, el := range x.Exprs {
			elems[i] = s.eval(el)
		}
		return &value{kind: listKind, elems: elems, typing: structural, span: s.span(x.SrcRange)}
	case *hclsyntax.ObjectConsExpr:
		return s.objectCons(x)
	case *hclsyntax.ObjectConsKeyExpr:
		return s.objectKey(x)
	case *hclsyntax.ForExpr:
		return s.forExpr(x)
	case *hclsyntax.FunctionCallExpr:
		return s.call(x)
	case *hclsyntax.ParenthesesExpr:
		return s.eval(x.Expression)
	}
	return failed(s.span(expr.Range()), "syntax error")
}

// collection evaluates an expression of which an element is selected.
func (s *scope) collection(expr hclsyntax.Expression) *value {
	if t, ok := expr.(*hclsyntax.ScopeTraversalExpr); ok && s.e.spend(1) {
		return s.traversal(t.Traversal, true, s.span(t.SrcRange))
	}
	return s.eval(expr)
}

func (s *scope) literalValue(x *hclsyntax.LiteralValueExpr) *value {
	span := s.span(x.SrcRange)
	switch v := x.Val; {
	case v.IsNull():
		return null(span)
	case v.Type() == cty.String:
		return stringOf(s.e.l.literal(v.AsString(), x.SrcRange), span)
	case !v.IsKnown():
		return limited(span, "a number that is too large or too small")
	case v.Type() == cty.Number:
		n := number(v.AsBigFloat(), span)
		if n.kind == failedKind {
			return n
		}
		n.parts = []policy.Part{policy.Literal(n.primitive(), span)}
		return n
	case v.Type() == cty.Bool:
		b := boolean(v.True(), span)
		b.parts = []policy.Part{policy.Literal(b.primitive(), span)}
		return b
	}
	return failed(span, "syntax error")
}
