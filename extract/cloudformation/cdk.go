package cloudformation

import (
	"bytes"
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
	paths   map[string]string // of the constructs, by logical ID: Shop/CartRole/Resource
	entries map[string]*node  // the list of metadata entries, by path
	created map[string]created
}

// created is where a program makes a construct: see policy.Document.
type created struct {
	at   string
	span source.Span
}

// constructs returns what the manifest beside the template tells, nil when the template is none of the CDK's. The manifest
// does not list the templates of nested stacks: they belong to the stack that the path of a construct in them begins with.
// https://github.com/aws/aws-cdk-cli/tree/main/packages/%40aws-cdk/cloud-assembly-schema
func (e *evaluator) constructs(t *template, construct string) *constructs {
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
		properties, display := m.value.get("properties"), m.value.str("displayName")
		if display == "" {
			display = m.key.text
		}
		own := properties.str("templateFile") == path.Base(name)
		if m.value.str("type") != "aws:cloudformation:stack" || !own && !strings.HasPrefix(construct, display+"/") {
			continue
		}
		t.cdk = &constructs{paths: map[string]string{}, entries: map[string]*node{}, created: map[string]created{}}
		t.cdk.add(m.value.get("metadata"), own)
		extra := m.value.str("additionalMetadataFile")
		if extra == "" {
			extra = properties.str("additionalMetadataFile")
		}
		if extra != "" {
			t.cdk.add(e.assemblyFile(path.Join(t.dir, extra)), own)
		}
		if own {
			break
		}
	}
	return t.cdk
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

// add notes the constructs that the mapping from paths to metadata entries names. Their logical IDs are those of the template
// itself when own is set.
func (c *constructs) add(metadata *node, own bool) {
	for _, m := range memberList(metadata) {
		name := strings.TrimPrefix(m.key.text, "/")
		c.entries[name] = m.value
		for _, entry := range m.value.elements {
			if own && entry.str("type") == "aws:cdk:logicalId" {
				c.paths[entry.str("data")] = name
			}
		}
	}
}

// describe adds to d what the CDK tells about the resource r.
func (e *evaluator) describe(t *template, r *resource, d *policy.Document) {
	d.Construct = r.node.get("Metadata").str("aws:cdk:path")
	known := e.constructs(t, d.Construct)
	if known == nil {
		return
	}
	if name, ok := known.paths[r.id]; ok {
		d.Construct = name
	}
	c, ok := known.created[d.Construct]
	if !ok {
		c = e.created(t.dir, known.entries[d.Construct])
		known.created[d.Construct] = c
	}
	d.CreatedAt, d.Created = c.at, c.span
}

// maxFrames is how many lines of a stack trace are looked at. The CDK records ten.
const maxFrames = 20

// created returns where the stack trace in the metadata entries of a construct says that it is made: at the innermost frame
// that is a line of a file of the tree, and failing that at the innermost one of the user's own. dir is that of the template.
func (e *evaluator) created(dir string, entries *node) created {
	if entries == nil {
		return created{}
	}
	var trace, stack []*node
	for _, entry := range entries.elements {
		switch entry.str("type") {
		case "aws:cdk:logicalId":
			trace = append(trace, lines(entry.get("trace"))...)
		case "aws:cdk:creationStack":
			stack = append(stack, lines(entry.get("data"))...)
		}
	}
	if len(trace) == 0 { // what older versions of the CDK write says less of the user's own program
		trace = stack
	}
	var elsewhere created
	for _, f := range trace[:min(len(trace), maxFrames)] {
		name, line, column := parseFrame(f.text)
		if name == "" {
			continue
		}
		at := ":" + strconv.Itoa(line) + ":" + strconv.Itoa(column)
		if span := e.sourceLine(dir, name, line, column); !span.IsZero() {
			return created{span.File.Name + at, span}
		}
		if elsewhere.at == "" {
			elsewhere.at = name + at
		}
	}
	return elsewhere
}

// frame is a line of a stack trace: "at new Shop (/home/me/app/lib/shop.ts:12:5)", or the place alone. Python and Java know
// no columns.
var frame = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(?:at )?(?:(.*) \()?((?:file://)?(?:/?[A-Za-z]:)?[^():]+):(\d{1,9})(?::(\d{1,9}))?\)?\s*$`)
})

// parseFrame returns the place that a line of a stack trace names, with slashes; no name when it is none of the user's own.
func parseFrame(text string) (name string, line, column int) {
	m := frame().FindStringSubmatch(text)
	if m == nil {
		return "", 0, 0
	}
	name = strings.ReplaceAll(strings.TrimPrefix(m[2], "file://"), `\`, "/")
	if strings.Contains(name, "node_modules/") || strings.HasPrefix(name, "node:") || strings.HasPrefix(name, "internal/") {
		return "", 0, 0
	}
	if _, rest, drive := strings.Cut(name, ":"); drive {
		name = rest
	}
	if base, java := strings.CutSuffix(name, ".java"); java && !strings.Contains(name, "/") {
		// Of a Java class only the base name of its file is known, and the package.
		pkg, _, _ := strings.Cut(m[1], "."+base)
		name = path.Join("src/main/java", strings.ReplaceAll(pkg, ".", "/"), name)
	}
	line, _ = strconv.Atoi(m[3])
	column, _ = strconv.Atoi(m[4])
	return name, line, max(column, 1)
}

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

// sourceLine returns the place in the tree that a stack trace names, up to the end of its line; the zero Span when there is
// no such file or line, or when the file was made from another one beside it.
func (e *evaluator) sourceLine(dir, name string, line, column int) source.Span {
	if js, ok := strings.CutSuffix(name, ".js"); ok && e.sourceFile(dir, js+".ts") != nil {
		return source.Span{}
	}
	file := e.sourceFile(dir, name)
	if file == nil {
		return source.Span{}
	}
	text := file.Line(line)
	if len(bytes.TrimSpace(text)) == 0 {
		return source.Span{}
	}
	first := file.Offset(source.Position{Line: line, Column: 1})
	end := first + len(bytes.TrimRight(text, " \t"))
	start := file.Offset(source.Position{Line: line, Column: column})
	if column == 1 || start >= end {
		start = first + len(text) - len(bytes.TrimLeft(text, " \t"))
	}
	return source.Span{File: file, Start: start, End: end}
}

// sourceFile returns the file of the tree that a stack trace names. A trace names it as it was where the program ran, so that
// the longest ending that is a file of the tree is taken: lib/shop.ts for /home/me/app/lib/shop.ts. A relative name is
// looked for in the directories above dir, the nearest first.
func (e *evaluator) sourceFile(dir, name string) *source.File {
	key := dir + "\x00" + name
	if file, known := e.sources[key]; known {
		return file
	}
	var candidates []string
	if path.IsAbs(name) {
		segments := strings.Split(strings.TrimPrefix(path.Clean(name), "/"), "/")
		const deepest = 16 // segments looked at, from the end
		for i := max(0, len(segments)-deepest); i+1 < len(segments); i++ {
			candidates = append(candidates, strings.Join(segments[i:], "/"))
		}
	} else {
		for base := dir; ; base = path.Dir(base) {
			candidates = append(candidates, path.Join(base, name))
			if base == "." || base == "/" {
				break
			}
		}
	}
	var found *source.File
	for _, c := range candidates {
		if file, err := e.tree.File(c); err == nil {
			found = file
			break
		}
	}
	e.sources[key] = found
	return found
}
