package cloudformation

import (
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// constructs says what the CDK's cloud assembly tells about the resources of one template.
type constructs struct {
	byID map[string]construct
}

type construct struct {
	path  string // Shop/CartRole/Resource
	entry *node  // the list of metadata entries of that path, nil when there is none
}

// constructs returns what the manifest beside the template tells, nil when the template is none of the CDK's.
// https://github.com/aws/aws-cdk-cli/tree/main/packages/%40aws-cdk/cloud-assembly-schema
func (e *evaluator) constructs(t *template) *constructs {
	if t.cdkRead {
		return t.cdk
	}
	t.cdkRead = true
	name := t.files[len(t.files)-1]
	if !strings.HasSuffix(name, ".template.json") {
		return nil
	}
	manifest := e.assemblyFile(path.Join(t.dir, "manifest.json"))
	for _, m := range memberList(manifest.get("artifacts")) {
		properties := m.value.get("properties")
		if m.value.str("type") != "aws:cloudformation:stack" || properties.str("templateFile") != path.Base(name) {
			continue
		}
		t.cdk = &constructs{byID: map[string]construct{}}
		t.cdk.add(m.value.get("metadata"))
		extra := m.value.str("additionalMetadataFile")
		if extra == "" {
			extra = properties.str("additionalMetadataFile")
		}
		if extra != "" {
			t.cdk.add(e.assemblyFile(path.Join(t.dir, extra)))
		}
		return t.cdk
	}
	return nil
}

func memberList(n *node) []member {
	if n == nil {
		return nil
	}
	return n.members
}

// assemblyFile returns the content of a file of the cloud assembly, nil when there is none.
func (e *evaluator) assemblyFile(name string) *node {
	file, err := e.tree.File(name)
	if err != nil {
		return nil
	}
	root, err := readJSON(&page{file: file, src: file.Src})
	if err != nil {
		return nil
	}
	return root
}

// add notes the constructs that the mapping from paths to metadata entries names.
func (c *constructs) add(metadata *node) {
	for _, m := range memberList(metadata) {
		for _, entry := range m.value.elements {
			if entry.str("type") == "aws:cdk:logicalId" {
				c.byID[entry.str("data")] = construct{strings.TrimPrefix(m.key.text, "/"), m.value}
			}
		}
	}
}

// describe adds to d what the CDK tells about the resource r.
func (e *evaluator) describe(t *template, r *resource, d *policy.Document) {
	d.Construct = r.node.get("Metadata").str("aws:cdk:path")
	known := e.constructs(t)
	if known == nil {
		return
	}
	c, ok := known.byID[r.id]
	if !ok {
		return
	}
	d.Construct = c.path
	var frames []*node
	for _, entry := range c.entry.elements {
		switch entry.str("type") {
		case "aws:cdk:creationStack":
			frames = append(frames, lines(entry.get("data"))...)
		case "aws:cdk:logicalId":
			frames = append(frames, lines(entry.get("trace"))...)
		}
	}
	for _, f := range frames {
		m := frame().FindStringSubmatch(f.text)
		if m == nil || strings.Contains(m[1], "node_modules/") || strings.HasPrefix(m[1], "node:") || strings.HasPrefix(m[1], "internal/") {
			continue
		}
		line, _ := strconv.Atoi(m[2])
		column, _ := strconv.Atoi(m[3])
		name := strings.TrimPrefix(m[1], "file://")
		d.CreatedAt = name + ":" + m[2] + ":" + m[3]
		if file := e.sourceFile(t.dir, name); file != nil {
			start := file.Offset(source.Position{Line: line, Column: max(column, 1)})
			end := file.Offset(source.Position{Line: line, Column: 1 << 30})
			d.Created = source.Span{File: file, Start: start, End: max(start, end)}
			d.CreatedAt = file.Name + ":" + m[2] + ":" + m[3]
		}
		return
	}
}

// frame is a line of a stack trace: "new Shop (/home/me/app/lib/shop.ts:12:5)", or the place alone.
var frame = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?:^|[( ])((?:file://)?[^()\s:]+):(\d+):(\d+)\)?$`) })

// lines returns the scalars of a list, or n itself when it is one.
func lines(n *node) []*node {
	switch {
	case n.scalar():
		return []*node{n}
	case n == nil:
		return nil
	}
	var scalars []*node
	for _, el := range n.elements {
		if el.scalar() {
			scalars = append(scalars, el)
		}
	}
	return scalars
}

// sourceFile returns the file of the tree that a stack trace names. A trace names it as it was where the program ran, so that
// the longest ending that is a file of the tree is taken: lib/shop.ts for /home/me/app/lib/shop.ts.
func (e *evaluator) sourceFile(dir, name string) *source.File {
	if !path.IsAbs(name) {
		for _, base := range []string{".", dir, path.Dir(dir)} {
			if file, err := e.tree.File(path.Join(base, name)); err == nil {
				return file
			}
		}
		return nil
	}
	segments := strings.Split(strings.TrimPrefix(path.Clean(name), "/"), "/")
	const deepest = 16 // segments looked at, from the end
	for i := max(0, len(segments)-deepest); i+1 < len(segments); i++ {
		if file, err := e.tree.File(strings.Join(segments[i:], "/")); err == nil {
			return file
		}
	}
	return nil
}
