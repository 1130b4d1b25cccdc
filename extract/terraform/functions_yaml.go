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
	if s, ok := c.args[0].literal(); ok && !tameYAML(s) {
		return limited(c.span, "YAML that is nested too deeply or has too many aliases")
	} else if !c.e.spend(len(s) / 4) {
		return failed(c.span, c.e.spent)
	}
	v := c.viaCty(cty.NilType)
	src := c.args[0]
	if v.kind == failedKind || v.kind == unknownKind || src.kind != stringKind || len(src.parts) != 1 {
		return v
	}
	return c.relocate(v, src.parts[0])
}

// tameYAML reports whether the YAML library can be trusted with s: it recurses, takes time that is quadratic in the depth,
// and follows every alias.
func tameYAML(s string) bool {
	const most = 100
	depth, aliases := 0, 0
	for line := range strings.Lines(s) {
		if len(line)-len(strings.TrimLeft(line, " -?\t")) > 4*most {
			return false
		}
		for i := range len(line) {
			switch line[i] {
			case '[', '{':
				if depth++; depth > most {
					return false
				}
			case ']', '}':
				depth = max(0, depth-1)
			case '*':
				if i > 0 && strings.IndexByte(" ,[:-", line[i-1]) >= 0 && i+1 < len(line) && letter(line[i+1]) {
					aliases++
				}
			}
		}
		if aliases > most/5 {
			return false
		}
	}
	return true
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
