package access

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// A Request is a call that asks for the role: who calls, what the call is, and what AWS knows about it.
type Request struct {
	// Principal is the caller: the ARN of an account's root user, a user, a role, a role session, a federated user, a SAML or
	// OIDC provider; a service principal; the domain of a built-in web identity provider; "*" for an anonymous caller.
	Principal string  `json:"principal"`
	Action    string  `json:"action,omitempty"` // "" is sts:AssumeRole
	Context   Context `json:"context"`
}

// A Context holds the condition keys that a request carries. Letter case of a key's name does not matter.
type Context []Attribute

// An Attribute is one condition key of a request with its value. A multivalued key is a list even when it has one value or
// none, and only the operators with ForAllValues and ForAnyValue read it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
type Attribute struct {
	Key    string
	Values []string
	List   bool // the key is multivalued
}

// Get returns the attribute of that name.
func (c Context) Get(key string) (Attribute, bool) {
	for _, a := range c {
		if strings.EqualFold(a.Key, key) {
			return a, true
		}
	}
	return Attribute{}, false
}

// UnmarshalJSON reads an object in which a string is a single-valued key and an array a multivalued one. Numbers and
// booleans stand for their spelling.
func (c *Context) UnmarshalJSON(b []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return err
	}
	*c = make(Context, 0, len(members))
	for key, raw := range members {
		a := Attribute{Key: key}
		if len(raw) > 0 && raw[0] == '[' {
			a.List = true
			var elements []json.RawMessage
			if err := json.Unmarshal(raw, &elements); err != nil {
				return err
			}
			for _, e := range elements {
				s, err := scalar(e)
				if err != nil {
					return fmt.Errorf("read context key %s: %w", key, err)
				}
				a.Values = append(a.Values, s)
			}
		} else {
			s, err := scalar(raw)
			if err != nil {
				return fmt.Errorf("read context key %s: %w", key, err)
			}
			a.Values = []string{s}
		}
		*c = append(*c, a)
	}
	slices.SortFunc(*c, func(a, b Attribute) int { return strings.Compare(a.Key, b.Key) })
	return nil
}

func scalar(raw json.RawMessage) (string, error) {
	switch {
	case len(raw) > 0 && raw[0] == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case len(raw) > 0 && (raw[0] == '{' || raw[0] == '[' || raw[0] == 'n'):
		return "", fmt.Errorf("%s is no string", raw)
	}
	return string(raw), nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (c Context) MarshalJSON() ([]byte, error) {
	members := make(map[string]any, len(c))
	for _, a := range c {
		switch {
		case a.List && a.Values == nil:
			members[a.Key] = []string{}
		case a.List:
			members[a.Key] = a.Values
		default:
			members[a.Key] = a.Values[0]
		}
	}
	return json.Marshal(members)
}

// String returns r as a person writes it: the caller, the action, and the keys as key=value, a multivalued one as
// key=[a, b].
func (r Request) String() string {
	var b strings.Builder
	b.WriteString(r.Principal)
	b.WriteByte(' ')
	b.WriteString(r.action())
	for _, a := range r.Context {
		b.WriteByte(' ')
		b.WriteString(a.String())
	}
	return b.String()
}

// String returns a as key=value, or key=[a, b] when the key is multivalued.
func (a Attribute) String() string {
	if a.List {
		return a.Key + "=[" + strings.Join(a.Values, ", ") + "]"
	}
	return a.Key + "=" + strings.Join(a.Values, "")
}

func (r Request) action() string {
	if r.Action == "" {
		return AssumeRole
	}
	return r.Action
}

// The actions that mean something in a role trust policy. The last three are permissions only: alone they assume nothing,
// but a call that passes session tags, a source identity or a context needs them too.
const (
	AssumeRole                = "sts:AssumeRole"
	AssumeRoleWithSAML        = "sts:AssumeRoleWithSAML"
	AssumeRoleWithWebIdentity = "sts:AssumeRoleWithWebIdentity"
	TagSession                = "sts:TagSession"
	SetSourceIdentity         = "sts:SetSourceIdentity"
	SetContext                = "sts:SetContext"
)

// A World says what the holes of a document stand for. A hole that it does not bind matches nothing.
type World struct {
	OwnAccount, Partition, Region, DNSSuffix, OwnOrganization string
	Unknown                                                   map[string]string // by Hole.Expr
}

// value returns what h stands for.
func (w *World) value(h *policy.Hole) (string, bool) {
	var s string
	switch h.Kind {
	case policy.OwnAccount:
		s = w.OwnAccount
	case policy.Partition:
		s = w.Partition
	case policy.Region:
		s = w.Region
	case policy.DNSSuffix:
		s = w.DNSSuffix
	case policy.OwnOrganization:
		s = w.OwnOrganization
	default:
		s, bound := w.Unknown[h.Expr]
		return s, bound
	}
	return s, s != ""
}

// text returns the string that t is in this world.
func (w *World) text(t policy.Text) (string, bool) {
	if len(t.Parts) == 1 && t.Parts[0].Hole == nil {
		return t.Parts[0].Literal, true
	}
	if t.IsZero() {
		return "", false
	}
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Hole == nil {
			b.WriteString(p.Literal)
			continue
		}
		s, bound := w.value(p.Hole)
		if !bound {
			return "", false
		}
		b.WriteString(s)
	}
	return b.String(), true
}
