package terraform

import (
	"slices"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
)

func decodeRune(s string) (rune, int) { return utf8.DecodeRuneInString(s) }

func collectionFunction(name string) builtin {
	switch name {
	case "concat":
		return concatFunc
	case "merge":
		return mergeFunc
	case "flatten":
		return flattenFunc
	case "distinct", "compact", "toset", "tolist", "reverse", "sort":
		return listFunc
	case "tomap":
		return tomapFunc
	case "map", "list":
		return legacyFunc
	case "lookup":
		return lookupFunc
	case "coalesce", "coalescelist":
		return coalesceFunc
	case "one":
		return oneFunc
	case "element":
		return elementFunc
	case "slice":
		return sliceFunc
	case "length":
		return lengthFunc
	case "contains":
		return containsFunc
	case "keys", "values":
		return keysFunc
	case "alltrue", "anytrue":
		return truthsFunc
	case "zipmap":
		return zipmapFunc
	case "setunion", "setintersection", "setsubtract":
		return setFunc
	case "chunklist":
		return chunklistFunc
	case "setproduct":
		return setproductFunc
	case "index":
		return indexFunc
	case "matchkeys":
		return matchkeysFunc
	case "transpose":
		return transposeFunc
	}
	return nil
}

// asList returns argument v as a list; an unknown one as a list of any number of elements.
func (c *call) asList(v *value) (l, err *value) {
	switch v.kind {
	case listKind:
		return v, nil
	case nullKind:
		if v.hole == nil {
			return nil, c.fail("a list is needed, not null")
		}
		v = unknown(v.hole.Expr, cty.NilType, v.span)
	case unknownKind:
	default:
		return nil, c.fail("a list is needed, not %s", article(v))
	}
	if v.typ != cty.NilType && v.typ.IsPrimitiveType() {
		return nil, c.fail("a list is needed, not %s", article(v))
	}
	_, el := c.e.unknownElement(v)
	out := list([]*value{el.asMany()}, v.span)
	out.via = v.via
	out.set = v.typ != cty.NilType && v.typ.IsSetType()
	return out, nil
}

// flatElements returns the elements of list v as they are on their own.
func flatElements(v *value) []*value {
	if v.via == nil {
		return v.elems
	}
	out := make([]*value, len(v.elems))
	for i, el := range v.elems {
		out[i] = el.through(v.via...)
	}
	return out
}

// maxUnified bounds how deep in lists and objects elements are converted.
const maxUnified = 8

func coalesceFunc(c *call) *value {
	if err := c.arity(1, -1); err != nil {
		return err
	}
	for i, arg := range unifyElements(slices.Clone(c.args)) {
		switch arg.kind {
		case nullKind:
			continue
		case stringKind:
			if arg.is("") {
				continue
			}
			if len(arg.parts) == 1 && arg.parts[0].Hole != nil {
				break
			}
			return arg
		case listKind:
			if c.name == "coalescelist" && arg.set {
				return c.fail("a list is needed, not a set")
			}
			if c.name == "coalescelist" && len(arg.elems) == 0 {
				continue
			}
			return arg
		case unknownKind:
		default:
			return arg
		}
		if i == len(c.args)-1 {
			return arg
		}
		if equalNull(arg, null(c.span)) == no {
			return arg
		}
		d := describe(arg)
		if c.e.picking {
			c.e.consulted++
			return c.unknown(arg.typ)
		}
		if !c.e.choose(d + " is empty") {
			return arg
		}
	}
	return c.fail("all arguments are null or empty")
}

func lengthFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	v := c.args[0]
	switch v.kind {
	case listKind:
		if v.exact() {
			for _, el := range v.elems {
				c.e.take(el.more().there...)
			}
			return integer(len(v.elems), c.span)
		}
	case objectKind:
		for _, m := range v.members {
			c.e.take(m.key.more().there...)
		}
		if members, complete := v.all(); complete && v.exact() {
			return integer(len(members), c.span)
		}
		if v.more().fetch != nil && v.more().names == nil {
			return integer(1, c.span) // a resource: at least it is not empty
		}
	case stringKind:
		if _, ok := v.literal(); ok {
			return c.viaCty(cty.Number)
		}
	case unknownKind:
	case nullKind:
		if v.hole == nil {
			return c.fail("null")
		}
	default:
		return c.fail("a collection is needed, not %s", article(v))
	}
	return c.unknown(cty.Number)
}

func containsFunc(c *call) *value {
	if err := c.arity(2, 2); err != nil {
		return err
	}
	l, err := c.asList(c.args[0])
	if err != nil {
		return err
	}
	result := no
	for _, el := range l.elems {
		switch t := equal(el, c.args[1]); {
		case t == yes && !el.many:
			return boolean(true, c.span)
		case t != no:
			result = maybe
		}
	}
	if result == no {
		return boolean(false, c.span)
	}
	return c.unknown(cty.Bool)
}
