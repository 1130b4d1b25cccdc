package policy

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/source"
)

// A Companion is something in the code that says what a role may do, what uses it, or whose tokens a role may trust. Roles and
// companions are joined by Role; an identity provider belongs to no role and is known by its ARN and URL.
//
// INVARIANT: a companion never changes what is known of a trust policy. One of which little is known has holes that say why.
type Companion struct {
	Kind    CompanionKind
	Address string // of what declares it: aws_iam_role_policy.x, a logical ID; the role's where the role itself does
	When    string // the condition under which it is so, "" when it always is: see Document.When

	// Role is the address of the role that it belongs to, as Document.Role has it; "" of a provider, and when the code names a
	// role that it does not declare.
	Role string
	// RoleRef is what the code names the role by: its name or its ARN. It is zero where the role itself holds the companion.
	RoleRef Text

	Name Text // of an inline policy, a profile or a SAML provider; of a pod identity association NAMESPACE/SERVICEACCOUNT
	ARN  Text // of a managed policy, a boundary or a provider
	// Policy is the policy of an InlinePolicy, and of a ManagedPolicy or PermissionsBoundary that the code declares; nil
	// otherwise. It is JSON as far as it is known and may be Hidden. It is an identity policy: Parse reads trust policies.
	Policy *Value

	URL Text // of an OIDCProvider: with the scheme or without, as written
	// Audiences are the audiences that an OIDCProvider registers. One that is a hole that may be Many stands for any number of
	// them. None: the provider registers none, and STS refuses every token of it.
	Audiences []Text

	Span  source.Span   // the token that names or holds it: the policy, the ARN, the reference to the role, the URL
	Calls []source.Span // the module calls that lead here, outermost first
}

// A CompanionKind says what a Companion is.
type CompanionKind uint8

const (
	InlinePolicy           CompanionKind = iota + 1 // a policy that is part of the role
	ManagedPolicy                                   // a managed policy that is attached to the role
	PermissionsBoundary                             // the managed policy that bounds what the role may do
	InstanceProfile                                 // lets EC2 instances have the role
	PodIdentityAssociation                          // lets pods of an EKS cluster have the role
	OIDCProvider                                    // whose web identities roles of the account may trust
	SAMLProvider                                    // whose assertions roles of the account may trust
)

var companionKindNames = [...]string{"", "inline policy", "managed policy", "permissions boundary", "instance profile",
	"pod identity association", "OIDC provider", "SAML provider"}

func (k CompanionKind) String() string { return companionKindNames[k] }

// A Case is what is so under one outcome of the conditions that the code does not decide.
type Case struct {
	When       string
	Companions []*Companion
}

// MergeCases returns the companions of all cases, those that are the same in several of them once. One that is the same in
// all of them is so when always holds.
func MergeCases(cases []Case, always string) []*Companion {
	if len(cases) == 1 {
		for _, c := range cases[0].Companions {
			c.When = always
		}
		return cases[0].Companions
	}
	var merged []*Companion
	whens := map[string][]string{}
	index := map[string]int{}
	for _, cs := range cases {
		for _, c := range cs.Companions {
			k := c.key()
			if _, seen := index[k]; !seen {
				index[k] = len(merged)
				merged = append(merged, c)
			}
			if !slices.Contains(whens[k], cs.When) {
				whens[k] = append(whens[k], cs.When)
			}
		}
	}
	for k, i := range index {
		when := strings.Join(whens[k], " or ")
		switch {
		case len(whens[k]) == len(cases):
			when = always
		case always != "" && len(whens[k]) > 1:
			when = always + " and (" + when + ")"
		case always != "":
			when = always + " and " + when
		}
		merged[i].When = when
	}
	return merged
}

// key returns the same string for companions that say the same at the same place.
func (c *Companion) key() string {
	parts := []string{c.Kind.String(), c.Address, c.Role, c.RoleRef.String(), c.Name.String(), c.ARN.String(), c.URL.String(), itoa(c.Span.Start), itoa(c.Span.End)}
	for _, a := range c.Audiences {
		parts = append(parts, a.String())
	}
	if c.Policy != nil {
		parts = append(parts, string(c.Policy.JSON()))
	}
	return strings.Join(parts, "\x00")
}

// SortCompanions sorts companions by place, role and kind.
func SortCompanions(cs []*Companion) {
	slices.SortStableFunc(cs, func(a, b *Companion) int {
		if c := a.Span.Compare(b.Span); c != 0 {
			return c
		}
		if c := strings.Compare(a.Role, b.Role); c != 0 {
			return c
		}
		if c := strings.Compare(a.Address, b.Address); c != 0 {
			return c
		}
		return int(a.Kind) - int(b.Kind)
	})
}

// RoleName returns the name in what code names a role by, its name or its ARN, with holes as Text.String writes them.
func RoleName(ref Text) string {
	s := ref.String()
	if i := strings.Index(s, ":role/"); i >= 0 {
		s = s[i+len(":role/"):]
		if i := strings.LastIndexByte(s, '/'); i >= 0 && !strings.HasSuffix(s, "}") {
			s = s[i+1:]
		}
	}
	return s
}
