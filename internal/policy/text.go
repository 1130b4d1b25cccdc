package policy

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/source"
)

// A Text is a string as far as it is known: literal parts and holes in between. The zero Text is no string at all, which
// differs from the empty string: that has one part with an empty literal.
type Text struct {
	Parts []Part
	Span  source.Span   // where it is written, without quotes; from the first to the last part where there are several
	Via   []source.Span // what it came through on its way here, from its own place on: variable, local, parameter, module call
}

// A Part is a piece of a Text: a literal or, when Hole is set, something that is not known.
type Part struct {
	Literal string
	Hole    *Hole
	Span    source.Span // where the literal is spelled, or the expression that the hole stands for

	// places holds the source offset of each byte of Literal and of the place behind the last one. It is nil when the text
	// under Span is Literal byte for byte (exact) or when only the whole is known to come from Span.
	places []int32
	exact  bool
}

// A Hole stands for a string that the code alone does not determine. Two holes with the same Kind and Expr stand for the
// same string within one role.
type Hole struct {
	Kind HoleKind
	Expr string // as the language writes it: var.account, AWS::AccountId
	// Many: where it stands for a list element it may be any number of them, none included; where it stands for a member of
	// an object, any number of members.
	Many    bool
	Choices []string // the only strings it can be, where these are known; nil otherwise
	Default *string  // the string it is unless someone says otherwise: the default of a parameter; nil when there is none
	Reason  string   // why it is not known, where the expression does not say it: "module x is not in the tree"
	// Form is the same string in parts, where something is known about it that the expression does not say: the ARN of a role
	// for which AWS makes up a name. Parse puts it in the place of the hole.
	Form []Part
	// Limit: the code may well say it, but to find out takes more work than trustvet does. Whoever wrote the code can have
	// wanted that, so a role with such a hole never passes.
	Limit bool
}

// A HoleKind says what a hole stands for, since verdicts depend on it.
type HoleKind uint8

const (
	Unknown         HoleKind = iota // anything
	OwnAccount                      // the 12 digits of the account that the role is in
	Partition                       // aws, aws-cn, aws-us-gov, …
	Region                          // us-east-1, …
	DNSSuffix                       // amazonaws.com, amazonaws.com.cn, …
	OwnOrganization                 // the id of the organization that the role's account is in: o-…
)

var holeKindNames = [...]string{"unknown", "own account", "partition", "region", "dns suffix", "own organization"}

func (k HoleKind) String() string { return holeKindNames[k] }

// String returns the expression as ${expression}. A dynamic reference of CloudFormation, {{resolve:…}}, is left as it is.
func (h *Hole) String() string {
	if strings.HasPrefix(h.Expr, "{{") {
		return h.Expr
	}
	return "${" + h.Expr + "}"
}

// Literal returns the part that is s, spelled under span.
func Literal(s string, span source.Span) Part {
	return Part{Literal: s, Span: span, exact: !span.IsZero() && span.End-span.Start == len(s) && span.Text() == s}
}

// LiteralAt returns the part that is s where byte i of s is spelled at offset places[i] of file and s ends at
// places[len(s)]. Escapes, folded lines and trimmed indentation make it necessary.
func LiteralAt(s string, file *source.File, places []int32) Part {
	span := source.Span{File: file, Start: int(places[0]), End: int(places[len(s)])}
	p := Literal(s, span)
	if !p.exact {
		p.places = places[:len(s)+1]
	}
	return p
}

// HolePart returns the part that is h, written as the expression under span.
func HolePart(h *Hole, span source.Span) Part { return Part{Hole: h, Span: span} }

// Located reports whether the place of every byte of the literal is known.
func (p Part) Located() bool { return p.exact || p.places != nil }

// place returns the source offset of byte i of the literal, which must be located.
func (p Part) place(i int) int {
	if p.exact {
		return p.Span.Start + i
	}
	return int(p.places[i])
}

// Slice returns bytes i up to, not including, j of a literal part, with their own place where that is known and the place
// of the whole otherwise.
func (p Part) Slice(i, j int) Part {
	if p.Hole != nil {
		return p
	}
	s := Part{Literal: p.Literal[i:j], Span: p.Span}
	switch {
	case p.exact:
		s.exact = true
		s.Span = source.Span{File: p.Span.File, Start: p.Span.Start + i, End: p.Span.Start + j}
	case p.places != nil:
		s.places = p.places[i : j+1]
		s.Span = source.Span{File: p.Span.File, Start: int(p.places[i]), End: int(p.places[j])}
	}
	return s
}

// As returns a part that is s and has the place of p: every byte of s comes from the whole of p. An escape is such a part.
func (p Part) As(s string) Part {
	if !p.Located() || p.Hole != nil {
		return Part{Literal: s, Span: p.Span}
	}
	places := make([]int32, len(s)+1)
	for i := range places[:len(s)] {
		places[i] = int32(p.Span.Start)
	}
	places[len(s)] = int32(p.Span.End)
	return LiteralAt(s, p.Span.File, places)
}

// NewText returns the text made of parts. Literal parts that follow each other in one file become one.
func NewText(parts ...Part) Text {
	t := Text{Parts: join(parts)}
	t.Span = spanOf(t.Parts)
	return t
}

// String returns s as a Text spelled under span.
func String(s string, span source.Span) Text {
	return Text{Parts: []Part{Literal(s, span)}, Span: span}
}

// join merges neighbouring literals that are neighbours in the source too, and drops empty literals beside others.
func join(parts []Part) []Part {
	out := make([]Part, 0, len(parts))
	for _, p := range parts {
		if p.Hole == nil && len(out) > 0 && out[len(out)-1].Hole == nil {
			last := &out[len(out)-1]
			switch {
			case p.Literal == "":
				continue
			case last.Literal == "":
				*last = p
				continue
			case last.exact && p.exact && last.Span.File == p.Span.File && last.Span.End == p.Span.Start:
				last.Literal += p.Literal
				last.Span.End = p.Span.End
				continue
			case last.Located() && p.Located() && last.Span.File == p.Span.File && last.Span.End == p.Span.Start:
				places := make([]int32, 0, len(last.Literal)+len(p.Literal)+1)
				for i := range len(last.Literal) {
					places = append(places, int32(last.place(i)))
				}
				for i := range len(p.Literal) {
					places = append(places, int32(p.place(i)))
				}
				*last = LiteralAt(last.Literal+p.Literal, p.Span.File, append(places, int32(p.Span.End)))
				continue
			}
		}
		out = append(out, p)
	}
	if len(out) > 1 {
		out = slices.DeleteFunc(out, func(p Part) bool { return p.Hole == nil && p.Literal == "" })
	}
	return out
}

// spanOf returns the span from the first part to the last when they lie in one file in this order, and that of the first
// part otherwise.
func spanOf(parts []Part) source.Span {
	if len(parts) == 0 {
		return source.Span{}
	}
	span := parts[0].Span
	for _, p := range parts[1:] {
		if p.Span.File != span.File || p.Span.Start < span.End {
			return parts[0].Span
		}
		span = span.To(p.Span)
	}
	return span
}

// formed returns t with the forms of its holes in their place.
func (t Text) formed() Text {
	if !slices.ContainsFunc(t.Parts, func(p Part) bool { return p.Hole != nil && p.Hole.Form != nil }) {
		return t
	}
	var parts []Part
	for _, p := range t.Parts {
		if p.Hole != nil && p.Hole.Form != nil {
			parts = append(parts, p.Hole.Form...)
			continue
		}
		parts = append(parts, p)
	}
	t.Parts = join(parts)
	return t
}

// IsZero reports whether t is no string at all.
func (t Text) IsZero() bool { return t.Parts == nil }

// Literal returns the string when it is wholly known.
func (t Text) Literal() (s string, known bool) {
	switch {
	case t.Parts == nil:
		return "", false
	case len(t.Parts) == 1:
		return t.Parts[0].Literal, t.Parts[0].Hole == nil
	}
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Hole != nil {
			return "", false
		}
		b.WriteString(p.Literal)
	}
	return b.String(), true
}

// Is reports whether t is known to be s.
func (t Text) Is(s string) bool {
	l, known := t.Literal()
	return known && l == s
}

// Hole returns the first hole of t, nil when there is none.
func (t Text) Hole() *Hole {
	for _, p := range t.Parts {
		if p.Hole != nil {
			return p.Hole
		}
	}
	return nil
}

// Unknown returns the first hole of t that may be anything, nil when there is none. The own account, the partition, the
// region and the like are not unknown: their verdicts are the same whatever they are.
func (t Text) Unknown() *Hole {
	for _, p := range t.Parts {
		if p.Hole != nil && p.Hole.Kind == Unknown {
			return p.Hole
		}
	}
	return nil
}

// String returns t with each hole written as ${expression}.
func (t Text) String() string {
	if len(t.Parts) == 1 && t.Parts[0].Hole == nil {
		return t.Parts[0].Literal
	}
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Hole != nil {
			b.WriteString(p.Hole.String())
			continue
		}
		b.WriteString(p.Literal)
	}
	return b.String()
}

// size returns the bytes of the literals of t.
func (t Text) size() int {
	n := 0
	for _, p := range t.Parts {
		n += len(p.Literal)
	}
	return n
}

// HasPrefix reports whether t is known to begin with s.
func (t Text) HasPrefix(s string) bool {
	return len(t.Parts) > 0 && strings.HasPrefix(t.leading(), s)
}

// HasSuffix reports whether t is known to end with s.
func (t Text) HasSuffix(s string) bool {
	if len(t.Parts) == 0 {
		return false
	}
	var b string
	for i := len(t.Parts) - 1; i >= 0 && t.Parts[i].Hole == nil; i-- {
		b = t.Parts[i].Literal + b
	}
	return strings.HasSuffix(b, s)
}

// leading returns the literal before the first hole.
func (t Text) leading() string {
	var b string
	for _, p := range t.Parts {
		if p.Hole != nil {
			break
		}
		b += p.Literal
	}
	return b
}
