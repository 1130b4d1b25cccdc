package access

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// An evaluator decides the parts of statements for one request.
type evaluator struct {
	request   Request
	world     *World
	variables bool // the policy's Version has policy variables
	names     []string
	role      string // the ARN of a session's role where it has a path: as good a name as that without it
	account   string // of an AWS principal, "" otherwise
}

func (e *evaluator) init(d *policy.Document, r Request, w *World) {
	e.request, e.world = r, w
	e.variables = hasVariables(d)
	e.names, e.account = callerNames(r.Principal)
	if strings.Contains(r.Principal, ":assumed-role/") && len(e.names) == 2 {
		e.role = roleWithPath(e.names[1], r.Context)
	}
}

// hasVariables reports whether d has policy variables. They exist only under this version; without a Version a policy has the older
// one, in which ${…} is literal text.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
func hasVariables(d *policy.Document) bool { return d.Version.Is("2012-10-17") }

// roleWithPath returns the ARN of a session's role with its path, "" where the context does not tell it. role has none.
func roleWithPath(role string, c Context) string {
	prefix, name, _ := strings.Cut(role, ":role/")
	if a, ok := c.Get("aws:PrincipalArn"); ok && !a.List {
		if rest, ok := strings.CutPrefix(a.Values[0], prefix+":role/"); ok && strings.HasSuffix(rest, "/"+name) {
			return a.Values[0]
		}
	}
	return ""
}

// callerNames returns the names under which a caller is listed in a Principal element, its own first, and its account.
//
// A role session has the name of its role too, here without the path, which a session's ARN does not have. A federated user is
// covered by the user of its name. A federated caller is no member of the account that holds the provider.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func callerNames(principal string) (names []string, account string) {
	var field [5]string // arn, partition, service, region, account
	resource, ok := principal, true
	for i := range field {
		if field[i], resource, ok = strings.Cut(resource, ":"); !ok {
			return []string{principal}, ""
		}
	}
	if field[0] != "arn" {
		return []string{principal}, ""
	}
	partition, service, account := field[1], field[2], field[4]
	kind, rest, _ := strings.Cut(resource, "/")
	switch {
	case service == "sts" && kind == "assumed-role":
		role, _, _ := strings.Cut(rest, "/")
		return []string{principal, "arn:" + partition + ":iam::" + account + ":role/" + role}, account
	case service == "sts" && kind == "federated-user":
		return []string{principal, "arn:" + partition + ":iam::" + account + ":user/" + rest}, account
	case service == "iam" && (kind == "saml-provider" || kind == "oidc-provider"):
		return []string{principal}, ""
	}
	return []string{principal}, account
}

type principalMatch uint8

const (
	noMatch principalMatch = iota
	accountMatch
	callerMatch
)

// principal says how s matches the caller.
func (e *evaluator) principal(s *policy.Statement) principalMatch {
	if len(s.NotPrincipals) > 0 {
		return e.notPrincipal(s.NotPrincipals)
	}
	match := noMatch
	for i := range s.Principals {
		match = max(match, e.listed(&s.Principals[i]))
	}
	return match
}

// listed says how the principal p covers the caller. {"AWS": "*"} covers every caller, of any kind.
func (e *evaluator) listed(p *policy.Principal) principalMatch {
	id, known := e.world.text(p.ID)
	if !known {
		return noMatch
	}
	switch p.Type {
	case policy.Anyone:
		return callerMatch
	case policy.AWS:
		if id == "*" {
			return callerMatch
		}
		if e.account == "" {
			return noMatch
		}
		if id != "" && id == e.role {
			return callerMatch
		}
		for _, name := range e.names {
			if id == name && !strings.HasSuffix(name, ":root") {
				return callerMatch
			}
		}
		if principalAccount(id) == e.account {
			return accountMatch
		}
	case policy.Service, policy.Federated:
		if id == e.request.Principal {
			return callerMatch
		}
	}
	return noMatch
}

// principalAccount returns the account that an AWS principal names as a whole: as 12 digits or as the ARN of its root, which
// mean the same. It is "" for any other principal.
func principalAccount(id string) string {
	if isAccount(id) {
		return id
	}
	parts := strings.Split(id, ":")
	if len(parts) == 6 && parts[0] == "arn" && parts[2] == "iam" && parts[3] == "" && parts[5] == "root" {
		return parts[4]
	}
	return ""
}

func isAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// notPrincipal says whether a statement with that NotPrincipal applies to the caller. It leaves a caller out only when it
// lists all its names: the account, and the role and the session of a role session.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func (e *evaluator) notPrincipal(list []policy.Principal) principalMatch {
	account := e.account == ""
	named := make([]bool, len(e.names))
	for i := range list {
		p := &list[i]
		id, known := e.world.text(p.ID)
		switch {
		case !known:
		case p.Type == policy.Anyone, p.Type == policy.AWS && id == "*":
			return noMatch
		case p.Type == policy.AWS && e.account != "":
			account = account || principalAccount(id) == e.account
			for j, name := range e.names {
				named[j] = named[j] || id == name || j == 1 && id == e.role
			}
		case (p.Type == policy.Service || p.Type == policy.Federated) && id == e.names[0]:
			named[0] = true
		}
	}
	for _, n := range named {
		account = account && n
	}
	if account {
		return noMatch
	}
	return callerMatch
}

// action says whether s is about the request's action. Letter case does not matter, * and ? are wildcards.
func (e *evaluator) action(s *policy.Statement) bool {
	list, want := s.Actions, true
	if len(s.NotActions) > 0 {
		list, want = s.NotActions, false
	}
	name := strings.ToLower(e.request.action())
	for _, a := range list {
		pattern, known := e.world.text(a)
		if known && wildcardMatch(strings.ToLower(pattern), nil, name) {
			return want
		}
	}
	return !want && len(list) > 0
}

// conditions says whether all of list hold.
func (e *evaluator) conditions(list []policy.Condition) bool {
	for i := range list {
		if !e.condition(&list[i]) {
			return false
		}
	}
	return true
}
