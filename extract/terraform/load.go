package terraform

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/parallel"
	"github.com/trustvet/trustvet/internal/source"
)

// A loader reads module directories, each at most once. What it returns does not change afterwards, but for blocks that
// are parsed when they are first needed, and may be used by many goroutines.
type loader struct {
	tree *source.Tree

	mu       sync.Mutex
	modules  map[string]*moduleEntry
	dirs     []string            // with sinks, sorted; complete before the first root is evaluated, as called is
	called   map[string][]string // by directory of a module, who calls it
	problems []source.Problem

	originMu sync.RWMutex
	origins  map[string]*origin
	unnamed  int // texts among them, ever

	aside parallel.Bill // what the companions of root modules cost
}

type moduleEntry struct {
	once    sync.Once
	module  *module
	refused string // why nobody is to look at it, "" for most
}

func newLoader(tree *source.Tree) *loader {
	return &loader{tree: tree, modules: map[string]*moduleEntry{}, origins: map[string]*origin{}}
}

func (l *loader) problem(p source.Problem) {
	l.mu.Lock()
	l.problems = append(l.problems, p)
	l.mu.Unlock()
}

// A blockPlace identifies a block of a file in all copies of its module.
type blockPlace struct {
	file  string
	start int
}

func (b *block) place() blockPlace { return blockPlace{b.file.Name, b.rng.start} }

// A module is what the files of one directory declare.
type module struct {
	dir       string
	files     []*source.File
	blocks    []*block // resources, data sources and module calls, in the order of files
	variables map[string]*block
	outputs   map[string]*block
	resources map[string]*block // by type.name, data sources by data.type.name
	calls     map[string]*block
	size      int      // about how many bytes files and blocks take before more of them is parsed
	stub      bool     // our own short form of the module
	newest    int      // of a short form: the newest version of the module that the call admits
	encrypted string   // a file of it that cannot be read, "" when there is none
	twice     []*block // declared again in the module
	providers []*block
	settings  []*block // terraform blocks

	localBlocks []*block
	localsOnce  sync.Once
	locals      map[string]*block // in which the local value of that name is

	sinksOnce sync.Once
	sinks     bool
}

// A block is a top-level block, parsed when it is first needed.
type block struct {
	blockHead
	file *source.File
	at   source.Span // of a block of a stub: the module call
	over []*block    // of override files, in their order

	once   sync.Once
	body   *hclsyntax.Body
	parsed bool // body was made when it was needed, and can be made again

	argumentsOnce sync.Once
	arguments     map[string]*argument // nil: the block must be parsed whole

	broken string      // why the block could not be parsed whole
	used   atomic.Bool // of a policy document: something asked for its JSON
}

// name returns the block's label at i, "" when it has none.
func (b *block) label(i int) string {
	if i < len(b.labels) {
		return b.labels[i]
	}
	return ""
}

// header returns the place of the block's type and labels.
func (b *block) header() source.Span {
	if !b.at.IsZero() {
		return b.at
	}
	end := b.rng.header
	for end > b.rng.start && (b.file.Src[end-1] == '{' || b.file.Src[end-1] == ' ' || b.file.Src[end-1] == '\t') {
		end--
	}
	return source.Span{File: b.file, Start: b.rng.start, End: end}
}

// load returns the block's body, with what override files say.
func (b *block) load(l *loader) *hclsyntax.Body {
	b.once.Do(func() {
		if b.body == nil {
			b.body, b.parsed = b.parse(l), true
		}
		for _, o := range b.over {
			b.body = override(b.body, o.load(l))
		}
	})
	return b.body
}

// An argument is one of a block, parsed when it is first needed: most locals of a module have nothing to do with its roles,
// and most arguments of a call only tell that it is not the one.
type argument struct {
	argumentRange
	once   sync.Once
	parsed *hclsyntax.Attribute // nil: its syntax is wrong
}

// argument returns the argument of that name, nil when b has none. Where nothing else is needed of b, it saves to parse the
// rest of it.
func (b *block) argument(l *loader, name string) *hclsyntax.Attribute {
	b.splitArguments()
	if b.arguments == nil {
		return b.load(l).Attributes[name]
	}
	a := b.arguments[name]
	if a == nil {
		return nil
	}
	a.once.Do(func() {
		start := hcl.Pos{Line: 1, Column: 1, Byte: a.start}
		end := min(a.end+1, b.rng.end-1) // the line end belongs to a heredoc
		if end-a.start > maxWhole {
			return
		}
		f, diags := hclsyntax.ParseConfig(b.file.Src[a.start:end], b.file.Name, start)
		if body, ok := f.Body.(*hclsyntax.Body); ok && !diags.HasErrors() && len(body.Attributes) == 1 {
			a.parsed = body.Attributes[name]
		}
	})
	if a.parsed == nil {
		return b.load(l).Attributes[name] // which says what is wrong
	}
	return a.parsed
}

// splitArguments finds the arguments of b if that is all there is in it and no override file changes them. Of other blocks than
// these two, most is needed when anything is.
func (b *block) splitArguments() {
	b.argumentsOnce.Do(func() {
		if b.typ != "locals" && b.typ != "module" || b.body != nil || len(b.over) > 0 || nestsTooDeep(b.file.Src[b.rng.start:b.rng.end]) {
			return
		}
		ranges, ok := splitArguments(b.file.Src, b.rng.header, b.rng.end-1)
		if !ok {
			return
		}
		arguments := make(map[string]*argument, len(ranges))
		for _, r := range ranges {
			arguments[r.name] = &argument{argumentRange: r}
		}
		if len(arguments) == len(ranges) { // otherwise one is there twice
			b.arguments = arguments
		}
	})
}

// argumentNames returns the names of the arguments of b.
func (b *block) argumentNames(l *loader) []string {
	b.splitArguments()
	var names []string
	if b.arguments != nil {
		for name := range b.arguments {
			names = append(names, name)
		}
		return names
	}
	for name := range b.load(l).Attributes {
		names = append(names, name)
	}
	return names
}

// forget frees what was parsed of the module: the syntax trees of a large repository are many times its size. It must not be
// in use elsewhere.
func (m *module) forget() {
	free := func(blocks ...*block) {
		for _, b := range blocks {
			if b.parsed {
				b.once, b.body, b.parsed = sync.Once{}, nil, false
			}
			b.argumentsOnce, b.arguments = sync.Once{}, nil
		}
	}
	free(m.blocks...)
	free(m.providers...)
	free(m.settings...)
	free(m.localBlocks...)
	for _, byName := range []map[string]*block{m.variables, m.outputs, m.resources, m.calls} {
		for _, b := range byName {
			free(b)
			free(b.over...)
		}
	}
	m.localsOnce, m.locals = sync.Once{}, nil
}

func (b *block) parse(l *loader) *hclsyntax.Body {
	if nestsTooDeep(b.file.Src[b.rng.start:b.rng.end]) {
		b.broken = "nested too deeply"
		l.problem(source.Problem{Span: b.header(), Message: "a block is nested too deeply", Unreadable: true})
		return &hclsyntax.Body{}
	}
	if b.rng.end-b.rng.start > maxWhole {
		b.broken = "too large"
		l.problem(source.Problem{Span: b.header(), Message: fmt.Sprintf("a block is larger than %d bytes", maxWhole), Unreadable: true})
		return &hclsyntax.Body{}
	}
	start := hcl.Pos{Line: 1, Column: 1, Byte: b.rng.start}
	f, diags := hclsyntax.ParseConfig(b.file.Src[b.rng.start:b.rng.end], b.file.Name, start)
	if diags.HasErrors() {
		b.broken = l.syntaxProblem(b.file, diags)
	}
	if f != nil {
		if body, ok := f.Body.(*hclsyntax.Body); ok && len(body.Blocks) == 1 {
			for _, d := range diags {
				if d.Severity == hcl.DiagError && d.Subject != nil {
					spoil(body.Blocks[0].Body, d.Subject.Start.Byte)
				}
			}
			return body.Blocks[0].Body
		}
	}
	return &hclsyntax.Body{}
}

// spoil takes the value from the attribute in which a syntax error at byte at lies: what the parser made of the rest of it
// is not what was meant.
func spoil(body *hclsyntax.Body, at int) {
	for _, nested := range body.Blocks {
		if nested.Body.SrcRange.Start.Byte <= at && at < nested.Body.SrcRange.End.Byte {
			spoil(nested.Body, at)
			return
		}
	}
	var last *hclsyntax.Attribute
	for _, a := range body.Attributes {
		if start := a.SrcRange.Start.Byte; start <= at && (last == nil || start > last.SrcRange.Start.Byte) {
			last = a
		}
	}
	if last != nil {
		last.Expr = &hclsyntax.ExprSyntaxError{Placeholder: cty.DynamicVal, ParseDiags: hcl.Diagnostics{}, SrcRange: last.Expr.Range()}
	}
}

// override returns base with the attributes of o, and with the nested blocks of o in place of all those of their types.
func override(base, o *hclsyntax.Body) *hclsyntax.Body {
	merged := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: base.SrcRange, EndRange: base.EndRange}
	for name, a := range base.Attributes {
		merged.Attributes[name] = a
	}
	for name, a := range o.Attributes {
		merged.Attributes[name] = a
	}
	replaced := map[string]bool{}
	for _, nested := range o.Blocks {
		replaced[blockKind(nested)] = true
	}
	for _, nested := range base.Blocks {
		if !replaced[blockKind(nested)] {
			merged.Blocks = append(merged.Blocks, nested)
		}
	}
	merged.Blocks = append(merged.Blocks, o.Blocks...)
	return merged
}

// blockKind returns the type of block that nested makes: for a dynamic block that is its label.
func blockKind(nested *hclsyntax.Block) string {
	if nested.Type == "dynamic" && len(nested.Labels) == 1 {
		return nested.Labels[0]
	}
	return nested.Type
}

// syntaxProblem reports the first error of diags and returns its message.
func (l *loader) syntaxProblem(f *source.File, diags hcl.Diagnostics) string {
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		span := source.Span{File: f}
		if d.Subject != nil {
			span = l.span(*d.Subject)
			if span.File == nil {
				span = source.Span{File: f}
			}
		}
		message := lowerFirst(strings.TrimSuffix(d.Summary, "."))
		l.problem(source.Problem{Span: span, Message: "syntax error: " + message, Unreadable: true})
		return message
	}
	return "syntax error"
}

func lowerFirst(s string) string {
	if len(s) > 1 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'a' {
		return string(s[0]|0x20) + s[1:]
	}
	return s
}

// isConfig reports whether a file of that name belongs to a module.
// https://developer.hashicorp.com/terraform/language/files
func isConfig(name string) bool {
	base := path.Base(name)
	if strings.HasPrefix(base, ".") || strings.HasSuffix(base, "~") ||
		strings.HasPrefix(base, "#") && strings.HasSuffix(base, "#") {
		return false
	}
	return strings.HasSuffix(base, ".tf") || strings.HasSuffix(base, ".tofu") || isJSONConfig(base)
}

func isJSONConfig(name string) bool {
	return strings.HasSuffix(name, ".tf.json") || strings.HasSuffix(name, ".tofu.json")
}

// isOverride reports whether the file changes blocks of others.
func isOverride(base string) bool {
	base = strings.TrimSuffix(base, ".json")
	base = strings.TrimSuffix(strings.TrimSuffix(base, ".tf"), ".tofu")
	return base == "override" || strings.HasSuffix(base, "_override")
}

// module returns what the files of dir declare, nil when there is no such directory in the tree or no such file in it.
func (l *loader) module(dir string) *module {
	l.mu.Lock()
	e := l.modules[dir]
	if e == nil {
		e = &moduleEntry{}
		l.modules[dir] = e
	}
	l.mu.Unlock()
	e.once.Do(func() { e.module = l.loadModule(dir) })
	return e.module
}

// discard lets go of a module. Who calls it has it read again. It reports false when a file of it speaks of trustvet, and is
// kept.
func (l *loader) discard(m *module) bool {
	all := true
	l.remove(m)
	for _, f := range m.files {
		if !l.tree.Drop(f) {
			all = false
		}
	}
	return all
}

// forget lets go of a module and all its files, which nobody is to look at.
func (l *loader) forget(m *module) {
	l.remove(m)
	for _, f := range m.files {
		l.tree.Forget(f.Name)
	}
}

func (l *loader) remove(m *module) {
	l.mu.Lock()
	delete(l.modules, m.dir)
	l.mu.Unlock()
	l.originMu.Lock()
	defer l.originMu.Unlock()
	for _, f := range m.files {
		delete(l.origins, f.Name)
	}
}

// refuse lets go of the module in dir, which nobody is loading, and says why nobody is to look at it: who calls it does not have
// it.
func (l *loader) refuse(dir, why string) {
	l.problem(source.Problem{Name: dir, Message: why, Unreadable: true})
	l.mu.Lock()
	loaded := l.modules[dir]
	l.mu.Unlock()
	if loaded != nil && loaded.module != nil {
		l.forget(loaded.module)
	}
	e := &moduleEntry{refused: why}
	e.once.Do(func() {})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.modules[dir] = e
}

// refused returns why nobody is to look at the module in dir, "" when that is not so.
func (l *loader) refused(dir string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.modules[dir]; e != nil {
		return e.refused
	}
	return ""
}

func (l *loader) loadModule(dir string) *module {
	entries, err := l.tree.ReadDir(dir)
	if err != nil {
		return nil
	}
	names := configNames(entries)
	if len(names) == 0 {
		return nil
	}
	m := newModule(dir)
	for _, name := range names {
		if m.size > maxModule {
			l.problem(source.Problem{Name: path.Join(dir, name), Unreadable: true,
				Message: fmt.Sprintf("not read: the files of the module before it have more than %d bytes", maxModule)})
			l.tree.Forget(path.Join(dir, name))
			continue
		}
		f, err := l.tree.File(path.Join(dir, name))
		if err != nil {
			l.problem(source.Problem{Name: path.Join(dir, name), Message: source.Reason(err), Unreadable: true})
			continue
		}
		l.addFile(m, f, isOverride(name))
	}
	return m
}

// maxModule is the size past which no further file of a module is read: see module.size. The largest one in public repositories
// has 0.7 MB of files.
const maxModule = 16 << 20

// A block takes about so many bytes before it is parsed. What is parsed of one takes that many for each of its own.
const blockSize, parsedWeight = 300, 20

// size returns about how many bytes the blocks of a file take.
func (b *block) size() int {
	if b.body != nil {
		return blockSize + parsedWeight*(b.rng.end-b.rng.start)
	}
	return blockSize
}

func newModule(dir string) *module {
	return &module{dir: dir, variables: map[string]*block{}, outputs: map[string]*block{}, resources: map[string]*block{},
		calls: map[string]*block{}}
}

// configNames returns the configuration files among entries, overriding ones last. A .tofu file hides the .tf file of the
// same name, as OpenTofu reads them.
func configNames(entries []source.Entry) []string {
	present := map[string]bool{}
	for _, e := range entries {
		present[e.Name()] = true
	}
	var names, overrides []string
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !isConfig(name) {
			continue
		}
		if stem, ok := strings.CutSuffix(name, ".tf"); ok && present[stem+".tofu"] {
			continue
		}
		if stem, ok := strings.CutSuffix(name, ".tf.json"); ok && present[stem+".tofu.json"] {
			continue
		}
		if isOverride(name) {
			overrides = append(overrides, name)
		} else {
			names = append(names, name)
		}
	}
	return append(names, overrides...)
}

// addFile adds the blocks of f to m.
func (l *loader) addFile(m *module, f *source.File, overriding bool) {
	if encrypted(f.Src) {
		l.encryptedProblem(f)
		m.encrypted = path.Base(f.Name)
		return
	}
	m.files = append(m.files, f)
	l.addOrigin(f.Name, &origin{src: f.Src, file: f})
	m.size += len(f.Src)
	for _, b := range l.fileBlocks(f) {
		m.size += b.size()
		l.addBlock(m, b, overriding)
	}
}

// fileBlocks returns the top-level blocks of f.
func (l *loader) fileBlocks(f *source.File) []*block {
	if strings.HasSuffix(f.Name, ".json") {
		return l.jsonBlocks(f)
	}
	heads, ok := split(f.Src)
	if !ok {
		return l.parseBlocks(f)
	}
	all, blocks := make([]block, len(heads)), make([]*block, len(heads))
	for i, h := range heads {
		all[i].blockHead, all[i].file = h, f
		blocks[i] = &all[i]
	}
	return blocks
}

// parseBlocks is fileBlocks for a file that the splitter does not understand.
func (l *loader) parseBlocks(f *source.File) []*block {
	body, broken := l.parseBody(f)
	if body == nil {
		return nil
	}
	var blocks []*block
	for _, nested := range body.Blocks {
		blocks = append(blocks, parsedBlock(f, nested, broken))
	}
	return blocks
}

// maxWhole is the size in bytes of a file or block that is parsed whole: the library takes some 150 bytes of memory for each of
// them, and more for each mistake.
const maxWhole = 1 << 20

// parseBody parses f whole. It returns nil when there is nothing to be had of it, and says so.
func (l *loader) parseBody(f *source.File) (body *hclsyntax.Body, broken string) {
	switch {
	case len(f.Src) > maxWhole:
		l.problem(source.Problem{Span: source.Span{File: f}, Message: fmt.Sprintf("is larger than %d bytes and has to be parsed whole", maxWhole), Unreadable: true})
		return nil, ""
	case nestsTooDeep(f.Src):
		l.problem(source.Problem{Span: source.Span{File: f}, Message: "is nested too deeply", Unreadable: true})
		return nil, ""
	}
	parsed, diags := hclsyntax.ParseConfig(f.Src, f.Name, hcl.InitialPos)
	if diags.HasErrors() {
		broken = l.syntaxProblem(f, diags)
	}
	if parsed == nil {
		return nil, broken
	}
	return parsed.Body.(*hclsyntax.Body), broken
}

// parsedBlock returns nested, a top-level block of f, as a block.
func parsedBlock(f *source.File, nested *hclsyntax.Block, broken string) *block {
	r := blockRange{start: nested.TypeRange.Start.Byte, header: nested.OpenBraceRange.End.Byte, end: nested.CloseBraceRange.End.Byte}
	r.header = max(r.header, r.start)
	r.end = max(r.end, r.header)
	return &block{blockHead: blockHead{nested.Type, nested.Labels, r}, file: f, body: nested.Body, broken: broken}
}

// nestsTooDeep reports whether src would make the recursive parser recurse deeper than its stack allows: open brackets,
// runs of unary operators, chains of conditionals and template directives. Chains of index operators and digits take too
// long. What stands in strings counts too.
func nestsTooDeep(src []byte) bool {
	const most, mostChained = 2_000, 20_000
	if len(src) < most {
		return false
	}
	depth, run, chained, digits := 0, 0, 0, 0
	last := byte(0) // the character before, blanks left out
	for i, c := range src {
		if c < '0' || c > '9' {
			digits = 0
		} else if digits++; digits > maxDigits {
			return true
		}
		before := last
		if !blank(c) && c != '\n' {
			last = c
		}
		switch c {
		case '{', '[', '(':
			depth++
			if c == '[' && before == ']' { // a[0][0]: hclsyntax takes a time that grows with the square
				chained += 10
			}
			if c == '{' && i > 0 && (src[i-1] == '%' || src[i-1] == '$') {
				chained++
			}
		case '}', ']', ')':
			depth = max(0, depth-1)
		case '?':
			chained++
		case '!', '-':
			if run++; run > most {
				return true
			}
			continue
		case ' ', '\t', '\n', '\r':
			continue
		}
		run = 0
		if depth > most || chained > mostChained {
			return true
		}
	}
	return false
}

func (l *loader) addBlock(m *module, b *block, overriding bool) {
	var byName map[string]*block
	name := b.label(0)
	listed := false
	switch b.typ {
	case "variable":
		byName = m.variables
	case "output":
		byName = m.outputs
	case "module":
		byName, listed = m.calls, true
	case "resource":
		byName, listed, name = m.resources, true, b.label(0)+"."+b.label(1)
	case "data":
		byName, listed, name = m.resources, true, "data."+b.label(0)+"."+b.label(1)
	case "locals":
		m.localBlocks = append(m.localBlocks, b)
		return
	case "provider":
		m.providers = append(m.providers, b)
		return
	case "terraform":
		m.settings = append(m.settings, b)
		return
	default:
		return
	}
	if base := byName[name]; base != nil {
		if overriding {
			base.over = append(base.over, b)
			return
		}
		// Terraform refuses this. A directory of files that are no module is looked at all the same.
		if b.typ != "resource" && b.typ != "data" || sinkAttribute(b.label(0)) != "" {
			m.twice = append(m.twice, b)
		}
		if listed {
			m.blocks = append(m.blocks, b)
		}
		return
	}
	byName[name] = b
	if listed {
		m.blocks = append(m.blocks, b)
	}
}

// twiceProblem reports the blocks that m declares twice, where there are any.
func (l *loader) twiceProblem(m *module) {
	if len(m.twice) == 0 {
		return
	}
	first := m.twice[0]
	message := fmt.Sprintf("%s %q is declared twice in this module", first.typ, strings.Join(first.labels, "."))
	if more := len(m.twice) - 1; more > 0 {
		message = fmt.Sprintf("%s %q and %d more are declared twice in this module", first.typ, strings.Join(first.labels, "."), more)
	}
	l.problem(source.Problem{Span: first.header(), Message: message})
}

// leadsToRole reports whether m or a module that it calls by a path, over any number of calls, declares what may
// hold a trust policy of a role.
func (l *loader) leadsToRole(m *module) bool {
	seen := map[*module]bool{}
	var leads func(m *module) bool
	leads = func(m *module) bool {
		if m == nil || seen[m] {
			return false
		}
		seen[m] = true
		return slices.ContainsFunc(m.blocks, func(b *block) bool { k := sinkOf(b); return k == roleSink || k == stackSink }) ||
			slices.ContainsFunc(l.localCalls(m.dir), func(dir string) bool { return leads(l.module(dir)) })
	}
	return leads(m)
}

// local returns the local value of that name, nil when there is none.
func (m *module) local(l *loader, name string) *hclsyntax.Attribute {
	m.localsOnce.Do(func() {
		m.locals = map[string]*block{}
		for _, b := range m.localBlocks {
			for _, name := range b.argumentNames(l) {
				m.locals[name] = b
			}
		}
	})
	if b := m.locals[name]; b != nil {
		return b.argument(l, name)
	}
	return nil
}

// sortedAttributes returns the attributes of body in the order written.
func sortedAttributes(body *hclsyntax.Body) []*hclsyntax.Attribute {
	list := make([]*hclsyntax.Attribute, 0, len(body.Attributes))
	for _, a := range body.Attributes {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *hclsyntax.Attribute) int { return a.NameRange.Start.Byte - b.NameRange.Start.Byte })
	return list
}
