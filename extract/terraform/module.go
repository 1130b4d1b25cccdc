package terraform

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/source"
)

// An instance is a module with the arguments of one call, or the root module.
type instance struct {
	mod    *module
	path   string // module.a["x"], "" for the root
	key    string // a.b: the path without instance keys, as modules.json has it
	parent *instance
	call   *block
	scope  *scope            // the caller's, in which the arguments are evaluated; nil for the root
	given  map[string]*value // the root's variables that are set from outside
	calls  []source.Span     // the calls that lead here, outermost first
	// standalone: a module that is looked at without a caller, so that unset variables are what a caller may set.
	standalone bool
	why        string        // why mod is nil: the module's code is not in the tree
	exists     []assumption  // under which the instance exists
	present    []func() bool // what says in a run whether it does, where these do not
}

// address returns the address of name in inst.
func (inst *instance) address(name string) string {
	if inst.path == "" {
		return name
	}
	return inst.path + "." + name
}

type expansionKey struct {
	inst *instance
	b    *block
}

// An expansion is the instances that count or for_each make of a block.
type expansion struct {
	scopes []*scope // one an instance, with each or count
	keys   []string // `["a"]`, `[0]`, "" where there is neither count nor for_each
	names  []*value // the keys of for_each
	kind   expansionKind
	// open: the code does not say how many there are. The one instance stands for any.
	open  bool
	picks []assumption   // under which there are instances
	some  string         // of open ones that count makes: the condition that there is one
	there [][]assumption // for each instance under which that one is there too; nil where there are no such
	// present says of each instance whether it is there in the current run, where assumptions do not; nil where they do.
	present []func() bool
	err     *value
}

type expansionKind uint8

const (
	single expansionKind = iota
	counted
	keyed
)

// expand returns the instances of b in inst.
func (e *evaluator) expand(inst *instance, b *block) *expansion {
	k := expansionKey{inst, b}
	if x := e.expansions[k]; x != nil {
		return x
	}
	busy := memoKey{inst, "instances of " + strings.Join(b.labels, ".")}
	if e.busy[busy] {
		return &expansion{err: failed(b.header(), busy.name+" depend on themselves")}
	}
	e.busy[busy] = true
	x := e.expandBody(&scope{e: e, inst: inst}, b)
	if x.err != nil {
		e.exceed(x.err)
	}
	delete(e.busy, busy)
	if e.spent == "" {
		e.expansions[k] = x
	}
	return x
}

func (e *evaluator) expandBody(s *scope, b *block) *expansion {
	if a := b.argument(e.l, "count"); a != nil {
		return e.expandCount(s, a, e.matters(s.inst, b))
	}
	if a := b.argument(e.l, "for_each"); a != nil {
		return e.expandForEach(s, a, e.matters(s.inst, b))
	}
	if b.arguments != nil {
		return &expansion{scopes: []*scope{s}, keys: []string{""}}
	}
	// OpenTofu's lifecycle { enabled = … } is a count of one or none.
	for _, nested := range b.load(e.l).Blocks {
		if nested.Type == "lifecycle" {
			if a := nested.Body.Attributes["enabled"]; a != nil {
				v, picks, _ := s.pick(a.Expr)
				if v = toBool(v); v.kind == boolKind && !v.truth {
					return &expansion{picks: picks}
				}
			}
		}
	}
	return &expansion{scopes: []*scope{s}, keys: []string{""}}
}

// expandCount returns the instances that count makes; where precise, those of every way in which choices can turn out.
func (e *evaluator) expandCount(s *scope, a *hclsyntax.Attribute, precise bool) *expansion {
	span := s.span(a.Expr.Range())
	x := &expansion{kind: counted}
	v, picks, open := s.pick(a.Expr)
	x.picks = picks
	n := toNumber(v)
	switch n.kind {
	case failedKind, unknownKind:
		x.open = true
		if n.kind == unknownKind {
			x.some = operand(n) + " > 0"
		}
		if len(picks) > 0 && !(&givenByWay{s: s, a: a}).countNeeds(picks) {
			x.picks = nil
		}
		index := unknown("count.index", cty.Number, span)
		x.scopes = []*scope{s.with("count", object([]member{{text("index", span), index}}, span))}
		x.keys = []string{"[*]"}
		return x
	}
	count, _ := n.num.Int64()
	if count > maxInstances {
		x.err = limited(span, fmt.Sprintf("count is %s, more than the %d instances that are looked at", n.primitive(), maxInstances))
		return x
	}
	if open && precise {
		(&givenByWay{s: s, a: a}).countInto(x, &count)
	}
	for i := range int(count) {
		if !e.spend(1) {
			x.err = failed(span, e.spent)
			return x
		}
		index := object([]member{{text("index", span), integer(i, span)}}, span)
		x.scopes = append(x.scopes, s.with("count", index))
		x.keys = append(x.keys, "["+strconv.Itoa(i)+"]")
	}
	return x
}

// matters reports whether it matters which instances b has: those of roles, of what holds them and of their policies.
func (e *evaluator) matters(inst *instance, b *block) bool {
	switch sinkOf(b) {
	case callSink:
		m, _ := e.calledModule(inst, b)
		return m != nil && m.hasSinks()
	case roleSink, stackSink:
		return true
	}
	return b.typ == "data" && b.label(0) == "aws_iam_policy_document"
}

// expandForEach returns the instances that for_each makes; where precise, those of every way in which choices can turn out.
func (e *evaluator) expandForEach(s *scope, a *hclsyntax.Attribute, precise bool) *expansion {
	span := s.span(a.Expr.Range())
	x := &expansion{kind: keyed}
	v, picks, open := s.pick(a.Expr)
	x.picks = picks
	if v.kind == failedKind {
		u := unknown(firstLine(span.Text()), cty.NilType, span)
		u.hole.Reason, u.hole.Limit = v.more().reason, v.limit
		v = u
	}
	items, err := e.iterate(v)
	if err != nil {
		x.err = err
		return x
	}
	coll := &givenByWay{s: s, a: a}
	byWay := false
	if open && precise {
		if all, ok := coll.items(); ok && !sameItems(items, x.picks, all) {
			items, byWay = all, true
			x.picks = nil
		}
	}
	if len(items) > maxInstances {
		x.err = limited(span, fmt.Sprintf("for_each has %d elements, more than the %d instances that are looked at", len(items), maxInstances))
		return x
	}
	for _, it := range items {
		key := it.key.asString()
		if v.kind == listKind && !v.set {
			key = it.val.asString()
		}
		name := "*"
		if s, ok := key.literal(); ok && !it.many {
			name = s
		} else {
			x.open = x.open || it.many
		}
		if !e.spend(1) {
			x.err = failed(span, e.spent)
			return x
		}
		each := object([]member{{text("key", span), key}, {text("value", span), it.val}}, span)
		if byWay || open && it.val.undecided() {
			each = e.eachInRun(coll, key, it)
		}
		x.scopes = append(x.scopes, s.with("each", each))
		x.keys = append(x.keys, "["+strconv.Quote(name)+"]")
		x.names = append(x.names, key)
		x.there = append(x.there, it.there)
		x.present = append(x.present, nil)
		if it.unclear {
			x.present[len(x.present)-1] = coll.presence(name)
		}
	}
	return x
}

// eachInRun returns the each object of an instance whose value depends on choices: in a run it is what they make it.
func (e *evaluator) eachInRun(c *givenByWay, key *value, it item) *value {
	span := c.s.span(c.a.Expr.Range())
	each := object([]member{{text("key", span), key}}, span)
	each.edit().fetch = func(name string) *value {
		switch {
		case name != "value":
			return nil
		case it.many || e.aside:
			return it.val
		}
		e.consulted++
		if e.blunt || e.picking {
			return it.val
		}
		e.sharpened = true
		coll := c.inRun()
		if name, ok := key.literal(); ok && coll.kind == objectKind {
			if got := coll.get(name); got != nil {
				return got.single()
			}
		}
		return it.val
	}
	return each
}

// existence returns the assumptions under which instance i exists in inst.
func (x *expansion) existence(inst *instance, i int) []assumption {
	out := append(slices.Clip(inst.exists), x.picks...)
	if i < len(x.there) {
		out = append(out, x.there[i]...)
	}
	return out
}

// presence returns what says in a run whether instance i exists in inst.
func (x *expansion) presence(inst *instance, i int) []func() bool {
	if i < len(x.present) && x.present[i] != nil {
		return append(slices.Clip(inst.present), x.present[i])
	}
	return inst.present
}

// collect returns what a reference to a block without an instance key stands for, made of one value an instance. selected: an
// instance is selected from it, so that Terraform stops, but for try and can, where there are none.
func (x *expansion) collect(e *evaluator, selected bool, span source.Span, of func(i int) *value) *value {
	if x.err != nil {
		return x.err
	}
	if x.conditional() {
		e.consulted++ // whether it asks depends on what it is for, so that no answer is the one for all
	}
	asks := !e.picking && !e.aside && (!selected || e.trying > 0)
	if asks && !e.hold(x.picks) {
		x, e.without = &expansion{kind: x.kind}, true
	}
	if asks && selected && x.some != "" && !e.choose(x.some) {
		x, e.without = &expansion{kind: x.kind}, true
	}
	present := func(i int) bool {
		there := !asks || i >= len(x.there) || e.hold(x.there[i]) && (x.present[i] == nil || x.present[i]())
		e.without = e.without || !there
		return there
	}
	switch x.kind {
	case single:
		if len(x.scopes) == 0 {
			return null(span)
		}
		return of(0)
	case counted:
		elems := make([]*value, 0, len(x.scopes))
		for i := range x.scopes {
			if !present(i) {
				break
			}
			el := of(i)
			if x.open {
				el = el.asMany()
			}
			elems = append(elems, el)
		}
		return list(elems, span)
	}
	members := make([]member, 0, len(x.scopes))
	for i := range x.scopes {
		if !present(i) {
			continue
		}
		key, val := x.names[i], of(i)
		if x.keys[i] == `["*"]` && x.open {
			key, val = key.asMany(), val.asMany()
		}
		members = append(members, member{key, val})
	}
	return object(members, span)
}

// conditional reports whether which instances there are depends on choices.
func (x *expansion) conditional() bool {
	return len(x.picks) > 0 || x.some != "" || slices.ContainsFunc(x.there, func(as []assumption) bool { return len(as) > 0 }) ||
		slices.ContainsFunc(x.present, func(present func() bool) bool { return present != nil })
}

// hold reports whether all of as hold in the current run.
func (c *choices) hold(as []assumption) bool {
	return !slices.ContainsFunc(as, func(a assumption) bool { return c.choose(a.cond) != a.truth })
}

// moduleSource returns the call's source argument as written.
func (e *evaluator) moduleSource(inst *instance, b *block) *value {
	a := b.argument(e.l, "source")
	if a == nil {
		return failed(b.header(), "the module call has no source")
	}
	return (&scope{e: e, inst: inst}).eval(a.Expr)
}

// moduleInstances returns the module instances that call b of inst makes. It is never empty where the call has instances: a
// module whose code is not there has an instance without one.
func (e *evaluator) moduleInstances(inst *instance, b *block) []*instance {
	k := expansionKey{inst, b}
	if got, ok := e.children[k]; ok {
		return got
	}
	x := e.expand(inst, b)
	if e.instances += len(x.scopes); e.instances > maxModules {
		e.l.problem(source.Problem{Span: b.header(), Unreadable: true,
			Message: fmt.Sprintf("not looked at: the root module has more than %d instances of modules", maxModules)})
		return nil
	}
	mod, why := e.calledModule(inst, b)
	calls := inst.calls
	if at := b.header(); len(calls) == 0 || calls[len(calls)-1] != at { // a call within a stub lies where the stub is called
		calls = append(slices.Clip(calls), at)
	}
	var out []*instance
	for i, s := range x.scopes {
		name := "module." + b.label(0)
		child := &instance{mod: mod, parent: inst, call: b, scope: s, why: why,
			path:       inst.address(name + x.keys[i]),
			key:        strings.TrimPrefix(inst.key+"."+b.label(0), "."),
			calls:      calls,
			standalone: inst.standalone,
			exists:     x.existence(inst, i),
			present:    x.presence(inst, i)}
		out = append(out, child)
	}
	e.children[k] = out
	return out
}

// maxModules bounds the instances of modules below one root module.
const maxModules = 10_000

// maxModuleDepth bounds the calls that lead to a module.
const maxModuleDepth = 30

// calledModule returns the module that b calls, or why its code is not there.
func (e *evaluator) calledModule(inst *instance, b *block) (*module, string) {
	for depth, i := 0, inst; i != nil; i = i.parent {
		if depth++; depth > maxModuleDepth {
			return nil, "modules call each other too deeply"
		}
	}
	src := e.moduleSource(inst, b)
	name, ok := src.literal()
	if !ok {
		if src.kind == failedKind {
			return nil, src.more().reason
		}
		return nil, "the module's source is not known: " + describe(src)
	}
	dir, why := e.l.moduleDir(e.root.mod.dir, inst, b.label(0), name)
	if why != "" && localSource(name) {
		e.l.problem(source.Problem{Span: src.span, Message: why})
	}
	if why == "" {
		for i := inst; i != nil; i = i.parent {
			if i.mod.dir == dir {
				return nil, fmt.Sprintf("module %s calls itself", name)
			}
		}
		if m := e.l.module(dir); m != nil {
			return m, ""
		}
		why = fmt.Sprintf("module source %s has no Terraform files", name)
		if refused := e.l.refused(dir); refused != "" {
			why = fmt.Sprintf("module source %s is %s", name, refused)
		}
	}
	if m := e.stub(inst, b, name); m != nil {
		return m, ""
	}
	return nil, why
}

// localSource reports whether a module source is a path relative to the calling module.
func localSource(name string) bool {
	return strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") || name == "." || name == ".."
}

// moduleDir returns the directory of the module that the call of that name in inst names as its source.
func (l *loader) moduleDir(root string, inst *instance, call, name string) (dir, why string) {
	if localSource(name) {
		dir, err := source.Clean(path.Join(inst.mod.dir, strings.Replace(name, "//", "/", 1)))
		if err != nil {
			return "", fmt.Sprintf("module source %s lies outside the scanned tree", name)
		}
		if !l.tree.IsDir(dir) {
			return "", fmt.Sprintf("module source %s is not in the tree", name)
		}
		return dir, ""
	}
	key := strings.TrimPrefix(inst.key+"."+call, ".")
	if dir, ok := l.installed(root)[key]; ok {
		if dir, err := source.Clean(path.Join(root, dir)); err == nil && l.tree.IsDir(dir) {
			return dir, ""
		}
	}
	return "", fmt.Sprintf("module source %s is not in the tree", name)
}

// input returns the value of variable name in inst.
func (e *evaluator) input(inst *instance, name string, span source.Span) *value {
	b := inst.mod.variables[name]
	if b == nil {
		if given := inst.given[name]; given != nil {
			return given
		}
		u := unknown(inst.address("var."+name), cty.NilType, span)
		u.hole.Reason = "variable " + name + " is not declared"
		return u
	}
	return e.once(inst, "var."+name, span, func() *value {
		return e.inputValue(inst, name, b)
	})
}

func (e *evaluator) inputValue(inst *instance, name string, b *block) *value {
	body := b.load(e.l)
	c := e.l.constraint(body)
	nullable := true
	if a := body.Attributes["nullable"]; a != nil {
		if lit, ok := a.Expr.(*hclsyntax.LiteralValueExpr); ok && lit.Val.Type() == cty.Bool && lit.Val.False() {
			nullable = false
		}
	}
	var v *value
	if inst.call != nil {
		if a := inst.call.argument(e.l, name); a != nil {
			v = inst.scope.eval(a.Expr)
		}
	} else if given := inst.given[name]; given != nil {
		v = given
	}
	if v != nil && !(v.kind == nullKind && !nullable) {
		return e.convert(v, c).through(b.header())
	}
	if a := body.Attributes["default"]; a != nil {
		v := e.convert((&scope{e: e, inst: inst, closed: true}).eval(a.Expr), c)
		if v.kind == nullKind && inst.call == nil && !e.given {
			// Null it is wherever something asks for that, as any other default counts. But what a policy says with it
			// is open: nothing says that whoever runs this leaves it at null.
			n := *v
			n.hole = unknown(inst.address("var."+name), c.typ, b.header()).hole
			v = &n
		}
		return v.through(b.header())
	}
	u := unknown(inst.address("var."+name), c.typ, b.header())
	return u
}

// output returns output name of inst, nil when the module has none.
func (e *evaluator) output(inst *instance, name string) *value {
	b := inst.mod.outputs[name]
	if b == nil {
		return nil
	}
	return e.once(inst, "output."+name, b.header(), func() *value {
		a := b.load(e.l).Attributes["value"]
		if a == nil {
			return failed(b.header(), fmt.Sprintf("output %q has no value", name))
		}
		return (&scope{e: e, inst: inst}).eval(a.Expr).through(b.header())
	})
}

// moduleValue returns the object of a module instance's outputs.
func (e *evaluator) moduleValue(inst *instance, span source.Span) *value {
	o := &value{kind: objectKind, rest: &moreValue{address: inst.path}, span: span}
	if inst.mod == nil {
		o.edit().fetch = func(name string) *value {
			u := unknown(inst.address(name), cty.NilType, span)
			u.hole.Reason = inst.why
			return u
		}
		return o
	}
	o.edit().fetch = func(name string) *value {
		v := e.output(inst, name)
		if v == nil && inst.mod.stub {
			v = unknown(inst.address(name), cty.NilType, span)
		}
		return v
	}
	o.edit().names = func() []string {
		names := make([]string, 0, len(inst.mod.outputs))
		for name := range inst.mod.outputs {
			names = append(names, name)
		}
		slices.Sort(names)
		return names
	}
	return o
}
