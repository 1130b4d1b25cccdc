package terraform

import (
	"slices"
	"strings"
)

// asSet returns the principals or condition blocks of a statement as the provider holds them: a set, so that blocks that say
// the same are one. The order of the set is that of hashes and has no meaning; here it is as written.
func asSet(blocks []nestedBlock, arguments ...string) []nestedBlock {
	if len(blocks) < 2 {
		return blocks
	}
	seen := map[string]bool{}
	out := make([]nestedBlock, 0, len(blocks))
	for _, b := range blocks {
		if s, ok := b.says(arguments); ok && !b.many {
			if seen[s] {
				continue
			}
			seen[s] = true
		}
		out = append(out, b)
	}
	return out
}

// says returns the arguments of b as one string, false when they are not all known.
func (b nestedBlock) says(arguments []string) (string, bool) {
	var all strings.Builder
	for _, name := range arguments {
		v := b.argument(name)
		if v == nil {
			return "", false
		}
		elems := []*value{v}
		if v.kind == listKind {
			elems = slices.Clone(v.elems)
		}
		for _, el := range elems {
			s, ok := el.literal()
			if !ok || el.many {
				return "", false
			}
			all.WriteString(s)
			all.WriteByte(0)
		}
		all.WriteByte(0)
	}
	return all.String(), true
}
