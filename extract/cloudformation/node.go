package cloudformation

import (
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// A node is a value of a template as it is written, from JSON or YAML. Short tags are already in the long form: !Sub x is
// the mapping {"Fn::Sub": x}. Nodes form a graph, not a tree: an alias is the node that its anchor names. They do not change
// once read and are walked with a budget.
type node struct {
	kind     nodeKind
	page     *page
	text     string    // of a scalar, as it reads
	elements []*node   // of a list
	members  []member  // of a mapping, in the order written, with those of the same name
	style    textStyle // of a scalar: how text is spelled
	start    int32     // in the page: of the token, without tag and anchor
	end      int32     // in the page; -1: not known yet, see finish
	line     int32     // of a YAML node, from 1, with start still to be found; 0 otherwise
	column   int32     // of a YAML node, from 1, in code points
}

type member struct{ key, value *node }

type nodeKind uint8

const (
	nullNode nodeKind = iota
	boolNode
	numberNode
	stringNode
	listNode
	mappingNode
	brokenNode // could not be read: an alias within itself, too deep
)

// A textStyle says how a scalar is spelled.
type textStyle uint8

const (
	plainStyle textStyle = iota
	singleQuoted
	doubleQuoted
	literalBlock
	foldedBlock
	jsonString
	derived // not spelled out: the function that a tag calls
)

func (n *node) scalar() bool { return n != nil && n.kind >= boolNode && n.kind <= stringNode }

// get returns the value of the last member of that name, nil when n is no mapping or has none.
func (n *node) get(name string) *node {
	if n == nil {
		return nil
	}
	for i := len(n.members) - 1; i >= 0; i-- {
		if n.members[i].key.text == name {
			return n.members[i].value
		}
	}
	return nil
}

// str returns the text of the scalar that n's member of that name is.
func (n *node) str(name string) string {
	if v := n.get(name); v.scalar() {
		return v.text
	}
	return ""
}

// span returns the place of n: a scalar without quotes, a list or mapping with its brackets.
func (n *node) span() source.Span {
	if n == nil || n.page == nil {
		return source.Span{}
	}
	n.locate()
	if n.scalar() || n.kind == nullNode && n.text != "" {
		start, end := n.inside()
		return n.page.span(start, end)
	}
	return n.page.span(int(n.start), n.finish())
}

// inside returns the place in the page of a scalar's text.
func (n *node) inside() (start, end int) {
	n.locate()
	start, places, ok := spell(n.page.src, int(n.start), n.style, n.text)
	switch {
	case !ok:
		return int(n.start), max(int(n.start), int(n.end))
	case places == nil:
		return start, min(start+len(n.text), len(n.page.src))
	}
	return int(places[0]), int(places[len(n.text)])
}

// value returns the text of a scalar with its place and the holes of its page.
func (n *node) value() policy.Text {
	n.locate()
	start, places, ok := spell(n.page.src, int(n.start), n.style, n.text)
	if !ok {
		return unplaced(n.text, n.span())
	}
	return n.page.text(n.text, start, places)
}
