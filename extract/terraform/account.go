package terraform

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// account returns the account that the provider configuration of that name acts in, where it names it: as the only one
// allowed, or by the role that it assumes. Otherwise it returns the zero Text.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs#provider-configuration
func (e *evaluator) account(provider string) policy.Text {
	b := e.providerBlock(provider)
	if b == nil {
		return policy.Text{}
	}
	body := b.load(e.l)
	s := &scope{e: e, inst: e.root}
	before := e.consulted
	var parts []policy.Part
	if a := body.Attributes["allowed_account_ids"]; a != nil {
		if v := s.eval(a.Expr); v.kind == listKind && len(v.elems) == 1 && v.exact() {
			parts, _ = v.elems[0].asParts()
		}
	}
	if len(parts) == 0 {
		roles, err := e.nested(s, body, "assume_role")
		if err != nil {
			return policy.Text{}
		}
		// Where there are several, each role assumes the next.
		for _, r := range roles {
			parts = nil
			if a := r.body.Attributes["role_arn"]; a != nil {
				parts = accountOf(r.s.eval(a.Expr))
			}
		}
	}
	account := policy.NewText(parts...)
	if id, known := account.Literal(); e.consulted != before || !known || !isAccount(id) {
		return policy.Text{} // it depends on what the code does not decide
	}
	return account
}

// accountOf returns the account of an ARN, nil when it is not all known.
func accountOf(arn *value) []policy.Part {
	if arn.kind != stringKind {
		return nil
	}
	var out []policy.Part
	colons := 0
	for _, p := range arn.parts {
		if p.Hole != nil {
			return nil
		}
		start := 0
		for i := range len(p.Literal) {
			if p.Literal[i] != ':' {
				continue
			}
			if colons++; colons == 4 {
				start = i + 1
			} else if colons == 5 {
				return append(out, p.Slice(start, i))
			}
		}
		if colons == 4 && start < len(p.Literal) {
			out = append(out, p.Slice(start, len(p.Literal)))
		}
	}
	return nil
}

func isAccount(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }
