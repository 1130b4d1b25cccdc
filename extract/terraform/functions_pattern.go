package terraform

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// A regular expression is matched against a string with holes where each hole is known to be of some form: whatever it is, the
// pattern then matches at the same places.

// issuerID ends the expression of a hole that is the identifier in the issuer of an EKS cluster: 32 upper case hexadecimal digits.
const issuerID = " OIDC id"

// forms returns strings that h may be, which differ as much as such strings do. It returns nil when h may be anything.
func forms(h *policy.Hole) []string {
	switch h.Kind {
	case policy.OwnAccount:
		return []string{"123456789012", "000000000000", "987654321098"}
	case policy.Partition:
		return []string{"aws", "aws-cn", "aws-us-gov"}
	case policy.Region:
		return []string{"us-east-1", "ap-southeast-2", "us-gov-west-1"}
	case policy.DNSSuffix:
		return []string{"amazonaws.com", "amazonaws.com.cn", "sc2s.sgov.gov"}
	case policy.OwnOrganization:
		return []string{"o-a1b2c3d4e5", "o-0123456789", "o-zyxwvutsrqponmlkjihg"}
	}
	if strings.HasSuffix(h.Expr, issuerID) {
		return []string{"0123456789ABCDEF0123456789ABCDEF", "FEDCBA98765432100123456789ABCDEF", "AAAABBBBCCCCDDDD1111222233334444"}
	}
	return nil
}

// A cut is a place in a string: before byte offset of a part. Holes are cut only at their ends.
type cut struct{ part, offset int }

var noCut = cut{-1, -1}

// cuts returns where re matches the string that parts make, as FindAllStringSubmatchIndex does, at most limit times. It reports
// false when what the holes are makes a difference; where must is set, only among those with which it matches at all.
func cuts(re *regexp.Regexp, parts []policy.Part, limit int, must bool) ([][]cut, bool) {
	ways := 1
	for _, p := range parts {
		if p.Hole != nil {
			if ways = len(forms(p.Hole)); ways == 0 {
				return nil, false
			}
		}
	}
	var first [][]cut
	for way := range ways {
		var text strings.Builder
		starts := make([]int, 0, len(parts))
		for _, p := range parts {
			starts = append(starts, text.Len())
			if p.Hole != nil {
				text.WriteString(forms(p.Hole)[way])
			} else {
				text.WriteString(p.Literal)
			}
		}
		var found [][]cut
		for _, m := range re.FindAllStringSubmatchIndex(text.String(), limit) {
			at := make([]cut, len(m))
			for i, offset := range m {
				at[i] = noCut
				if offset >= 0 {
					part, exact := slices.BinarySearch(starts, offset)
					switch {
					case exact:
						at[i] = cut{part, 0}
					case offset == text.Len():
						at[i] = cut{len(parts), 0}
					case parts[part-1].Hole != nil:
						return nil, false
					default:
						at[i] = cut{part - 1, offset - starts[part-1]}
					}
				}
			}
			found = append(found, at)
		}
		if way == 0 || must && first == nil {
			first = found
		} else if must && found == nil {
			continue
		} else if !slices.EqualFunc(first, found, slices.Equal[[]cut]) {
			return nil, false
		}
	}
	return first, true
}

// between returns the parts from one cut to another.
func between(parts []policy.Part, from, to cut) []policy.Part {
	var out []policy.Part
	for i := from.part; i < len(parts) && i <= to.part; i++ {
		p := parts[i]
		if p.Hole != nil {
			if i < to.part {
				out = append(out, p)
			}
			continue
		}
		start, end := 0, len(p.Literal)
		if i == from.part {
			start = from.offset
		}
		if i == to.part {
			end = to.offset
		}
		if start < end {
			out = append(out, p.Slice(start, end))
		}
	}
	return out
}

// Brackets of the number of a group in a replacement: private characters, which no configuration has.
const groupOpen, groupClose = "\U0010F8F0", "\U0010F8F1"

// replaceMatches returns s with template for each match of re, in which $1 stands for the first group. It returns nil where what
// the holes of s are makes a difference.
func (c *call) replaceMatches(re *regexp.Regexp, s, template *value) *value {
	parts := partsOf(s)
	replacement, ok := template.literal()
	if !ok || strings.Contains(replacement, groupOpen) {
		return nil
	}
	matches, ok := cuts(re, parts, maxElements+1, false)
	if !ok {
		return nil
	}
	if len(matches) > maxElements {
		return limited(c.span, "more than "+strconv.Itoa(maxElements)+" matches")
	}
	b := stringBuilder{e: c.e, count: 2}
	last := cut{}
	for _, m := range matches {
		b.parts = append(b.parts, between(parts, last, m[0])...)
		last = m[1]
		var groups strings.Builder
		indexes := make([]int, len(m))
		for i := 0; i < len(m); i += 2 {
			indexes[i], indexes[i+1] = -1, -1
			if m[i] != noCut {
				indexes[i] = groups.Len()
				groups.WriteString(groupOpen + strconv.Itoa(i) + groupClose)
				indexes[i+1] = groups.Len()
			}
		}
		rest := string(re.ExpandString(nil, replacement, groups.String(), indexes))
		if !c.e.spend(1+len(m)) || !c.e.spendBytes(len(rest)) {
			return failed(c.span, c.e.spent)
		}
		for rest != "" {
			before, after, found := strings.Cut(rest, groupOpen)
			if before != "" {
				b.parts = append(b.parts, policy.Literal(before, template.span))
			}
			rest = ""
			if found {
				var number string
				number, rest, _ = strings.Cut(after, groupClose)
				i, _ := strconv.Atoi(number)
				b.parts = append(b.parts, between(parts, m[i], m[i+1])...)
			}
		}
	}
	b.parts = append(b.parts, between(parts, last, cut{len(parts), 0})...)
	v := b.value(s.span)
	v.via = s.via
	return v
}
