package terraform

import (
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// A unit is a directory that Terragrunt runs Terraform for: its terragrunt.hcl names a module and gives it inputs.
// Outputs of other units are holes; mock outputs are examples and no truth.
// https://terragrunt.gruntwork.io/docs/reference/config-blocks-and-attributes/
type unit struct {
	file   string
	module string // the directory of the module, "" when it is not in the tree
	inputs []member
	call   source.Span // the place that names the module
	extra  []*value    // contents of generated .tf files
}

// A grunt evaluates the files of one unit.
type grunt struct {
	e     *evaluator
	dir   string // of the unit
	depth int    // of files that read each other
	// What read_terragrunt_config returns of a file, nil while the file is being read: a file may be read in many places.
	configs map[string]*value
	opened  int
}

// maxGruntFiles is how many files a unit may consist of, each counted as often as it is opened.
const maxGruntFiles = 200

// A gruntFile is one file that a unit consists of.
type gruntFile struct {
	g        *grunt
	dir      string // of the file
	includer string // of the file that includes it: the unit's
	body     *hclsyntax.Body
	busy     map[string]bool
	known    map[string]*value
}

func isTerragrunt(name string) bool { return path.Base(name) == "terragrunt.hcl" }

// unit reads the unit that a terragrunt.hcl describes. It returns nil when the file describes none, as those do that
// others include.
func (l *loader) unit(name string, opts *Options) *unit {
	dir := path.Dir(name)
	g := &grunt{e: newEvaluator(l, newModule(dir), &Options{}), dir: dir, configs: map[string]*value{}}
	g.e.picking = true
	f := g.open(name)
	if f == nil {
		return nil
	}
	u := &unit{file: name}
	f.collect(u, 0)
	if u.call.IsZero() {
		return nil
	}
	return u
}

// open parses a file, nil when it cannot be read.
func (g *grunt) open(name string) *gruntFile {
	file, err := g.e.l.tree.File(name)
	if err != nil || g.depth > 20 {
		return nil
	}
	if g.opened++; g.opened > maxGruntFiles {
		if g.opened == maxGruntFiles+1 {
			g.e.l.problem(source.Problem{Name: path.Join(g.dir, "terragrunt.hcl"), Unreadable: true,
				Message: fmt.Sprintf("more than %d files are read for this unit: the rest is not looked at", maxGruntFiles)})
		}
		return nil
	}
	g.e.l.addOrigin(file.Name, &origin{src: file.Src, file: file})
	f := &gruntFile{g: g, dir: path.Dir(name), body: &hclsyntax.Body{}, busy: map[string]bool{}, known: map[string]*value{}}
	merged := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}}
	body, _ := g.e.l.parseBody(file)
	if body == nil {
		return nil
	}
	for name, a := range body.Attributes {
		merged.Attributes[name] = a
	}
	merged.Blocks = body.Blocks
	f.body = merged
	return f
}

// scope is what expressions of the file see.
func (f *gruntFile) scope() *scope {
	e := f.g.e
	locals := &value{kind: objectKind, rest: &moreValue{address: "local", fetch: f.local}}
	unknownRoot := func(name string) *value { return unknown(name, cty.NilType, source.Span{}) }
	return &scope{e: e, inst: e.root, closed: true, grunt: f, template: map[string]*value{
		"local": locals, "dependency": unknownRoot("dependency"), "include": unknownRoot("include"), "feature": unknownRoot("feature"),
		"values": unknownRoot("values"), "unit": unknownRoot("unit"),
	}}
}

// local returns the local value of that name, nil when the file has none.
func (f *gruntFile) local(name string) *value {
	if v := f.known[name]; v != nil {
		return v
	}
	for _, b := range f.body.Blocks {
		if b.Type != "locals" {
			continue
		}
		if a := b.Body.Attributes[name]; a != nil {
			if f.busy[name] {
				return failed(f.g.e.l.span(a.NameRange), "local."+name+" depends on itself")
			}
			f.busy[name] = true
			v := f.scope().eval(a.Expr)
			f.busy[name] = false
			f.known[name] = v
			return v
		}
	}
	return nil
}

// collect adds what the file says to u: what it includes comes first and gives way.
func (f *gruntFile) collect(u *unit, depth int) {
	e := f.g.e
	for _, b := range f.body.Blocks {
		if b.Type != "include" || depth > 5 {
			continue
		}
		a := b.Body.Attributes["path"]
		if a == nil {
			continue
		}
		name, ok := f.scope().eval(a.Expr).literal()
		if !ok {
			continue
		}
		if clean, err := e.path(name); err == nil {
			if inc := f.g.open(clean); inc != nil {
				inc.includer = f.dir
				inc.collect(u, depth+1)
			}
		}
	}
	for _, b := range f.body.Blocks {
		switch b.Type {
		case "terraform":
			if a := b.Body.Attributes["source"]; a != nil {
				u.call = e.l.span(a.Expr.Range())
				u.module = f.source(a.Expr)
			}
		case "generate":
			if a, c := b.Body.Attributes["path"], b.Body.Attributes["contents"]; a != nil && c != nil {
				if name, ok := f.scope().eval(a.Expr).literal(); ok && strings.HasSuffix(name, ".tf") {
					u.extra = append(u.extra, f.scope().eval(c.Expr))
				}
			}
		}
	}
	if a := f.body.Attributes["inputs"]; a != nil {
		v := f.scope().eval(a.Expr)
		if v.kind == objectKind {
			members, _ := v.all()
			for _, m := range members {
				u.inputs = setMember(u.inputs, member{m.key, m.val.through(v.via...)})
			}
		}
	}
}

// source returns the directory that a module source names, "" when it is not in the tree. Where a condition is not
// decided, the side that is in the tree counts.
func (f *gruntFile) source(expr hclsyntax.Expression) string {
	switch x := expr.(type) {
	case *hclsyntax.TemplateWrapExpr:
		return f.source(x.Wrapped)
	case *hclsyntax.ParenthesesExpr:
		return f.source(x.Expression)
	case *hclsyntax.ConditionalExpr:
		if toBool(f.scope().eval(x.Condition)).kind == unknownKind {
			if dir := f.source(x.TrueResult); dir != "" {
				return dir
			}
			return f.source(x.FalseResult)
		}
	}
	name, ok := f.scope().eval(expr).literal()
	if !ok {
		return ""
	}
	name = strings.TrimPrefix(name, "file://")
	name = strings.Replace(name, "//", "/", 1)
	if !path.IsAbs(name) {
		if !localSource(name) {
			return ""
		}
		name = path.Join(cwdPrefix, f.g.dir, name)
	}
	if dir, err := f.g.e.path(name); err == nil && f.g.e.l.tree.IsDir(dir) {
		return dir
	}
	return ""
}

// call evaluates one of Terragrunt's own functions. It reports false for others.
func (f *gruntFile) call(c *call) (*value, bool) {
	abs := func(dir string) *value { return text(path.Join(cwdPrefix, dir), c.span) }
	unit := f.g.dir
	switch c.name {
	case "find_in_parent_folders":
		return f.findInParents(c), true
	case "path_relative_to_include":
		return text(relative(f.dir, unit), c.span), true
	case "path_relative_from_include":
		return text(relative(unit, f.dir), c.span), true
	case "get_terragrunt_dir", "get_original_terragrunt_dir":
		return abs(unit), true
	case "get_parent_terragrunt_dir":
		return abs(f.dir), true
	case "get_repo_root":
		return abs("."), true
	case "get_path_from_repo_root":
		return text(unit, c.span), true
	case "get_path_to_repo_root":
		return text(relative(unit, "."), c.span), true
	case "get_aws_account_id":
		return known(policy.OwnAccount, "get_aws_account_id()", c.span), true
	case "read_terragrunt_config":
		return f.readConfig(c), true
	case "get_env", "run_cmd", "sops_decrypt_file", "get_aws_caller_identity_arn", "get_aws_caller_identity_user_id", "get_platform",
		"get_terraform_command", "get_terraform_cli_args", "get_default_retryable_errors", "get_working_dir", "mark_as_read", "timecmp":
		return c.unknown(cty.NilType), true
	}
	return nil, false
}

func (f *gruntFile) findInParents(c *call) *value {
	name := "terragrunt.hcl"
	if len(c.args) > 0 {
		s, ok := c.args[0].literal()
		if !ok {
			return c.unknown(cty.String)
		}
		name = s
	}
	for dir := f.g.dir; dir != "."; {
		dir = path.Dir(dir)
		if !c.e.spend(100) { // to look for a file takes as long as that
			return failed(c.span, c.e.spent)
		}
		if clean, err := source.Clean(path.Join(dir, name)); err == nil && c.e.l.tree.Exists(clean) {
			return text(path.Join(cwdPrefix, clean), c.span)
		}
	}
	if len(c.args) > 1 {
		return c.args[1]
	}
	return c.fail("%s is in no parent folder", name)
}

// readConfig returns the locals and inputs of another file.
func (f *gruntFile) readConfig(c *call) *value {
	if err := c.arity(1, 2); err != nil {
		return err
	}
	name, ok, err := c.literal(0)
	if err != nil {
		return err
	}
	if !ok {
		return c.unknown(cty.NilType)
	}
	var other *gruntFile
	clean, pathErr := c.e.path(name)
	if pathErr == nil {
		if v, read := f.g.configs[clean]; v != nil {
			return v
		} else if read {
			return c.fail("%s reads itself", path.Base(name))
		}
		f.g.depth++
		other = f.g.open(clean)
		f.g.depth--
	}
	if other == nil {
		if len(c.args) == 2 {
			return c.args[1]
		}
		return c.fail("%s cannot be read", path.Base(name))
	}
	f.g.depth++
	f.g.configs[clean] = nil
	defer func() { f.g.depth-- }()
	locals := object(nil, c.span)
	for _, b := range other.body.Blocks {
		if b.Type == "locals" {
			for _, a := range sortedAttributes(b.Body) {
				locals.members = setMember(locals.members, member{text(a.Name, c.span), other.local(a.Name)})
			}
		}
	}
	o := object([]member{{text("locals", c.span), locals}}, c.span)
	if a := other.body.Attributes["inputs"]; a != nil {
		o.members = append(o.members, member{text("inputs", c.span), other.scope().eval(a.Expr)})
	}
	o = o.weigh()
	f.g.configs[clean] = o
	return o
}

// extractUnit returns what the module that a unit runs holds.
func (l *loader) extractUnit(u *unit, opts *Options) (r rootResult) {
	defer l.survive(u.file)
	m := l.module(u.module)
	if m == nil {
		return rootResult{}
	}
	if len(u.extra) > 0 {
		// Generated files belong to this unit's copy of the module.
		if m = l.loadModule(u.module); m == nil {
			return rootResult{}
		}
		size := 0
		for _, content := range u.extra {
			s, ok := content.literal()
			if size += len(s); size > maxWhole {
				l.problem(source.Problem{Name: u.file, Unreadable: true, Message: fmt.Sprintf("not all that this unit generates is looked at: it is more than %d bytes", maxWhole)})
				break
			}
			if ok && content.kind == stringKind {
				l.addGenerated(m, content)
			}
		}
	}
	if !m.hasSinks() {
		return rootResult{}
	}
	e := newEvaluator(l, m, opts)
	for _, in := range u.inputs {
		if name, ok := in.key.literal(); ok && e.root.given[name] == nil {
			e.root.given[name] = in.val.through(u.call)
		}
	}
	e.root.calls = []source.Span{u.call}
	return e.result()
}

// addGenerated adds the blocks of a file that Terragrunt writes to m. Everything in it lies where its content is written.
func (l *loader) addGenerated(m *module, content *value) {
	s, _ := content.literal()
	o := &origin{src: []byte(s), at: content.span}
	name := l.addUnnamed(o)
	for _, b := range l.fileBlocks(source.NewFile(name, o.src)) {
		b.at = content.span
		l.addBlock(m, b, false)
	}
}
