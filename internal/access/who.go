package access

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// Who returns the grants of the trust policy d: every request that it allows lies in one of them, and each holds a request
// that Decide allows, or says that it is undecided.
func Who(d *policy.Document, o Options) []Grant {
	worlds := worlds(d)
	each := make([][]Grant, len(worlds))
	for i, w := range worlds {
		q := newQuestion(w, o, false, most(d))
		q.terse = o.Terse && len(worlds) == 1 // those of several worlds are compared by what describes them
		q.budget.left = work / len(worlds)
		each[i] = q.grants()
	}
	return append(union(each), unresolved(d)...)
}

// grants returns the grants of each Allow in the order of the statements.
func (q *question) grants() []Grant {
	return q.maximal(q.grantsOf(func(*statement) bool { return true }))
}

// grantsOf returns the grants of each Allow that counts, in the order of the statements. Each gets a share of the work that
// is left, so that one hard statement does not keep what the others say from being known. Of a comparison one undecided grant
// is as bad as all: there the first may use up everything.
func (q *question) grantsOf(counts func(*statement) bool) []Grant {
	type part struct {
		*statement
		action string
	}
	var room [8]part
	parts := room[:0]
	for _, s := range q.statements {
		if s.effect != policy.Allow || !counts(s) {
			continue
		}
		for _, action := range roleActions {
			if s.allows(action) {
				parts = append(parts, part{s, action})
			}
		}
	}
	var grants []Grant
	for i, p := range parts {
		left := max(q.budget.left, 0)
		share := left
		if q.before == nil {
			share = left / min(len(parts)-i, 8)
		}
		q.budget.left = share
		grants = q.addGrants(grants, p.statement, p.action)
		q.budget.left += left - share
	}
	return grants
}

// mainAction returns the call with which callers of a kind ask for a role.
func mainAction(k Kind) string {
	switch k {
	case WebIdentity:
		return AssumeRoleWithWebIdentity
	case SAML:
		return AssumeRoleWithSAML
	}
	return AssumeRole
}

// asks reports whether callers of class c can ask for the action. The root user and federated users can not: AWS refuses
// their calls to sts:AssumeRole whatever the trust policy says.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
func (q *question) asks(c *class, action string) bool {
	if q.free {
		return true
	}
	switch {
	case c.kind == Root, c.kind == FederatedUser:
		return false
	case isMain(action):
		return action == mainAction(c.kind)
	}
	return true
}

// addGrants appends the grants of an Allow for one action: one for each of its principals.
func (q *question) addGrants(grants []Grant, s *statement, action string) []Grant {
	first := len(grants)
	reserve := q.budget.left / 4 // for the witnesses
	if q.before != nil {
		reserve = 0
	}
	q.budget.left -= reserve
	for _, c := range q.classes {
		if !q.asks(c, action) || !s.about(c) {
			continue
		}
		q.budget.spend(len(q.classes) / 8) // what it takes to see which statements are about which callers
		boxes := q.allowed(s, c, action)
		if len(boxes) == 0 {
			continue
		}
		var entry *policy.Principal
		for i := range s.principals {
			if !s.not && c.covered(&s.principals[i]) {
				entry = s.principals[i].from
				break
			}
		}
		at := slices.IndexFunc(grants[first:], func(g Grant) bool { return g.Principal == entry })
		if at < 0 {
			at = len(grants) - first
			grants = append(grants, Grant{Action: action, From: s.Statement, Principal: entry, World: q.world, question: q})
		}
		g := &grants[first+at]
		g.boxes = append(g.boxes, boxes...)
	}
	q.budget.left = max(q.budget.left, 0) + reserve
	kept := grants[:first]
	for i := first; i < len(grants); i++ {
		if g := grants[i]; q.finish(&g, s) {
			kept = append(kept, g)
		}
	}
	return kept
}

// allowed returns what s lets callers of class c do, less what is denied.
func (q *question) allowed(s *statement, c *class, action string) []*box {
	b := q.box(s, c)
	if b == nil {
		return nil
	}
	boxes := []*box{b}
	for _, deny := range q.statements {
		if deny.effect == policy.Deny && deny.document == s.document && deny.allows(action) {
			boxes = q.minus(boxes, deny)
		}
	}
	if q.before != nil {
		boxes = q.missing(boxes, action)
	}
	if isMain(action) && !q.free {
		boxes = q.companioned(boxes, c, s.document)
	}
	return boxes
}

// finish names the callers of the grant, finds its witness and what binds it. It reports whether the grant exists: one of
// which all boxes are empty does not.
func (q *question) finish(g *Grant, s *statement) bool {
	boxes := g.boxes[:0]
	found, hazy := false, false
	for _, b := range g.boxes {
		if found && b.class == boxes[len(boxes)-1].class && !b.hazy {
			boxes = append(boxes, b) // of a class that has a witness
			continue
		}
		r, w, ok, possible := q.witness(b, g.Action)
		switch {
		case !possible:
		case ok:
			if !found || q.better(b, boxes) {
				g.Witness, g.World = r, w
			}
			found = true
			boxes = append(boxes, b)
		default:
			// The budget was used up, or something in it is not known, or keys depend on each other in a way that the search
			// for a witness does not follow to the end.
			hazy = true
			boxes = append(boxes, b)
		}
	}
	g.boxes = boxes
	if len(boxes) == 0 {
		return false
	}
	if slices.ContainsFunc(boxes, func(b *box) bool { return b.class.aws() }) {
		g.boxes = nil
		for _, b := range boxes {
			if b.class.aws() || b.class.name != "" {
				g.boxes = append(g.boxes, b)
			} else {
				g.others = append(g.others, b)
			}
		}
	}
	g.Undecided = !found && hazy
	if q.terse {
		return true
	}
	g.Callers = q.callers(g)
	g.Guard = q.guard(g, s)
	g.Less = q.denials(g, s.document)
	if q.before != nil {
		g.Freed = q.denials(g, q.before)
	}
	q.rest(g, s)
	return true
}

// better reports whether b makes a better witness than the boxes before: that of an account that the policy does not name.
func (q *question) better(b *box, before []*box) bool {
	if !b.class.aws() || b.class.account != "" {
		return false
	}
	return !slices.ContainsFunc(before, func(o *box) bool { return o.class.aws() && o.class.account == "" })
}

// rest collects the unknown values that the grant depends on: those of its statement, and those of the Deny statements that
// are about its callers.
func (q *question) rest(g *Grant, s *statement) {
	add := func(holes []*policy.Hole) {
		for _, h := range holes {
			if !slices.ContainsFunc(g.Rests, func(o *policy.Hole) bool { return o.Expr == h.Expr && o.Kind == h.Kind }) {
				g.Rests = append(g.Rests, h)
			}
		}
	}
	for _, h := range s.holes {
		if !q.ofOtherPrincipal(h, g, s) {
			add([]*policy.Hole{h})
		}
	}
	for _, deny := range q.statements {
		if deny.effect == policy.Deny && deny.document == s.document && deny.holes != nil && deny.allows(g.Action) {
			add(deny.holes)
		}
	}
	for _, deny := range s.document.Statements {
		if deny.Effect == policy.Deny && deny.Incomplete {
			add(holesOf(s.document, deny))
		}
	}
}

// ofOtherPrincipal reports whether h stands only in principals of s that do not cover the grant's callers.
func (q *question) ofOtherPrincipal(h *policy.Hole, g *Grant, s *statement) bool {
	has := func(t policy.Text) bool {
		return slices.ContainsFunc(t.Parts, func(p policy.Part) bool { return p.Hole != nil && p.Hole.Expr == h.Expr })
	}
	elsewhere := false
	for i := range s.principals {
		if p := s.principals[i].from; has(p.ID) {
			if p == g.Principal || s.not {
				return false
			}
			elsewhere = true
		}
	}
	if !elsewhere {
		return false
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if has(c.Key) || slices.ContainsFunc(c.Values, has) {
			return false
		}
	}
	return !slices.ContainsFunc(s.Actions, has)
}

// guard returns the conditions of the statement that bind the grant: without one of them its principal would let in more.
func (q *question) guard(g *Grant, s *statement) []policy.Condition {
	var guard []policy.Condition
	for _, a := range s.atoms[:len(s.Conditions)] {
		if slices.ContainsFunc(g.boxes, func(b *box) bool { return q.binds(b, a) }) || q.shutsOut(g, s, a) {
			guard = append(guard, *a.condition)
		}
	}
	return guard
}

// shutsOut reports whether the atom keeps out a whole class of callers that the grant's principal covers.
func (q *question) shutsOut(g *Grant, s *statement, a *atom) bool {
	for _, c := range q.classes {
		if !q.asks(c, g.Action) || !s.about(c) || slices.ContainsFunc(g.boxes, func(b *box) bool { return b.class == c }) ||
			g.Principal != nil && !slices.ContainsFunc(s.principals, func(p principal) bool { return p.from == g.Principal && c.covered(&p) }) {
			continue
		}
		without := *s
		without.atoms = nil
		for _, o := range s.atoms {
			if o != a {
				without.atoms = append(without.atoms, o)
			}
		}
		if b := q.box(&without, c); b != nil && q.binds(b, a) {
			return true
		}
	}
	return false
}

// binds reports whether b would be larger without the atom.
func (q *question) binds(b *box, a *atom) bool {
	n := &box{class: b.class, from: b.from}
	for _, c := range b.clauses {
		if c.atom != a && c.key == a.key {
			n.clauses = append(n.clauses, c)
		}
	}
	n.clauses = append(n.clauses, clause{a, true})
	if contradict(n.clauses) {
		return false
	}
	if a.inexact != "" && a.set != nil {
		return true // by what is not known
	}
	s := q.solveKey(n, a.key)
	return s.possible || !s.decided
}

// denials returns the Deny statements of a document that divide the grant from what they deny: those of which a clause is in
// one of its boxes.
func (q *question) denials(g *Grant, d *policy.Document) []*policy.Statement {
	var less []*policy.Statement
	for _, deny := range q.statements {
		if deny.effect != policy.Deny || deny.document != d {
			continue
		}
		if slices.ContainsFunc(g.boxes, func(b *box) bool {
			return slices.ContainsFunc(b.clauses, func(c clause) bool { return c.constant == open && slices.Contains(deny.atoms, c.atom) })
		}) {
			less = append(less, deny.Statement)
		}
	}
	return less
}

// callers names the callers of the grant's boxes.
func (q *question) callers(g *Grant) []Caller {
	var kinds [SAML + 1]bool // of the accounts that the policy does not name
	whole := false
	for _, b := range g.boxes {
		if b.class.aws() && b.class.account == "" {
			kinds[b.class.kind] = true
			whole = whole || b.class.whole
		}
	}
	everywhere := whole || slices.Contains(kinds[:], true) && !slices.ContainsFunc(accountKinds[:], func(k Kind) bool { return q.asks(&class{kind: k}, g.Action) && !kinds[k] })
	var callers []Caller
	add := func(c Caller) {
		if c.Account != "" {
			c.Own = c.Account == q.world.OwnAccount
		}
		if g.Principal != nil {
			if h := g.Principal.ID.Unknown(); h != nil && len(h.Choices) == 0 {
				c.Unknown = h
			}
		}
		if !slices.Contains(callers, c) {
			callers = append(callers, c)
		}
	}
	if everywhere {
		add(Caller{Kind: AnyAWS})
	}
	for _, b := range slices.Concat(g.boxes, g.others) {
		c := b.class
		switch {
		case !c.aws():
			if c.kind == Service && c.name != "" && slices.ContainsFunc(g.boxes, func(o *box) bool { return o.class.kind == Service && o.class.name == "" }) {
				continue // one of all services
			}
			add(Caller{Kind: c.kind, ID: c.name, Issuer: c.issuer})
		case everywhere, kinds[c.kind] && c.account != "":
			// covered by that of all accounts
		case c.name != "":
			if c.kind == FederatedUser && slices.ContainsFunc(callers, func(o Caller) bool { return o.Kind == User && o.Account == c.account }) {
				continue // the session of a user that is named as itself
			}
			add(Caller{Kind: c.kind, Account: c.account, ID: c.name})
		default:
			for _, caller := range q.ofAccount(g, b) {
				add(caller)
			}
		}
	}
	return callers
}

// ofAccount names the callers of a box of an account: those that aws:PrincipalArn lists one by one, all of a kind, or all.
func (q *question) ofAccount(g *Grant, b *box) []Caller {
	c := b.class
	if ids := q.listed(b); ids != nil {
		var callers []Caller
		for _, id := range ids {
			callers = append(callers, Caller{Kind: c.kind, Account: accountOf(id), ID: id})
		}
		return callers
	}
	if c.whole {
		return []Caller{{Kind: Account, Account: c.account}}
	}
	for _, kind := range accountKinds {
		if q.asks(&class{kind: kind}, g.Action) && !slices.ContainsFunc(g.boxes, func(o *box) bool {
			return o.class.kind == kind && o.class.account == c.account && o.class.name == "" && q.listed(o) == nil
		}) {
			return []Caller{{Kind: c.kind, Account: c.account}}
		}
	}
	return []Caller{{Kind: Account, Account: c.account}}
}

func accountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

// listed returns the values of aws:PrincipalArn in b when it has a few only.
func (q *question) listed(b *box) []string {
	k := q.find("aws:principalarn")
	if k < 0 {
		return nil
	}
	var ids []string
	for _, c := range b.clauses {
		if c.key != k || c.set == nil || c.negated != c.not || c.operator == policy.ForAllValues || c.ifExists || !c.set.finite() {
			continue
		}
		d := q.domain(b.class, &q.keys[k])
		var room [8]clause
		tests := d.tests[:len(d.tests):len(d.tests)]
		for _, o := range q.about(room[:0], b, k) {
			if o.set != nil {
				tests = append(tests, o.test())
			}
		}
		for _, g := range c.set.globs {
			if pass(tests, g.text) && !slices.Contains(ids, g.text) {
				ids = append(ids, g.text)
			}
		}
		return ids
	}
	return nil
}

// maximal drops the grants that are part of another one.
func (q *question) maximal(grants []Grant) []Grant {
	var kept []Grant
	for i := range grants {
		inside := false
		for j := range grants {
			if i != j && !grants[i].Undecided && q.budget.spend(4) && q.partOf(&grants[i], &grants[j]) && (j < i || !q.partOf(&grants[j], &grants[i])) {
				inside = true
				break
			}
		}
		if !inside {
			kept = append(kept, grants[i])
		}
	}
	return kept
}

// partOf reports whether all requests of g are ones of h.
func (q *question) partOf(g, h *Grant) bool {
	if g.Action != h.Action || g.From == h.From && g.Principal == h.Principal || g.Undecided {
		return false
	}
	var e evaluator
	e.init(h.boxes[0].from.document, g.Witness, &g.World)
	if e.principal(h.From) == noMatch || !e.conditions(h.From.Conditions) {
		return false
	}
	var room [8]*box
	for _, b := range slices.Concat(g.boxes, g.others) {
		same := room[:0]
		for _, list := range [...][]*box{h.boxes, h.others} {
			for _, o := range list {
				if o.class == b.class {
					same = append(same, o)
				}
			}
		}
		if !q.covered(b, same) {
			return false
		}
	}
	return true
}

// covered reports whether the boxes, of b's class, have all requests of b.
func (q *question) covered(b *box, boxes []*box) bool {
	if len(boxes) == 0 || q.budget.left < 0 {
		return false
	}
	for _, outside := range q.apart(nil, b, boxes[0].clauses) {
		if !q.covered(outside, boxes[1:]) {
			return false
		}
	}
	return true
}

// unresolved returns the grants that parts of d that are not known at all may make.
func unresolved(d *policy.Document) []Grant {
	var grants []Grant
	for _, u := range d.Unresolved {
		g := Grant{Action: AssumeRole, From: u.Within, Undecided: true}
		switch {
		case u.Within == nil:
		case u.Within.Effect == policy.Deny:
			continue
		case u.Within.Effect == policy.NoEffect && !strings.HasPrefix(u.What, "Condition"):
		case u.What == "Principal", u.What == "NotPrincipal", u.What == "an element of the statement":
			// The conditions and actions that are known stay with the statement.
		default:
			continue
		}
		g.Callers = []Caller{{Kind: Whoever, Unknown: u.Hole}}
		if u.Hole != nil {
			g.Rests = []*policy.Hole{u.Hole}
		}
		grants = append(grants, g)
	}
	return grants
}
