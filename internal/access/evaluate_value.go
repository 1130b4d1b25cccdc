package access

import (
	"bytes"
	"encoding/base64"
	"math/big"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"
)

// wildcardMatch says whether s matches pattern, in which * stands for any text and ? for one character, save where literal
// says that a byte of the pattern stands for itself. literal is nil when none does.
func wildcardMatch(pattern string, literal []bool, s string) bool {
	is := func(p int, wildcard byte) bool {
		return p < len(pattern) && pattern[p] == wildcard && (literal == nil || !literal[p])
	}
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case is(p, '*'):
			star, mark = p, i
			p++
		case is(p, '?'):
			p++
			i += size
		case p < len(pattern) && pattern[p] == s[i]:
			p++
			i++
		case star >= 0:
			_, size := utf8.DecodeRuneInString(s[mark:])
			mark += size
			p, i = star+1, mark
		default:
			return false
		}
	}
	for is(p, '*') {
		p++
	}
	return p == len(pattern)
}

// An expansion is the value of a condition with its variables replaced: pieces of literal text, and of a pattern in which *
// and ? are wildcards where the operator takes them. What a variable stands for is literal.
type expansion []piece

type piece struct {
	text    string
	pattern bool
}

// text returns the expansion where the operator takes no wildcards.
func (x expansion) text() string {
	if len(x) == 1 {
		return x[0].text
	}
	var b strings.Builder
	for _, p := range x {
		b.WriteString(p.text)
	}
	return b.String()
}

// match says whether s matches the expansion with its wildcards.
func (x expansion) match(s string) bool {
	if len(x) == 1 && x[0].pattern {
		return wildcardMatch(x[0].text, nil, s)
	}
	text := x.text()
	literal := make([]bool, 0, len(text))
	for _, p := range x {
		for range len(p.text) {
			literal = append(literal, !p.pattern)
		}
	}
	return wildcardMatch(text, literal, s)
}

func (e *evaluator) hasVariable(v string) bool { return e.variables && strings.Contains(v, "${") }

// expand replaces the policy variables of v: ${key}, ${key, 'default'}, and ${*}, ${?}, ${$} for the characters themselves.
// It reports false when a variable has no value and no default.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func (e *evaluator) expand(v string) (expansion, bool) {
	if !e.hasVariable(v) {
		return expansion{{v, true}}, true
	}
	var x expansion
	for {
		before, rest, found := strings.Cut(v, "${")
		variable, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return append(x, piece{v, true}), true
		}
		if before != "" {
			x = append(x, piece{before, true})
		}
		value, ok := e.variable(variable)
		if !ok {
			return nil, false
		}
		x = append(x, piece{value, false})
		v = after
		if v == "" {
			return x, true
		}
	}
}

// variable returns what ${name} stands for.
func (e *evaluator) variable(name string) (string, bool) {
	switch name {
	case "*", "?", "$":
		return name, true
	}
	key, fallback, hasDefault := strings.Cut(name, ",")
	a, present := e.request.Context.Get(strings.TrimSpace(key))
	if present && !a.List { // only single-valued keys are variables
		return a.Values[0], true
	}
	fallback = strings.TrimSpace(fallback)
	if hasDefault && len(fallback) >= 2 && fallback[0] == '\'' && fallback[len(fallback)-1] == '\'' {
		return fallback[1 : len(fallback)-1], true
	}
	return "", false
}

// arnMatch compares ARNs part by part: ArnEquals and ArnLike take wildcards, which do not reach beyond the colons of the
// first five parts. The pattern "*" matches every ARN.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
func arnMatch(pattern expansion, s string) bool {
	want, have := pattern.split(6), strings.SplitN(s, ":", 6)
	if pattern.text() == "*" {
		return len(have) == 6 && have[0] == "arn"
	}
	if len(want) != 6 || len(have) != 6 {
		return false
	}
	for i := range want {
		if !want[i].match(have[i]) {
			return false
		}
	}
	return true
}

// split cuts the expansion at colons into at most n parts.
func (x expansion) split(n int) []expansion {
	parts := []expansion{nil}
	for _, p := range x {
		for {
			before, after, found := strings.Cut(p.text, ":")
			if !found || len(parts) == n {
				break
			}
			parts[len(parts)-1] = append(parts[len(parts)-1], piece{before, p.pattern})
			parts = append(parts, nil)
			p.text = after
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], p)
	}
	return parts
}

// compareNumbers compares two decimal numbers.
func compareNumbers(x, v string) (int, bool) {
	a, ok := number(x)
	b, ok2 := number(v)
	if !ok || !ok2 {
		return 0, false
	}
	return a.Cmp(b), true
}

func number(s string) (*big.Rat, bool) {
	if len(s) > 64 || strings.ContainsAny(s, "/xXbBoOpPeE_") {
		return nil, false // big.Rat reads fractions, other bases and huge exponents
	}
	return new(big.Rat).SetString(s)
}

// compareDates compares two instants.
func compareDates(x, v string) (int, bool) {
	a, ok := date(x)
	b, ok2 := date(v)
	if !ok || !ok2 {
		return 0, false
	}
	return a.Compare(b), true
}

// dateLayouts are the forms of ISO 8601 that the W3C note on dates has. Seconds may have a fraction.
// https://www.w3.org/TR/NOTE-datetime
var dateLayouts = [...]string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02", "2006-01"}

// date reads an instant: ISO 8601, UTC where it names no zone, or seconds since 1970.
func date(s string) (time.Time, bool) {
	if n, ok := number(s); ok {
		n.Mul(n, big.NewRat(1e9, 1))
		nanos := new(big.Int).Quo(n.Num(), n.Denom())
		if !nanos.IsInt64() {
			return time.Time{}, false
		}
		return time.Unix(0, nanos.Int64()).UTC(), true
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// inRange says whether the address x lies in the range v: CIDR notation, whose host bits do not matter, or one address.
func inRange(x, v string) bool {
	a, err := netip.ParseAddr(x)
	if err != nil {
		return false
	}
	if r, err := netip.ParsePrefix(v); err == nil {
		return r.Masked().Contains(a)
	}
	r, err := netip.ParseAddr(v)
	return err == nil && a == r
}

// sameBytes compares values of type binary, which are base64.
func sameBytes(v, x string) bool {
	a, err := base64.StdEncoding.DecodeString(v)
	b, err2 := base64.StdEncoding.DecodeString(x)
	return err == nil && err2 == nil && bytes.Equal(a, b)
}
