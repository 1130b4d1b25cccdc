package rules

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// outsiderAccount is the account of the callers that stand for everybody else in witnesses.
const outsiderAccount = "999999999999"

// A caller is somebody who tries to assume the role: the beginning of a witness.
type caller struct {
	principal string
	action    string
	context   access.Context
	// sets gives a value for a key, in lower case, that the caller can have beyond what the policy names.
	sets func(key string) []string
	// pinned are the keys, in lower case, of which the caller cannot have the values that the policy names.
	pinned func(key string) bool
	past   exception // by which a Deny leaves the caller out
}

// An exception is a pattern for those that a Deny is not about: of a negated operator.
type exception struct {
	deny      *policy.Statement // nil: there is none
	condition *policy.Condition
	value     policy.Text
}

// An attempt is what a caller needs to get through one statement.
type attempt struct {
	request access.Request
	// effort are the conditions that the caller meets by a choice of values; the others hold for it anyway.
	effort []policy.Condition
}

// try looks for a request of c that s allows and nothing denies. What the code does not know helps nobody.
func (p *Pass) try(s *policy.Statement, c caller) (*attempt, bool) {
	if s.Incomplete || p.denyUnknown() {
		return nil, false
	}
	for i := range s.Conditions {
		if cond := &s.Conditions[i]; !cond.Operator.Known || cond.Name == "" {
			return nil, false
		}
	}
	r := access.Request{Principal: c.principal, Action: c.action, Context: c.context}
	var effort []policy.Condition
	world := p.world(s)
	for i := range s.Conditions {
		conds := ofOneKey(s.Conditions, i)
		if len(conds) == 0 || access.Holds(p.Document, conds, r, world) {
			continue
		}
		key := conds[0].Name
		value, ok := p.choose(key, conds, c, r, world)
		if !ok {
			return nil, false
		}
		r.Context = with(r.Context, value)
		effort = append(effort, conds...)
	}
	decision, _ := access.Assume(p.Document, r, world)
	if !decision.OK() {
		return nil, false
	}
	r.Context = p.shown(slices.Clone(r.Context), s)
	slices.SortFunc(r.Context, func(x, y access.Attribute) int { return strings.Compare(x.Key, y.Key) })
	return &attempt{r, effort}, true
}

// with returns c with a in place of what it says of that key.
func with(c access.Context, a access.Attribute) access.Context {
	return append(slices.DeleteFunc(slices.Clone(c), func(x access.Attribute) bool { return strings.EqualFold(x.Key, a.Key) }), a)
}

// ofOneKey returns the conditions on the key of the one at index first, none where one before it has the same key.
func ofOneKey(conds []policy.Condition, first int) []policy.Condition {
	same := func(c policy.Condition) bool { return c.Name == conds[first].Name }
	if slices.ContainsFunc(conds[:first], same) {
		return nil
	}
	if !slices.ContainsFunc(conds[first+1:], same) {
		return conds[first : first+1] // as most are
	}
	all := []policy.Condition{conds[first]}
	for _, c := range conds[first+1:] {
		if same(c) {
			all = append(all, c)
		}
	}
	return all
}

// attributes returns a context with keys and their values, by turns.
func attributes(pairs ...string) access.Context {
	c := make(access.Context, 0, len(pairs)/2+2)
	for i := 0; i < len(pairs); i += 2 {
		c = append(c, access.Attribute{Key: pairs[i], Values: pairs[i+1 : i+2 : i+2]})
	}
	return c
}

// shown drops from a context what no condition of the policy asks about, by its key or by a variable in its values.
func (p *Pass) shown(c access.Context, in *policy.Statement) access.Context {
	return slices.DeleteFunc(c, func(a access.Attribute) bool {
		for _, s := range p.Document.Statements {
			for _, cond := range s.Conditions {
				if strings.EqualFold(cond.Key.String(), a.Key) || cond.Key.Hole() != nil {
					return false
				}
				if slices.ContainsFunc(cond.Values, func(v policy.Text) bool { return hasVariable(v.String(), a.Key) }) {
					return false
				}
			}
		}
		return true
	})
}

// hasVariable reports whether the policy variable for key is in s.
func hasVariable(s, key string) bool {
	for _, name := range strings.Split(s, "${")[1:] {
		if len(name) > len(key) && strings.EqualFold(name[:len(key)], key) && (name[len(key)] == '}' || name[len(key)] == ',') {
			return true
		}
	}
	return false
}

// choose returns a value of key with which conds hold for r and that c, who makes r, can have.
func (p *Pass) choose(key string, conds []policy.Condition, c caller, r access.Request, world access.World) (access.Attribute, bool) {
	var candidates []string
	candidates = append(candidates, c.sets(key)...)
	if !c.pinned(key) {
		for _, cond := range conds {
			for _, v := range cond.Values {
				candidates = append(candidates, p.valuesLike(key, cond.Operator, v, world)...)
			}
		}
	}
	display := conds[0].Key.String()
	for _, v := range candidates {
		a := access.Attribute{Key: display, Values: []string{v}, List: multivalued(key)}
		r.Context = with(r.Context, a)
		if access.Holds(p.Document, conds, r, world) {
			return a, true
		}
	}
	return access.Attribute{}, false
}

// valuesLike returns values that the policy's own value v suggests for key.
func (p *Pass) valuesLike(key string, op policy.Operator, v policy.Text, world access.World) []string {
	s, known := sampleIn(v, world)
	if known && strings.Contains(s, "${") && classOf(key) == principalTag {
		return []string{"anyone"} // perhaps the other key has it too
	}
	if !known || strings.Contains(s, "${") {
		return nil
	}
	switch classOf(key) {
	case identityKey, sourceKey, networkKey:
		return nil // nobody else has what the policy names
	case assumedKey:
		if key == "aws:resourceaccount" && !p.mayBeIn(s) {
			return nil
		}
	}
	switch {
	case op.Name == "IpAddress":
		if prefix, err := netip.ParsePrefix(s); err == nil {
			return []string{prefix.Addr().String()}
		}
		return []string{s}
	case op.Name == "NotIpAddress":
		return []string{"203.0.113.9", "2001:db8::9"}
	case op.Name == "Bool", op.Name == "Null":
		return []string{"true", "false"}
	case strings.HasPrefix(op.Name, "Numeric"):
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil
		}
		return []string{s, strconv.FormatFloat(n-1, 'f', -1, 64), strconv.FormatFloat(n+1, 'f', -1, 64)}
	case strings.HasPrefix(op.Name, "Date"):
		t, ok := instant(s)
		if !ok {
			return nil
		}
		var dates []string
		for _, at := range []time.Time{t, t.Add(-time.Second), t.Add(time.Second)} {
			if p.Options.Now.IsZero() || !at.Before(p.Options.Now) {
				dates = append(dates, at.Format(time.RFC3339))
			}
		}
		if now := p.Options.Now; !now.IsZero() {
			dates = append(dates, now.UTC().Format(time.RFC3339))
		}
		return dates
	case strings.HasSuffix(op.Name, "Like"), strings.HasPrefix(op.Name, "Arn"):
		return []string{spellOut(s, "x", "x")}
	}
	return []string{s}
}

// sampleIn returns the string that t is in world.
func sampleIn(t policy.Text, world access.World) (string, bool) {
	if s, known := t.Literal(); known {
		return s, true
	}
	var b strings.Builder
	for _, part := range t.Parts {
		h := part.Hole
		switch {
		case h == nil:
			b.WriteString(part.Literal)
		case h.Kind == policy.OwnAccount:
			b.WriteString(world.OwnAccount)
		case h.Kind == policy.Partition:
			b.WriteString(world.Partition)
		case h.Kind == policy.Region:
			b.WriteString(world.Region)
		case h.Kind == policy.DNSSuffix:
			b.WriteString(world.DNSSuffix)
		case h.Kind == policy.OwnOrganization:
			b.WriteString(world.OwnOrganization)
		default:
			s, bound := world.Unknown[h.Expr]
			if !bound {
				return "", false
			}
			b.WriteString(s)
		}
	}
	return b.String(), len(t.Parts) > 0
}

// world returns the world of witnesses for s: an account, a region and so on in place of what AWS fills in. The account and
// the name that an ARN of a principal leaves open are bound too, since who gets in does not depend on them.
func (p *Pass) world(s *policy.Statement) access.World {
	w := access.World{
		OwnAccount: "111122223333", Partition: "aws", Region: "us-east-1", DNSSuffix: "amazonaws.com", OwnOrganization: "o-exampleorgid",
	}
	bind := func(t policy.Text, value string) {
		for _, part := range t.Parts {
			if part.Hole != nil && part.Hole.Kind == policy.Unknown {
				bindHole(&w, part.Hole, value)
			}
		}
	}
	if id, known := p.Document.Account.Literal(); known {
		w.OwnAccount = id
	}
	for _, pr := range s.Principals {
		if pr.ID.Hole() == nil {
			continue
		}
		sub := subjectOf(pr)
		if sub.kind == unclear {
			continue
		}
		bind(sub.account, w.OwnAccount)
		bind(sub.partition, w.Partition)
		if sub.kind == user || sub.kind == role || sub.kind == session {
			for i, part := range sub.name.Parts {
				if part.Hole != nil && namesOne(sub.name, i) {
					bindHole(&w, part.Hole, standIn(part.Hole.Expr))
				}
			}
		}
	}
	for i := range s.Conditions {
		for _, v := range s.Conditions[i].Values {
			if v.Unknown() != nil {
				bindNames(&w, s.Conditions[i].Operator, v)
			}
		}
	}
	return w
}

// bindNames binds the unknown holes of v, a value of a condition, to a name that is nothing special: whom a pattern lets in beside
// whoever the hole names does not depend on it. A hole beside a wildcard stays open, as what both match together does.
func bindNames(w *access.World, op policy.Operator, v policy.Text) {
	address := strings.HasSuffix(op.Name, "IpAddress")
	if !address && !strings.HasPrefix(op.Name, "String") && !strings.HasPrefix(op.Name, "Arn") {
		return
	}
	for i, part := range v.Parts {
		h := part.Hole
		if h == nil || !namesOne(v, i) {
			continue
		}
		if _, bound := w.Unknown[h.Expr]; bound {
			continue
		}
		if address {
			bindHole(w, h, "198.51.100.7")
		} else {
			bindHole(w, h, standIn(h.Expr))
		}
	}
}

func bindHole(w *access.World, h *policy.Hole, value string) {
	if w.Unknown == nil {
		w.Unknown = map[string]string{} // few policies have a hole
	}
	w.Unknown[h.Expr] = value
}

// standIn returns a plain word that stands for what expr is, and shows it in a witness: var.name for itself.
func standIn(expr string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '.' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
			return r
		}
		return '-'
	}, shortened(expr))
}

// namesOne reports whether part i of v, a hole, is taken for one name: nothing says that it is something else, and no wildcard
// stands beside it.
func namesOne(v policy.Text, i int) bool {
	h := v.Parts[i].Hole
	if h.Kind != policy.Unknown || h.Many || h.Choices != nil {
		return false
	}
	beside := func(j int, at func(string) byte) bool {
		if j < 0 || j == len(v.Parts) {
			return false
		}
		l := v.Parts[j].Literal
		return v.Parts[j].Hole != nil || l != "" && strings.IndexByte("*?", at(l)) >= 0
	}
	return !beside(i-1, func(l string) byte { return l[len(l)-1] }) && !beside(i+1, func(l string) byte { return l[0] })
}

// outsiders are the callers that stand for any principal of any account: one without an organization, one of another
// organization, a user with long-term keys and one who signed in with MFA. They are the same for every policy, so nothing of them changes.
var outsiders = sync.OnceValue(func() []caller {
	base := func(principal, kind, userid string, more ...access.Attribute) caller {
		c := access.Context{
			{Key: "aws:PrincipalArn", Values: []string{principal}},
			{Key: "aws:PrincipalAccount", Values: []string{outsiderAccount}},
			{Key: "aws:PrincipalType", Values: []string{kind}},
			{Key: "aws:userid", Values: []string{userid}},
			{Key: "aws:PrincipalIsAWSService", Values: []string{"false"}},
			{Key: "aws:ViaAWSService", Values: []string{"false"}},
			{Key: "aws:SecureTransport", Values: []string{"true"}},
			{Key: "sts:RoleSessionName", Values: []string{"anyone"}},
		}
		return caller{principal: principal, action: access.AssumeRole, context: append(c, more...), sets: outsiderValues, pinned: outsiderPinned}
	}
	arn := "arn:aws:iam::" + outsiderAccount + ":"
	return []caller{
		base(arn+"role/anyone", "AssumedRole", "AROAOUTSIDEROUTSIDE00:anyone"),
		base(arn+"role/anyone", "AssumedRole", "AROAOUTSIDEROUTSIDE00:anyone", access.Attribute{Key: "aws:PrincipalOrgID", Values: []string{"o-outsider00"}},
			access.Attribute{Key: "aws:PrincipalOrgPaths", Values: []string{"o-outsider00/r-ab12/ou-ab12-11111111/"}, List: true}),
		base(arn+"user/anyone", "User", "AIDAOUTSIDEROUTSIDE00", access.Attribute{Key: "aws:username", Values: []string{"anyone"}}),
		base(arn+"user/anyone", "User", "AIDAOUTSIDEROUTSIDE00", access.Attribute{Key: "aws:username", Values: []string{"anyone"}},
			access.Attribute{Key: "aws:MultiFactorAuthPresent", Values: []string{"true"}}, access.Attribute{Key: "aws:MultiFactorAuthAge", Values: []string{"10"}}),
	}
})

// outsiderPinned: who somebody is cannot be chosen.
func outsiderPinned(key string) bool {
	switch classOf(key) {
	case identityKey, sourceKey, networkKey, environmentKey, claimKey, otherKey:
		return true
	}
	return false
}

// outsiderValues are what an outsider can have for keys that say who one is.
func outsiderValues(key string) []string {
	switch key {
	case "aws:sourceip":
		return []string{"203.0.113.9"}
	case "aws:currenttime":
		return nil
	case "aws:securetransport":
		return []string{"true"}
	case "aws:requestedregion":
		return []string{"us-east-1"}
	case "aws:federatedprovider":
		return []string{"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"}
	case "ec2:roledelivery":
		return []string{"1.0", "2.0"}
	case "ec2:sourceinstancearn":
		return []string{"arn:aws:ec2:us-east-1:" + outsiderAccount + ":instance/i-0123456789abcdef0"}
	}
	return nil
}

// variants returns c as other principals of its account, in whose ARN, user ID or tags the patterns of s leave room.
func (p *Pass) variants(s *policy.Statement, c caller) []caller {
	all := []caller{c}
	world := p.world(s)
	for _, cond := range s.Conditions {
		key := cond.Name
		if cond.Operator.Name == "Null" {
			if next, ok := c.as(key, anyOf(key)); ok && len(cond.Values) == 1 && cond.Values[0].Is("false") {
				all = append(all, next) // it only asks that the key is there
			}
			continue
		}
		if negated(cond.Operator) {
			continue
		}
		for _, v := range cond.Values {
			pattern, known := sampleIn(v, world)
			if !known || !strings.ContainsAny(pattern, "*?") && key != "aws:username" || strings.Contains(pattern, "${") {
				continue
			}
			if next, ok := c.as(key, pattern); ok {
				all = append(all, next)
			}
		}
	}
	return all
}

// excepted returns c as other principals that the Deny statements are not about.
func (p *Pass) excepted(c caller) []caller {
	var all []caller
	for _, s := range p.Document.Statements {
		if s.Effect != policy.Deny {
			continue
		}
		for i := range s.Conditions {
			cond := &s.Conditions[i]
			if !negated(cond.Operator) {
				continue
			}
			for _, v := range cond.Values {
				pattern, known := v.Literal()
				if !known || !strings.ContainsAny(pattern, "*?") || strings.Contains(pattern, "${") {
					continue
				}
				if next, ok := c.as(cond.Name, pattern); ok {
					next.past = exception{s, cond, v}
					all = append(all, next)
				}
			}
		}
	}
	return all
}

// as returns c with a value of key that matches pattern as far as it is free.
func (c caller) as(key, pattern string) (caller, bool) {
	set := func(k, v string, list bool) {
		c.context = with(c.context, access.Attribute{Key: k, Values: []string{v}, List: list})
	}
	switch key {
	case "aws:principalarn":
		name, ok := outsiderNamed(pattern)
		if !ok {
			return c, false
		}
		c.principal = name
		set("aws:PrincipalArn", name, false)
		set("aws:PrincipalAccount", strings.SplitN(name, ":", 6)[4], false)
		if _, user, ok := strings.Cut(name, ":user/"); ok {
			set("aws:username", user[strings.LastIndexByte(user, '/')+1:], false)
		}
		return c, true
	case "aws:username": // whoever administers an account names its users
		begin, _, user := strings.Cut(c.principal, ":user/")
		name := spellOut(pattern, "x", "x")
		if !user || name == "" || strings.Contains(name, "/") {
			return c, false
		}
		c.principal = begin + ":user/" + name
		set("aws:username", name, false)
		set("aws:PrincipalArn", c.principal, false)
		return c, true
	case "aws:principalorgid":
		if !strings.HasPrefix(pattern, "o-") && !strings.HasPrefix(pattern, "*") && !strings.HasPrefix(pattern, "?") {
			return c, false
		}
		id := spellOut(strings.TrimPrefix(pattern, "o-"), "outsider00", "z")
		set("aws:PrincipalOrgID", "o-"+strings.TrimPrefix(id, "o-"), false)
		return c, true
	case "aws:principalorgpaths":
		if !strings.HasPrefix(pattern, "*") && !strings.HasPrefix(pattern, "o-*") {
			return c, false
		}
		path := strings.Replace(pattern, "*", "o-outsider00/r-ab12/", 1)
		path = strings.TrimPrefix(spellOut(path, "x", "x"), "o-o-")
		if !strings.HasPrefix(path, "o-") {
			path = "o-" + path
		}
		set("aws:PrincipalOrgPaths", path, true)
		return c, true
	case "aws:userid":
		if id, rest, session := strings.Cut(pattern, ":"); session && strings.ContainsAny(id, "*?") || strings.ContainsAny(pattern[:min(len(pattern), 12)], "*?") {
			_ = rest
			id = strings.Replace(pattern, "*", "AROAOUTSIDEROUTSIDE00", 1)
			if strings.HasPrefix(pattern, "AROA*") || strings.HasPrefix(pattern, "AIDA*") {
				id = strings.Replace(pattern, "*", "OUTSIDEROUTSIDE00", 1)
			}
			set("aws:userid", spellOut(id, "x", "x"), false)
			return c, true
		}
	case "aws:principalaccount":
		id, ok := outsiderAccountLike(pattern)
		if !ok {
			return c, false
		}
		c.principal = strings.Replace(c.principal, outsiderAccount, id, 1)
		set("aws:PrincipalAccount", id, false)
		set("aws:PrincipalArn", c.principal, false)
		return c, true
	case "aws:sourcevpc":
		if glob(pattern, "vpc-0123456789abcdef0") {
			set("aws:SourceVpc", "vpc-0123456789abcdef0", false)
			return c, true
		}
	case "aws:sourcevpce":
		if glob(pattern, "vpce-0123456789abcdef0") {
			set("aws:SourceVpce", "vpce-0123456789abcdef0", false)
			return c, true
		}
	}
	return c, false
}

// anyOf returns a pattern for a key that whoever has the key meets.
func anyOf(key string) string {
	switch key {
	case "aws:sourcevpc":
		return "vpc-*"
	case "aws:sourcevpce":
		return "vpce-*"
	}
	return "*"
}

// outsiderAccountLike returns the id of an account that pattern matches beside those that it is meant for; false where it names one.
func outsiderAccountLike(pattern string) (id string, ok bool) {
	if !strings.ContainsAny(pattern, "*?") {
		return "", false
	}
	id = strings.ReplaceAll(pattern, "?", "9")
	if i := strings.IndexByte(id, '*'); i >= 0 && len(id) <= 13 {
		id = strings.ReplaceAll(id[:i]+strings.Repeat("9", 13-len(id))+id[i+1:], "*", "")
	}
	return id, isAccountID(id)
}

// outsiderNamed returns the ARN of a role or user of the outsider that pattern, a value for aws:PrincipalArn, matches.
func outsiderNamed(pattern string) (name string, ok bool) {
	begin := "arn:aws:iam::" + outsiderAccount + ":"
	if parts := strings.SplitN(pattern, ":", 6); len(parts) == 6 {
		id, ok := outsiderAccountLike(parts[4])
		if !ok {
			return "", false
		}
		begin = "arn:aws:iam::" + id + ":"
		resource := spellOut(parts[5], "x", "x")
		if strings.HasPrefix(parts[5], "*") && !strings.Contains(resource, "/") {
			resource = "role/" + strings.TrimLeft(resource, "/")
		}
		return begin + resource, true
	}
	// The wildcards of a shorter pattern stand for whole parts: of *:role/ci for all but the last.
	if head, tail, star := strings.Cut(pattern, "*"); star && strings.HasPrefix(begin+"role/", head) {
		for _, end := range []string{"", "role/", "role/x", "user/x"} {
			rest := spellOut(tail, "x", "x")
			if name = begin + strings.TrimPrefix(end+strings.TrimLeft(rest, ":"), ":"); glob(pattern, name) && isPrincipalARN(name) {
				return name, true
			}
		}
	}
	return "", false
}
