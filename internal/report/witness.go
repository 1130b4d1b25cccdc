package report

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/trustvet/trustvet/internal/access"
)

// A jsonWitness is one request that a policy allows.
type jsonWitness struct {
	Caller  string         `json:"caller"`
	Action  string         `json:"action"`
	Context access.Context `json:"context"`
}

func newJSONWitness(r *access.Request) *jsonWitness {
	if r == nil {
		return nil
	}
	w := &jsonWitness{Caller: r.Principal, Action: actionOf(r), Context: r.Context}
	if w.Context == nil {
		w.Context = access.Context{}
	}
	return w
}

func actionOf(r *access.Request) string {
	if r.Action == "" {
		return access.AssumeRole
	}
	return r.Action
}

// witnessText says in words who the witness is: "for example arn:… with sts:ExternalId=x".
func witnessText(r *access.Request) string {
	var b strings.Builder
	caller := r.Principal
	if caller == "*" {
		caller = "an anonymous caller"
	}
	b.WriteString("for example " + caller)
	if action := actionOf(r); action != access.AssumeRole {
		b.WriteString(" by " + action)
	}
	var keys []string
	for _, a := range r.Context {
		keys = append(keys, a.String())
	}
	switch len(keys) {
	case 0:
		b.WriteString(", with no context keys")
	default:
		b.WriteString(", with " + strings.Join(keys, " and "))
	}
	return b.String()
}

// capital returns s with a capital at its beginning.
func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}
