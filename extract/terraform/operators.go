package terraform

import (
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// A tristate is the truth of what the code may not decide.
type tristate int8

const (
	maybe tristate = iota
	yes
	no
)

func tristateOf(b bool) tristate {
	if b {
		return yes
	}
	return no
}

func (t tristate) not() tristate {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return maybe
}

// value returns t as a value; expr says what it is when it is not decided.
func (t tristate) value(expr string, span source.Span) *value {
	if t == maybe {
		return unknown(expr, cty.Bool, span)
	}
	return boolean(t == yes, span)
}

// toBool converts v to a boolean as Terraform does: "true" and "false" convert.
func toBool(v *value) *value {
	switch v.kind {
	case stringKind:
		if s, ok := v.literal(); ok {
			switch s {
			case "true", "1":
				return boolean(true, v.span)
			case "false", "0":
				return boolean(false, v.span)
			}
			return failed(v.span, "a bool is needed here, not a string")
		}
		return unknown(describe(v), cty.Bool, v.span)
	case boolKind, failedKind, unknownKind, nullKind:
		return v
	}
	return failed(v.span, "a bool is needed here, not "+article(v))
}

// toNumber converts v to a number as Terraform does.
func toNumber(v *value) *value {
	switch v.kind {
	case stringKind:
		if s, ok := v.literal(); ok {
			if len(s) > maxDigits {
				return limited(v.span, "a number of too many digits")
			}
			n, err := parseNumber(s)
			if err != nil {
				return failed(v.span, "a number is needed here, not a string")
			}
			out := number(n.AsBigFloat(), v.span)
			out.parts = v.parts
			return out
		}
		return unknown(describe(v), cty.Number, v.span)
	case numberKind, failedKind, unknownKind:
		return v
	case nullKind:
		if v.hole != nil {
			return unknown(v.hole.Expr, cty.Number, v.span)
		}
		return failed(v.span, "a number is needed here, not null")
	}
	return failed(v.span, "a number is needed here, not "+article(v))
}

func (s *scope) unary(x *hclsyntax.UnaryOpExpr) *value {
	span := s.span(x.SrcRange)
	v := s.eval(x.Val)
	if x.Op == hclsyntax.OpLogicalNot {
		switch b := toBool(v); b.kind {
		case boolKind:
			return boolean(!b.truth, span)
		case failedKind:
			return b
		default:
			if b.more().contrary != "" {
				return unknown(b.more().contrary, cty.Bool, span)
			}
			u := unknown("!"+operand(b), cty.Bool, span)
			u.edit().contrary = b.hole.Expr
			return u
		}
	}
	switch n := toNumber(v); n.kind {
	case numberKind:
		return number(new(big.Float).Neg(n.num), span)
	case failedKind:
		return n
	default:
		return unknown("-"+operand(n), cty.Number, span)
	}
}

// operand describes v so that it may stand beside an operator.
func operand(v *value) string {
	d := describe(v)
	if v.kind == unknownKind && strings.Contains(d, " ") {
		return "(" + d + ")"
	}
	return d
}

func (s *scope) binary(x *hclsyntax.BinaryOpExpr) *value {
	span := s.span(x.SrcRange)
	l := s.eval(x.LHS)
	switch x.Op {
	case hclsyntax.OpLogicalAnd, hclsyntax.OpLogicalOr:
		return s.logical(x, l, span)
	}
	r := s.eval(x.RHS)
	if l.kind == failedKind {
		return l
	}
	if r.kind == failedKind {
		return r
	}
	if !s.e.spend((l.weight() + r.weight()) / 8) {
		return failed(span, s.e.spent)
	}
	symbol := operatorSymbol(x.Op)
	expr := operand(l) + " " + symbol + " " + operand(r)
	switch x.Op {
	case hclsyntax.OpEqual:
		t := equal(l, r)
		if t == maybe {
			return unknown(s.e.comparison(l, r), cty.Bool, span)
		}
		return t.value(expr, span)
	case hclsyntax.OpNotEqual:
		t := equal(l, r)
		if t == maybe {
			u := unknown(expr, cty.Bool, span)
			u.edit().contrary = s.e.comparison(l, r)
			return u
		}
		return t.not().value(expr, span)
	}
	a, b := toNumber(l), toNumber(r)
	if a.kind == failedKind {
		return a
	}
	if b.kind == failedKind {
		return b
	}
	comparison := x.Op.Type == cty.Bool
	if a.kind != numberKind || b.kind != numberKind {
		if comparison {
			return unknown(expr, cty.Bool, span)
		}
		return unknown(expr, cty.Number, span)
	}
	c := a.num.Cmp(b.num)
	switch x.Op {
	case hclsyntax.OpGreaterThan:
		return boolean(c > 0, span)
	case hclsyntax.OpGreaterThanOrEqual:
		return boolean(c >= 0, span)
	case hclsyntax.OpLessThan:
		return boolean(c < 0, span)
	case hclsyntax.OpLessThanOrEqual:
		return boolean(c <= 0, span)
	}
	return arithmetic(x.Op, a.num, b.num, span)
}

// comparison returns the condition that l equals r, which the code does not decide.
func (e *evaluator) comparison(l, r *value) string {
	if primitiveKind(l.kind) {
		if _, known := l.literal(); known {
			l, r = r, l
		}
	}
	if primitiveKind(r.kind) {
		if _, known := r.literal(); known {
			return e.equals(l, r)
		}
	}
	return operand(l) + " == " + operand(r)
}

// equals returns the condition that v, which the code does not decide, equals literal. What is the same around a hole of v is
// left out: "${var.env}-admin" is "dev-admin" where var.env is "dev".
func (e *evaluator) equals(v, literal *value) string {
	holes := 0
	for _, p := range v.parts {
		if p.Hole != nil {
			holes++
		}
	}
	if full, ok := literal.literal(); ok && v.kind == stringKind && holes == 1 {
		i := slices.IndexFunc(v.parts, func(p policy.Part) bool { return p.Hole != nil })
		before, _ := stringOf(v.parts[:i], v.span).literal()
		after, _ := stringOf(v.parts[i+1:], v.span).literal()
		rest, starts := strings.CutPrefix(full, before)
		rest, ends := strings.CutSuffix(rest, after)
		if starts && ends {
			hole := &value{kind: unknownKind, hole: v.parts[i].Hole, span: v.span}
			return e.equality(operand(hole), describe(text(rest, v.span)))
		}
	}
	return e.equality(operand(v), describe(literal))
}

func operatorSymbol(op *hclsyntax.Operation) string {
	switch op {
	case hclsyntax.OpEqual:
		return "=="
	case hclsyntax.OpNotEqual:
		return "!="
	case hclsyntax.OpGreaterThan:
		return ">"
	case hclsyntax.OpGreaterThanOrEqual:
		return ">="
	case hclsyntax.OpLessThan:
		return "<"
	case hclsyntax.OpLessThanOrEqual:
		return "<="
	case hclsyntax.OpAdd:
		return "+"
	case hclsyntax.OpSubtract:
		return "-"
	case hclsyntax.OpMultiply:
		return "*"
	case hclsyntax.OpDivide:
		return "/"
	}
	return "%"
}

func arithmetic(op *hclsyntax.Operation, a, b *big.Float, span source.Span) *value {
	x, y := cty.NumberVal(a), cty.NumberVal(b)
	if op == hclsyntax.OpDivide && b.Sign() == 0 {
		return failed(span, "division by zero")
	}
	if a.IsInf() || b.IsInf() {
		return failed(span, "arithmetic on infinity")
	}
	var v cty.Value
	switch op {
	case hclsyntax.OpAdd:
		v = x.Add(y)
	case hclsyntax.OpSubtract:
		v = x.Subtract(y)
	case hclsyntax.OpMultiply:
		v = x.Multiply(y)
	case hclsyntax.OpDivide:
		v = x.Divide(y)
	default:
		if a.MantExp(nil) > 1024 {
			return limited(span, "the remainder of a number that is too large")
		}
		v = x.Modulo(y)
	}
	return number(v.AsBigFloat(), span)
}

// logical is && and ||: decided as soon as one side decides it.
func (s *scope) logical(x *hclsyntax.BinaryOpExpr, l *value, span source.Span) *value {
	absorbing := x.Op == hclsyntax.OpLogicalOr // true || anything
	a := toBool(l)
	if a.kind == boolKind && a.truth == absorbing {
		return boolean(absorbing, span)
	}
	b := toBool(s.eval(x.RHS))
	if b.kind == boolKind && b.truth == absorbing && a.kind != failedKind {
		return boolean(absorbing, span)
	}
	switch {
	case a.kind == failedKind:
		return a
	case b.kind == failedKind:
		if a.kind == unknownKind {
			// Only where the left side does not decide it is the right side an error.
			return boolean(absorbing, span)
		}
		return b
	case a.kind == boolKind && b.kind == boolKind:
		return boolean(!absorbing, span)
	case a.kind == boolKind:
		return b
	case b.kind == boolKind:
		return a
	}
	symbol := " && "
	if absorbing {
		symbol = " || "
	}
	return unknown(operand(a)+symbol+operand(b), cty.Bool, span)
}

// equal reports whether a == b.
func equal(a, b *value) tristate {
	if a.kind == nullKind || b.kind == nullKind {
		return equalNull(a, b)
	}
	if a.kind == unknownKind || b.kind == unknownKind {
		if a.kind == unknownKind && b.kind == unknownKind {
			if a.hole.Expr == b.hole.Expr && a.hole.Kind == b.hole.Kind && !a.hole.Many && !strings.Contains(a.hole.Expr, "…") {
				return yes // nothing is left out of what they are described by
			}
			return maybe
		}
		u, k := a, b
		if k.kind == unknownKind {
			u, k = b, a
		}
		return equalUnknown(u, k)
	}
	if a.kind != b.kind {
		if primitiveKind(a.kind) && primitiveKind(b.kind) {
			return no // 1 == "1" is false in Terraform
		}
		return no
	}
	if a.typing != b.typing && a.typing != untracked && b.typing != untracked {
		return no
	}
	switch a.kind {
	case boolKind:
		return tristateOf(a.truth == b.truth)
	case numberKind:
		return tristateOf(a.num.Cmp(b.num) == 0)
	case stringKind:
		return equalParts(a.parts, b.parts)
	case listKind:
		return equalLists(a, b)
	case objectKind:
		return equalObjects(a, b)
	}
	return maybe
}

func primitiveKind(k valueKind) bool { return k == boolKind || k == numberKind || k == stringKind }

// equalNull reports whether both are null, where one is. What a resource computes is never null in practice.
func equalNull(a, b *value) tristate {
	if a.kind != nullKind {
		a, b = b, a
	}
	switch {
	case b.kind == nullKind:
		return yes
	case b.kind == unknownKind:
		if b.hole.Kind != policy.Unknown || !nullable(b.hole.Expr) {
			return no
		}
		return maybe
	}
	return no
}

// nullable reports whether what expr stands for may be null: a variable or a part of one may be, an attribute that a
// provider computes is not.
func nullable(expr string) bool {
	return strings.Contains(expr, "var.") || strings.Contains(expr, "module.") || strings.Contains(expr, "local.") ||
		strings.Contains(expr, "(")
}

func equalUnknown(u, k *value) tristate {
	if t := u.typ; t != cty.NilType && k.typing == structural && (t.IsListType() || t.IsSetType() || t.IsMapType()) {
		return no // see typing
	}
	if len(u.hole.Choices) > 0 {
		if s, ok := k.literal(); ok {
			for _, c := range u.hole.Choices {
				if c == s {
					return maybe
				}
			}
			return no
		}
	}
	if s, ok := k.literal(); ok && k.kind == stringKind {
		switch u.hole.Kind {
		case policy.OwnAccount:
			if len(s) != 12 || strings.Trim(s, "0123456789") != "" {
				return no
			}
		case policy.Partition:
			if !strings.HasPrefix(s, "aws") {
				return no
			}
		case policy.Region, policy.DNSSuffix, policy.OwnOrganization:
			if s == "" {
				return no
			}
		}
	}
	return maybe
}

// equalParts compares strings with holes: texts that begin or end differently differ.
func equalParts(a, b []policy.Part) tristate {
	i, j, offA, offB := 0, 0, 0, 0
	for i < len(a) && j < len(b) {
		p, q := a[i], b[j]
		if p.Hole != nil || q.Hole != nil {
			if p.Hole != nil && q.Hole != nil && offA == 0 && offB == 0 && p.Hole.Expr == q.Hole.Expr && p.Hole.Kind == q.Hole.Kind {
				i, j = i+1, j+1
				continue
			}
			if disagree(a, b) {
				return no
			}
			return maybe
		}
		s, t := p.Literal[offA:], q.Literal[offB:]
		n := min(len(s), len(t))
		if s[:n] != t[:n] {
			return no
		}
		offA, offB = offA+n, offB+n
		if offA == len(p.Literal) {
			i, offA = i+1, 0
		}
		if offB == len(q.Literal) {
			j, offB = j+1, 0
		}
	}
	rest := a[i:]
	if j < len(b) {
		rest = b[j:]
	}
	for _, p := range rest {
		if p.Hole == nil && p.Literal != "" || p.Hole != nil && p.Hole.Kind != policy.Unknown {
			return no
		}
	}
	if len(rest) > 0 && rest[0].Hole == nil && len(rest) == 1 && rest[0].Literal == "" || len(rest) == 0 {
		return yes
	}
	return maybe
}

// disagree reports whether the ends of a and b cannot be those of one string.
func disagree(a, b []policy.Part) bool {
	p, q := a[len(a)-1], b[len(b)-1]
	if p.Hole != nil || q.Hole != nil {
		return false
	}
	s, t := p.Literal, q.Literal
	n := min(len(s), len(t))
	return s[len(s)-n:] != t[len(t)-n:]
}

func equalLists(a, b *value) tristate {
	if !a.exact() || !b.exact() {
		minA, minB := certain(a), certain(b)
		if a.exact() && minB > len(a.elems) || b.exact() && minA > len(b.elems) {
			return no
		}
		return maybe
	}
	if len(a.elems) != len(b.elems) {
		return no
	}
	result := yes
	for i := range a.elems {
		switch equal(a.elems[i], b.elems[i]) {
		case no:
			if a.set {
				return maybe
			}
			return no
		case maybe:
			result = maybe
		}
	}
	return result
}

// certain counts the elements that a list surely has.
func certain(v *value) int {
	n := 0
	for _, e := range v.elems {
		if !e.many {
			n++
		}
	}
	return n
}

func equalObjects(a, b *value) tristate {
	if a.more().fetch != nil || b.more().fetch != nil {
		if a.more().address != "" && a.more().address == b.more().address {
			return yes
		}
		return maybe
	}
	if !a.exact() || !b.exact() {
		return maybe
	}
	if len(a.members) != len(b.members) {
		return no
	}
	result := yes
	for _, m := range a.members {
		name, ok := m.key.literal()
		if !ok {
			return maybe
		}
		other := b.get(name)
		if other == nil {
			return no
		}
		switch equal(m.val, other) {
		case no:
			return no
		case maybe:
			result = maybe
		}
	}
	return result
}
