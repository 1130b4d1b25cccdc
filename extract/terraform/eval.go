package terraform

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// What an evaluation may cost. Real roots stay two orders of magnitude below.
const (
	maxSteps     = 500_000   // expressions and elements for one role
	maxRootSteps = 5_000_000 // and for all roles of a root module
	maxDepth     = 1_000     // of references and expressions in each other
	maxElements  = 100_000   // of one list or object
	maxBytes     = 16 << 20  // of strings built for one role
	maxInstances = 5_000     // of one block
)

// An evaluator evaluates the expressions of one root module and of the modules it calls, each when it is first asked for.
type evaluator struct {
	l         *loader
	opts      *Options
	workspace string
	root      *instance
	given     bool // values for variables of the root module are given: the others have their defaults

	steps, total, depth, bytes int
	spent                      string // the budget that is used up
	instances, roles           int    // of modules, and of roles, so far

	choices
	busy       map[memoKey]bool
	expansions map[expansionKey]*expansion
	children   map[expansionKey][]*instance
	unclaimed  []unclaimed
	companions []*policy.Companion // of stacks
	aside      bool                // companions are looked at: no role uses what they use, and they report nothing
	// accounts holds the provider configuration of each hole that stands for "the own account" of that provider.
	accounts map[*policy.Hole]string
	created  map[blockPlace]bool // roles that have instances
	// What people see for expressions of the current role, and all of that.
	shownAs map[string]string
	taken   map[string]bool
}

type memoKey struct {
	inst *instance
	name string
}

// once returns the value of name in inst, computed by f when it is first needed. A value that depends on a choice holds
// for the choices of the current run only.
func (e *evaluator) once(inst *instance, name string, span source.Span, f func() *value) *value {
	k := memoKey{inst, name}
	if v, ok := e.settled[k]; ok {
		return v
	}
	if v, ok := e.recall(k); ok {
		e.consulted++
		return v
	}
	if e.busy[k] {
		return failed(span, name+" depends on itself")
	}
	e.busy[k] = true
	before, sharpened, asked := e.consulted, e.sharpened, e.asked
	e.sharpened, e.asked = false, &questions{}
	made := e.candidate(assumption{}, f)
	r := &remembered{made.val, e.asked.list, e.state(), e.sharpened}
	e.sharpened, e.asked = sharpened, asked
	e.take(made.picks...)
	delete(e.busy, k)
	switch {
	case e.spent != "":
	case e.consulted == before:
		e.settled[k] = made.val
	case e.picking:
		e.picked[k] = made
	default:
		e.chosen[k] = r
		e.keep(k, r)
	}
	e.rest(r)
	return made.val
}

// spend counts n steps. It reports false when the budget is used up.
func (e *evaluator) spend(n int) bool {
	e.steps += n
	e.total += n
	if e.spent == "" && e.steps > maxSteps {
		e.spent = fmt.Sprintf("evaluation takes more than %d steps", maxSteps)
	}
	if e.spent == "" && e.total > maxRootSteps {
		e.spent = fmt.Sprintf("evaluation of the root module takes more than %d steps", maxRootSteps)
	}
	return e.spent == ""
}

// renew gives the next role its own budget.
func (e *evaluator) renew() {
	e.steps, e.bytes = 0, 0
	e.shownAs, e.taken = nil, nil
	if e.total <= maxRootSteps {
		e.spent = ""
	}
}

// exceed returns v. A failure for a bound of ours uses up the budget, so that no try and no condition makes something else of
// it: what Terraform would see there is not known.
func (e *evaluator) exceed(v *value) *value {
	if v.limit && e.spent == "" {
		e.spent = v.reason
	}
	return v
}

// spendBytes counts n bytes of strings.
func (e *evaluator) spendBytes(n int) bool {
	e.bytes += n
	if e.bytes > maxBytes && e.spent == "" {
		e.spent = fmt.Sprintf("evaluation builds more than %d bytes of strings", maxBytes)
	}
	return e.spent == ""
}

// A scope is where names in an expression are looked up: iterators first, then what the module declares.
type scope struct {
	e      *evaluator
	inst   *instance
	parent *scope
	name   string // of the one variable that this scope adds
	val    *value
	anon   *hclsyntax.AnonSymbolExpr // the element of a splat, instead of name
	// closed: a template's scope, which sees nothing but its own variables.
	closed   bool
	template map[string]*value
	grunt    *gruntFile // of a closed scope: the Terragrunt file whose functions it sees
}

func (s *scope) with(name string, val *value) *scope {
	return &scope{e: s.e, inst: s.inst, parent: s, name: name, val: val}
}

// variable returns the iterator or template variable of that name.
func (s *scope) variable(name string) (v *value, closed bool) {
	for ; s != nil; s = s.parent {
		if s.name == name && s.val != nil && s.anon == nil {
			return s.val, false
		}
		if s.closed {
			return s.template[name], true
		}
	}
	return nil, false
}

// terragrunt returns the Terragrunt file that s belongs to, nil when it does not.
func (s *scope) terragrunt() *gruntFile {
	for ; s != nil; s = s.parent {
		if s.grunt != nil {
			return s.grunt
		}
	}
	return nil
}

func (s *scope) span(rng hcl.Range) source.Span { return s.e.l.span(rng) }

// eval returns the value of expr. It never returns nil.
func (s *scope) eval(expr hclsyntax.Expression) *value {
	e := s.e
	if !e.spend(1) {
		return failed(s.span(expr.Range()), e.spent)
	}
	if e.depth >= maxDepth {
		return e.exceed(limited(s.span(expr.Range()), fmt.Sprintf("expressions are nested more than %d deep", maxDepth)))
	}
	e.depth++
	v := s.evalNode(expr).weigh()
	e.depth--
	return e.exceed(v)
}

func (s *scope) evalNode(expr hclsyntax.Expression) *value {
	switch x := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		return s.literalValue(x)
	case *hclsyntax.TemplateExpr:
		return s.templateExpr(x)
	case *hclsyntax.TemplateWrapExpr:
		return s.eval(x.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		return s.templateJoin(x)
	case *hclsyntax.ScopeTraversalExpr:
		return s.traversal(x.Traversal, s.span(x.SrcRange))
	case *hclsyntax.RelativeTraversalExpr:
		return s.steps(s.eval(x.Source), x.Traversal, s.span(x.SrcRange))
	case *hclsyntax.IndexExpr:
		v := s.index(s.eval(x.Collection), s.eval(x.Key), s.span(x.SrcRange))
		if s.e.picking {
			s.e.take(v.chosen...)
		}
		return v
	case *hclsyntax.SplatExpr:
		return s.splat(x)
	case *hclsyntax.AnonSymbolExpr:
		for t := s; t != nil; t = t.parent {
			if t.anon == x {
				return t.val
			}
		}
		return failed(s.span(x.SrcRange), "a splat element outside its splat")
	case *hclsyntax.ConditionalExpr:
		return s.conditional(x)
	case *hclsyntax.BinaryOpExpr:
		return s.binary(x)
	case *hclsyntax.UnaryOpExpr:
		return s.unary(x)
	case *hclsyntax.TupleConsExpr:
		elems := make([]*value, len(x.Exprs))
		for i, el := range x.Exprs {
			elems[i] = s.eval(el)
		}
		return &value{kind: listKind, elems: elems, typing: structural, span: s.span(x.SrcRange)}
	case *hclsyntax.ObjectConsExpr:
		return s.objectCons(x)
	case *hclsyntax.ObjectConsKeyExpr:
		return s.objectKey(x)
	case *hclsyntax.ForExpr:
		return s.forExpr(x)
	case *hclsyntax.FunctionCallExpr:
		return s.call(x)
	case *hclsyntax.ParenthesesExpr:
		return s.eval(x.Expression)
	}
	return failed(s.span(expr.Range()), "syntax error")
}

func (s *scope) literalValue(x *hclsyntax.LiteralValueExpr) *value {
	span := s.span(x.SrcRange)
	switch v := x.Val; {
	case v.IsNull():
		return null(span)
	case v.Type() == cty.String:
		return stringOf(s.e.l.literal(v.AsString(), x.SrcRange), span)
	case !v.IsKnown():
		return limited(span, "a number that is too large or too small")
	case v.Type() == cty.Number:
		n := number(v.AsBigFloat(), span)
		if n.kind == failedKind {
			return n
		}
		n.parts = []policy.Part{policy.Literal(n.primitive(), span)}
		return n
	case v.Type() == cty.Bool:
		b := boolean(v.True(), span)
		b.parts = []policy.Part{policy.Literal(b.primitive(), span)}
		return b
	}
	return failed(span, "syntax error")
}

func (s *scope) objectKey(x *hclsyntax.ObjectConsKeyExpr) *value {
	if !x.ForceNonLiteral {
		if name := hcl.ExprAsKeyword(x.Wrapped); name != "" {
			return text(name, s.span(x.Wrapped.Range()))
		}
	}
	return s.eval(x.Wrapped)
}

func (s *scope) objectCons(x *hclsyntax.ObjectConsExpr) *value {
	o := &value{kind: objectKind, typing: structural, span: s.span(x.SrcRange)}
	named := make(map[string]int, len(x.Items)) // the place of each known name in o.members
	for _, item := range x.Items {
		key := s.eval(item.KeyExpr).asString()
		switch key.kind {
		case failedKind:
			return key
		case nullKind:
			if key.hole == nil {
				return failed(key.span, "the name of an object member is null")
			}
			key = unknown(key.hole.Expr, cty.String, key.span)
		}
		m := member{key, s.memberValue(item.ValueExpr)}
		if name, ok := key.literal(); ok {
			if i, again := named[name]; again {
				o.lost = append(o.lost, o.members[i])
				o.members[i] = m
				continue
			}
			named[name] = len(o.members)
		}
		o.members = append(o.members, m)
	}
	return o
}

// memberValue evaluates a member of an object. What it depends on counts for the number of instances where it is asked for.
func (s *scope) memberValue(expr hclsyntax.Expression) *value {
	if !s.e.picking {
		return s.eval(expr)
	}
	made := s.e.candidate(assumption{}, func() *value { return s.eval(expr) })
	if len(made.picks) == 0 {
		return made.val
	}
	v := *made.val
	v.chosen = made.picks
	return &v
}

// setMember appends m to members, in place of the member of the same known name.
func setMember(members []member, m member) []member {
	if name, ok := m.key.literal(); ok && len(members) > 0 {
		for i := range members {
			if members[i].key.is(name) {
				members[i] = m.replacing()
				return members
			}
		}
	}
	return append(members, m)
}

// A memberIndex finds members by name while an object is made. The zero value is ready to use.
type memberIndex map[string]int

// set is setMember for members that were all set with ix.
func (ix *memberIndex) set(members []member, m member) []member {
	const few = 16
	if len(members) < few {
		return setMember(members, m)
	}
	i, name := ix.find(members, m.key)
	if i >= 0 {
		members[i] = m.replacing()
		return members
	}
	if name != "" {
		(*ix)[name] = len(members)
	}
	return append(members, m)
}

// replacing returns m in place of another member of that name, which may be there where m is not.
func (m member) replacing() member {
	if len(m.key.there) == 0 {
		return m
	}
	key := *m.key
	key.there = nil
	return member{&key, m.val}
}

// find returns the place of the member of that name, -1 where there is none, and the name where it is known.
func (ix *memberIndex) find(members []member, key *value) (int, string) {
	if *ix == nil {
		*ix = make(memberIndex, len(members))
		for i, m := range members {
			if name, ok := m.key.literal(); ok {
				(*ix)[name] = i
			}
		}
	}
	name, ok := key.literal()
	if !ok {
		return -1, ""
	}
	if i, ok := (*ix)[name]; ok {
		return i, name
	}
	if name == "" {
		(*ix)[name] = len(members) // the one name that set cannot tell from none
	}
	return -1, name
}

// decide returns the truth of a condition. Where the code does not decide it, the run does (see choices).
func (s *scope) decide(cond *value) (truth bool, err *value) {
	switch b := toBool(cond); b.kind {
	case boolKind:
		return b.truth, nil
	case unknownKind:
		a := about(b, true)
		return s.e.choose(a.cond) == a.truth, nil
	case failedKind:
		return false, b
	default:
		if b.kind == nullKind && b.hole != nil {
			return s.e.choose(b.hole.Expr), nil
		}
		return false, failed(cond.span, "a condition is "+article(b))
	}
}

func (s *scope) conditional(x *hclsyntax.ConditionalExpr) *value {
	cond := s.eval(x.Condition)
	b := toBool(cond)
	if b.kind == unknownKind && s.e.picking {
		return s.pickBranch(x, b)
	}
	truth, err := s.decide(cond)
	if err != nil {
		return err
	}
	chosen, other := x.TrueResult, x.FalseResult
	if !truth {
		chosen, other = other, chosen
	}
	return s.unify(s.eval(chosen), other)
}

// unify converts the chosen branch of a conditional to the type that it has in common with the other one.
func (s *scope) unify(v *value, other hclsyntax.Expression) *value {
	switch v.kind {
	case boolKind, numberKind, listKind, objectKind:
	default:
		return v // nothing converts a string
	}
	if !s.e.spend(v.weight() / 8) {
		return failed(v.span, s.e.spent)
	}
	t, whole := typeOf(v)
	o, _ := typeOf(s.peek(other))
	if common, _ := convert.UnifyUnsafe([]cty.Type{t, o}); whole && common != cty.NilType && !common.HasDynamicTypes() {
		if common.Equals(t) {
			return v
		}
		if c := s.e.convert(v, constraint{typ: common}); c.kind != failedKind {
			return c
		}
	}
	if v.kind == listKind && !v.set && o.IsSetType() {
		return s.e.toSet(v)
	}
	if v.typing == structural {
		c := *v
		c.typing = untracked // the other branch may make a list of a tuple
		return &c
	}
	return v
}

// peek evaluates expr for its type alone, which depends on no choice.
func (s *scope) peek(expr hclsyntax.Expression) *value {
	consulted := s.e.consulted
	v, _, _ := s.pick(expr)
	s.e.consulted = consulted
	return v
}

func (s *scope) forExpr(x *hclsyntax.ForExpr) *value {
	span := s.span(x.SrcRange)
	coll := s.eval(x.CollExpr)
	items, err := s.e.iterate(coll)
	if err != nil {
		return err
	}
	var elems []*value
	var members []member
	var index memberIndex
	step := func(it item) *value {
		inner := s.with(x.ValVar, it.val)
		if x.KeyVar != "" {
			inner = inner.with(x.KeyVar, it.key)
		}
		many := it.many
		there := it.there
		if x.CondExpr != nil {
			made := s.e.candidate(assumption{}, func() *value { return toBool(inner.eval(x.CondExpr)) })
			cond := made.val
			if cond.kind == failedKind {
				return cond
			}
			there = append(slices.Clip(there), made.picks...)
			if cond.kind != unknownKind || !many {
				if s.e.picking && cond.kind == unknownKind {
					there = append(there, about(cond, true))
				} else if keep, err := inner.decide(cond); err != nil {
					return err
				} else if !keep {
					return nil
				}
			}
		}
		val := inner.memberValue(x.ValExpr)
		if x.KeyExpr == nil {
			if it.many && val.kind == failedKind {
				return val
			}
			if many {
				val = val.asMany()
			}
			elems = append(elems, val.where(there))
			return nil
		}
		key := inner.eval(x.KeyExpr).asString().where(there)
		if key.kind == failedKind {
			return key
		}
		if many {
			key, val = key.asMany(), val.asMany()
		}
		if x.Group {
			members = index.group(members, key, val)
			return nil
		}
		before := len(members)
		if members = index.set(members, member{key, val}); len(members) == before && !many {
			return failed(key.span, "two items make the same key "+describe(key))
		}
		return nil
	}
	for _, it := range items {
		if !s.e.spend(1) {
			return failed(span, s.e.spent)
		}
		complete, err := s.e.eachElement(it.many, func() *value { return step(it) })
		if err != nil {
			return err
		}
		if !complete {
			rest := unknown(describe(it.val), cty.NilType, span).asMany()
			elems, members = append(elems, rest), append(members, member{rest, rest})
		}
	}
	if x.KeyExpr == nil {
		return list(elems, span)
	}
	return object(members, span)
}

// group appends val to the list that members hold under key.
func (ix *memberIndex) group(members []member, key, val *value) []member {
	i, name := ix.find(members, key)
	if i >= 0 {
		members[i].val.elems = append(members[i].val.elems, val) // made below, and seen by nobody yet
		return members
	}
	if name != "" {
		(*ix)[name] = len(members)
	}
	return append(members, member{key, list([]*value{val}, val.span)})
}

// An item is one step of an iteration.
type item struct {
	key, val *value
	many     bool         // it stands for any number of steps
	there    []assumption // see value
}

// iterate returns the steps of walking coll, in Terraform's order. A collection that is not known has one step that stands
// for all.
func (e *evaluator) iterate(coll *value) ([]item, *value) {
	switch coll.kind {
	case failedKind:
		return nil, coll
	case nullKind:
		if coll.hole == nil {
			return nil, failed(coll.span, "the collection to iterate over is null")
		}
		coll = unknown(coll.hole.Expr, cty.NilType, coll.span)
		fallthrough
	case unknownKind:
		key, val := e.unknownElement(coll)
		return []item{{key: key, val: val, many: true}}, nil
	case listKind:
		if len(coll.elems) > maxElements {
			return nil, limited(coll.span, fmt.Sprintf("a list has more than %d elements", maxElements))
		}
		items := make([]item, 0, len(coll.elems))
		shifted := false
		for i, el := range coll.elems {
			v := el.single().through(coll.via...)
			var key *value
			switch {
			case coll.set:
				key = v
			case shifted || el.many:
				shifted = true
				key = unknown("index of "+describe(v), cty.Number, coll.span)
			default:
				key = integer(i, coll.span)
			}
			items = append(items, item{key, v, el.many, el.there})
		}
		return items, nil
	case objectKind:
		members, complete := coll.all()
		if len(members) > maxElements {
			return nil, limited(coll.span, fmt.Sprintf("an object has more than %d members", maxElements))
		}
		items := make([]item, 0, len(members))
		for _, m := range sorted(members) {
			items = append(items, item{m.key.single(), m.val.single().through(coll.via...), m.key.many || m.val.many, m.key.there})
		}
		if !complete {
			key := unknown("keys("+describe(coll)+")[*]", cty.String, coll.span)
			items = append(items, item{key: key, val: unknown(describe(coll)+"[*]", cty.NilType, coll.span), many: true})
		}
		return items, nil
	}
	return nil, failed(coll.span, "cannot iterate over "+article(coll))
}

// unknownElement returns the key and value that stand for all elements of coll.
func (e *evaluator) unknownElement(coll *value) (key, val *value) {
	elem, keyed := cty.NilType, cty.NilType
	expr := coll.hole.Expr + "[*]"
	switch t := coll.typ; {
	case t == cty.NilType:
	case t.IsListType() || t.IsSetType() || t.IsMapType():
		elem = t.ElementType()
		if t.IsListType() {
			keyed = cty.Number
		} else {
			keyed = cty.String
		}
	}
	val = unknown(expr, elem, coll.span)
	val.hole.Reason = coll.hole.Reason
	val.via = coll.via
	if coll.typ != cty.NilType && coll.typ.IsSetType() {
		return val, val
	}
	key = unknown("keys("+coll.hole.Expr+")[*]", keyed, coll.span)
	key.via = coll.via
	return key, val
}

func (s *scope) splat(x *hclsyntax.SplatExpr) *value {
	span := s.span(x.SrcRange)
	src := s.eval(x.Source)
	var elems []*value
	switch {
	case src.kind == failedKind:
		return src
	case src.kind == nullKind && src.hole == nil:
		return list(nil, span)
	case src.kind == listKind:
		for _, el := range src.elems {
			v := s.splatElement(x, el.single().through(src.via...))
			if el.many {
				v = v.asMany()
			}
			elems = append(elems, v)
		}
	case src.kind == unknownKind && (src.typ == cty.NilType || src.listTyped()), src.kind == nullKind:
		if src.kind == nullKind {
			src = unknown(src.hole.Expr, cty.NilType, src.span)
		}
		_, el := s.e.unknownElement(src)
		elems = append(elems, s.splatElement(x, el).asMany())
	default:
		elems = append(elems, s.splatElement(x, src))
	}
	for _, el := range elems {
		if el.kind == failedKind {
			return el
		}
	}
	return list(elems, span)
}

func (s *scope) splatElement(x *hclsyntax.SplatExpr, el *value) *value {
	if !s.e.spend(1) {
		return failed(s.span(x.SrcRange), s.e.spent)
	}
	return (&scope{e: s.e, inst: s.inst, parent: s, anon: x.Item, val: el}).eval(x.Each)
}

// steps follows the steps of a traversal from v.
func (s *scope) steps(v *value, steps hcl.Traversal, span source.Span) *value {
	for _, step := range steps {
		switch step := step.(type) {
		case hcl.TraverseAttr:
			v = attribute(v, step.Name, span)
		case hcl.TraverseIndex:
			key := text("", span)
			if step.Key.Type() == cty.Number {
				key = number(step.Key.AsBigFloat(), span)
			} else if step.Key.Type() == cty.String && !step.Key.IsNull() {
				key = text(step.Key.AsString(), span)
			}
			v = s.index(v, key, span)
		default:
			return failed(span, "syntax error")
		}
		if v.kind == failedKind {
			return v
		}
		if s.e.picking {
			s.e.take(v.chosen...)
		}
	}
	return v
}

// attribute returns v.name.
func attribute(v *value, name string, span source.Span) *value {
	switch v.kind {
	case failedKind:
		return v
	case objectKind:
		if got := v.get(name); got != nil {
			return got
		}
		return failed(span, fmt.Sprintf("%s has no attribute %q", describe(v), name))
	case nullKind:
		if v.hole != nil {
			return unknown(v.hole.Expr+"."+name, cty.NilType, span)
		}
		return failed(span, fmt.Sprintf("attribute %q of null", name))
	case unknownKind:
		return unknownMember(v, "."+name, name, span)
	case listKind:
		// A resource with count used as if it had none, as Terraform 0.11 allowed.
		if len(v.elems) == 1 && v.elems[0].kind == objectKind && v.elems[0].address != "" {
			return attribute(v.elems[0], name, span)
		}
	}
	return failed(span, fmt.Sprintf("attribute %q of %s", name, article(v)))
}

// unknownMember returns the member of an unknown value that suffix selects.
func unknownMember(v *value, suffix, name string, span source.Span) *value {
	typ := cty.NilType
	if t := v.typ; t != cty.NilType {
		switch {
		case t.IsObjectType():
			if !t.HasAttribute(name) {
				return failed(span, fmt.Sprintf("%s has no attribute %q", v.hole.Expr, name))
			}
			typ = t.AttributeType(name)
		case t.IsMapType() || t.IsListType() || t.IsSetType():
			typ = t.ElementType()
		case t.IsTupleType():
			if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < t.Length() {
				typ = t.TupleElementType(i)
			}
		case t.IsPrimitiveType():
			return failed(span, fmt.Sprintf("attribute %q of a %s", name, t.FriendlyName()))
		}
	}
	u := unknown(v.hole.Expr+suffix, typ, span)
	u.hole.Reason = v.hole.Reason
	u.via = v.via
	return u
}

// index returns v[key].
func (s *scope) index(v, key *value, span source.Span) *value {
	if v.kind == failedKind {
		return v
	}
	if key.kind == failedKind {
		return key
	}
	name, literal := key.literal()
	if v.kind == unknownKind {
		if literal {
			suffix := "[" + name + "]"
			if key.kind == stringKind {
				suffix = "[" + strconv.Quote(name) + "]"
			}
			return unknownMember(v, suffix, name, span)
		}
		_, el := s.e.unknownElement(v)
		el.hole.Expr = v.hole.Expr + "[" + describe(key) + "]"
		return el
	}
	switch v.kind {
	case nullKind:
		if v.hole != nil {
			return unknown(v.hole.Expr+"["+describe(key)+"]", cty.NilType, span)
		}
		return failed(span, "an element of null")
	case objectKind:
		if literal {
			if got := v.get(name); got != nil {
				return got.single()
			}
			if !v.exact() {
				return unknown(describe(v)+"["+strconv.Quote(name)+"]", cty.NilType, span)
			}
			return failed(span, fmt.Sprintf("%s has no member %q", describe(v), name))
		}
		if len(v.members) == 1 && v.fetch == nil {
			m := v.members[0]
			if describe(m.key) == describe(key) {
				return m.val.single().through(v.via...)
			}
		}
		for _, m := range v.members {
			if describe(m.key.single()) == describe(key) {
				return m.val.single().through(v.via...)
			}
		}
		u := unknown(describe(v)+"["+describe(key)+"]", cty.NilType, span)
		if u.hole.Choices = literals(v, key); u.hole.Choices != nil {
			u.typ = cty.String
		} else if m := s.e.anyMember(v, key, nil, span); m != nil {
			return m.through(v.via...)
		}
		return u
	case listKind:
		if v.set {
			return failed(span, "an element of a set")
		}
		if !literal {
			if len(v.elems) == 1 {
				return v.elems[0].single().through(v.via...)
			}
			if el := s.e.anyElement(v, operand(key)); el != nil {
				return el.through(v.via...)
			}
			return unknown(describe(v)+"["+describe(key)+"]", cty.NilType, span)
		}
		i, err := strconv.Atoi(name)
		if err != nil {
			return failed(span, fmt.Sprintf("%q is no index of a list", name))
		}
		return s.element(v, i, span)
	}
	return failed(span, "an element of "+article(v))
}

// literals returns the strings that the members of an object are which key may name, nil when they are not all known
// strings.
func literals(o, key *value) []string {
	const most = 20
	if !o.exact() || o.fetch != nil || len(o.members) > most {
		return nil
	}
	var out []string
	for _, m := range o.members {
		if equal(m.key, key) == no {
			continue
		}
		s, ok := m.val.literal()
		if !ok || m.val.kind != stringKind {
			return nil
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// anyMember returns the member of an object that a key selects of which the code does not say what it is: which one is a
// choice. otherwise is what there is where no member has that name, nil where that is an error. It returns nil where the
// members are not known or too many.
func (e *evaluator) anyMember(o, key, otherwise *value, span source.Span) *value {
	if !o.exact() || o.fetch != nil || len(o.members) == 0 {
		return nil
	}
	var conds []string
	var values []*value
	for _, m := range sorted(o.members) {
		if _, known := m.key.literal(); !known {
			return nil
		}
		if equal(m.key, key) != no {
			conds = append(conds, e.equality(operand(key), describe(m.key)))
			values = append(values, m.val)
		}
	}
	if len(values) == 0 {
		return otherwise
	}
	return e.member(describe(o)+"["+describe(key)+"]", conds, values, otherwise, span)
}

// anyElement returns the element of a list that an index selects of which the code does not say what it is.
func (e *evaluator) anyElement(l *value, index string) *value {
	if l.kind != listKind || !l.exact() || len(l.elems) == 0 {
		return nil
	}
	conds := make([]string, len(l.elems))
	for i := range l.elems {
		conds[i] = e.equality(index, strconv.Itoa(i))
	}
	return e.member(describe(l)+"["+index+"]", conds, l.elems, nil, l.span)
}

// element returns element i of a list.
func (s *scope) element(v *value, i int, span source.Span) *value {
	for at, el := range v.elems {
		if el.many {
			if at == 0 && len(v.elems) == 1 {
				return el.single().through(v.via...)
			}
			return unknown(fmt.Sprintf("%s[%d]", describe(v), i), cty.NilType, span)
		}
		if at == i {
			return el.through(v.via...)
		}
	}
	return failed(span, fmt.Sprintf("a list of %d has no element %d", len(v.elems), i))
}
