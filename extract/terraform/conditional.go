package terraform

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// decide returns the truth of a condition. Where the code does not decide it, the run does (see choices).
func (s *scope) decide(cond *value) (truth bool, err *value) {
	switch b := toBool(cond); b.kind {
	case boolKind:
		return b.truth, nil
	case unknownKind:
		a := about(b, true)
		return s.e.choose(a.cond) == a.truth, nil
	case failedKind:
		return false, b
	default:
		if b.kind == nullKind && b.hole != nil {
			return s.e.choose(b.hole.Expr), nil
		}
		return false, failed(cond.span, "a condition is "+article(b))
	}
}

func (s *scope) conditional(x *hclsyntax.ConditionalExpr) *value {
	cond := s.eval(x.Condition)
	b := toBool(cond)
	if b.kind == unknownKind && s.e.picking {
		return s.pickBranch(x, b)
	}
	truth, err := s.decide(cond)
	if err != nil {
		return err
	}
	chosen, other := x.TrueResult, x.FalseResult
	if !truth {
		chosen, other = other, chosen
	}
	return s.unify(s.eval(chosen), other)
}

// unify converts the chosen branch of a conditional to the type that it has in common with the other one.
func (s *scope) unify(v *value, other hclsyntax.Expression) *value {
	switch v.kind {
	case boolKind, numberKind, listKind, objectKind:
	default:
		return v // nothing converts a string
	}
	if !s.e.spend(v.weight() / 8) {
		return failed(v.span, s.e.spent)
	}
	t, whole := typeOf(v)
	o, _ := typeOf(s.peek(other))
	if common, _ := convert.UnifyUnsafe([]cty.Type{t, o}); whole && common != cty.NilType && !common.HasDynamicTypes() {
		if common.Equals(t) {
			return v
		}
		if c := s.e.convert(v, constraint{typ: common}); c.kind != failedKind {
			return c
		}
	}
	if v.kind == listKind && !v.set && o.IsSetType() {
		return s.e.toSet(v)
	}
	if v.typing == structural {
		c := *v
		c.typing = untracked // the other branch may make a list of a tuple
		return &c
	}
	return v
}

// peek evaluates expr for its type alone, which depends on no choice.
func (s *scope) peek(expr hclsyntax.Expression) *value {
	consulted := s.e.consulted
	v, _, _ := s.pick(expr)
	s.e.consulted = consulted
	return v
}
