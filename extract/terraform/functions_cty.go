package terraform

import (
	ctyyaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// ctyImplementation returns the implementation in go-cty of a function that needs all of its arguments known.
func ctyImplementation(name string) (function.Function, bool) {
	switch name {
	case "abs":
		return stdlib.AbsoluteFunc, true
	case "ceil":
		return stdlib.CeilFunc, true
	case "floor":
		return stdlib.FloorFunc, true
	case "log":
		return stdlib.LogFunc, true
	case "max":
		return stdlib.MaxFunc, true
	case "min":
		return stdlib.MinFunc, true
	case "parseint":
		return stdlib.ParseIntFunc, true
	case "pow":
		return stdlib.PowFunc, true
	case "signum":
		return stdlib.SignumFunc, true
	case "indent":
		return stdlib.IndentFunc, true
	case "title":
		return stdlib.TitleFunc, true
	case "strrev":
		return stdlib.ReverseFunc, true
	case "substr":
		return stdlib.SubstrFunc, true
	case "replace":
		return stdlib.ReplaceFunc, true
	case "length":
		return stdlib.StrlenFunc, true
	case "csvdecode":
		return stdlib.CSVDecodeFunc, true
	case "formatdate":
		return stdlib.FormatDateFunc, true
	case "timeadd":
		return stdlib.TimeAddFunc, true
	case "yamlencode":
		return ctyyaml.YAMLEncodeFunc, true
	case "yamldecode":
		return ctyyaml.YAMLDecodeFunc, true
	}
	return function.Function{}, false
}

func ctyFunction(name string) builtin {
	if _, ok := ctyImplementation(name); !ok {
		return nil
	}
	return func(c *call) *value { return c.viaCty(cty.NilType) }
}

// viaCty computes the call with go-cty where all arguments are known. typ is the type of the result.
func (c *call) viaCty(typ cty.Type) *value {
	args := make([]cty.Value, len(c.args))
	size := 0
	for i, arg := range c.args {
		v, ok := toCty(arg)
		if !ok {
			return c.unknown(typ)
		}
		args[i] = v
		if s, ok := arg.literal(); ok {
			size += len(s)
		}
	}
	if c.name == "indent" {
		if n, ok := toNumber(c.args[0]).asInt(); !ok || n < 0 || n > 1000 {
			return limited(c.span, "indent: a width of more than 1000")
		}
	}
	if !c.e.spend(1+size/64) || !c.e.spendBytes(size) {
		return failed(c.span, c.e.spent)
	}
	f, _ := ctyImplementation(c.name)
	out, err := callCty(f, args)
	if err != nil {
		return c.fail("%s", firstLine(err.Error()))
	}
	v := fromCty(out, c.resultSpan())
	if v.kind == unknownKind {
		return c.unknown(typ)
	}
	return v
}

// callCty calls f with args converted to the types of its parameters, as hclsyntax does.
func callCty(f function.Function, args []cty.Value) (out cty.Value, err error) {
	params, variadic := f.Params(), f.VarParam()
	converted := make([]cty.Value, len(args))
	for i, arg := range args {
		p := variadic
		if i < len(params) {
			p = &params[i]
		}
		converted[i] = arg
		if p != nil && p.Type != cty.DynamicPseudoType {
			if converted[i], err = convert.Convert(arg, p.Type); err != nil {
				return cty.NilVal, err
			}
		}
	}
	return f.Call(converted)
}

func formatCty(verb string, v cty.Value) (string, error) {
	out, err := stdlib.FormatFunc.Call([]cty.Value{cty.StringVal(verb), v})
	if err != nil {
		return "", err
	}
	return out.AsString(), nil
}
