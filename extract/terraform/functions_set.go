package terraform

import (
	"fmt"
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// toSetUnsorted returns elems with each value once, nil when the budget does not allow it.
func (e *evaluator) toSetUnsorted(elems []*value) []*value {
	out := make([]*value, 0, len(elems))
	seen := map[string]bool{}
	for _, el := range elems {
		if s, ok := el.literal(); ok && el.kind == stringKind && !el.many {
			if seen[s] {
				continue
			}
			seen[s] = true
		} else if !e.spend(len(out)) {
			return nil
		} else if slices.ContainsFunc(out, func(o *value) bool { return o.many == el.many && equal(o, el) == yes }) {
			continue
		}
		out = append(out, el)
	}
	return out
}

func truthsFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	l, err := c.asList(c.args[0])
	if err != nil {
		return err
	}
	stop := c.name == "anytrue"
	open := false
	for _, el := range l.elems {
		switch b := toBool(el); b.kind {
		case boolKind:
			if b.truth == stop {
				return boolean(stop, c.span)
			}
		case failedKind:
			return b
		case nullKind:
			if !stop {
				return boolean(false, c.span)
			}
		default:
			open = true
		}
	}
	if open {
		return c.unknown(cty.Bool)
	}
	return boolean(!stop, c.span)
}

func setFunc(c *call) *value {
	if err := c.arity(1, -1); err != nil {
		return err
	}
	var sets []*value
	for _, arg := range c.args {
		l, err := c.asList(arg)
		if err != nil {
			return err
		}
		sets = append(sets, l)
	}
	if c.name == "setunion" {
		all := list(nil, c.span)
		for i, l := range sets {
			for _, el := range flatElements(l) {
				if c.args[i].many {
					el = el.asMany()
				}
				all.elems = append(all.elems, el)
			}
		}
		all.elems = unifyElements(all.elems)
		return c.e.toSet(all)
	}
	if c.name == "setsubtract" && len(sets) != 2 {
		return c.fail("wrong number of arguments")
	}
	out := list(nil, c.span)
	for _, el := range flatElements(sets[0]) {
		keep := yes
		for _, other := range sets[1:] {
			found := no
			for _, o := range other.elems {
				if !c.e.spend(1) {
					return failed(c.span, c.e.spent)
				}
				switch t := equal(el, o); {
				case t == yes && !o.many && !el.many:
					found = yes
				case t != no && found == no:
					found = maybe
				}
			}
			if c.name == "setsubtract" {
				found = found.not()
			}
			if found == no {
				keep = no
			} else if found == maybe && keep == yes {
				keep = maybe
			}
		}
		switch {
		case keep == no:
		case keep == yes || el.kind == unknownKind:
			if keep == maybe {
				el = el.asMany()
			}
			out.elems = append(out.elems, el)
		default:
			return c.unknown(cty.Set(cty.DynamicPseudoType))
		}
	}
	return c.e.toSet(out)
}

func setproductFunc(c *call) *value {
	if err := c.arity(2, -1); err != nil {
		return err
	}
	rows := [][]*value{nil}
	many := []bool{false}
	set := true
	for _, arg := range c.args {
		l, err := c.asList(arg)
		if err != nil {
			return err
		}
		set = set && l.set
		var next [][]*value
		var nextMany []bool
		if !c.e.spend(len(rows)*len(l.elems)) || len(rows)*len(l.elems) > maxElements {
			return limited(c.span, fmt.Sprintf("a product of more than %d elements", maxElements))
		}
		for i, row := range rows {
			for _, el := range flatElements(l) {
				next = append(next, append(row[:len(row):len(row)], el.single()))
				nextMany = append(nextMany, many[i] || el.many)
			}
		}
		rows, many = next, nextMany
	}
	out := list(nil, c.span)
	for i, row := range rows {
		el := list(row, c.span)
		if many[i] {
			el = el.asMany()
		}
		out.elems = append(out.elems, el)
	}
	if set {
		return c.e.toSet(out)
	}
	return out
}
