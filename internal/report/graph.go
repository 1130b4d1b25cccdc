package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// GraphOptions say what of a graph to draw.
type GraphOptions struct {
	Dangerous Dangers
	MaxEdges  int // the dangerous ones are drawn first; 0 is no limit
}

// Dangers are the places of findings of high severity about who gets in, by the statement and the role that they are about.
type Dangers map[danger][]source.Span

type danger struct {
	statement source.Span
	role      string // the instances of a resource have their statements in one place
}

// Dangerous returns the dangers that findings tell of.
func Dangerous(findings []rules.Finding) Dangers {
	all := Dangers{}
	for i := range findings {
		if f := &findings[i]; f.Witness != nil && BandOf(f.Severity) >= HighBand {
			for _, role := range append([]string{f.Role}, f.Also...) {
				k := danger{f.Statement, role}
				all[k] = append(all[k], f.Span)
			}
		}
	}
	return all
}

// has reports whether one of the dangers is in the grant: one that is about another principal of its statement is not.
func (d Dangers) has(role string, g *access.Grant) bool {
	return g.From != nil && slices.ContainsFunc(d[danger{g.From.Span, role}], g.MayCause)
}

// A graph has callers and roles as nodes. A role that nobody can assume has no edge.
type graph struct {
	callers, roles []string
	edges          []edge
	left           int // edges that are not drawn
}

type edge struct {
	caller, role int // indexes
	condition    string
	dangerous    bool
	undecided    bool
}

func newGraph(all []Role, o GraphOptions) *graph {
	type link struct {
		role, caller string
		edge
	}
	var links []link
	g := &graph{}
	for _, r := range all {
		name := r.Documents[0].Role
		if !slices.Contains(g.roles, name) {
			g.roles = append(g.roles, name)
		}
		for i, grants := range r.Grants {
			for k := range grants {
				gr := &grants[k]
				who, condition, _ := strings.Cut(gr.String(), ", ")
				if when := r.Documents[i].When; when != "" {
					condition = strings.TrimPrefix(condition+", when "+when, ", ")
				}
				links = append(links, link{name, who, edge{condition: condition, undecided: gr.Undecided, dangerous: o.Dangerous.has(name, gr)}})
			}
		}
	}
	slices.SortStableFunc(links, func(a, b link) int {
		switch {
		case a.dangerous == b.dangerous:
			return 0
		case a.dangerous:
			return -1
		}
		return 1
	})
	if o.MaxEdges > 0 && len(links) > o.MaxEdges {
		g.left = len(links) - o.MaxEdges
		links = links[:o.MaxEdges]
		g.roles = nil // only those with an edge
	}
	index := func(list *[]string, name string) int {
		i := slices.Index(*list, name)
		if i < 0 {
			i = len(*list)
			*list = append(*list, name)
		}
		return i
	}
	for _, l := range links {
		l.edge.caller, l.edge.role = index(&g.callers, l.caller), index(&g.roles, l.role)
		if !slices.Contains(g.edges, l.edge) {
			g.edges = append(g.edges, l.edge)
		}
	}
	return g
}

// nodeText is how much of a text a node or an edge shows, in code points.
const nodeText = 120

func graphText(s string, escape func(byte) string) string {
	s, more := firstRunes([]byte(neutral(s)), nodeText)
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c < 0x80 && !alphanumeric(c) && strings.IndexByte(" .,:/_-", c) < 0 {
			b.WriteString(escape(c))
			continue
		}
		b.WriteByte(c)
	}
	if more {
		b.WriteString(cutMark)
	}
	return b.String()
}

// mermaidText returns s as Mermaid reads it within quotes: with its own character codes, so that neither Mermaid nor the HTML
// that it draws with sees any markup.
// https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters
func mermaidText(s string) string {
	return graphText(s, func(c byte) string { return fmt.Sprintf("#%d;", c) })
}

// Mermaid draws the roles, those who can assume them and under which conditions.
func Mermaid(w io.Writer, all []Role, o GraphOptions) error {
	g := newGraph(all, o)
	b := bufio.NewWriter(w)
	fmt.Fprintln(b, "flowchart LR")
	for i, c := range g.callers {
		fmt.Fprintf(b, "  c%d([\"%s\"])\n", i, mermaidText(c))
	}
	for i, r := range g.roles {
		fmt.Fprintf(b, "  r%d[\"%s\"]\n", i, mermaidText(r))
	}
	if g.left > 0 {
		fmt.Fprintf(b, "  more[\"%s not drawn\"]\n", plural(g.left, "more is", "more are"))
	}
	var bad []string
	for i, e := range g.edges {
		arrow := "-->"
		switch {
		case e.dangerous:
			arrow = "==>"
			bad = append(bad, itoa(i))
		case e.undecided:
			arrow = "-.->"
		}
		if e.condition != "" {
			arrow += "|\"" + mermaidText(e.condition) + "\"|"
		}
		fmt.Fprintf(b, "  c%d %s r%d\n", e.caller, arrow, e.role)
	}
	if len(bad) > 0 {
		fmt.Fprintf(b, "  linkStyle %s stroke:#d1242f\n", strings.Join(bad, ","))
	}
	return b.Flush()
}

// dotText returns s as a quoted string of the DOT language.
func dotText(s string) string {
	return `"` + graphText(s, func(c byte) string {
		if c == '"' || c == '\\' {
			return `\` + string(c)
		}
		return string(c)
	}) + `"`
}

// Dot draws the same for Graphviz.
func Dot(w io.Writer, all []Role, o GraphOptions) error {
	g := newGraph(all, o)
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "digraph trust {\n  rankdir=LR\n  node [shape=box]\n")
	for i, c := range g.callers {
		fmt.Fprintf(b, "  c%d [label=%s style=rounded]\n", i, dotText(c))
	}
	for i, r := range g.roles {
		fmt.Fprintf(b, "  r%d [label=%s]\n", i, dotText(r))
	}
	if g.left > 0 {
		fmt.Fprintf(b, "  more [label=\"%s not drawn\"]\n", plural(g.left, "more is", "more are"))
	}
	for _, e := range g.edges {
		var attributes []string
		if e.condition != "" {
			attributes = append(attributes, "label="+dotText(e.condition))
		}
		switch {
		case e.dangerous:
			attributes = append(attributes, "color=red penwidth=2")
		case e.undecided:
			attributes = append(attributes, "style=dashed")
		}
		fmt.Fprintf(b, "  c%d -> r%d [%s]\n", e.caller, e.role, strings.Join(attributes, " "))
	}
	fmt.Fprintln(b, "}")
	return b.Flush()
}
