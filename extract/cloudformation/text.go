package cloudformation

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// split returns the pieces of t between separators. A separator within a hole is not known of.
func split(t policy.Text, separator string) []policy.Text {
	if separator == "" {
		return []policy.Text{t}
	}
	var pieces []policy.Text
	var parts []policy.Part
	for _, p := range t.Parts {
		if p.Hole != nil {
			parts = append(parts, p)
			continue
		}
		for {
			i := strings.Index(p.Literal, separator)
			if i < 0 {
				parts = append(parts, p)
				break
			}
			pieces = append(pieces, textOf(append(parts, p.Slice(0, i)), t))
			parts = nil
			p = p.Slice(i+len(separator), len(p.Literal))
		}
	}
	return append(pieces, textOf(parts, t))
}

// textOf returns the text of parts, which are pieces of t.
func textOf(parts []policy.Part, t policy.Text) policy.Text {
	piece := policy.NewText(parts...)
	piece.Via = t.Via
	return piece
}

// trimSpace returns t without blanks at both ends.
func trimSpace(t policy.Text) policy.Text {
	if len(t.Parts) == 0 {
		return t
	}
	parts := append([]policy.Part(nil), t.Parts...)
	if first := parts[0]; first.Hole == nil {
		n := len(first.Literal) - len(strings.TrimLeft(first.Literal, " \t\r\n"))
		parts[0] = first.Slice(n, len(first.Literal))
	}
	if last := parts[len(parts)-1]; last.Hole == nil {
		parts[len(parts)-1] = last.Slice(0, len(strings.TrimRight(last.Literal, " \t\r\n")))
	}
	return textOf(parts, t)
}
