package cloudformation

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/trustvet/trustvet/internal/policy"
)

var (
	documentKey = []byte("AssumeRolePolicyDocument")
	typePrefix  = []byte("AWS::")
	roleTypes   = [][]byte{[]byte("IAM::Role"), []byte("Serverless::"), []byte("CloudFormation::Stack")}
)

// Candidate reports whether a file with the content src may hold a role or lead to one. It looks at the bytes only and is
// meant to be asked for every YAML and JSON file of a repository, nearly all of which it dismisses.
func Candidate(src []byte) bool {
	if isUTF16(src) {
		src = bytes.ReplaceAll(src, []byte{0}, nil)
	}
	// One pass for both words, since they begin with the same letter, which is rare.
	for i := 0; ; i++ {
		n := bytes.IndexByte(src[i:], 'A')
		if n < 0 || i+n+len(typePrefix) > len(src) {
			return false
		}
		i += n
		switch src[i+1] {
		case 's':
			if bytes.HasPrefix(src[i:], documentKey) {
				return true
			}
		case 'W':
			rest, ok := bytes.CutPrefix(src[i:], typePrefix)
			if ok && slices.ContainsFunc(roleTypes, func(t []byte) bool { return bytes.HasPrefix(rest, t) }) {
				return true
			}
		}
	}
}

// isUTF16 reports whether src is, by its first two bytes, UTF-16: with a byte order mark or ASCII at the start.
func isUTF16(src []byte) bool {
	return len(src) > 3 && (src[0] == 0xFE && src[1] == 0xFF || src[0] == 0xFF && src[1] == 0xFE || (src[0] == 0) != (src[1] == 0))
}

// read returns the documents of a page, those before a syntax error with it.
func (e *evaluator) read(p *page, name string) ([]*node, error) {
	if isUTF16(p.src) {
		return nil, &syntaxError{0, "the file is UTF-16: trustvet reads templates in UTF-8 only"}
	}
	start := bytes.TrimLeft(p.src[p.body():], " \t\r\n")
	ext := strings.ToLower(path.Ext(name))
	if len(start) > 0 && (start[0] == '{' || start[0] == '[') {
		root, jsonErr := readJSON(p)
		if jsonErr == nil {
			return []*node{root}, nil
		}
		docs, err := readYAML(p)
		if err != nil && (ext == ".json" || ext == ".template" || len(docs) == 0) {
			return docs, jsonErr
		}
		return docs, err
	}
	docs, err := readYAML(p)
	if err != nil && len(p.gaps) > 0 && p.file != nil {
		// What looks like directives may be text after all.
		plain := &page{file: p.file, src: p.file.Src}
		if docs, err := readYAML(plain); err == nil {
			return docs, nil
		}
	}
	if err == nil {
		return docs, nil
	}
	if p.file != nil && len(p.gaps) == 0 {
		tokens := &page{file: p.file}
		if tokens.src, tokens.gaps = maskTokens(p.src); len(tokens.gaps) > 0 {
			if docs, err := readYAML(tokens); err == nil {
				return docs, nil
			}
		}
	}
	return recoverYAML(p, docs, err), err
}

// maxRecovered is the size in bytes up to which a page is read again without its bad lines.
const maxRecovered = 256 << 10

// maxBadLines is how many lines without meaning a file may have before what is left of it is not read.
const maxBadLines = 6

// recoverYAML reads a page that is not YAML without the lines that keep it from being so. They become gaps, so that a policy
// that such a line belongs to is known to be incomplete.
func recoverYAML(p *page, docs []*node, err error) []*node {
	if len(p.src) > maxRecovered || !utf8.Valid(p.src) {
		return docs
	}
	original := p.src
	for range maxBadLines {
		bad, ok := err.(*syntaxError)
		if !ok || bad.offset <= 0 {
			return docs
		}
		// yaml.v3 often names the line before the one that is wrong.
		var next error
		for _, line := range []int{bad.offset, lineAfter(original, bad.offset)} {
			blank := p.without(line)
			if blank == nil {
				continue
			}
			more, err := readYAML(blank)
			if err == nil {
				return more
			}
			if e, ok := err.(*syntaxError); ok && e.offset > bad.offset && next == nil {
				next, p, docs = err, blank, more
			}
		}
		if next == nil {
			return docs
		}
		err = next
	}
	return docs
}

func lineAfter(src []byte, offset int) int {
	n := bytes.IndexByte(src[min(offset, len(src)):], '\n')
	if n < 0 {
		return len(src)
	}
	return offset + n + 1
}

// without returns the page with the line at offset blank, nil when it is blank already.
func (p *page) without(offset int) *page {
	start := bytes.LastIndexByte(p.src[:min(offset, len(p.src))], '\n') + 1
	end := start
	for end < len(p.src) && p.src[end] != '\n' && p.src[end] != '\r' {
		end++
	}
	if len(bytes.TrimSpace(p.src[start:end])) == 0 {
		return nil
	}
	q := &page{file: p.file, pieces: p.pieces, src: bytes.Clone(p.src)}
	for i := start; i < end; i++ {
		q.src[i] = ' '
	}
	hole := &policy.Hole{Expr: string(bytes.TrimSpace(p.src[start:end])), Many: true, Reason: "the line is not YAML"}
	q.gaps = append(slices.Clone(p.gaps), gap{start: start, end: end, hole: hole})
	slices.SortStableFunc(q.gaps, func(a, b gap) int { return a.start - b.start })
	return q
}

// templates returns the templates in a document: itself, those of a serverless.yml, those that stand somewhere in it, and
// the fragments that hold roles.
func (e *evaluator) templates(root *node, name string) []*template {
	if root == nil || root.kind != mappingNode && root.kind != listNode {
		return nil
	}
	if isTemplate(root) {
		return []*template{e.newTemplate(root, name, false)}
	}
	serverless := root.get("service") != nil && root.get("provider") != nil
	var found []*template
	if serverless {
		for _, ext := range extensions(root) {
			for _, m := range ext.members {
				if m.value.get("Properties").get("AssumeRolePolicyDocument") != nil {
					m.value = &node{kind: mappingNode, page: m.value.page, start: m.value.start, line: m.value.line, column: m.value.column, end: -1,
						members: append([]member{{derivedNode(m.key, "Type"), derivedNode(m.key, roleType)}}, m.value.members...)}
					found = append(found, e.fragment(ext, []member{m}, name, true))
				}
			}
		}
	}
	seen := map[*node]bool{}
	var walk func(n *node, depth int)
	walk = func(n *node, depth int) {
		if n == nil || n.kind != mappingNode && n.kind != listNode || seen[n] || depth > maxDepth {
			return
		}
		seen[n] = true
		if isTemplate(n) {
			found = append(found, e.newTemplate(n, name, serverless))
			return
		}
		var roles bool
		for _, m := range n.members {
			roles = roles || isRole(m.value)
		}
		if roles {
			found = append(found, e.fragment(n, n.members, name, serverless))
		}
		for i, el := range n.elements {
			if isRole(el) {
				found = append(found, e.fragment(el, []member{{derivedNode(el, baseName(name)+"["+strconv.Itoa(i)+"]"), el}}, name, serverless))
				continue
			}
			walk(el, depth+1)
		}
		for _, m := range n.members {
			if !roles || !isRole(m.value) {
				walk(m.value, depth+1)
			}
		}
	}
	if isRole(root) {
		return []*template{e.fragment(root, []member{{derivedNode(root, baseName(name)), root}}, name, serverless)}
	}
	walk(root, 0)
	return found
}

// baseName returns the name that a role without one gets: that of its file.
func baseName(name string) string { return strings.TrimSuffix(path.Base(name), path.Ext(name)) }

// isTemplate reports whether n has the shape of a template: a mapping Resources with a resource in it.
func isTemplate(n *node) bool {
	resources := n.get("Resources")
	if resources == nil || resources.kind != mappingNode {
		return false
	}
	for _, m := range resources.members {
		key := m.key.text
		if strings.HasPrefix(key, "Fn::ForEach::") || key == "Fn::Transform" || isType(m.value.str("Type")) {
			return true
		}
	}
	return false
}

// isType reports whether s is the name of a resource type: AWS::IAM::Role, Custom::Lookup, My::Own::Type::MODULE.
func isType(s string) bool {
	namespace, rest, ok := strings.Cut(s, "::")
	return ok && namespace != "" && rest != "" && !strings.ContainsAny(s, " \n{}")
}

// isRole reports whether n is a role resource on its own.
func isRole(n *node) bool {
	properties := n.get("Properties")
	return n.str("Type") == roleType && properties != nil && properties.kind == mappingNode
}
