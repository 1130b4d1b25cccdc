package access

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// witness returns a request of b, and the world with the values that it needs of the open holes. It is one that Decide
// allows; found is false when there is none, or none was found. possible is false when it is certain that there is none.
func (q *question) witness(b *box, action string) (r Request, world World, found, possible bool) {
	w := witnessing{question: q, box: b, solved: make([]solution, len(q.keys))}
	if !w.solveAll() || !w.couple() {
		return Request{}, World{}, false, !w.impossible
	}
	r = w.request(action)
	world = w.bindHoles(r)
	if q.confirms(b, r, world) {
		return r, world, true, true
	}
	for _, substitute := range [...]func() bool{w.avoidVariables, w.substituteVariables} {
		if substitute() {
			if r = w.request(action); q.confirms(b, r, world) {
				return r, world, true, true
			}
		}
	}
	if q.before != nil && len(world.Unknown) > len(q.world.Unknown) {
		return q.inWorld(b, action, world)
	}
	return Request{}, World{}, false, true
}

// inWorld is witness in a world in which the holes that b depends on have values. Both documents have them there, so that a
// pattern with a hole is within one with the same hole that is wider: with these values there is nothing new then, and they are
// as good as any others, since b has nothing of what is known to be allowed before.
func (q *question) inWorld(b *box, action string, w World) (r Request, world World, found, possible bool) {
	after := b.from.document
	bound := newQuestion(w, Options{Now: q.now}, q.free, least(q.before), most(after))
	bound.budget, bound.before = q.budget, q.before
	defer func() { q.budget = bound.budget }()
	for _, s := range bound.statements {
		if s.Statement != b.from.Statement || s.document != after {
			continue
		}
		for _, g := range bound.addGrants(nil, s, action) {
			if g.Principal != nil && !slices.ContainsFunc(b.from.principals, func(p principal) bool { return p.from == g.Principal && b.class.covered(&p) }) {
				continue
			}
			if !g.Undecided {
				return g.Witness, g.World, true, true
			}
			possible = true
		}
	}
	return Request{}, World{}, false, possible
}

// confirms reports whether Decide allows r, and whether the document that the question compares with does not.
func (q *question) confirms(b *box, r Request, w World) bool {
	for _, a := range r.Context {
		for _, v := range a.Values {
			if !q.budget.spend(1 + longMatch(len(v), q.long)) {
				return false
			}
		}
	}
	decide := Decide
	if isMain(r.Action) && !q.free {
		decide = Assume
	}
	if decision, _ := decide(b.from.document, r, w); !decision.OK() {
		return false
	}
	if q.before == nil {
		return true
	}
	decision, _ := Decide(q.before, r, w)
	return !decision.OK()
}

// A witnessing makes one request out of a box.
type witnessing struct {
	*question
	box     *box
	solved  []solution // by key
	caller  string     // the ARN, or name, of the caller
	account string
	role    string // the ARN of a session's role, when it has a path
	// impossible: the box is empty, for certain.
	impossible bool
}

func (w *witnessing) solveAll() bool {
	for i := range w.keys {
		about := false
		for _, c := range w.box.clauses {
			about = about || c.key == i
		}
		if !about && w.domain(w.box.class, &w.keys[i]).absent {
			w.solved[i] = solution{possible: true, decided: true}
			continue
		}
		// A key that every call has is shown even when nothing is asked of it here: a Deny may be about other values of it.
		if w.solved[i] = w.solveKey(w.box, i); !w.solved[i].possible {
			w.impossible = w.solved[i].decided
			return false
		}
	}
	return true
}

// again solves a key once more with further tests of each value. The key must be there. certain is false when there may be a
// solution though none was found.
func (w *witnessing) again(key int, tests ...valueTest) bool {
	possible, _ := w.try(key, tests...)
	return possible
}

func (w *witnessing) try(key int, tests ...valueTest) (possible, certain bool) {
	d := w.domain(w.box.class, &w.keys[key])
	d.tests = append(d.tests[:len(d.tests):len(d.tests)], tests...)
	var room [8]clause
	s := solvePresent(d, w.about(room[:0], w.box, key), &w.budget)
	if s.possible {
		w.solved[key] = s
	}
	return s.possible, s.decided
}

// lacks makes the key absent, when it may be.
func (w *witnessing) lacks(key int) bool {
	var room [8]clause
	if !w.domain(w.box.class, &w.keys[key]).absent || !every(w.about(room[:0], w.box, key), clause.lacking) {
		return false
	}
	w.solved[key] = solution{possible: true, decided: true}
	return true
}

// find returns the index of a key that the documents name, -1 when they do not.
func (q *question) find(lower string) int {
	for i := range q.keys {
		if q.keys[i].lower == lower {
			return i
		}
	}
	return -1
}

func (w *witnessing) present(key int) bool { return key >= 0 && w.solved[key].present }

// couple makes the keys that depend on each other agree.
func (w *witnessing) couple() bool {
	if w.free {
		return w.coupleIdentity()
	}
	return w.coupleIdentity() && w.coupleOrganization() && w.coupleMFA() && w.coupleNetwork() && w.coupleSource()
}

func containing(text string) valueTest {
	g := starGlob(text, false)
	return valueTest{&set{globs: []*glob{&g}}, true}
}

// coupleIdentity makes aws:PrincipalArn, aws:PrincipalAccount and aws:username those of one caller, and names the caller.
func (w *witnessing) coupleIdentity() bool {
	c := w.box.class
	if !c.aws() {
		w.caller = c.name
		switch {
		case c.kind == Service && c.name == "":
			w.caller = "lambda.amazonaws.com"
			if k := w.find("aws:principalservicename"); !w.free && w.present(k) {
				w.caller = w.solved[k].values[0]
			}
		case c.kind == WebIdentity && c.name == "":
			w.caller = "arn:" + w.partition() + ":iam::" + w.world.OwnAccount + ":oidc-provider/" + c.issuer
		case c.kind == SAML && c.name == "":
			w.caller = "arn:" + w.partition() + ":iam::" + w.world.OwnAccount + ":saml-provider/example"
		}
		return true
	}
	w.account = c.account
	if w.free {
		if w.account == "" {
			w.account = w.other
		}
		w.nameCaller("")
		return true
	}
	arn, account := w.find("aws:principalarn"), w.find("aws:principalaccount")
	if w.account == "" {
		switch {
		case w.present(arn):
			w.account = strings.SplitN(w.solved[arn].values[0], ":", 6)[4]
			if w.present(account) && w.solved[account].values[0] != w.account && !w.again(account, containing(w.account)) {
				w.account = w.solved[account].values[0]
				if !w.again(arn, containing("arn:*:*::"+w.account+":*")) {
					return false
				}
			}
		case w.present(account):
			w.account = w.solved[account].values[0]
		default:
			w.account = w.other
		}
	}
	name := w.find("aws:username")
	if w.present(name) && w.present(arn) && c.name == "" {
		user := w.solved[arn].values[0]
		if user = user[strings.LastIndexByte(user, '/')+1:]; user != w.solved[name].values[0] && !w.again(name, containing(user)) &&
			!w.again(arn, containing("*/"+w.solved[name].values[0])) {
			return false
		}
	}
	known := ""
	if w.present(arn) {
		known = w.solved[arn].values[0]
	} else if w.present(name) {
		known = "arn:" + w.partition() + ":iam::" + w.account + ":user/" + w.solved[name].values[0]
	}
	w.nameCaller(known)
	return true
}

// nameCaller sets the caller: known is its aws:PrincipalArn, "" when any will do.
func (w *witnessing) nameCaller(known string) {
	c := w.box.class
	arn := func(service, rest string) string {
		return "arn:" + w.partition() + ":" + service + "::" + w.account + ":" + rest
	}
	fresh := func(name string) string {
		for slices.ContainsFunc(c.others, func(o string) bool { return strings.HasSuffix(o, "/"+name) || strings.Contains(o, "/"+name+"/") }) {
			name += "2"
		}
		return name
	}
	switch c.kind {
	case User:
		w.caller = known
		if c.name != "" {
			w.caller = c.name
		} else if known == "" {
			w.caller = arn("iam", "user/"+fresh("alice"))
		}
	case FederatedUser:
		w.caller = known
		if c.name != "" {
			w.caller = c.name
		} else if known == "" {
			w.caller = arn("sts", "federated-user/"+fresh("alice"))
		}
	case Root:
		w.caller = arn("iam", "root")
	case RoleSession:
		w.caller = c.name
		if strings.Contains(known, "/") {
			w.role = known
		}
	case Role:
		role := known
		if c.name != "" {
			role = c.name
		} else if role == "" {
			role = arn("iam", "role/"+fresh("Example"))
		}
		_, name, _ := splitRole(role)
		if strings.Count(role, "/") > 1 {
			w.role = role
		}
		session := "session"
		if k := w.find("aws:userid"); !w.free && w.present(k) {
			_, session, _ = strings.Cut(w.solved[k].values[0], ":")
		}
		for slices.Contains(c.others, arn("sts", "assumed-role/"+name+"/"+session)) {
			session += "2"
		}
		w.caller = arn("sts", "assumed-role/"+name+"/"+session)
	}
}

// coupleOrganization makes aws:PrincipalOrgID and aws:PrincipalOrgPaths those of one organization, or absent both.
func (w *witnessing) coupleOrganization() bool {
	id, paths := w.find("aws:principalorgid"), w.find("aws:principalorgpaths")
	if id < 0 || paths < 0 || !w.present(id) && !w.present(paths) {
		return true
	}
	if !w.present(id) && !w.again(id) || !w.present(paths) && !w.again(paths) {
		return false
	}
	if w.again(paths, containing(w.solved[id].values[0]+"/*")) {
		return true
	}
	org, _, _ := strings.Cut(w.solved[paths].values[0], "/")
	if w.again(id, containing(org)) && w.again(paths, containing(org+"/*")) {
		return true
	}
	// When the clauses list the organizations, it is certain that none of them will do.
	for _, c := range w.box.clauses {
		if c.key != id || c.set == nil || c.inexact != "" || c.negated != c.not || c.operator == policy.ForAllValues || c.ifExists || !c.set.finite() {
			continue
		}
		w.impossible = true
		for _, g := range c.set.globs {
			if possible, certain := w.try(paths, containing(g.text+"/*")); possible || !certain {
				w.impossible = false
				return w.again(id, containing(g.text))
			}
		}
		return false
	}
	return false
}

// coupleMFA: the age of an MFA is there only when there was one.
func (w *witnessing) coupleMFA() bool {
	age, mfa := w.find("aws:multifactorauthage"), w.find("aws:multifactorauthpresent")
	if age < 0 || mfa < 0 || !w.present(age) {
		return true
	}
	if w.lacks(age) {
		return true
	}
	possible, certain := w.try(mfa, valueTest{&set{kind: booleanSet, words: []string{"true"}}, true})
	w.impossible = !possible && certain
	return possible
}

// coupleNetwork: a call through a VPC endpoint has no aws:SourceIp.
func (w *witnessing) coupleNetwork() bool {
	ip := w.find("aws:sourceip")
	if ip < 0 || !w.present(ip) || w.lacks(ip) {
		return true
	}
	for i := range w.keys {
		switch w.keys[i].lower {
		case "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip", "aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths":
			if w.present(i) && !w.lacks(i) {
				w.impossible = true
				return false
			}
		}
	}
	return true
}

// coupleSource shows a resource of the source account where that is possible. The ARNs of some resources hold no account.
func (w *witnessing) coupleSource() bool {
	arn, account := w.find("aws:sourcearn"), w.find("aws:sourceaccount")
	if w.present(arn) && w.present(account) {
		w.again(arn, containing("arn:*:*:*:"+w.solved[account].values[0]+":*"))
	}
	return true
}

// request puts the request together.
func (w *witnessing) request(action string) Request {
	r := Request{Principal: w.caller, Action: action, Context: make(Context, 0, len(w.keys)+2)}
	for i := range w.keys {
		if s := &w.solved[i]; s.present {
			r.Context = append(r.Context, Attribute{Key: w.keys[i].name, Values: s.values, List: s.list})
		}
	}
	if w.free {
		return r
	}
	add := func(key, value string) {
		if value != "" && w.find(strings.ToLower(key)) < 0 {
			r.Context = append(r.Context, Attribute{Key: key, Values: []string{value}})
		}
	}
	if w.role != "" {
		add("aws:PrincipalArn", w.role)
	}
	if c := w.box.class; c.kind == WebIdentity && c.issuer != "graph.facebook.com" && c.issuer != "www.amazon.com" {
		add(c.issuerText()+":sub", sampleSubject(c.issuer))
	}
	return r
}

// bindHoles returns the world in which the open holes have the values that r needs: those of an Allow that its key has, and
// those of a Deny with a negated operator that keep it from matching.
func (w *witnessing) bindHoles(r Request) World {
	world := w.world
	for _, s := range w.statements {
		if s.holes == nil || s.document != w.box.from.document || s.effect == policy.Allow && s != w.box.from {
			continue
		}
		for _, a := range s.atoms {
			if a.inexact == "" || a.negated != (s.effect == policy.Deny) {
				continue
			}
			attribute, ok := r.Context.Get(w.keys[a.key].name)
			if !ok {
				continue
			}
			for _, value := range attribute.Values {
				for i := range a.condition.Values {
					world = capture(world, a.condition.Values[i], value)
				}
			}
		}
	}
	return world
}

// capture binds the first open hole of t, and then the others, so that t becomes value, where that is possible. Wildcards and
// the other holes match as the engine chose the value, so that some split of it fits.
func capture(w World, t policy.Text, value string) World {
	before, after := "", ""
	var hole *policy.Hole
	open := 0
	for _, p := range t.Parts {
		text := p.Literal
		if p.Hole != nil {
			v, bound := w.value(p.Hole)
			if text = v; !bound {
				if open++; hole == nil {
					hole = p.Hole
					continue
				}
				text = "*"
			}
		}
		if hole == nil {
			before += text
		} else {
			after += text
		}
	}
	if hole == nil {
		return w
	}
	a, b := starGlob(before, false), starGlob(after, false)
	for i := 0; i <= len(value); i++ {
		if !a.has(value[:i]) {
			continue
		}
		for j := i; j <= len(value); j++ {
			if !b.has(value[j:]) || after == "" && j < len(value) {
				continue
			}
			w = w.bind(hole, value[i:j])
			if open > 1 {
				return capture(w, t, value)
			}
			return w
		}
		break // a longer beginning leaves no more ends to choose from
	}
	return w
}

// avoidVariables gives the keys that are compared with policy variables one of the other values that they may have. It
// reports whether it changed anything.
func (w *witnessing) avoidVariables() bool {
	changed := false
	for _, c := range w.box.clauses {
		if c.inexact == "" || c.set == nil || c.negated != c.not || len(w.solved[c.key].values) == 0 {
			continue
		}
		for i := range c.condition.Values {
			one := *c.condition
			one.Values = one.Values[i : i+1]
			m := compiler{q: w.question, variables: true}
			if a := m.atom(&one, true); a.inexact == "" && a.set != nil && w.again(c.key, valueTest{a.set, true}) {
				changed = true
				break
			}
		}
	}
	return changed
}

// substituteVariables gives the keys that are compared with policy variables the value that the variables have in this
// request. It reports whether it changed anything.
func (w *witnessing) substituteVariables() bool {
	changed := false
	for _, c := range w.box.clauses {
		if c.inexact == "" || c.set == nil || c.negated != c.not || len(w.solved[c.key].values) == 0 {
			continue
		}
		for _, v := range c.condition.Values {
			text, known := w.world.text(v)
			if !known || !strings.Contains(text, "${") {
				continue
			}
			if w.giveVariable(text, w.solved[c.key]) {
				changed = true
				break
			}
			value, ok := w.variables(text)
			if !ok {
				continue
			}
			g := starGlob(value, false)
			if w.again(c.key, valueTest{&set{globs: []*glob{&g}}, true}) {
				changed = true
				break
			}
		}
	}
	if changed && !w.free {
		w.coupleIdentity()
	}
	return changed
}

// giveVariable gives the key that text, one policy variable, names the value of s. It reports whether that is possible.
func (w *witnessing) giveVariable(text string, s solution) bool {
	name, ok := strings.CutSuffix(strings.TrimPrefix(text, "${"), "}")
	if !ok || s.list || strings.ContainsAny(name, "${},*?") {
		return false
	}
	k := w.find(strings.ToLower(strings.TrimSpace(name)))
	if k < 0 || !w.accepts(k, s.values[0]) {
		return false
	}
	w.solved[k] = solution{possible: true, decided: true, present: true, values: s.values}
	return true
}

// accepts reports whether the key may have that value.
func (w *witnessing) accepts(key int, value string) bool {
	g := fixedGlob(value, false)
	d := w.domain(w.box.class, &w.keys[key])
	d.tests = append(d.tests[:len(d.tests):len(d.tests)], valueTest{&set{globs: []*glob{&g}}, true})
	var room [8]clause
	return solvePresent(d, w.about(room[:0], w.box, key), &w.budget).possible
}

// variables replaces the policy variables of text, giving the keys that they name a value when they have none.
func (w *witnessing) variables(text string) (string, bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			b.WriteString(text)
			return b.String(), true
		}
		b.WriteString(before)
		text = after
		if name == "*" || name == "?" || name == "$" {
			b.WriteString(name)
			continue
		}
		name, fallback, _ := strings.Cut(name, ",")
		name = strings.TrimSpace(name)
		k := w.find(strings.ToLower(name))
		if k < 0 {
			k = w.key(name)
			w.solved = append(w.solved, solution{possible: true, decided: true})
		}
		switch {
		case w.solved[k].present && !w.solved[k].list:
			b.WriteString(w.solved[k].values[0])
		case w.solvable(k):
			b.WriteString(w.solved[k].values[0])
		case strings.Trim(strings.TrimSpace(fallback), "'") != "":
			b.WriteString(strings.Trim(strings.TrimSpace(fallback), "'"))
		default:
			return "", false
		}
	}
}

// solvable gives the key a value.
func (w *witnessing) solvable(k int) bool { return w.again(k) && !w.solved[k].list }
