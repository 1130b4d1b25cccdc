package terraform

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/source"
)

// A call is a function call with its arguments evaluated, none of them failed.
type call struct {
	s    *scope
	e    *evaluator
	name string
	args []*value
	span source.Span
	text string // the call as written
}

// call evaluates a function call.
func (s *scope) call(x *hclsyntax.FunctionCallExpr) *value {
	name := strings.TrimPrefix(x.Name, "core::")
	span := s.span(x.Range())
	switch name {
	case "try":
		return s.try(x, span)
	case "can":
		return s.can(x, span)
	}
	c := &call{s: s, e: s.e, name: name, span: span}
	for i, arg := range x.Args {
		v := s.evalFor(arg, memberAsked(x, name, i))
		if !s.e.spend(v.weight() / 8) {
			return failed(span, s.e.spent)
		}
		if fails(v) && (v.kind == failedKind || name != "jsonencode" && name != "merge" && name != "concat") {
			return firstFailureWithin(v) // the others keep an error in its place, so that the rest of a policy is known
		}
		if !x.ExpandFinal || i < len(x.Args)-1 {
			c.args = append(c.args, v)
			continue
		}
		switch v.kind {
		case listKind:
			for _, el := range v.elems {
				if el.kind == failedKind {
					return el
				}
				c.args = append(c.args, el.through(v.via...))
			}
		case unknownKind:
			_, el := s.e.unknownElement(v)
			c.args = append(c.args, el.asMany())
		default:
			return failed(span, "the arguments to spread are "+article(v))
		}
	}
	c.text = s.e.l.text(x.Range())
	if !s.e.spend(1 + len(c.args)) {
		return failed(span, s.e.spent)
	}
	for _, arg := range c.args {
		if arg.many && !takesMany(name) {
			return c.unknown(cty.NilType)
		}
	}
	if file := s.terragrunt(); file != nil {
		if v, ok := file.call(c); ok {
			return v
		}
	}
	f := builtinFor(name)
	if f == nil {
		if strings.Contains(name, "::") {
			return c.unknown(cty.NilType)
		}
		return failed(span, fmt.Sprintf("there is no function named %q", name))
	}
	return f(c)
}

// takesMany reports whether a function understands an argument that stands for any number of them.
func takesMany(name string) bool { return name == "concat" || name == "merge" || name == "setunion" }

// unknown returns a result that is not known.
func (c *call) unknown(typ cty.Type) *value {
	var b strings.Builder
	b.WriteString(c.name + "(")
	for i, arg := range c.args {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(describe(arg))
	}
	b.WriteString(")")
	expr := b.String()
	if len(expr) > 2*maxDescription {
		expr = firstLine(c.text)
	}
	u := unknown(expr, typ, c.span)
	for _, arg := range c.args {
		if arg.kind == unknownKind && arg.hole.Reason != "" {
			u.hole.Reason = arg.hole.Reason
			break
		}
	}
	return u
}

func (c *call) fail(format string, args ...any) *value {
	return failed(c.span, c.name+": "+fmt.Sprintf(format, args...))
}

// arity returns a failure where the number of arguments is not between least and most; most < 0 is any number.
func (c *call) arity(least, most int) *value {
	if len(c.args) < least || most >= 0 && len(c.args) > most {
		return c.fail("wrong number of arguments")
	}
	return nil
}

// try returns the value of the first argument that is no error.
func (s *scope) try(x *hclsyntax.FunctionCallExpr, span source.Span) *value {
	var last *value
	for i, arg := range x.Args {
		last = s.evalTrying(arg, i < len(x.Args)-1)
		if !fails(last) {
			return last
		}
		if s.e.spent != "" {
			return failed(span, s.e.spent)
		}
	}
	if last == nil {
		return failed(span, "try without arguments")
	}
	return last
}

func (s *scope) can(x *hclsyntax.FunctionCallExpr, span source.Span) *value {
	if len(x.Args) != 1 {
		return failed(span, "can: wrong number of arguments")
	}
	v := s.evalTrying(x.Args[0], true)
	if s.e.spent != "" {
		return failed(span, s.e.spent)
	}
	if v.kind == unknownKind && strings.Contains(v.hole.Expr, "(") {
		return unknown("can("+describe(v)+")", cty.Bool, span)
	}
	return boolean(!fails(v), span)
}

// evalTrying is eval of what may fail without harm.
func (s *scope) evalTrying(expr hclsyntax.Expression, harmless bool) *value {
	if !harmless {
		return s.eval(expr)
	}
	s.e.trying++
	defer func() { s.e.trying-- }()
	return s.eval(expr)
}

// fails reports whether v is or holds an error.
func fails(v *value) bool {
	if v.kind == failedKind || v.more().decoded != nil && fails(v.more().decoded) {
		return true
	}
	for _, el := range v.elems {
		if fails(el) {
			return true
		}
	}
	for _, m := range v.members {
		if fails(m.val) {
			return true
		}
	}
	return false
}

// firstFailureWithin returns an error that v holds.
func firstFailureWithin(v *value) *value {
	if v.kind == failedKind {
		return v
	}
	if v.more().decoded != nil && fails(v.more().decoded) {
		return firstFailureWithin(v.more().decoded)
	}
	for _, el := range v.elems {
		if fails(el) {
			return firstFailureWithin(el)
		}
	}
	for _, m := range v.members {
		if fails(m.val) {
			return firstFailureWithin(m.val)
		}
	}
	return v
}

// A builtin computes the result of a call.
type builtin func(*call) *value

// builtinFor returns the built-in function of that name, nil when there is none.
func builtinFor(name string) builtin {
	for _, find := range [...]func(string) builtin{
		stringFunction, collectionFunction, encodingFunction, fileFunction, numberFunction, matchFunction, hashFunction, netFunction, ctyFunction,
	} {
		if f := find(name); f != nil {
			return f
		}
	}
	return nil
}

// memberAsked returns the member of its argument i that a call asks for, where that is the only one; otherwise "".
func memberAsked(x *hclsyntax.FunctionCallExpr, function string, i int) string {
	if function != "lookup" || i != 0 || len(x.Args) < 2 {
		return ""
	}
	name, _ := literalKey(x.Args[1])
	return name
}
