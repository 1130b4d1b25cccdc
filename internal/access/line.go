package access

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// A relation compares a value of a request with one of a policy.
type relation uint8

const (
	equal relation = iota
	less
	lessOrEqual
	greater
	greaterOrEqual
)

func (r relation) holds(cmp int) bool {
	switch r {
	case equal:
		return cmp == 0
	case less:
		return cmp < 0
	case lessOrEqual:
		return cmp <= 0
	case greater:
		return cmp > 0
	}
	return cmp >= 0
}

// A numberRange is the set of the numbers that have a relation to a bound.
type numberRange struct {
	relation relation
	bound    *big.Rat
}

func (r numberRange) has(n *big.Rat) bool { return r.relation.holds(n.Cmp(r.bound)) }

// parseNumber reads a decimal number.
func parseNumber(s string) (*big.Rat, bool) {
	if s == "" || len(s) > 64 {
		return nil, false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && !(i == 0 && (c == '-' || c == '+')) {
			return nil, false
		}
	}
	return new(big.Rat).SetString(s)
}

// numberText returns n as a decimal number. n is one of the policy, or between two of them and halved once: 70 digits hold it.
func numberText(n *big.Rat) string {
	if n.IsInt() {
		return n.Num().String()
	}
	return strings.TrimRight(n.FloatString(70), "0")
}

// numberCandidates returns the bounds, a number in each gap between two, and one beyond each end.
func numberCandidates(bounds []*big.Rat) []string {
	slices.SortFunc(bounds, func(a, b *big.Rat) int { return a.Cmp(b) })
	one, half := big.NewRat(1, 1), big.NewRat(1, 2)
	var out []string
	for i, n := range bounds {
		if i == 0 {
			out = append(out, numberText(new(big.Rat).Sub(n, one)))
		}
		out = append(out, numberText(n))
		next := new(big.Rat).Add(n, one)
		if i+1 < len(bounds) && next.Cmp(bounds[i+1]) >= 0 {
			next.Add(n, bounds[i+1]).Mul(next, half)
		}
		out = append(out, numberText(next))
	}
	return out
}

// An instantRange is the set of the instants that have a relation to a bound.
type instantRange struct {
	relation relation
	bound    time.Time
}

func (r instantRange) has(t time.Time) bool { return r.relation.holds(t.Compare(r.bound)) }

// parseInstant reads an instant as IAM writes it: a date, a date with a time in UTC or with an offset, or seconds since 1970.
func parseInstant(s string) (time.Time, bool) {
	if n, ok := parseNumber(s); ok {
		seconds := new(big.Int).Quo(n.Num(), n.Denom())
		rest := new(big.Rat).Sub(n, new(big.Rat).SetInt(seconds))
		rest.Mul(rest, big.NewRat(int64(time.Second), 1))
		nanos := new(big.Int).Quo(rest.Num(), rest.Denom())
		if !seconds.IsInt64() || seconds.CmpAbs(big.NewInt(9_000_000_000)) > 0 {
			return time.Time{}, false
		}
		return time.Unix(seconds.Int64(), nanos.Int64()).UTC(), true
	}
	layout := ""
	switch clock := strings.IndexByte(s, 'T'); {
	case clock < 0 && len(s) == len("2006-01"):
		layout = "2006-01"
	case clock < 0:
		layout = time.DateOnly
	default:
		layout = "2006-01-02T15:04"
		if strings.Count(s[clock:], ":") == 2 && !strings.ContainsAny(s[clock:], "+-") || strings.Count(s[clock:], ":") == 3 {
			layout += ":05"
		}
		if strings.ContainsAny(s[clock:], "Z+-") {
			layout += "Z07:00"
		}
	}
	t, err := time.Parse(layout, s)
	return t, err == nil
}

// instantCandidates returns the bounds, an instant in each gap between two, and one beyond each end; each as a date and as
// seconds since 1970.
func instantCandidates(bounds []time.Time) []string {
	slices.SortFunc(bounds, time.Time.Compare)
	var out []string
	add := func(t time.Time) {
		seconds := new(big.Rat).Add(big.NewRat(t.Unix(), 1), big.NewRat(int64(t.Nanosecond()), int64(time.Second)))
		out = append(out, t.UTC().Format(time.RFC3339Nano), numberText(seconds))
	}
	for i, t := range bounds {
		if i == 0 {
			add(t.Add(-time.Second))
		}
		add(t)
		next := t.Add(time.Second)
		if i+1 < len(bounds) && !next.Before(bounds[i+1]) {
			next = t.Add(bounds[i+1].Sub(t) / 2)
		}
		add(next)
	}
	return out
}

// An addressRange is a block of addresses, of one family.
type addressRange struct{ prefix netip.Prefix }

func (r addressRange) has(a netip.Addr) bool { return r.prefix.Contains(a) }

func parseAddress(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a, err == nil
}

// parseRange reads CIDR notation, whose host bits do not matter, or one address.
func parseRange(s string) (addressRange, bool) {
	if !strings.Contains(s, "/") {
		a, ok := parseAddress(s)
		if !ok || a.Zone() != "" {
			return addressRange{}, false
		}
		return addressRange{netip.PrefixFrom(a, a.BitLen())}, true
	}
	p, err := netip.ParsePrefix(s)
	return addressRange{p.Masked()}, err == nil
}

// last returns the last address of the range.
func (r addressRange) last() netip.Addr {
	b := r.prefix.Addr().AsSlice()
	for i := r.prefix.Bits(); i < 8*len(b); i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// addressCandidates returns addresses for documentation, and those at which the answer of a range may change: its first one
// and the first behind it.
func addressCandidates(ranges []addressRange) []string {
	out := []string{"203.0.113.10", "198.51.100.10", "192.0.2.10", "2001:db8::10"}
	for _, r := range ranges {
		first := r.prefix.Addr()
		if second := first.Next(); r.has(second) {
			out = append(out, second.String())
		}
		out = append(out, first.String())
		if next := r.last().Next(); next.IsValid() {
			out = append(out, next.String())
		}
	}
	return append(out, "0.0.0.0", "::")
}

var booleans = [...]string{"true", "false", "neither"}

// candidates returns values of which one passes the tests of the kind if any value does.
func candidates(kind setKind, tests []valueTest) []string {
	var numbers []*big.Rat
	var instants []time.Time
	var addresses []addressRange
	var words []string
	for _, t := range tests {
		if t.set.kind != kind {
			continue
		}
		for _, r := range t.set.numbers {
			numbers = append(numbers, r.bound)
		}
		for _, r := range t.set.instants {
			instants = append(instants, r.bound)
		}
		addresses = append(addresses, t.set.addresses...)
		words = append(words, t.set.words...)
	}
	switch kind {
	case numberSet:
		return append(numberCandidates(numbers), "0", "no number")
	case instantSet:
		return append(instantCandidates(instants), "2026-01-01T00:00:00Z", "no date")
	case addressSet:
		return append(addressCandidates(addresses), "no address")
	case booleanSet:
		return booleans[:]
	}
	out := []string{"AA==", "?"}
	for _, w := range words {
		out = append(out, base64.StdEncoding.EncodeToString([]byte(w)), base64.StdEncoding.EncodeToString([]byte(w+"x")))
	}
	return out
}
