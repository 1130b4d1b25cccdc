package access

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// A Kind says what a caller is.
type Kind uint8

const (
	AnyAWS        Kind = iota // any principal of any AWS account
	Account                   // any principal of an account
	User                      // an IAM user, or all of an account
	Role                      // a role, or all of an account: sessions of it make the call
	RoleSession               // one session of a role
	FederatedUser             // a session from sts:GetFederationToken
	Root                      // the root user of an account
	Service                   // an AWS service, or all of them
	WebIdentity               // whoever has a token of an OIDC provider
	SAML                      // whoever has an assertion of a SAML provider
	Whoever                   // not known: a part of the policy is not
)

// A class is a set of callers of whom the same condition keys are known: all a policy can tell apart about who calls, besides
// the values of keys.
type class struct {
	kind    Kind
	account string // of AWS callers, "" when it is any that the policy does not name
	// name is the ARN of a user, a role or a session when the class is that one principal; the service principal; the
	// Principal value of a federated provider, as its ID is written. "" stands for all that the policy does not name.
	name   string
	issuer string // of a WebIdentity: the provider's URL without https://
	// others are the names of principals of this kind and account that have classes of their own.
	others  []string
	domains []*domain // by key, as far as they were asked for
	whole   bool      // kind is User, but stands for all principals of the account: no key tells them apart
}

func (c *class) aws() bool { return c.kind >= User && c.kind <= Root }

// matches reports whether one of the principals covers the class.
func (c *class) matches(list []principal) bool {
	for i := range list {
		if c.covered(&list[i]) {
			return true
		}
	}
	return false
}

func (c *class) covered(p *principal) bool {
	switch p.typ {
	case policy.Anyone:
		return true
	case policy.AWS:
		switch {
		case p.id == "*":
			return true
		case !c.aws() || c.account == "":
			return false
		case p.account != "":
			return p.account == c.account
		case c.name == "":
			return false
		}
		return p.id == c.name || c.sessionOf(p) ||
			c.kind == FederatedUser && p.id == strings.Replace(strings.Replace(c.name, ":sts:", ":iam:", 1), ":federated-user/", ":user/", 1)
	case policy.Service:
		return c.kind == Service && p.id == c.name
	case policy.Federated:
		return (c.kind == WebIdentity || c.kind == SAML) && p.id == c.name
	}
	return false
}

// sessionOf reports whether the class is a session of the role that p names.
func (c *class) sessionOf(p *principal) bool {
	if c.kind != RoleSession || p.role == "" || p.roleAccount != c.account {
		return false
	}
	_, role, _ := splitSession(c.name)
	return role == p.role
}

// splitRole returns the account and the name of a role's ARN, without its path.
func splitRole(arn string) (account, name string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[2] != "iam" || !strings.HasPrefix(parts[5], "role/") {
		return "", "", false
	}
	return parts[4], parts[5][strings.LastIndexByte(parts[5], '/')+1:], true
}

// splitSession returns the account, the role and the name of a role session's ARN.
func splitSession(arn string) (account, role, name string) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[2] != "sts" {
		return "", "", ""
	}
	rest, ok := strings.CutPrefix(parts[5], "assumed-role/")
	if !ok {
		return "", "", ""
	}
	role, name, _ = strings.Cut(rest, "/")
	return parts[4], role, name
}

// leftOut reports whether a NotPrincipal element lists every name of the class's callers, so that its statement is not about
// them.
func (c *class) leftOut(list []principal) bool {
	account, self, role := !c.aws(), false, c.kind != RoleSession
	if c.aws() && c.account == "" || c.kind == Role || c.kind == FederatedUser {
		// Sessions have names that no list holds, and so do the principals of an account that is not named.
		self = false
	}
	for i := range list {
		p := &list[i]
		switch {
		case p.typ == policy.Anyone, p.typ == policy.AWS && p.id == "*":
			return true
		case p.typ == policy.AWS && c.aws():
			account = account || p.account != "" && p.account == c.account
			self = self || c.name != "" && p.id == c.name && c.kind != Role || c.kind == Root && p.account == c.account && strings.HasSuffix(p.id, ":root")
			role = role || c.sessionOf(p)
		default:
			self = self || !c.aws() && c.covered(p)
		}
	}
	return account && self && role
}

// A principal is one of a statement in the world that the question is asked for.
type principal struct {
	typ     policy.PrincipalType
	id      string
	account string // that id names as a whole
	from    *policy.Principal
	// roleAccount and role are the account and the name, without its path, of the role that id names.
	roleAccount, role string
}

func newPrincipal(p *policy.Principal, w *World) principal {
	id, _ := w.text(p.ID)
	q := principal{typ: p.Type, id: id, from: p}
	if p.Type != policy.AWS {
		return q
	}
	q.roleAccount, q.role, _ = splitRole(id)
	switch {
	case isTwelveDigits(id):
		q.account = id
	case strings.HasPrefix(id, "arn:") && strings.HasSuffix(id, ":root"):
		if before, account, ok := strings.Cut(strings.TrimSuffix(id, ":root"), ":iam::"); ok && strings.Count(before, ":") == 1 && isTwelveDigits(account) {
			q.account = account
		}
	}
	return q
}

func isTwelveDigits(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// exact returns the class of the callers that an AWS principal names one by one.
func exact(id string) (class, bool) {
	parts := strings.SplitN(id, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || !isTwelveDigits(parts[4]) || strings.ContainsAny(id, "*?") {
		return class{}, false
	}
	c := class{account: parts[4], name: id}
	kind, name, _ := strings.Cut(parts[5], "/")
	switch {
	case name == "":
		return class{}, false
	case parts[2] == "iam" && kind == "user":
		c.kind = User
	case parts[2] == "iam" && kind == "role":
		c.kind = Role
	case parts[2] == "sts" && kind == "assumed-role" && strings.Contains(name, "/"):
		c.kind = RoleSession
	case parts[2] == "sts" && kind == "federated-user":
		c.kind = FederatedUser
	default:
		return class{}, false
	}
	return c, true
}

// provider returns the class of the callers that come through a federated provider.
func provider(id string) (class, bool) {
	c := class{name: id}
	rest, ok := "", false
	if parts := strings.SplitN(id, ":", 6); len(parts) == 6 {
		switch {
		case strings.HasPrefix(parts[5], "saml-provider/"):
			c.kind = SAML
			return c, true
		case strings.HasPrefix(parts[5], "oidc-provider/"):
			rest, ok = parts[5][len("oidc-provider/"):], true
		}
	} else if strings.Contains(id, ".") { // one of the four that need no provider in the account
		rest, ok = id, true
	}
	c.kind, c.issuer = WebIdentity, strings.ToLower(strings.TrimSuffix(rest, "/"))
	return c, ok
}

// issuerText returns the issuer with the letter case of the provider.
func (c *class) issuerText() string {
	if i := len(c.name) - len(c.issuer); i >= 0 && strings.EqualFold(c.name[i:], c.issuer) {
		return c.name[i:]
	}
	return c.issuer
}

// accountKinds are the kinds of callers that an account has.
var accountKinds = [...]Kind{User, Role, FederatedUser, Root}

// addClasses appends the classes that the question is about: those that the principals of an Allow cover.
func (q *question) addClasses() {
	var accounts []string // named by an Allow as a whole
	everyone, anyone := false, false
	add := func(c class) {
		if !slices.ContainsFunc(q.classes, func(d *class) bool {
			return d.kind == c.kind && d.account == c.account && d.name == c.name && d.issuer == c.issuer
		}) {
			q.classes = append(q.classes, &c)
		}
	}
	for _, s := range q.statements {
		if s.effect == policy.Allow && s.not {
			everyone, anyone = true, true
		}
		for i := range s.principals {
			p := &s.principals[i]
			switch {
			case p.typ == policy.Anyone || p.typ == policy.AWS && p.id == "*":
				if s.effect == policy.Allow {
					everyone, anyone = true, true
				}
			case p.typ == policy.AWS && p.account != "":
				if s.effect == policy.Allow && !slices.Contains(accounts, p.account) {
					accounts = append(accounts, p.account)
				}
			case p.typ == policy.AWS:
				if c, ok := exact(p.id); ok {
					add(c)
					if c.kind == User {
						c.kind, c.name = FederatedUser, strings.Replace(strings.Replace(c.name, ":iam:", ":sts:", 1), ":user/", ":federated-user/", 1)
						add(c)
					}
				}
			case p.typ == policy.Service:
				add(class{kind: Service, name: p.id})
			case p.typ == policy.Federated:
				if c, ok := provider(p.id); ok {
					add(c)
				}
			}
		}
	}
	if everyone {
		for _, a := range q.accounts() {
			if !slices.Contains(accounts, a) {
				accounts = append(accounts, a)
			}
		}
		accounts = append(accounts, "")
	}
	for _, a := range accounts {
		q.addAccount(a)
	}
	if anyone {
		add(class{kind: Service})
		add(class{kind: WebIdentity, issuer: otherIssuer})
		for i := range q.keys { // whose claims the policy tests
			if at := strings.LastIndexByte(q.keys[i].lower, ':'); at > 0 && strings.Contains(q.keys[i].lower[:at], ".") {
				add(class{kind: WebIdentity, issuer: q.keys[i].lower[:at]})
			}
		}
		add(class{kind: SAML})
	}
}

// otherIssuer is the issuer of web identities that a policy does not name.
const otherIssuer = "oidc.example.com"

// addAccount appends the classes of an account: one for all its principals when no key tells them apart.
func (q *question) addAccount(account string) {
	var named [len(accountKinds)][]string
	for _, c := range q.classes {
		if c.aws() && c.account == account {
			kind := c.kind
			if kind == RoleSession {
				kind = Role
			}
			named[slices.Index(accountKinds[:], kind)] = append(named[slices.Index(accountKinds[:], kind)], c.name)
		}
	}
	if !q.tellsKindsApart {
		q.classes = append(q.classes, &class{kind: User, account: account, whole: true, others: named[0]})
		return
	}
	for i, kind := range accountKinds {
		q.classes = append(q.classes, &class{kind: kind, account: account, others: named[i]})
	}
}
