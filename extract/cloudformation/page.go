package cloudformation

import (
	"bytes"
	"sort"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// A page is a text that is read as YAML or JSON, and the way from each of its bytes to the file it is written in. It is a
// whole file, or a template that stands as a string in another file and may have holes.
type page struct {
	file *source.File // nil when the page was put together from a Text
	src  []byte       // of the same length as file.Src, with the directives of another template language masked
	gaps []gap        // what stands for something else, in the order of their place

	pieces []piece // of a page without a file, in the order of their start

	ascii bool
	lines *yamlLines // made when a YAML node is first located
}

// A gap is a range of a page's bytes that stand for something that is not known.
type gap struct {
	start, end int
	hole       *policy.Hole
	span       source.Span // where it is written, when not in the page's own file
}

// A piece is a literal of the Text that a page was put together from.
type piece struct {
	start int
	part  policy.Part
}

func newPage(f *source.File) *page {
	p := &page{file: f, src: f.Src}
	p.src, p.gaps = mask(f.Src)
	return p
}

// textPage returns the page that t reads as. A hole becomes a word of letters, so that it may stand wherever a plain scalar
// may.
func textPage(t policy.Text) *page {
	p := &page{}
	for _, part := range t.Parts {
		start := len(p.src)
		if part.Hole != nil {
			p.src = append(p.src, "TTTTTTTTTTTT"...)
			p.gaps = append(p.gaps, gap{start, len(p.src), part.Hole, part.Span})
			continue
		}
		p.src = append(p.src, part.Literal...)
		p.pieces = append(p.pieces, piece{start, part})
	}
	if masked, gaps := mask(p.src); gaps != nil {
		p.src = masked
		for _, g := range gaps {
			g.span = p.span(g.start, g.end)
			p.gaps = append(p.gaps, g)
		}
		sort.SliceStable(p.gaps, func(i, j int) bool { return p.gaps[i].start < p.gaps[j].start })
	}
	return p
}

// span returns the place of bytes start up to end of the page.
func (p *page) span(start, end int) source.Span {
	end = min(end, len(p.src))
	start = min(start, end)
	if p.file != nil {
		return source.Span{File: p.file, Start: start, End: end}
	}
	from, to := p.at(start), p.at(max(start, end-1))
	if end > start {
		if to.File == from.File && to.End >= from.Start {
			from.End = to.End
		}
		return from
	}
	from.End = from.Start
	return from
}

// at returns the place of one byte of a page without a file.
func (p *page) at(i int) source.Span {
	if g := p.gapAt(i); g != nil && !g.span.IsZero() {
		return g.span
	}
	if len(p.pieces) == 0 {
		return source.Span{}
	}
	n := max(0, sort.Search(len(p.pieces), func(n int) bool { return p.pieces[n].start > i })-1)
	piece := p.pieces[n]
	j := max(0, min(i-piece.start, len(piece.part.Literal)))
	return piece.part.Slice(j, min(j+1, len(piece.part.Literal))).Span
}

// gapAt returns the gap that byte i lies in, nil when there is none.
func (p *page) gapAt(i int) *gap {
	n := sort.Search(len(p.gaps), func(n int) bool { return p.gaps[n].end > i })
	if n < len(p.gaps) && p.gaps[n].start <= i {
		return &p.gaps[n]
	}
	return nil
}

// gapsIn reports whether a gap lies within bytes start up to end.
func (p *page) gapsIn(start, end int) bool {
	n := sort.Search(len(p.gaps), func(n int) bool { return p.gaps[n].end > start })
	return n < len(p.gaps) && p.gaps[n].start < end
}

// text returns s with its place, and with holes for the bytes that stand in a gap. Byte i of s is spelled at places[i], or at
// start+i when places is nil.
func (p *page) text(s string, start int, places []int32) policy.Text {
	end := start + len(s)
	if places != nil {
		end = int(places[len(s)])
	}
	if !p.gapsIn(start, end) {
		part := p.literal(s, start, places)
		return policy.Text{Parts: []policy.Part{part}, Span: part.Span}
	}
	var parts []policy.Part
	at := func(i int) int {
		if places != nil {
			return int(places[i])
		}
		return start + i
	}
	for i := 0; i < len(s); {
		g := p.gapAt(at(i))
		j := i + 1
		for j < len(s) && p.gapAt(at(j)) == g {
			j++
		}
		switch {
		case g != nil && g.hole != nil:
			span := g.span
			if span.IsZero() {
				span = p.span(g.start, g.end)
			}
			parts = append(parts, policy.HolePart(g.hole, span))
		case g != nil: // a directive that stands for nothing
		case places != nil:
			parts = append(parts, p.literal(s[i:j], at(i), places[i:j+1]))
		default:
			parts = append(parts, p.literal(s[i:j], at(i), nil))
		}
		i = j
	}
	return policy.NewText(parts...)
}

// literal returns s, none of which stands in a gap, with its place.
func (p *page) literal(s string, start int, places []int32) policy.Part {
	if p.file != nil {
		if places != nil {
			return policy.LiteralAt(s, p.file, places)
		}
		return policy.Literal(s, p.span(start, start+len(s)))
	}
	end := start + len(s)
	if places != nil {
		end = int(places[len(s)])
	}
	own := make([]int32, len(s)+1)
	var file *source.File
	for i := range len(s) {
		at := start + i
		if places != nil {
			at = int(places[i])
		}
		span := p.at(at)
		if file != nil && span.File != file || i > 0 && int32(span.Start) < own[i-1] {
			return unlocated(s, p.span(start, end)) // from several places: only the whole has one
		}
		file = span.File
		own[i] = int32(span.Start)
	}
	if file == nil || end == 0 {
		return unlocated(s, p.span(start, end))
	}
	own[len(s)] = int32(p.at(end - 1).End)
	return policy.LiteralAt(s, file, own)
}

func unlocated(s string, span source.Span) policy.Part { return policy.Part{Literal: s, Span: span} }

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

var byteOrderMark = []byte("\uFEFF")

// body returns where the text begins, behind a byte order mark.
func (p *page) body() int {
	if bytes.HasPrefix(p.src, byteOrderMark) {
		return len(byteOrderMark)
	}
	return 0
}
