package terraform

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

func (s *scope) forExpr(x *hclsyntax.ForExpr) *value {
	span := s.span(x.SrcRange)
	coll := s.eval(x.CollExpr)
	items, err := s.e.iterate(coll)
	if err != nil {
		return err
	}
	var elems []*value
	var members []member
	var index memberIndex
	step := func(it item) *value {
		inner := s.with(x.ValVar, it.val)
		if x.KeyVar != "" {
			inner = inner.with(x.KeyVar, it.key)
		}
		many := it.many
		there := it.there
		if x.CondExpr != nil {
			made := s.e.candidate(assumption{}, func() *value { return toBool(inner.eval(x.CondExpr)) })
			cond := made.val
			if cond.kind == failedKind {
				return cond
			}
			there = append(slices.Clip(there), made.picks...)
			if cond.kind != unknownKind || !many {
				if s.e.picking && cond.kind == unknownKind {
					s.e.consulted++
					there = append(there, about(cond, true))
				} else if keep, err := inner.decide(cond); err != nil {
					return err
				} else if !keep {
					return nil
				}
			}
		}
		val := inner.memberValue(x.ValExpr)
		if x.KeyExpr == nil {
			if it.many && val.kind == failedKind {
				return val
			}
			if many {
				val = val.asMany()
			}
			elems = append(elems, val.where(there))
			return nil
		}
		key := inner.eval(x.KeyExpr).asString().where(there)
		if key.kind == failedKind {
			return key
		}
		if many {
			key, val = key.asMany(), val.asMany()
		}
		if x.Group {
			members = index.group(members, key, val)
			return nil
		}
		before := len(members)
		if members = index.set(members, member{key, val}); len(members) == before && !many {
			return failed(key.span, "two items make the same key "+describe(key))
		}
		return nil
	}
	for _, it := range items {
		if !s.e.spend(1) {
			return failed(span, s.e.spent)
		}
		complete, err := s.e.eachElement(it.many, func() *value { return step(it) })
		if err != nil {
			return err
		}
		if !complete {
			rest := unknown(describe(it.val), cty.NilType, span).asMany()
			elems, members = append(elems, rest), append(members, member{rest, rest})
		}
	}
	if x.KeyExpr == nil {
		return list(elems, span)
	}
	return object(members, span)
}

// group appends val to the list that members hold under key.
func (ix *memberIndex) group(members []member, key, val *value) []member {
	i, name := ix.find(members, key)
	if i >= 0 {
		members[i].val.elems = append(members[i].val.elems, val) // made below, and seen by nobody yet
		return members
	}
	if name != "" {
		(*ix)[name] = len(members)
	}
	return append(members, member{key, list([]*value{val}, val.span)})
}

// An item is one step of an iteration.
type item struct {
	key, val *value
	many     bool         // it stands for any number of steps
	there    []assumption // see value
	unclear  bool         // it is not always there where these hold
	varies   bool         // choices decide what val is
}

// iterate returns the steps of walking coll, in Terraform's order. A collection that is not known has one step that stands
// for all.
func (e *evaluator) iterate(coll *value) ([]item, *value) {
	switch coll.kind {
	case failedKind:
		return nil, coll
	case nullKind:
		if coll.hole == nil {
			return nil, failed(coll.span, "the collection to iterate over is null")
		}
		coll = unknown(coll.hole.Expr, cty.NilType, coll.span)
		fallthrough
	case unknownKind:
		key, val := e.unknownElement(coll)
		return []item{{key: key, val: val, many: true}}, nil
	case listKind:
		if len(coll.elems) > maxElements {
			return nil, limited(coll.span, fmt.Sprintf("a list has more than %d elements", maxElements))
		}
		items := make([]item, 0, len(coll.elems))
		shifted := false
		for i, el := range coll.elems {
			v := el.single().through(coll.via...)
			var key *value
			switch {
			case coll.set:
				key = v
			case shifted || el.many:
				shifted = true
				key = unknown("index of "+describe(v), cty.Number, coll.span)
			default:
				key = integer(i, coll.span)
			}
			items = append(items, item{key: key, val: v, many: el.many, there: el.more().there})
		}
		return items, nil
	case objectKind:
		members, complete := coll.all()
		if len(members) > maxElements {
			return nil, limited(coll.span, fmt.Sprintf("an object has more than %d members", maxElements))
		}
		items := make([]item, 0, len(members))
		for _, m := range sorted(members) {
			items = append(items, item{key: m.key.single(), val: m.val.single().through(coll.via...), many: m.key.many || m.val.many, there: m.key.more().there})
		}
		if !complete {
			key := unknown("keys("+describe(coll)+")[*]", cty.String, coll.span)
			items = append(items, item{key: key, val: unknown(describe(coll)+"[*]", cty.NilType, coll.span), many: true})
		}
		return items, nil
	}
	return nil, failed(coll.span, "cannot iterate over "+article(coll))
}

// unknownElement returns the key and value that stand for all elements of coll.
func (e *evaluator) unknownElement(coll *value) (key, val *value) {
	elem, keyed := cty.NilType, cty.NilType
	expr := coll.hole.Expr + "[*]"
	switch t := coll.typ; {
	case t == cty.NilType:
	case t.IsListType() || t.IsSetType() || t.IsMapType():
		elem = t.ElementType()
		if t.IsListType() {
			keyed = cty.Number
		} else {
			keyed = cty.String
		}
	}
	val = unknown(expr, elem, coll.span)
	val.hole.Reason = coll.hole.Reason
	val.via = coll.via
	if coll.typ != cty.NilType && coll.typ.IsSetType() {
		return val, val
	}
	key = unknown("keys("+coll.hole.Expr+")[*]", keyed, coll.span)
	key.via = coll.via
	return key, val
}

func (s *scope) splat(x *hclsyntax.SplatExpr) *value {
	span := s.span(x.SrcRange)
	src := s.eval(x.Source)
	var elems []*value
	switch {
	case src.kind == failedKind:
		return src
	case src.kind == nullKind && src.hole == nil:
		return list(nil, span)
	case src.kind == listKind:
		for _, el := range src.elems {
			v := s.splatElement(x, el.single().through(src.via...))
			if el.many {
				v = v.asMany()
			}
			elems = append(elems, v)
		}
	case src.kind == unknownKind && (src.typ == cty.NilType || src.listTyped()), src.kind == nullKind:
		if src.kind == nullKind {
			src = unknown(src.hole.Expr, cty.NilType, src.span)
		}
		_, el := s.e.unknownElement(src)
		elems = append(elems, s.splatElement(x, el).asMany())
	default:
		elems = append(elems, s.splatElement(x, src))
	}
	for _, el := range elems {
		if el.kind == failedKind {
			return el
		}
	}
	return list(elems, span)
}

func (s *scope) splatElement(x *hclsyntax.SplatExpr, el *value) *value {
	if !s.e.spend(1) {
		return failed(s.span(x.SrcRange), s.e.spent)
	}
	return (&scope{e: s.e, inst: s.inst, parent: s, anon: x.Item, val: el}).eval(x.Each)
}
