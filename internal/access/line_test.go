package access

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// checkLine checks that a choice among random tests is found exactly when one of the values passes them.
func checkLine(t *testing.T, r *rand.Rand, kind setKind, relations []relation, bounds, values []string) {
	t.Helper()
	for range 3000 {
		var tests []valueTest
		var shown []string
		for range 1 + r.IntN(4) {
			s := &set{kind: kind}
			in := r.IntN(2) == 0
			for range 1 + r.IntN(2) {
				relation, bound := pick(r, relations), pick(r, bounds)
				s.add(relation, bound)
				shown = append(shown, fmt.Sprint(in, relation, bound))
			}
			tests = append(tests, valueTest{s, in})
		}
		want := false
		for _, v := range values {
			want = want || pass(tests, v)
		}
		c := choice{tests, &domain{}}
		value, found, decided := c.find(&budget{left: work})
		if !decided || found != want && !found || found && !pass(tests, value) {
			t.Fatalf("%v: got %q, %v, %v; want %v", shown, value, found, decided, want)
		}
	}
}

func TestNumbersAreFoundBetweenAllBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	bounds := []string{"-1", "0", "1", "1.5", "2", "10", "3600", "x"}
	var values []string
	for i := -8; i <= 8*12; i++ {
		values = append(values, fmt.Sprint(float64(i)/8))
	}
	values = append(values, "3599", "3600", "3601", "no number")
	checkLine(t, r, numberSet, []relation{equal, less, lessOrEqual, greater, greaterOrEqual}, bounds, values)
}

func TestInstantsAreFoundBetweenAllBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 1))
	bounds := []string{"2024-06", "2024-06-01T00:00:01Z", "2024-06-01T02:00:00+02:00", "2024-06-01T00:00:00.5Z", "1717243200", "2025-01-01", "never"}
	var values []string
	start := time.Date(2024, 5, 31, 23, 59, 58, 0, time.UTC)
	for i := range 20 {
		values = append(values, start.Add(time.Duration(i)*time.Second/4).Format(time.RFC3339Nano))
	}
	values = append(values, "2024-06-01T11:59:59Z", "1717243200", "1717243201", "2024-12-31T23:59:59Z", "2025-01-01", "2025-01-02", "no date")
	checkLine(t, r, instantSet, []relation{equal, less, lessOrEqual, greater, greaterOrEqual}, bounds, values)
}

func TestAddressesAreFoundInAllRanges(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 1))
	bounds := []string{"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "203.0.113.0/29", "203.0.113.3/31", "203.0.113.5", "255.255.255.252/30", "::/0", "2001:db8::/126",
		"2001:db8::2", "8000::/1", "1.2.3.4/33"}
	var values []string
	around := func(s string) {
		for a, i := netip.MustParseAddr(s), 0; i < 14 && a.IsValid(); a, i = a.Next(), i+1 {
			values = append(values, a.String())
		}
	}
	around("203.0.112.254")
	around("255.255.255.250")
	around("2001:db7:ffff:ffff:ffff:ffff:ffff:fffe")
	values = append(values, "0.0.0.0", "127.255.255.255", "128.0.0.0", "::", "7fff::", "8000::", "no address")
	checkLine(t, r, addressSet, []relation{equal}, bounds, values)
}

// The smallest space in which ranges can be checked against each other completely: the 256 addresses of a /24.
func TestRangesHaveWhatTheirBitsSay(t *testing.T) {
	for bits := 24; bits <= 32; bits++ {
		for _, host := range []int{0, 1, 77, 200, 255} {
			r, ok := parseRange(fmt.Sprintf("198.51.100.%d/%d", host, bits))
			if !ok {
				t.Fatal(host, bits)
			}
			for i := range 256 {
				a, _ := parseAddress(fmt.Sprintf("198.51.100.%d", i))
				if want := i>>(32-bits) == host>>(32-bits); r.has(a) != want {
					t.Errorf("198.51.100.%d/%d has %s: got %v", host, bits, a, !want)
				}
			}
			if last := r.last(); !r.has(last) || r.has(last.Next()) {
				t.Errorf("198.51.100.%d/%d ends with %s", host, bits, last)
			}
		}
	}
}

func TestSetsAndDecideReadValuesAlike(t *testing.T) {
	values := []string{"0", "-1", "+1", "1.", ".5", "1.50", "1e3", "0x10", "1/2", "", ".", "-", "1717243200", "1717243200.5", "2024-06", "2024-06-01", "2024-06-01T12:00",
		"2024-06-01T12:00Z", "2024-06-01T12:00:00", "2024-06-01T12:00:00Z", "2024-06-01T12:00:00.25Z", "2024-06-01T14:00:00+02:00", "2024-06-01T14:00+02:00", "2024-13-01",
		"2024", "yesterday", "true", "TRUE", "false", "yes", "203.0.113.7", "203.0.113.0/24", "203.0.113.200/24", "2001:db8::1", "2001:0DB8::1", "2001:db8::/32", "::ffff:203.0.113.7",
		"203.0.113.7/33", "1.2.3", "AA==", "AQ==", "A", strings.Repeat("9", 65), "arn:aws:iam::111122223333:role/a", "arn:aws:iam::*:role/*", "arn:*", "*", "a:b:c:d:e:f:g", "a*:b?:c:d:e:*"}
	for _, operator := range []string{"NumericEquals", "NumericLessThan", "NumericGreaterThanEquals", "DateEquals", "DateLessThanEquals", "DateGreaterThan", "Bool", "BinaryEquals",
		"IpAddress", "ArnLike", "StringEquals", "StringLike", "StringEqualsIgnoreCase"} {
		for _, v := range values {
			d := parse(t, fmt.Sprintf(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{%q:{"k":%q}}}]}`, operator, v))
			q := newQuestion(worlds(d)[0], Options{}, true, most(d))
			for _, x := range values {
				want, _ := Decide(d, Request{Principal: "arn:aws:iam::111122223333:user/a", Context: Context{{Key: "k", Values: []string{x}}}}, World{})
				if got := q.statements[0].atoms[0].set.has(x); got != want.OK() {
					t.Errorf("%s %q has %q: got %v", operator, v, x, got)
				}
			}
		}
	}
}
