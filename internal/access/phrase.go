package access

import (
	"slices"
	"strconv"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// String says in words whom the grant lets in: "any principal of account 444455556666, with sts:ExternalId = x".
func (g *Grant) String() string {
	p := phrase{grant: g}
	callers := g.Callers
	if slices.ContainsFunc(callers, func(c Caller) bool { return c.Kind <= Root }) { // {"AWS": "*"} lets in services too, which goes without saying
		callers = slices.DeleteFunc(slices.Clone(callers), func(c Caller) bool { return c.ID == "" && c.Kind > Root && c.Kind != Whoever })
	}
	var names []string
	for _, c := range callers {
		if name := p.caller(c); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var b strings.Builder
	b.WriteString(some(names, " or "))
	switch g.Action {
	case TagSession:
		b.WriteString(", to pass session tags")
	case SetSourceIdentity:
		b.WriteString(", to set a source identity")
	case SetContext:
		b.WriteString(", to pass a context")
	}
	if g.Principal != nil && g.Principal.Type == policy.Service && g.anySource() {
		b.WriteString(", for any source")
	}
	for i := range g.Guard {
		if !slices.Contains(p.said, i) {
			b.WriteString(", with " + g.condition(&g.Guard[i]))
		}
	}
	for _, deny := range g.Less {
		b.WriteString(", unless ")
		for i := range deny.Conditions {
			if i > 0 {
				b.WriteString(" and ")
			}
			b.WriteString(g.condition(&deny.Conditions[i]))
		}
	}
	for _, deny := range g.Freed {
		for i := range deny.Conditions {
			b.WriteString(", with " + g.condition(&deny.Conditions[i]))
		}
	}
	if g.Undecided {
		b.WriteString(" (undecided)")
	}
	if len(g.Rests) > 0 {
		names = nil
		for _, h := range g.Rests {
			names = append(names, h.Expr)
		}
		b.WriteString(", depending on " + some(names, " and "))
	}
	return b.String()
}

// some joins names, not more than a person reads.
func some(names []string, between string) string {
	if more := len(names) - 5; more > 1 {
		names = append(slices.Clone(names[:5]), strconv.Itoa(more)+" more")
	}
	return strings.Join(names, between)
}

// anySource reports whether no key about the resource that a service acts for bounds the grant.
func (g *Grant) anySource() bool {
	if g.Action != AssumeRole {
		return false
	}
	for i := range g.Guard {
		if key := strings.ToLower(g.Guard[i].Key.String()); strings.HasPrefix(key, "aws:source") && key != "aws:sourceip" {
			return false
		}
	}
	return len(g.Less) == 0
}

// A phrase keeps which conditions of the grant's guard the names of its callers have said already.
type phrase struct {
	grant *Grant
	said  []int
}

// only returns the values of the key when one condition of the guard lists all that it may have, and marks it as said.
func (p *phrase) only(key string, like bool) []string {
	for i := range p.grant.Guard {
		c := &p.grant.Guard[i]
		if !strings.EqualFold(c.Key.String(), key) || (c.Operator.IfExists || c.Operator.Set == policy.ForAllValues) && p.grant.callersMayLack(key) {
			continue
		}
		if c.Operator.Name != "StringEquals" && !(like && c.Operator.Name == "StringLike") {
			continue
		}
		values := make([]string, len(c.Values))
		for j, v := range c.Values {
			values[j] = v.String()
			if c.Operator.Name == "StringEquals" && strings.ContainsAny(values[j], "*?") && v.Hole() == nil {
				return nil // these are no wildcards
			}
		}
		p.said = append(p.said, i)
		return values
	}
	return nil
}

// caller says who the caller is, with what the guard says about it.
func (p *phrase) caller(c Caller) string {
	switch c.Kind {
	case AnyAWS:
		if orgs := p.only("aws:PrincipalOrgID", false); orgs != nil {
			return "any account of organization " + strings.Join(orgs, " or ")
		}
	case User, Role, RoleSession, Root:
		for i := range p.grant.Guard { // the name says it
			if c.ID != "" && p.grant.Principal != nil && !p.grant.Principal.ID.Is(c.ID) &&
				strings.EqualFold(p.grant.Guard[i].Key.String(), "aws:PrincipalArn") && len(p.grant.question.listedIn(p.grant)) > 0 {
				p.said = append(p.said, i)
			}
		}
	case Account:
		if p.grant.Principal != nil && p.grant.Principal.ID.Is("*") {
			p.only("aws:PrincipalAccount", false)
		}
	case WebIdentity:
		if c.ID != "" && c.Unknown == nil {
			return p.identity(c)
		}
	}
	if c.Unknown != nil && p.grant.Principal != nil && len(p.grant.Principal.ID.Parts) > 1 {
		return "whoever " + p.grant.Principal.ID.String() + " names"
	}
	return c.String()
}

// condition writes a condition as a person would say it of the grant's callers: a key that they always have is not absent.
func (g *Grant) condition(c *policy.Condition) string {
	s := conditionPhrase(c)
	if !g.callersMayLack(c.Key.String()) {
		s = strings.TrimSuffix(s, " or absent")
	}
	return s
}

// callersMayLack reports whether a call by the grant's callers may lack the key, whatever the policy says.
func (g *Grant) callersMayLack(name string) bool {
	if g.question == nil {
		return true
	}
	k := key{name, strings.ToLower(name)}
	return slices.ContainsFunc(g.boxes, func(b *box) bool { return g.question.domain(b.class, &k).absent })
}

// listedIn returns the ARNs that the grant's boxes list.
func (q *question) listedIn(g *Grant) []string {
	var ids []string
	for _, b := range g.boxes {
		list := q.listed(b)
		if list == nil {
			return nil
		}
		ids = append(ids, list...)
	}
	return ids
}

// String says who the caller is.
func (c Caller) String() string {
	of := " of any AWS account"
	if c.Account != "" {
		of = " of account " + c.Account
		if c.Own {
			of = " of the role's own account"
		}
	}
	if c.Unknown != nil {
		return "whoever ${" + c.Unknown.Expr + "} names"
	}
	name := c.ID
	if parts := strings.SplitN(c.ID, ":", 6); len(parts) == 6 {
		_, name, _ = strings.Cut(parts[5], "/")
	}
	switch c.Kind {
	case AnyAWS:
		return "any AWS account"
	case Account:
		return "any principal" + of
	case User:
		return anyOr("user", name, of)
	case Role:
		return anyOr("role", name, of)
	case RoleSession:
		return "session " + name + of
	case FederatedUser:
		return anyOr("federated user", name, of)
	case Root:
		return "the root user" + of
	case Service:
		if c.ID == "" {
			return "any AWS service"
		}
		return "service " + c.ID
	case WebIdentity:
		if c.ID == "" {
			return "any web identity"
		}
		return "any identity of " + c.Issuer
	case SAML:
		if c.ID == "" {
			return "any SAML provider"
		}
		return "any user of SAML provider " + name
	}
	return "whoever a part of the policy that is not known names"
}

func anyOr(what, name, of string) string {
	if name == "" {
		return "any " + what + of
	}
	return what + " " + name + of
}

// relations are the words for operators.
var relations = map[string]string{
	"StringEquals": "=", "StringNotEquals": "other than", "StringEqualsIgnoreCase": "=", "StringNotEqualsIgnoreCase": "other than",
	"StringLike": "like", "StringNotLike": "not like", "ArnEquals": "like", "ArnLike": "like", "ArnNotEquals": "not like", "ArnNotLike": "not like",
	"NumericEquals": "=", "NumericNotEquals": "other than", "NumericLessThan": "<", "NumericLessThanEquals": "<=", "NumericGreaterThan": ">",
	"NumericGreaterThanEquals": ">=", "DateEquals": "=", "DateNotEquals": "other than", "DateLessThan": "before", "DateLessThanEquals": "until",
	"DateGreaterThan": "after", "DateGreaterThanEquals": "from", "Bool": "=", "BinaryEquals": "=", "IpAddress": "in", "NotIpAddress": "not in",
}

// conditionPhrase writes a condition as a person would say it.
func conditionPhrase(c *policy.Condition) string {
	key := c.Key.String()
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		values[i] = v.String()
	}
	if c.Operator.Name == "Null" && c.Operator.Set == policy.NoSet && len(values) == 1 {
		switch strings.ToLower(values[0]) {
		case "true":
			return key + " absent"
		case "false":
			return key + " present"
		}
	}
	relation, known := relations[c.Operator.Name]
	if !known {
		return key + " " + c.Operator.Text.String() + " " + strings.Join(values, " or ")
	}
	if relation == "like" && !strings.ContainsAny(strings.Join(values, ""), "*?") {
		relation = "="
	}
	var b strings.Builder
	negated := strings.Contains(c.Operator.Name, "Not")
	switch c.Operator.Set {
	case policy.ForAllValues:
		b.WriteString("every ")
	case policy.ForAnyValue:
		b.WriteString("some ")
	}
	between := " or "
	if negated {
		between = " and "
	}
	b.WriteString(key + " " + relation + " " + some(values, between))
	if c.Operator.Set == policy.ForAllValues || c.Operator.Set == policy.NoSet && (negated || c.Operator.IfExists) {
		b.WriteString(" or absent")
	}
	return b.String()
}
