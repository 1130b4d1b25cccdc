package terraform

import (
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
)

// yamldecodeFunc reads YAML with go-cty's decoder, which keeps no positions: a string's place is found by looking for it.
func yamldecodeFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	v := c.viaCty(cty.NilType)
	src := c.args[0]
	if v.kind == failedKind || v.kind == unknownKind || src.kind != stringKind || len(src.parts) != 1 {
		return v
	}
	return c.relocate(v, src.parts[0])
}

// relocate gives each string in v that occurs exactly once in the text of p the place of that occurrence.
func (c *call) relocate(v *value, p policy.Part) *value {
	out := *v
	switch v.kind {
	case stringKind:
		s, ok := v.literal()
		if !ok || len(s) < 2 || !c.e.spend(1+len(p.Literal)/256) {
			return v
		}
		at := strings.Index(p.Literal, s)
		if at < 0 || strings.Contains(p.Literal[at+1:], s) {
			return v
		}
		out.parts = []policy.Part{p.Slice(at, at+len(s))}
		out.span = out.parts[0].Span
	case listKind:
		out.elems = make([]*value, len(v.elems))
		for i, el := range v.elems {
			out.elems[i] = c.relocate(el, p)
		}
	case objectKind:
		out.members = make([]member, len(v.members))
		for i, m := range v.members {
			out.members[i] = member{c.relocate(m.key, p), c.relocate(m.val, p)}
		}
	}
	return &out
}
