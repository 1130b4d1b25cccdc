package access

import (
	"encoding/base64"
	"slices"
	"strings"
)

// A set holds the values that the values of one condition stand for, under its positive operator.
type set struct {
	kind      setKind
	globs     []*glob        // textSet
	numbers   []numberRange  // numberSet
	instants  []instantRange // instantSet
	addresses []addressRange // addressSet
	words     []string       // booleanSet: "true", "false"; binarySet: bytes
}

type setKind uint8

const (
	textSet setKind = iota
	numberSet
	instantSet
	addressSet
	booleanSet
	binarySet
)

// has reports whether the value v of a request is in the set.
func (s *set) has(v string) bool {
	switch s.kind {
	case textSet:
		for _, g := range s.globs {
			if g.has(v) {
				return true
			}
		}
	case numberSet:
		if n, ok := parseNumber(v); ok {
			for _, r := range s.numbers {
				if r.has(n) {
					return true
				}
			}
		}
	case instantSet:
		if t, ok := parseInstant(v); ok {
			for _, r := range s.instants {
				if r.has(t) {
					return true
				}
			}
		}
	case addressSet:
		if a, ok := parseAddress(v); ok {
			for _, r := range s.addresses {
				if r.has(a) {
					return true
				}
			}
		}
	case booleanSet:
		for _, w := range s.words {
			if strings.EqualFold(w, v) {
				return true
			}
		}
	case binarySet:
		b, err := base64.StdEncoding.DecodeString(v)
		for _, w := range s.words {
			if err == nil && w == string(b) {
				return true
			}
		}
	}
	return false
}

// finite reports whether the set is one of single texts: then the candidates of a search are all there are. Booleans are,
// since AWS writes them in lower case.
func (s *set) finite() bool {
	if s.kind != textSet {
		return s.kind == booleanSet
	}
	for _, g := range s.globs {
		if !g.fixed {
			return false
		}
	}
	return true
}

// long returns the number of tokens in the globs that are longer than those people write.
func (s *set) long() int {
	n := 0
	for _, g := range s.globs {
		if len(g.tokens) > 128 {
			n += len(g.tokens)
		}
	}
	return n
}

// A valueTest asks of a value that it is in a set, or that it is not.
type valueTest struct {
	set *set
	in  bool
}

func pass(tests []valueTest, v string) bool {
	for _, t := range tests {
		if t.set.has(v) != t.in {
			return false
		}
	}
	return true
}

// A choice looks for one value that passes tests.
type choice struct {
	tests []valueTest
	*domain
}

// find returns a value that passes all tests, one that looks real where there is one. When there is none, decided says
// whether that is certain.
//
// Within one kind of set the answer is exact. Numbers, instants and addresses lie on a line, on which the answer of a test
// changes only at the bounds that the sets name, so it is enough to try the bounds and a value in each gap; texts are
// searched with the automata of the globs.
func (c *choice) find(b *budget) (value string, found, decided bool) {
	best := ""
	globs, long := 0, 0
	for _, t := range c.tests {
		globs += len(t.set.globs)
		long += t.set.long()
	}
	try := func(v string) (stop bool) {
		if !b.spend(1 + globs + longMatch(len(v), long)) {
			return true
		}
		if found && (c.real == nil || !c.real(v)) || !pass(c.tests, v) {
			return false
		}
		best, found = v, true
		return c.real == nil || c.real(v)
	}
	for _, v := range c.sample {
		if try(v) {
			return best, found, found
		}
	}
	kinds, finite := 0, false
	var have [binarySet + 1]bool
	for _, t := range c.tests {
		if !have[t.set.kind] {
			have[t.set.kind] = true
			kinds++
		}
		if t.in && t.set.finite() {
			finite = true
		}
	}
	if have[textSet] {
		if !b.spend(globs * globs / 32) { // each glob is compared with each other
			return best, found, found
		}
		if c.apart() {
			return best, found, true
		}
	}
	fills := 0
	for _, fixed := range [...]bool{false, true} { // the broadest example first
		for _, t := range c.tests {
			if !t.in || t.set.kind != textSet {
				continue
			}
			for _, g := range t.set.globs {
				if g.fixed != fixed || !fixed && fills > maxFills {
					continue
				}
				if c.fill(g, func(v string) bool {
					if !fixed {
						fills++
					}
					return !fixed && fills > maxFills || try(v)
				}) && b.left <= 0 || found && (!fixed || c.looksReal(best)) { // one that does not look real will do
					return best, found, found
				}
			}
		}
	}
	for _, kind := range [...]setKind{numberSet, instantSet, addressSet, booleanSet, binarySet} {
		if have[kind] {
			for _, v := range candidates(kind, c.tests) {
				if try(v) {
					return best, found, found
				}
			}
		}
	}
	if found || finite {
		return best, found, true
	}
	if kinds == 0 {
		return "example", true, true
	}
	if kinds > 1 {
		return "", false, false
	}
	if !have[textSet] {
		return "", false, true
	}
	return c.search(b)
}

func (c *choice) looksReal(v string) bool { return c.real == nil || c.real(v) }

// search asks the automata.
func (c *choice) search(b *budget) (string, bool, bool) {
	var s search
	for _, t := range c.tests {
		if !t.in {
			s.excluded = append(s.excluded, t.set.globs...)
		}
	}
	for _, t := range c.tests {
		if !t.in {
			continue
		}
		u := make([]*glob, 0, len(t.set.globs))
		for _, g := range t.set.globs {
			if !covered(g, s.excluded) {
				u = append(u, g)
			}
		}
		if len(u) == 0 {
			return "", false, true
		}
		s.unions = append(s.unions, u)
	}
	for _, g := range s.excluded {
		if g.every() {
			return "", false, true
		}
	}
	// One search for each glob of the largest union is less work than one with all of them at once, whose states multiply.
	largest := 0
	for i, u := range s.unions {
		if len(u) > len(s.unions[largest]) {
			largest = i
		}
	}
	if len(s.unions) == 0 {
		return s.find(b)
	}
	for _, g := range s.unions[largest] {
		one := search{unions: [][]*glob{{g}}, excluded: s.excluded}
		empty := false
		for i, u := range s.unions {
			if i != largest && !covered(g, u) {
				one.unions = append(one.unions, u)
				empty = empty || disjoint(u, one.unions[0])
			}
		}
		if empty {
			continue
		}
		if value, found, decided := one.find(b); found || !decided {
			return value, found, decided
		}
	}
	return "", false, true
}

// apart reports whether two of the sets that a value must be in have nothing in common, or one that it must be in lies in
// those that it must not be in, as far as that shows at once.
func (c *choice) apart() bool {
	for i, t := range c.tests {
		if !t.in || t.set.kind != textSet {
			continue
		}
		outside := slices.ContainsFunc(t.set.globs, func(g *glob) bool {
			return !slices.ContainsFunc(c.tests, func(o valueTest) bool { return !o.in && o.set.kind == textSet && covered(g, o.set.globs) })
		})
		if !outside {
			return true
		}
		for _, o := range c.tests[i+1:] {
			if o.in && o.set.kind == textSet && disjoint(t.set.globs, o.set.globs) {
				return true
			}
		}
	}
	return false
}

// disjoint reports whether no glob of one union can have a string with one of the other, as their beginnings or their ends
// tell.
func disjoint(u, o []*glob) bool {
	for _, g := range u {
		for _, h := range o {
			if g.fold || h.fold || !differ(g.all(), h.all()) {
				return false
			}
		}
	}
	return true
}

// differ reports whether the tokens before the first star, or those behind the last one, exclude each other.
func differ(a, b []token) bool {
	excludes := func(x, y token) bool {
		return x.class == literal && !y.has(x.r, false) || y.class == literal && !x.has(y.r, false)
	}
	for i := 0; i < min(len(a), len(b)) && !a[i].star && !b[i].star; i++ {
		if excludes(a[i], b[i]) {
			return true
		}
	}
	for i := 1; i <= min(len(a), len(b)); i++ {
		x, y := a[len(a)-i], b[len(b)-i]
		if x.star || y.star {
			break
		}
		if excludes(x, y) {
			return true
		}
	}
	return false
}

// covered reports whether one of the globs is the same as g or has every string: the cases that need no automaton.
func covered(g *glob, globs []*glob) bool {
	for _, h := range globs {
		if h.every() || g == h || g.fixed && h.has(g.text) || h.fold == g.fold && !g.fixed && !h.fixed && sameTokens(g.tokens, h.tokens) {
			return true
		}
	}
	return false
}

func sameTokens(a, b []token) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// fill tries strings of g, with plausible texts for the wildcards. It reports whether try said to stop.
func (c *choice) fill(g *glob, try func(string) bool) bool {
	if g.fixed {
		return try(g.text)
	}
	fillers, firsts := c.filler, c.first
	if len(fillers) == 0 {
		fillers = plainFillers
	}
	if len(firsts) == 0 {
		firsts = fillers
	}
	stars := 0
	for _, t := range g.tokens {
		if t.star && t.class <= notColon {
			stars++
		}
	}
	switch stars {
	case 0:
		return try(fillGlob(g, "", "", c.account))
	case 1:
		for _, f := range fillers {
			if try(fillGlob(g, f, f, c.account)) {
				return true
			}
		}
	default:
		for n := range min(len(firsts)*len(fillers), maxFills) {
			if try(fillGlob(g, firsts[n%len(firsts)], fillers[n/len(firsts)], c.account)) {
				return true
			}
		}
	}
	return try(fillGlob(g, "", "", c.account))
}

// maxFills bounds the tries to fill globs with plausible texts before the automata are asked.
const maxFills = 100

var plainFillers = []string{"example", "x"}

// fillGlob returns the string of g in which the last wildcard for any text is last and those before it are first. In the
// place of an ARN's region or account a wildcard becomes such a one.
func fillGlob(g *glob, first, last, account string) string {
	if account == "" {
		account = exampleOther
	}
	arn := len(g.tokens) > 4 && g.tokens[0].r == 'a' && g.tokens[1].r == 'r' && g.tokens[2].r == 'n' && g.tokens[3].r == ':'
	colons := 0
	lastStar := -1
	for i, t := range g.tokens {
		if t.star && t.class <= notColon {
			lastStar = i
		}
	}
	var b strings.Builder
	b.Grow(len(g.tokens) + len(last) + len(first))
	for i, t := range g.tokens {
		switch {
		case t.class == literal:
			b.WriteRune(t.r)
			if t.r == ':' {
				colons++
			}
		case arn && t.star && t.class == notColon && colons == 3:
			b.WriteString("us-east-1")
		case arn && t.star && t.class == notColon && colons == 4:
			b.WriteString(account)
		case !t.star:
			b.WriteByte(t.class.example(b.Len()))
		case last != "" && i > 0 && i+1 < len(g.tokens) && g.tokens[i-1] == (token{r: '@'}) && strings.HasPrefix(b.String(), "repo:"):
			b.WriteString("123456") // the ID of an owner or a repository on GitHub
		case i == lastStar:
			b.WriteString(last)
		case t.class <= notColon:
			b.WriteString(first)
		}
	}
	return b.String()
}

// example returns a character of the class, not always the same one.
func (c charClass) example(i int) byte {
	switch c {
	case digit:
		return "9876543210"[i%10]
	case lowerWord:
		return "a1b2c3d4e5"[i%10]
	case upperWord:
		return "A1B2C3D4E5"[i%10]
	}
	return "example"[i%7]
}
