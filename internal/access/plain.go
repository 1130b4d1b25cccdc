package access

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// plain reports whether it shows at once that some request matches s, as it does for most statements: callers of its first principal
// meet each of its conditions with a value that the condition names. Where it does not show, nothing is said.
func plain(s *policy.Statement, o Options) bool {
	if len(s.Principals) == 0 || len(s.NotPrincipals)+len(s.NotActions) > 0 {
		return false
	}
	q := &question{now: o.Now, keys: make([]key, 0, len(s.Conditions))}
	for i := range s.Conditions {
		name := s.Conditions[i].Name
		if name == "" || q.find(name) >= 0 {
			return false
		}
		q.keys = append(q.keys, key{name, name})
		q.tellsKindsApart = q.tellsKindsApart || distinguishesKinds(name)
	}
	c, ok := q.plainClass(s)
	if !ok || q.coupled() || !slices.ContainsFunc(s.Actions, func(a policy.Text) bool {
		name, _ := a.Literal()
		name = canonicalAction(name)
		return slices.Contains(roleActions[:], name) && q.asks(&c, name)
	}) {
		return false
	}
	for i := range s.Conditions {
		if !q.meets(&c, &q.keys[i], &s.Conditions[i]) {
			return false
		}
	}
	return true
}

// plainClass returns a class of the callers that the first principal of s covers, where that takes no look at the others.
func (q *question) plainClass(s *policy.Statement) (c class, ok bool) {
	p := &s.Principals[0]
	id, known := p.ID.Literal()
	switch {
	case !known:
		return class{}, false
	case p.Type == policy.Service:
		return class{kind: Service, name: id}, true
	case p.Type == policy.Federated:
		return provider(id)
	case p.Type != policy.AWS:
		return class{}, false
	}
	if account := newPrincipal(p, &q.world).account; account != "" {
		return class{kind: User, account: account, whole: !q.tellsKindsApart}, len(s.Principals) == 1
	}
	return exact(id)
}

// meets reports whether it shows at once that callers of class c meet the condition on k.
func (q *question) meets(c *class, k *key, cond *policy.Condition) bool {
	if !cond.Operator.Known || cond.Operator.Set != policy.NoSet || companionOf(k.lower) != "" ||
		c.kind == Service && k.lower == "aws:principalaccount" { // which is not one that the policy names
		return false
	}
	d := q.newDomain(c, k)
	return d.single && slices.ContainsFunc(cond.Values, func(v policy.Text) bool {
		value, ok := named(cond.Operator.Name, v)
		return ok && pass(d.tests, value)
	})
}

// named returns a string that matches the value v of a policy under the operator, where it shows at once.
func named(operator string, v policy.Text) (string, bool) {
	s, known := v.Literal()
	if !known || strings.Contains(s, "$") {
		return "", false
	}
	switch operator {
	case "StringEquals", "StringEqualsIgnoreCase":
		return s, true
	case "StringLike":
		return withoutWildcards(s), true
	case "ArnEquals", "ArnLike":
		return withoutWildcards(s), strings.HasPrefix(s, "arn:") && strings.Count(s, ":") >= 5
	case "Bool":
		return s, strings.EqualFold(s, "true") || strings.EqualFold(s, "false")
	}
	return "", false
}

// withoutWildcards returns a string that the pattern s matches.
func withoutWildcards(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "*", "x"), "?", "x")
}
