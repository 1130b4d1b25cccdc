package policy

import "strings"

// identify says of the identity providers of s that are not known what its conditions tell: a statement that asks for a claim of
// token.actions.githubusercontent.com lets in nobody but holders of its tokens, whatever var.provider_arn is. A provider stands
// in the account of the role; those of other accounts let nobody in.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
func (s *Statement) identify() {
	address := s.issuer()
	if address == "" || s.Effect != Allow {
		return
	}
	for i, pr := range s.Principals {
		if pr.Type != Federated || len(pr.ID.Parts) == 0 {
			continue
		}
		parts := pr.ID.Parts
		last := parts[len(parts)-1]
		if last.Hole == nil || last.Hole.Kind != Unknown || last.Hole.Choices != nil || last.Hole.Default != nil && *last.Hole.Default != "" || last.Hole.Limit {
			continue
		}
		var form []Part
		switch {
		case builtIn(address) && len(parts) == 1:
			form = []Part{{Literal: address, Span: last.Span}}
		case len(parts) == 1:
			form = []Part{
				{Literal: "arn:", Span: last.Span}, {Hole: &Hole{Kind: Partition, Expr: "partition"}, Span: last.Span},
				{Literal: ":iam::", Span: last.Span}, {Hole: &Hole{Kind: OwnAccount, Expr: "account"}, Span: last.Span},
				{Literal: ":oidc-provider/" + address, Span: last.Span},
			}
		case strings.HasSuffix(parts[len(parts)-2].Literal, ":oidc-provider/"):
			form = append(append(form, parts[:len(parts)-1]...), Part{Literal: address, Span: last.Span})
		default:
			continue
		}
		s.Principals[i].ID.Parts = form
	}
}

// IssuerOf returns the address of the OIDC issuer of which the federated pr lets in the tokens, in lower case, without https:// and
// without a slash at the end. It is "" where pr is something else or the address is not known.
func IssuerOf(pr *Principal) string {
	if pr.Type != Federated {
		return ""
	}
	const gap = "\x00" // a character that no principal has
	id, known := pr.ID.Literal()
	if !known {
		var b strings.Builder
		for _, p := range pr.ID.Parts {
			if b.WriteString(p.Literal); p.Hole != nil {
				b.WriteString(gap)
			}
		}
		id = b.String()
	}
	name := id
	if fields := strings.SplitN(id, ":", 6); len(fields) == 6 && fields[0] == "arn" {
		ok := false
		if name, ok = strings.CutPrefix(fields[5], "oidc-provider/"); !ok {
			return ""
		}
	} else if !strings.Contains(id, ".") || strings.ContainsAny(id, " *:") {
		return "" // not the domain of a built-in issuer
	}
	if strings.Contains(name, gap) {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(name), "/")
}

// builtIn reports whether a policy names the issuer at address by its domain, since no account sets it up.
func builtIn(address string) bool {
	switch address {
	case "cognito-identity.amazonaws.com", "accounts.google.com", "graph.facebook.com", "www.amazon.com":
		return true
	}
	return false
}

// issuer returns the address of the OIDC issuer whose claims s asks for, "" when it asks for none or for those of several.
func (s *Statement) issuer() string {
	var address string
	for _, c := range s.Conditions {
		key, known := c.Key.Literal()
		i := strings.LastIndexByte(key, ':')
		op := c.Operator
		if !known || i < 0 || !strings.Contains(key[:i], ".") || !op.Known || op.IfExists || op.Set == ForAllValues || op.Name == "Null" ||
			strings.Contains(op.Name, "Not") {
			continue
		}
		a := strings.ToLower(strings.TrimSuffix(key[:i], "/"))
		if address != "" && a != address {
			return ""
		}
		address = a
	}
	return address
}
