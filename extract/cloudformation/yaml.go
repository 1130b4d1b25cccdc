package cloudformation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// maxMerged is how many members merge keys may add up to in one file, so that merges of merges stay bounded.
const maxMerged = 100_000

// maxMarks is how many line ends, commas, colons, dashes and question marks a YAML file may have: each may be a value, for which
// yaml.v3 takes some 400 bytes of memory. The largest real template has a third of that; AWS takes 1 MB.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const maxMarks = 300_000

// maxTagDirectives is how many of its directives yaml.v3 compares with each other. No template has one.
const maxTagDirectives = 100

// TameYAML says why yaml.v3 is not to be given src, nil when it can be trusted with it.
func TameYAML(src []byte) error {
	marks := 0
	for _, mark := range []string{"\n", ",", ": ", "- ", "? "} {
		if marks += bytes.Count(src, []byte(mark)); marks > maxMarks {
			return fmt.Errorf("there are more than %d lines, list elements and members", maxMarks)
		}
	}
	if bytes.Count(src, []byte("\n%TAG")) > maxTagDirectives {
		return fmt.Errorf("there are more than %d directives", maxTagDirectives)
	}
	return nil
}

// readYAML reads the documents of the page. With an error it returns those before it.
func readYAML(p *page) (docs []*node, err error) {
	if err := TameYAML(p.src); err != nil {
		return nil, &syntaxError{0, err.Error()}
	}
	defer func() {
		if e := recover(); e != nil { // yaml.v3 has panicked on hostile input before
			err = &syntaxError{0, fmt.Sprint("the YAML reader gave up: ", e)}
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(p.src))
	r := &yamlReader{page: p, nodes: map[*yaml.Node]*node{}}
	for {
		var doc yaml.Node
		if err := d.Decode(&doc); err == io.EOF {
			return docs, nil
		} else if err != nil {
			return docs, p.yamlError(err)
		}
		docs = append(docs, r.read(&doc, 0))
		if r.err != nil {
			return docs, r.err
		}
	}
}

var yamlErrorLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^yaml: line (\d+): `) })

// yamlError gives an error of yaml.v3 a place.
func (p *page) yamlError(err error) error {
	var offset int
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlErrorLine().FindStringSubmatch(err.Error()); m != nil {
		message = err.Error()[len(m[0]):]
		line, _ := strconv.Atoi(m[1])
		offset = p.offset(line, 1)
	}
	if at := notText(p.src); offset == 0 && at >= 0 {
		offset = at
		if !utf8.Valid(p.src) {
			message = "the file is not UTF-8"
		}
	}
	var typeError *yaml.TypeError
	if errors.As(err, &typeError) && len(typeError.Errors) > 0 {
		message = typeError.Errors[0]
	}
	return &syntaxError{offset, message}
}

// notText returns the place of the first byte that is not UTF-8, or of a character that YAML does not allow; -1 when there is none.
func notText(src []byte) int {
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7F {
			return i
		}
		i += size
	}
	return -1
}

// A yamlReader turns the nodes of yaml.v3 into ours.
type yamlReader struct {
	page   *page
	nodes  map[*yaml.Node]*node // those with an anchor; nil while being read
	merged int
	err    error // the first thing that is wrong though the syntax is right
	slab   []node
}

func (r *yamlReader) broken(y *yaml.Node, format string, args ...any) *node {
	if r.err == nil {
		r.err = &syntaxError{r.page.offset(y.Line, y.Column), fmt.Sprintf(format, args...)}
	}
	return r.node(brokenNode, y)
}

func (r *yamlReader) node(kind nodeKind, y *yaml.Node) *node {
	if len(r.slab) == 0 {
		r.slab = make([]node, 64)
	}
	n := &r.slab[0]
	r.slab = r.slab[1:]
	*n = node{kind: kind, page: r.page, line: int32(y.Line), column: int32(y.Column), end: -1}
	return n
}

func (r *yamlReader) read(y *yaml.Node, depth int) *node {
	if depth > maxDepth {
		return r.broken(y, "nested more than %d levels deep", maxDepth)
	}
	if y.Kind == yaml.AliasNode {
		n, known := r.nodes[y.Alias]
		if n == nil && known {
			return r.broken(y, "the alias *%s stands within the value that it names", y.Value)
		}
		if n == nil {
			return r.broken(y, "no anchor of the name %s", y.Value)
		}
		return n
	}
	if y.Anchor != "" {
		r.nodes[y] = nil
	}
	n := r.tagged(y, r.untagged(y, depth))
	if y.Anchor != "" {
		r.nodes[y] = n
	}
	return n
}

func (r *yamlReader) untagged(y *yaml.Node, depth int) *node {
	switch y.Kind {
	case yaml.DocumentNode:
		if len(y.Content) == 0 {
			return r.node(nullNode, y)
		}
		return r.read(y.Content[0], depth)
	case yaml.SequenceNode:
		n := r.node(listNode, y)
		n.elements = make([]*node, 0, len(y.Content))
		for _, e := range y.Content {
			n.elements = append(n.elements, r.read(e, depth+1))
		}
		return n
	case yaml.MappingNode:
		return r.mapping(y, depth)
	case yaml.ScalarNode:
		n := r.node(stringNode, y)
		n.text = y.Value
		switch {
		case y.Style&yaml.DoubleQuotedStyle != 0:
			n.style = doubleQuoted
		case y.Style&yaml.SingleQuotedStyle != 0:
			n.style = singleQuoted
		case y.Style&yaml.LiteralStyle != 0:
			n.style = literalBlock
		case y.Style&yaml.FoldedStyle != 0:
			n.style = foldedBlock
		default:
			n.kind = plainKind(y.Value)
		}
		return n
	}
	return r.node(nullNode, y)
}

func (r *yamlReader) mapping(y *yaml.Node, depth int) *node {
	n := r.node(mappingNode, y)
	n.members = make([]member, 0, len(y.Content)/2)
	var merges []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		value := r.read(y.Content[i+1], depth+1)
		if y.Content[i].Tag == "!!merge" {
			merges = append(merges, value)
			continue
		}
		key := r.read(y.Content[i], depth+1)
		if !key.scalar() && key.kind != nullNode {
			if key.kind != brokenNode {
				r.broken(y.Content[i], "a key must be a string")
			}
			continue
		}
		if key.kind == nullNode && key.text == "" {
			key.text = "null"
		}
		n.members = append(n.members, member{key, value})
	}
	if len(merges) > 0 {
		own := map[string]bool{}
		for _, have := range n.members {
			own[have.key.text] = true
		}
		for _, m := range merges {
			r.merge(n, m, y, own)
		}
	}
	return n
}

// merge adds to n the members of m, or of the mappings that the list m holds, that n does not have itself: own are the names of
// those that it has.
func (r *yamlReader) merge(n, m *node, y *yaml.Node, own map[string]bool) {
	if m.kind == listNode {
		for _, e := range m.elements {
			if r.merged++; e.kind == mappingNode {
				r.merge(n, e, y, own)
			}
		}
		return
	}
	var added []string
	for _, add := range m.members {
		if r.merged++; r.merged > maxMerged {
			r.broken(y, "merge keys add up to more than %d members", maxMerged)
			return
		}
		if !own[add.key.text] {
			n.members = append(n.members, add)
			added = append(added, add.key.text) // of a name that m has twice, both are kept
		}
	}
	for _, name := range added {
		own[name] = true
	}
}

// tagged puts n under the function that y's short tag calls.
func (r *yamlReader) tagged(y *yaml.Node, n *node) *node {
	if y.Style&yaml.TaggedStyle == 0 || y.Kind == yaml.DocumentNode {
		return n
	}
	switch {
	case y.Tag == "!!str":
		if n.scalar() || n.kind == nullNode {
			n.kind = stringNode
		}
		return n
	case strings.HasPrefix(y.Tag, "!!"), y.Tag == "!", y.Tag == "", y.Kind == 0:
		return n
	}
	name := strings.TrimPrefix(y.Tag, "!")
	switch name {
	case "Ref", "Condition":
	default:
		if !strings.Contains(name, "::") {
			name = "Fn::" + name
		}
	}
	if n.scalar() && n.kind != stringNode {
		n.kind = stringNode // the argument of a function: !Ref 123
	}
	key := r.node(stringNode, y)
	key.text, key.style = name, derived
	key.locateTag(y.Tag)
	call := r.node(mappingNode, y)
	call.line, call.start = 0, key.start
	call.members = []member{{key, n}}
	return call
}

// locateTag makes the tag at n's place the place of n.
func (n *node) locateTag(tag string) {
	src := n.page.src
	i := n.page.offset(int(n.line), int(n.column))
	n.line = 0
	if i < len(src) && src[i] == '&' { // the anchor may stand first
		i = skipBlank(src, skipProperty(src, i))
	}
	n.start = int32(min(i, len(src)))
	n.end = int32(min(i+len(tag), len(src)))
}

// plainKind returns what the plain scalar s is to a reader of YAML 1.1, as CloudFormation's is. Dates stay strings there.
func plainKind(s string) nodeKind {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return nullNode
	}
	if len(s) <= 5 {
		switch s {
		case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON",
			"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF":
			return boolNode
		}
	}
	if yamlNumber(s) {
		return numberNode
	}
	return stringNode
}

// truth returns the JSON spelling of a plain scalar that is a boolean.
func truth(s string) string {
	switch strings.ToLower(s) {
	case "true", "yes", "on":
		return "true"
	}
	return "false"
}

// yamlNumber reports whether the plain scalar s is a number to YAML 1.1. Digits with a 0 in front are one only when they are
// octal: 098765432109 is a string.
func yamlNumber(s string) bool {
	t := strings.TrimLeft(s, "+-")
	if t == "" || len(s)-len(t) > 1 || t[0] < '0' || t[0] > '9' {
		return false
	}
	if t[0] == '0' && len(t) > 1 {
		if t[1] == 'x' {
			_, err := strconv.ParseUint(t[2:], 16, 64)
			return err == nil
		}
		if !strings.ContainsAny(t, ".") {
			return strings.Trim(t, "01234567") == ""
		}
	}
	if strings.Trim(t, "0123456789") == "" {
		return true
	}
	if strings.Trim(t, "0123456789.eE+-") != "" {
		return false
	}
	_, err := strconv.ParseFloat(t, 64)
	return err == nil
}

// octal reports whether the plain scalar s is an octal number to YAML 1.1: an account id of such digits becomes another one.
func octal(s string) bool {
	return len(s) > 1 && s[0] == '0' && strings.Trim(s, "01234567") == ""
}
