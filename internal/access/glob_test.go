package access

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// randomPattern returns a pattern over a small alphabet, with wildcards.
func randomPattern(r *rand.Rand, letters string, n int) string {
	var b strings.Builder
	for range r.IntN(n + 1) {
		b.WriteByte(letters[r.IntN(len(letters))])
	}
	return b.String()
}

// regexpOf returns the regular expression that matches what an IAM pattern does.
func regexpOf(pattern string, fold bool) *regexp.Regexp {
	s := regexp.QuoteMeta(pattern)
	s = strings.ReplaceAll(s, `\*`, `.*`)
	s = strings.ReplaceAll(s, `\?`, `.`)
	if fold {
		s = "(?i)" + s
	}
	return regexp.MustCompile("(?s)^(?:" + s + ")$")
}

func TestGlobsMatchWhatRegexpMatches(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		pattern, text := randomPattern(r, "aAb:kK*?", 8), randomPattern(r, "aAb:kK", 8)
		fold := r.IntN(2) == 0
		g := starGlob(pattern, fold)
		want := regexpOf(pattern, fold).MatchString(text)
		if got := g.has(text); got != want {
			t.Fatalf("%q has %q (fold %v): got %v", pattern, text, fold, got)
		}
	}
}

func TestLongGlobsMatchToo(t *testing.T) {
	long := strings.Repeat("ab", 40)
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{long + "*", long, true}, {long + "*c", long + "xxc", true}, {long + "*c", long + "xxd", false},
		{"*" + long, "ab" + long, true}, {strings.Repeat("?", 64), strings.Repeat("x", 64), true},
		{strings.Repeat("?", 64), strings.Repeat("x", 63), false}, {strings.Repeat("x", 63) + "*", strings.Repeat("x", 63), true},
		{strings.Repeat("x", 64) + "*y*", strings.Repeat("x", 64) + "zy", true},
	} {
		g := starGlob(test.pattern, false)
		if got := g.has(test.text); got != test.want {
			t.Errorf("%q has %q: got %v", test.pattern, test.text, got)
		}
	}
}

// A search is checked against all texts up to length 5 over the letters of its patterns and one more.
func TestSearchFindsAShortestStringExactlyWhereThereIsOne(t *testing.T) {
	var texts []string
	var grow func(string)
	grow = func(s string) {
		texts = append(texts, s)
		if len(s) < 5 {
			for _, c := range "abz" {
				grow(s + string(c))
			}
		}
	}
	grow("")
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		var s search
		var unions [][]*regexp.Regexp
		var excluded []*regexp.Regexp
		for range 1 + r.IntN(2) {
			var u []*glob
			var ru []*regexp.Regexp
			for range 1 + r.IntN(2) {
				p := randomPattern(r, "ab*?", 4)
				g := starGlob(p, false)
				u, ru = append(u, &g), append(ru, regexpOf(p, false))
			}
			s.unions, unions = append(s.unions, u), append(unions, ru)
		}
		for range r.IntN(3) {
			p := randomPattern(r, "ab*?", 4)
			g := starGlob(p, false)
			s.excluded, excluded = append(s.excluded, &g), append(excluded, regexpOf(p, false))
		}
		inside := func(text string) bool {
			for _, u := range unions {
				any := false
				for _, re := range u {
					any = any || re.MatchString(text)
				}
				if !any {
					return false
				}
			}
			for _, re := range excluded {
				if re.MatchString(text) {
					return false
				}
			}
			return true
		}
		shortest := -1
		for _, text := range texts {
			if inside(text) && (shortest < 0 || len(text) < shortest) {
				shortest = len(text)
			}
		}
		witness, found, decided := s.find(&budget{left: 1 << 20})
		switch {
		case !decided:
			t.Fatalf("%v − %v: undecided", unions, excluded)
		case found && !inside(witness):
			t.Fatalf("%v − %v: %q is not inside", unions, excluded, witness)
		case shortest >= 0 && (!found || len(witness) != shortest):
			t.Fatalf("%v − %v: got %q, %v; there is one of length %d", unions, excluded, witness, found, shortest)
		}
	}
}

func TestSearchGivesUpWhenItsBudgetIsUsedUp(t *testing.T) {
	a, b := starGlob("*a??????????????", false), starGlob("*b??????????????", false)
	s := search{unions: [][]*glob{{&a}, {&b}}}
	if _, found, decided := s.find(&budget{left: 1000}); found || decided {
		t.Errorf("got found %v, decided %v", found, decided)
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("repo:acme/*", "repo:acme/app:*", "repo:acme/x", false)
	f.Add("a?*b", "*", "aéb", true)
	f.Fuzz(func(t *testing.T, in, out, text string, fold bool) {
		if len(in) > 100 || len(out) > 100 {
			return
		}
		in, out, text = strings.ToValidUTF8(in, "x"), strings.ToValidUTF8(out, "x"), strings.ToValidUTF8(text, "x")
		g, h := starGlob(in, fold), starGlob(out, fold)
		if got, want := g.has(text), regexpOf(in, fold).MatchString(text); got != want {
			t.Fatalf("%q has %q (fold %v): got %v", in, text, fold, got)
		}
		s := search{unions: [][]*glob{{&g}}, excluded: []*glob{&h}}
		witness, found, decided := s.find(&budget{left: 1 << 16})
		if found && (!regexpOf(in, fold).MatchString(witness) || regexpOf(out, fold).MatchString(witness)) {
			t.Fatalf("%q − %q (fold %v): %q is not inside", in, out, fold, witness)
		}
		if decided && !found && g.has(text) && !h.has(text) {
			t.Fatalf("%q − %q (fold %v): found empty, but %q is inside", in, out, fold, text)
		}
	})
}
