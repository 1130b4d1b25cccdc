package access

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// String says in words whom the grant lets in: "any principal of account 111122223333, with sts:ExternalId = x".
func (g *Grant) String() string {
	var b strings.Builder
	for i, c := range g.Callers {
		if i > 0 {
			b.WriteString(" or ")
		}
		b.WriteString(c.String())
	}
	if g.Action != AssumeRole && g.Action != AssumeRoleWithSAML && g.Action != AssumeRoleWithWebIdentity {
		b.WriteString(" to " + g.Action)
	}
	for i := range g.Guard {
		b.WriteString(", with ")
		b.WriteString(conditionPhrase(&g.Guard[i]))
	}
	for _, deny := range g.Less {
		b.WriteString(", unless")
		for i := range deny.Conditions {
			if i > 0 {
				b.WriteString(" and")
			}
			b.WriteString(" " + conditionPhrase(&deny.Conditions[i]))
		}
	}
	for i, h := range g.Rests {
		if i == 0 {
			b.WriteString(", depending on ")
		} else {
			b.WriteString(" and ")
		}
		b.WriteString(h.Expr)
	}
	return b.String()
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
		return all("user", name, of)
	case Role:
		return all("role", name, of)
	case RoleSession:
		return "session " + name + of
	case FederatedUser:
		return all("federated user", name, of)
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
	if c.Unknown != nil {
		return "whoever " + c.Unknown.Expr + " names"
	}
	return "whoever a part of the policy that is not known names"
}

func all(what, name, of string) string {
	if name == "" {
		return "any " + what + of
	}
	return what + " " + name + of
}

// conditionPhrase writes a condition as a person would say it.
func conditionPhrase(c *policy.Condition) string {
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		values[i] = v.String()
	}
	return c.Key.String() + " " + c.Operator.Text.String() + " " + strings.Join(values, " or ")
}
