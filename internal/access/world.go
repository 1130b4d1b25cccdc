package access

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// maxWorlds bounds the worlds that a question is asked for, one for each way to choose among the strings that holes can be.
const maxWorlds = 16

// worlds returns the worlds in which to look at documents: what is the role's own becomes an example, each hole of which all
// choices are known becomes each of them in turn, and a hole in a principal, a key or an action becomes the string that lets
// in the most. A hole that stands only in values of conditions is left open: the engine reckons with every string there.
func worlds(documents ...*policy.Document) []World {
	var accounts []string
	w := World{Partition: "aws", Region: "us-east-1", DNSSuffix: "amazonaws.com", OwnOrganization: "o-0wnorg1zat"}
	named, _ := namedAccounts(documents, World{})
	accounts = append(accounts, named...)
	for _, candidate := range [...]string{"111122223333", "111111111111", "222222222222", "333333333333"} {
		if !slices.Contains(accounts, candidate) {
			w.OwnAccount = candidate
			break
		}
	}
	if w.OwnAccount == "" {
		w.OwnAccount = unnamed(accounts)
	}
	for _, d := range documents {
		if a, known := d.Account.Literal(); known && isTwelveDigits(a) {
			w.OwnAccount = a
		}
	}
	list := []World{w}
	var bound []string
	for _, d := range documents {
		for _, s := range d.Statements {
			texts(s, func(t policy.Text) {
				for _, p := range t.Parts {
					if h := p.Hole; h != nil && h.Kind == policy.Unknown && len(h.Choices) > 0 && !slices.Contains(bound, h.Expr) {
						bound = append(bound, h.Expr)
						list = branch(list, h)
					}
				}
			})
		}
	}
	for i := range list {
		for j, d := range documents {
			list[i].bindNames(d, j > 0)
		}
	}
	return list
}

// branch returns each world with each choice of h.
func branch(list []World, h *policy.Hole) []World {
	if len(list)*len(h.Choices) > maxWorlds {
		return list // it stays open
	}
	var out []World
	for _, w := range list {
		for _, c := range h.Choices {
			out = append(out, w.bind(h, c))
		}
	}
	return out
}

// bind returns the world in which h is value.
func (w World) bind(h *policy.Hole, value string) World {
	if h.Kind != policy.Unknown {
		return w
	}
	unknown := make(map[string]string, len(w.Unknown)+1)
	for k, v := range w.Unknown {
		unknown[k] = v
	}
	unknown[h.Expr] = value
	w.Unknown = unknown
	return w
}

// bindNames binds the holes in principals, actions and keys of d. Those of Allow statements come first: where a Deny has the
// same hole it means the same, and any other hole of a Deny becomes a name that nobody has. In a document that is compared
// with it is the other way round.
func (w *World) bindNames(d *policy.Document, compared bool) {
	for _, effect := range [...]policy.Effect{policy.Allow, policy.Deny} {
		for _, s := range d.Statements {
			if s.Effect != effect {
				continue
			}
			for i := range s.Principals {
				w.bindPrincipal(s, &s.Principals[i], (s.Effect == policy.Allow) != compared)
			}
			for i := range s.NotPrincipals {
				w.bindText(s.NotPrincipals[i].ID, "unknown")
			}
			for _, list := range [...][]policy.Text{s.Actions, s.NotActions} {
				for _, a := range list {
					w.bindText(a, "*")
				}
			}
			for i := range s.Conditions {
				w.bindKey(s, s.Conditions[i].Key)
			}
		}
	}
}

func (w *World) bindText(t policy.Text, value string) {
	for _, p := range t.Parts {
		if p.Hole != nil {
			if _, bound := w.value(p.Hole); !bound {
				*w = w.bind(p.Hole, value)
			}
		}
	}
}

// bindPrincipal binds the holes of a principal by their place in it.
func (w *World) bindPrincipal(s *policy.Statement, p *policy.Principal, most bool) {
	for i, part := range p.ID.Parts {
		if part.Hole == nil {
			continue
		}
		if _, bound := w.value(part.Hole); bound {
			continue
		}
		if !most {
			*w = w.bind(part.Hole, "unknown")
			continue
		}
		before := p.ID.Parts[:i]
		var known strings.Builder
		for _, b := range before {
			known.WriteString(b.Literal)
			if b.Hole != nil {
				v, _ := w.value(b.Hole)
				known.WriteString(v)
			}
		}
		whole := len(p.ID.Parts) == 1
		*w = w.bind(part.Hole, principalHole(s, p.Type, known.String(), whole))
	}
}

// principalHole returns the string for a hole behind the text known.
func principalHole(s *policy.Statement, t policy.PrincipalType, known string, whole bool) string {
	switch {
	case t == policy.Service && whole:
		return "service.amazonaws.com"
	case t == policy.Service:
		return "service"
	case t == policy.Federated && whole:
		issuer := issuerOf(s)
		if issuer == "" {
			if !slices.ContainsFunc(s.Actions, func(a policy.Text) bool { return strings.EqualFold(a.String(), AssumeRoleWithWebIdentity) }) {
				return "arn:aws:iam::" + unknownAccount + ":saml-provider/example"
			}
			issuer = otherIssuer
		}
		return "arn:aws:iam::" + unknownAccount + ":oidc-provider/" + issuer
	case t == policy.Federated && strings.HasSuffix(known, "/"):
		if issuer := issuerOf(s); issuer != "" && strings.HasSuffix(known, "oidc-provider/") {
			return issuer
		}
		return otherIssuer
	case whole:
		return "*"
	case known == "":
		return "arn:aws:iam::" + unknownAccount + ":role/"
	}
	switch strings.Count(known, ":") {
	case 1:
		return "aws"
	case 4:
		if strings.HasSuffix(known, ":") {
			return unknownAccount
		}
	case 5:
		if strings.HasSuffix(known, ":") {
			return "root"
		}
	}
	return "example"
}

// unknownAccount is what a hole in the place of an account becomes.
const unknownAccount = "123456789012"

// issuerOf returns the issuer whose claims the statement tests, "" when it tests none that is known.
func issuerOf(s *policy.Statement) string {
	for i := range s.Conditions {
		k, known := s.Conditions[i].Key.Literal()
		if at := strings.LastIndexByte(k, ':'); known && at > 0 && strings.Contains(k[:at], ".") {
			return k[:at]
		}
		if parts := s.Conditions[i].Key.Parts; !known && len(parts) > 0 && parts[0].Hole != nil {
			return "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
		}
	}
	return ""
}

// bindKey binds the holes of a condition key. In ${issuer}:sub it is the issuer of the statement's provider.
func (w *World) bindKey(s *policy.Statement, key policy.Text) {
	for i, part := range key.Parts {
		if part.Hole == nil {
			continue
		}
		if _, bound := w.value(part.Hole); bound {
			continue
		}
		value := "example"
		if i == 0 {
			value = "unknown:key"
			if len(key.Parts) > 1 && strings.HasPrefix(key.Parts[1].Literal, ":") {
				value = otherIssuer
				for j := range s.Principals {
					id, known := w.text(s.Principals[j].ID)
					if c, ok := provider(id); known && ok && c.issuer != "" {
						value = c.issuer
						break
					}
				}
			}
		}
		*w = w.bind(part.Hole, value)
	}
}
