package terraform

import (
	"math/big"

	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/source"
)

func numberFunction(name string) builtin {
	switch name {
	case "range":
		return rangeFunc
	case "sum":
		return sumFunc
	}
	return nil
}

// resultSpan is the place of what the function computes from its arguments: the first string among them.
func (c *call) resultSpan() source.Span {
	for _, arg := range c.args {
		if arg.kind == stringKind && !arg.span.IsZero() {
			return arg.span
		}
	}
	return c.span
}

// maxRange is Terraform's own limit.
const maxRange = 1024

func rangeFunc(c *call) *value {
	if err := c.arity(1, 3); err != nil {
		return err
	}
	nums := make([]*big.Float, len(c.args))
	for i, arg := range c.args {
		n := toNumber(arg)
		switch n.kind {
		case failedKind:
			return n
		case unknownKind:
			return c.unknown(cty.List(cty.Number))
		}
		nums[i] = n.num
	}
	start, end, step := new(big.Float), nums[0], big.NewFloat(1)
	if len(nums) > 1 {
		start, end = nums[0], nums[1]
	}
	if end.Cmp(start) < 0 {
		step = big.NewFloat(-1)
	}
	if len(nums) == 3 {
		step = nums[2]
	}
	if step.Sign() == 0 {
		return c.fail("a step of zero")
	}
	if end.Cmp(start) > 0 && step.Sign() < 0 || end.Cmp(start) < 0 && step.Sign() > 0 {
		return c.fail("a step in the wrong direction")
	}
	out := list(nil, c.span)
	for n := new(big.Float).Set(start); ; n = new(big.Float).Add(n, step) {
		if step.Sign() > 0 && n.Cmp(end) >= 0 || step.Sign() < 0 && n.Cmp(end) <= 0 {
			return out
		}
		if len(out.elems) == maxRange {
			return c.fail("more than %d numbers", maxRange)
		}
		out.elems = append(out.elems, number(n, c.span))
	}
}

func sumFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	l, err := c.asList(c.args[0])
	if err != nil {
		return err
	}
	if len(l.elems) == 0 {
		return c.fail("an empty list")
	}
	total := cty.Zero
	for _, el := range l.elems {
		n := toNumber(el)
		switch {
		case n.kind == failedKind:
			return n
		case n.kind == unknownKind || el.many:
			return c.unknown(cty.Number)
		}
		if n.num.IsInf() {
			return c.unknown(cty.Number)
		}
		total = total.Add(cty.NumberVal(n.num))
	}
	return number(total.AsBigFloat(), c.span)
}
