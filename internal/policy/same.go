package policy

import "slices"

// Same reports whether v and w are one value, every token of it in the same place.
func (v *Value) Same(w *Value) bool {
	if v == w {
		return true
	}
	return v != nil && w != nil && v.Kind == w.Kind && v.Many == w.Many && v.Span == w.Span && v.Text.Same(w.Text) &&
		v.Hole.same(w.Hole) && slices.Equal(v.Via, w.Via) &&
		slices.EqualFunc(v.Elements, w.Elements, (*Value).Same) &&
		slices.EqualFunc(v.Members, w.Members, func(m, n Member) bool { return m.Key.Same(n.Key) && m.Value.Same(n.Value) })
}

// Same reports whether t and u are one text, every part of it in the same place.
func (t Text) Same(u Text) bool {
	return t.Span == u.Span && slices.EqualFunc(t.Parts, u.Parts, Part.same) && slices.Equal(t.Via, u.Via)
}

func (p Part) same(q Part) bool {
	return p.Literal == q.Literal && p.Span == q.Span && p.exact == q.exact && p.Hole.same(q.Hole) && slices.Equal(p.places, q.places)
}

func (h *Hole) same(g *Hole) bool {
	if h == g {
		return true
	}
	if h == nil || g == nil || (h.Default == nil) != (g.Default == nil) || h.Default != nil && *h.Default != *g.Default {
		return false
	}
	return h.Kind == g.Kind && h.Expr == g.Expr && h.Many == g.Many && h.Reason == g.Reason && h.Limit == g.Limit &&
		slices.Equal(h.Choices, g.Choices) && slices.EqualFunc(h.Form, g.Form, Part.same)
}
