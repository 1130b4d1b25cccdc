package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

func (s *scope) objectKey(x *hclsyntax.ObjectConsKeyExpr) *value {
	if !x.ForceNonLiteral {
		if name := hcl.ExprAsKeyword(x.Wrapped); name != "" {
			return text(name, s.span(x.Wrapped.Range()))
		}
	}
	return s.eval(x.Wrapped)
}

func (s *scope) objectCons(x *hclsyntax.ObjectConsExpr) *value {
	o := &value{kind: objectKind, typing: structural, span: s.span(x.SrcRange)}
	named := make(map[string]int, len(x.Items)) // the place of each known name in o.members
	for _, item := range x.Items {
		key := s.eval(item.KeyExpr).asString()
		switch key.kind {
		case failedKind:
			return key
		case nullKind:
			if key.hole == nil {
				return failed(key.span, "the name of an object member is null")
			}
			key = unknown(key.hole.Expr, cty.String, key.span)
		}
		m := member{key, s.memberValue(item.ValueExpr)}
		if name, ok := key.literal(); ok {
			if i, again := named[name]; again {
				o.edit().lost = append(o.more().lost, o.members[i])
				o.members[i] = m
				continue
			}
			named[name] = len(o.members)
		}
		o.members = append(o.members, m)
	}
	return o
}

// memberValue evaluates a member of an object. What it depends on counts for the number of instances where it is asked for.
func (s *scope) memberValue(expr hclsyntax.Expression) *value {
	return s.memberOf(func() *value { return s.eval(expr) })
}

// memberOf is memberValue of what val evaluates.
func (s *scope) memberOf(val func() *value) *value {
	if !s.e.picking {
		return val()
	}
	made := s.e.candidate(assumption{}, val)
	if len(made.picks) == 0 {
		return made.val
	}
	v := *made.val
	v.edit().chosen = made.picks
	return &v
}

// setMember appends m to members, in place of the member of the same known name.
func setMember(members []member, m member) []member {
	if name, ok := m.key.literal(); ok && len(members) > 0 {
		for i := range members {
			if members[i].key.is(name) {
				members[i] = m.replacing()
				return members
			}
		}
	}
	return append(members, m)
}

// A memberIndex finds members by name while an object is made. The zero value is ready to use.
type memberIndex map[string]int

// set is setMember for members that were all set with ix.
func (ix *memberIndex) set(members []member, m member) []member {
	const few = 16
	if len(members) < few {
		return setMember(members, m)
	}
	i, name := ix.find(members, m.key)
	if i >= 0 {
		members[i] = m.replacing()
		return members
	}
	if name != "" {
		(*ix)[name] = len(members)
	}
	return append(members, m)
}

// replacing returns m in place of another member of that name, which may be there where m is not.
func (m member) replacing() member {
	if len(m.key.more().there) == 0 {
		return m
	}
	key := *m.key
	key.edit().there = nil
	return member{&key, m.val}
}

// find returns the place of the member of that name, -1 where there is none, and the name where it is known.
func (ix *memberIndex) find(members []member, key *value) (int, string) {
	if *ix == nil {
		*ix = make(memberIndex, len(members))
		for i, m := range members {
			if name, ok := m.key.literal(); ok {
				(*ix)[name] = i
			}
		}
	}
	name, ok := key.literal()
	if !ok {
		return -1, ""
	}
	if i, ok := (*ix)[name]; ok {
		return i, name
	}
	if name == "" {
		(*ix)[name] = len(members) // the one name that set cannot tell from none
	}
	return -1, name
}
