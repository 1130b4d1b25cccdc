package access

import (
	"math/big"
	"strconv"
	"strings"
)

// A key is a condition key that the documents of a question name.
type key struct {
	name  string // as the policy writes it
	lower string
}

// A domain says which values a key can have in a call by a class of callers.
type domain struct {
	absent  bool // a call may lack the key
	single  bool // it may have one value
	list    bool // it may be multivalued
	empty   bool // a multivalued one may have no values
	tests   []valueTest
	sample  []string
	filler  []string
	first   []string // for the wildcards before the last one, where they differ
	account string   // for the wildcard in the place of an ARN's account
	real    func(string) bool
}

var (
	never    = domain{absent: true}
	perhaps  = domain{absent: true, single: true}
	always   = domain{single: true}
	perhaps1 = domain{absent: true, list: true} // multivalued
	always1  = domain{list: true}
)

// within returns d with values of the globs only.
func (d domain) within(globs ...*glob) domain {
	d.tests = append(d.tests[:len(d.tests):len(d.tests)], valueTest{&set{kind: textSet, globs: globs}, true})
	return d
}

// of returns d with that one value.
func (d domain) of(value string) domain {
	g := fixedGlob(value, false)
	d.sample = []string{value}
	return d.within(&g)
}

// like returns d with plausible values and plausible texts for wildcards.
func (d domain) like(sample ...string) domain {
	d.sample = sample
	return d
}

// run is a text of at least n characters of a class.
func run(before string, class charClass, n int, after ...token) *glob {
	g := &glob{tokens: literals(make([]token, 0, len(before)+n+1+len(after)), before)}
	for range n {
		g.tokens = append(g.tokens, token{class: class})
	}
	g.tokens = append(g.tokens, token{class: class, star: true})
	g.tokens = append(g.tokens, after...)
	return g
}

// rest is any text.
var rest = token{class: anyChar, star: true}

// domain returns the domain of k for callers of class c. Where AWS's documents leave open whether a caller has a key, it may.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
func (q *question) domain(c *class, k *key) domain {
	i := q.index(k)
	if i >= 0 && i < min(len(c.domains), q.common) && c.domains[i] != nil {
		return *c.domains[i]
	}
	if i >= 0 && !q.forked {
		for len(c.domains) <= i {
			c.domains = append(c.domains, nil)
		}
		if c.domains[i] == nil {
			d := q.newDomain(c, k)
			c.domains[i] = &d
		}
		return *c.domains[i]
	}
	return q.newDomain(c, k)
}

// index returns the index of k when it is one of q's keys, -1 otherwise.
func (q *question) index(k *key) int {
	for i := range q.keys {
		if k == &q.keys[i] {
			return i
		}
	}
	return -1
}

func (q *question) newDomain(c *class, k *key) domain {
	if q.free {
		return domain{absent: true, single: true, list: true, empty: true}
	}
	prefix, name, _ := strings.Cut(k.lower, ":")
	switch prefix {
	case "aws":
		return q.globalKey(c, name)
	case "sts":
		return q.stsKey(c, name)
	case "iam":
		return perhaps // iam:ResourceTag of the role
	case "saml":
		return samlKey(c, name)
	}
	if i := strings.LastIndexByte(k.lower, ':'); i >= 0 && strings.Contains(k.lower[:i], ".") {
		return claimKey(c, strings.TrimSuffix(k.lower[:i], "/"), k.lower[i+1:])
	}
	return perhaps
}

func (q *question) globalKey(c *class, name string) domain {
	if tag, ok := strings.CutPrefix(name, "principaltag/"); ok {
		switch {
		case c.whole, c.kind == User, c.kind == Role, c.kind == RoleSession, c.kind == FederatedUser:
			return perhaps.like("example")
		case c.kind == Service && strings.HasPrefix(c.name, "rolesanywhere."):
			return perhaps.like(strings.TrimPrefix(tag, "x509subject/")) // from the certificate
		}
		return never
	}
	switch name {
	case "principalarn":
		return q.principalARN(c)
	case "principalaccount":
		switch {
		case c.kind == Service: // an account of AWS's own
			g := &glob{}
			for range 12 {
				g.tokens = append(g.tokens, token{class: digit})
			}
			return q.without(perhaps.within(g).like(q.other), q.accounts())
		case !c.aws():
			return perhaps
		case c.account != "":
			return always.of(c.account)
		}
		return q.otherAccount()
	case "principalorgid":
		if c.aws() {
			return perhaps.within(run("o-", lowerWord, 1)).like(exampleOrg)
		}
		return never
	case "principalorgpaths":
		if c.aws() {
			d := perhaps1.within(orgPath())
			d.filler = []string{"", "11111111/", "ou-ab12-11111111/", "r-ab12/ou-ab12-11111111/"}
			return d.like(exampleOrg + "/r-ab12/ou-ab12-11111111/")
		}
		return never
	case "principaltype":
		if t, ok := principalTypes[c.kind]; ok && !c.whole {
			return always.of(t)
		}
		return perhaps
	case "userid":
		return q.userID(c)
	case "username":
		if c.kind == User && c.name != "" {
			return always.of(c.name[strings.LastIndexByte(c.name, '/')+1:])
		}
		if c.kind == User {
			return always.within(run("", nameChar, 1)).like("alice")
		}
		return never
	case "multifactorauthpresent":
		if c.aws() {
			return boolean(perhaps)
		}
		return never
	case "multifactorauthage":
		if c.aws() {
			d := perhaps
			d.tests = []valueTest{{&set{kind: numberSet, numbers: []numberRange{{greaterOrEqual, new(big.Rat)}}}, true}}
			return d.like("60", "0")
		}
		return never
	case "tokenissuetime":
		if c.aws() {
			return perhaps.like("2026-01-01T00:00:00Z")
		}
		return never
	case "sourceidentity", "federatedprovider":
		if c.kind == Role || c.kind == RoleSession {
			return perhaps.like("alice")
		}
		return never
	case "sourceip":
		d := perhaps
		d.tests = []valueTest{{privateRanges(), false}}
		return d.like("203.0.113.10")
	case "vpcsourceip":
		return callsByVPC(c).like("10.0.1.10")
	case "sourcevpc":
		return callsByVPC(c).within(run("vpc-", lowerWord, 1)).like("vpc-0a1b2c3d4e5f60718")
	case "sourcevpce":
		return callsByVPC(c).within(run("vpce-", lowerWord, 1)).like("vpce-0a1b2c3d4e5f60718")
	case "sourcevpcarn", "vpceaccount", "vpceorgid":
		return callsByVPC(c)
	case "sourcearn":
		if c.kind == Service {
			d := perhaps
			d.filler = []string{"example", "function:example", "", "example/example"}
			return d.like("arn:aws:lambda:us-east-1:" + exampleOther + ":function:example")
		}
		return never
	case "sourceaccount":
		if c.kind == Service {
			return perhaps.within(run("", digit, 1)).like(exampleOther)
		}
		return never
	case "sourceorgid":
		if c.kind == Service {
			return perhaps.within(run("o-", lowerWord, 1)).like(exampleOrg)
		}
		return never
	case "sourceorgpaths":
		if c.kind == Service {
			return perhaps1.within(orgPath()).like(exampleOrg + "/r-ab12/ou-ab12-11111111/")
		}
		return never
	case "vpceorgpaths":
		d := callsByVPC(c)
		d.single, d.list = false, d.single
		return d
	case "principalisawsservice":
		switch {
		case c.kind == Service:
			return boolean(always).of("true")
		case c.aws():
			return boolean(always).of("false")
		}
		return never
	case "principalservicename":
		return q.serviceName(c, always)
	case "principalservicenameslist":
		return q.serviceName(c, always1)
	case "currenttime":
		d := always
		if !q.now.IsZero() {
			d.tests = []valueTest{{&set{kind: instantSet, instants: []instantRange{{greaterOrEqual, q.now}}}, true}}
			return d.like(q.now.UTC().Format("2006-01-02T15:04:05Z"))
		}
		return d.like("2026-01-01T00:00:00Z")
	case "epochtime":
		d := always
		if !q.now.IsZero() {
			d.tests = []valueTest{{&set{kind: instantSet, instants: []instantRange{{greaterOrEqual, q.now}}}, true}}
			return d.like(strconv.FormatInt(q.now.Unix(), 10))
		}
		return d.like("1767225600")
	case "securetransport":
		return boolean(always)
	case "viaawsservice":
		return boolean(perhaps)
	case "requestedregion":
		return always.like("us-east-1", "eu-west-1")
	case "useragent":
		return always.like("aws-cli/2.27.0")
	case "tagkeys":
		return perhaps1.like("team")
	case "calledvia":
		return perhaps1
	}
	return perhaps
}

var principalTypes = map[Kind]string{User: "User", Role: "AssumedRole", RoleSession: "AssumedRole", FederatedUser: "FederatedUser", Root: "Account"}

var isBoolean = [...]valueTest{{&set{kind: booleanSet, words: booleans[:2]}, true}}

func boolean(d domain) domain {
	d.tests = isBoolean[:]
	return d
}

// callsByVPC is the domain of keys that a call has only when it comes through a VPC endpoint.
func callsByVPC(c *class) domain {
	if c.kind == Service {
		return never
	}
	return perhaps
}

func (q *question) serviceName(c *class, d domain) domain {
	switch {
	case c.kind != Service:
		return never
	case c.name == "":
		return d.within(run("", lowerWord, 1, literals([]token{rest}, ".amazonaws.com")...)).like("lambda.amazonaws.com")
	}
	return d.of(c.name)
}

// otherAccount is the domain of aws:PrincipalAccount for an account that the policy does not name.
func (q *question) otherAccount() domain {
	g := &glob{}
	for range 12 {
		g.tokens = append(g.tokens, token{class: digit})
	}
	d := always.within(g).like(q.other)
	return q.without(d, q.accounts())
}

func (q *question) without(d domain, texts []string) domain {
	if len(texts) > 0 {
		s := &set{kind: textSet}
		for _, t := range texts {
			g := fixedGlob(t, false)
			s.globs = append(s.globs, &g)
		}
		d.tests = append(d.tests, valueTest{s, false})
	}
	return d
}

// principalARN is the domain of aws:PrincipalArn: the ARN of the user or role, never that of a session.
func (q *question) principalARN(c *class) domain {
	if !c.aws() {
		return never
	}
	switch {
	case c.kind == RoleSession:
		account, role, _ := splitSession(c.name)
		g := fixedGlob("arn:"+q.partition()+":iam::"+account+":role/"+role, false)
		h := glob{tokens: literals([]token{}, "arn:"+q.partition()+":iam::"+account+":role/")}
		h.tokens = literals(append(h.tokens, rest), "/"+role)
		return always.within(&g, &h).like(g.text)
	case c.name != "":
		return always.of(c.name)
	}
	g := &glob{tokens: literals(make([]token, 0, 48), "arn:"+q.partition()+":iam::")}
	account := c.account
	if account == "" {
		for range 12 {
			g.tokens = append(g.tokens, token{class: digit})
		}
		account = q.other
	} else {
		g.tokens = literals(g.tokens, account)
	}
	shape, name := "user/", "alice"
	switch c.kind {
	case Role:
		shape, name = "role/", "Example"
	case FederatedUser:
		shape, name = "federated-user/", "alice"
		for i := range g.tokens {
			if string([]rune{g.tokens[i].r, g.tokens[i+1].r, g.tokens[i+2].r}) == "iam" {
				g.tokens[i].r, g.tokens[i+1].r, g.tokens[i+2].r = 's', 't', 's'
				break
			}
		}
	case Root:
		g.tokens = literals(g.tokens, ":root")
		d := always.within(g)
		return q.excludeAccounts(c, d)
	}
	g.tokens = append(literals(g.tokens, ":"+shape), token{class: anyChar}, rest)
	service := "iam"
	if c.kind == FederatedUser {
		service = "sts"
	}
	d := always.within(g).like("arn:" + q.partition() + ":" + service + "::" + account + ":" + shape + name)
	d.filler = []string{name, "x", "", "example/" + name}
	d.account = account
	return q.excludeAccounts(c, q.without(d, c.others))
}

// excludeAccounts takes the ARNs of the accounts that have classes of their own out of the domain of the others.
func (q *question) excludeAccounts(c *class, d domain) domain {
	if c.account != "" {
		return d
	}
	s := &set{kind: textSet}
	for _, a := range q.accounts() {
		g := &glob{tokens: literals([]token{{r: 'a'}, {r: 'r'}, {r: 'n'}, {r: ':'}, {class: notColon, star: true}, {r: ':'}, {class: notColon, star: true}}, "::"+a+":")}
		g.tokens = append(g.tokens, rest)
		s.globs = append(s.globs, g)
	}
	if s.globs != nil {
		d.tests = append(d.tests, valueTest{s, false})
	}
	return d
}

// userID is the domain of aws:userid: the unique id of a user, that of a role with the session's name.
func (q *question) userID(c *class) domain {
	switch c.kind {
	case User:
		if c.whole {
			return perhaps
		}
		return always.within(run("AIDA", upperWord, 1)).like("AIDAIOSFODNN7EXAMPLE")
	case Role:
		d := always.within(run("AROA", upperWord, 1, token{r: ':'}, token{class: anyChar}, rest)).like("AROAIOSFODNN7EXAMPLE:example")
		d.filler = []string{"example", "", "AROAIOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"}
		return d
	case RoleSession:
		_, _, name := splitSession(c.name)
		return always.within(run("AROA", upperWord, 1, literals(nil, ":"+name)...)).like("AROAIOSFODNN7EXAMPLE:" + name)
	}
	return perhaps
}

func orgPath() *glob {
	g := run("o-", lowerWord, 1, literals(nil, "/r-")...)
	g.tokens = append(g.tokens, token{class: lowerWord, star: true}, rest, token{r: '/'})
	return g
}

// privateRanges are addresses that no call from the internet comes from: aws:SourceIp is a public address.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
func privateRanges() *set {
	s := &set{kind: addressSet}
	for _, cidr := range [...]string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128"} {
		r, _ := parseRange(cidr)
		s.addresses = append(s.addresses, r)
	}
	return s
}

func (q *question) stsKey(c *class, name string) domain {
	switch name {
	case "externalid": // Cognito's SMS role shows that services pass one too
		if c.aws() || c.kind == Service {
			return perhaps.within(run("", anyChar, 2)).like("example-external-id")
		}
		return never
	case "rolesessionname":
		return always.within(run("", nameChar, 2)).like("example-session")
	case "sourceidentity":
		return perhaps.within(run("", nameChar, 2)).like("alice")
	case "transitivetagkeys":
		return perhaps1.like("team")
	case "requestcontextproviders":
		return perhaps1.like("arn:aws:iam::aws:contextProvider/IdentityCenter")
	case "roleauthorizedbyidp":
		if c.kind == WebIdentity {
			return boolean(perhaps)
		}
		return never
	case "durationseconds":
		return never
	}
	return perhaps
}

func samlKey(c *class, name string) domain {
	switch name {
	case "sub", "namequalifier", "sub_type":
		if c.kind == Role || c.kind == RoleSession {
			return perhaps // of the session that was federated
		}
	}
	if c.kind != SAML {
		return never
	}
	switch name {
	case "aud":
		return always.like("https://signin.aws.amazon.com/saml")
	case "iss":
		return always.like("https://idp.example.com/saml")
	case "sub", "namequalifier", "sub_type", "doc":
		return always
	case "cn", "edupersonaffiliation", "edupersonassurance", "edupersonentitlement", "edupersonhomepageuri", "edupersonnickname",
		"edupersonorgdn", "edupersonorgunitdn", "edupersonprimaryaffiliation", "edupersonprimaryorgunitdn", "edupersonprincipalname",
		"edupersonscopedaffiliation", "edupersontargetedid", "eduorghomepageuri", "eduorgidentityauthnpolicyuri", "eduorglegalname",
		"eduorgsuperioruri", "eduorgwhitepagesuri":
		d := perhaps1
		d.single = true
		return d
	}
	return perhaps
}

const (
	exampleOrg   = "o-a1b2c3d4e5"
	exampleOther = "123456789012"
)
