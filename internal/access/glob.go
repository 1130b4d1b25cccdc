package access

import (
	"encoding/binary"
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// A glob is a set of strings: literal characters, one character of a class, any number of characters of a class. IAM's * and
// ? are the two with the class of all characters.
type glob struct {
	tokens []token
	fold   bool   // letter case does not matter
	text   string // the only string of the set, when fixed
	fixed  bool
	plain  bool // every star is one of all characters: one way back is enough to match
}

type token struct {
	r     rune // the literal character when class is literal
	class charClass
	star  bool // any number of them, none included
}

type charClass uint8

const (
	literal   charClass = iota
	anyChar             // every character
	notColon            // what * and ? stand for in the first five parts of an ARN
	digit               // 0-9
	lowerWord           // 0-9 a-z
	upperWord           // 0-9 A-Z
	nameChar            // what names of users, roles and sessions are made of: \w+=,.@-
)

func (c charClass) has(r rune) bool {
	switch c {
	case anyChar:
		return true
	case notColon:
		return r != ':'
	case digit:
		return r >= '0' && r <= '9'
	case lowerWord:
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z'
	case upperWord:
		return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z'
	case nameChar:
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r == '+' || r == '=' || r == ',' ||
			r == '.' || r == '@' || r == '-'
	}
	return false
}

func (t token) has(r rune, fold bool) bool {
	if t.class != literal {
		return t.class.has(r)
	}
	return t.r == r || fold && foldRune(t.r) == foldRune(r)
}

// foldRune returns the smallest character that equals r when letter case does not matter.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'a' && r <= 'z' {
			// K and S have a third form beyond ASCII, which is larger.
			return r - 'a' + 'A'
		}
		return r
	}
	smallest := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		smallest = min(smallest, f)
	}
	return smallest
}

// fixedGlob returns the set of the one string s.
func fixedGlob(s string, fold bool) glob {
	g := glob{fold: fold, text: s, fixed: !fold}
	if fold {
		g.tokens = literals(nil, s)
	}
	return g
}

// starGlob returns the set of the strings that match s, in which * and ? are wildcards.
func starGlob(s string, fold bool) glob {
	g := glob{fold: fold}
	g.tokens = wildcards(make([]token, 0, len(s)), s, anyChar)
	g.plain = true
	g.settle()
	return g
}

// settle recognizes a glob without wildcards.
func (g *glob) settle() {
	if g.fold {
		return
	}
	n := 0
	for _, t := range g.tokens {
		if t.class != literal {
			return
		}
		n += utf8.RuneLen(t.r)
	}
	b := make([]byte, 0, n)
	for _, t := range g.tokens {
		b = utf8.AppendRune(b, t.r)
	}
	g.text, g.fixed = string(b), true
}

func literals(tokens []token, s string) []token {
	for _, r := range s {
		tokens = append(tokens, token{r: r})
	}
	return tokens
}

// wildcards appends the tokens of s, in which * and ? stand for characters of class.
func wildcards(tokens []token, s string, class charClass) []token {
	for _, r := range s {
		tokens = appendToken(tokens, r, class)
	}
	return tokens
}

func appendToken(tokens []token, r rune, class charClass) []token {
	switch r {
	case '*':
		star := token{class: class, star: true}
		if n := len(tokens); n > 0 && tokens[n-1] == star {
			return tokens
		}
		return append(tokens, star)
	case '?':
		return append(tokens, token{class: class})
	}
	return append(tokens, token{r: r})
}

// all returns the tokens, also of a fixed glob.
func (g *glob) all() []token {
	if g.fixed && g.tokens == nil {
		g.tokens = literals(nil, g.text)
	}
	return g.tokens
}

// has reports whether s is in the set.
func (g *glob) has(s string) bool {
	if g.fixed {
		return g.text == s
	}
	if g.plain {
		return g.hasPlain(s)
	}
	var room [4]uint64
	m := newMachine(g, room[:0])
	for _, r := range s {
		if !m.step(g, r) {
			return false
		}
	}
	return m.accepts(g)
}

// hasPlain is has for plain globs: a star that reads too little is the last one, since the others could not read better.
func (g *glob) hasPlain(s string) bool {
	t, star, mark := 0, -1, 0
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		switch {
		case t < len(g.tokens) && g.tokens[t].star:
			star, mark = t, i
			t++
		case t < len(g.tokens) && g.tokens[t].has(r, g.fold):
			t++
			i += size
		case star >= 0:
			_, size := utf8.DecodeRuneInString(s[mark:])
			mark += size
			t, i = star+1, mark
		default:
			return false
		}
	}
	for t < len(g.tokens) && g.tokens[t].star {
		t++
	}
	return t == len(g.tokens)
}

// every reports whether the set is that of all strings.
func (g *glob) every() bool {
	return len(g.tokens) == 1 && g.tokens[0] == token{class: anyChar, star: true}
}

// A machine is the set of the places in a glob's tokens that a text read so far may have reached: a bit each, bit len(tokens)
// for the end.
type machine []uint64

func newMachine(g *glob, room []uint64) machine {
	words := (len(g.all()) + 64) / 64
	m := machine(room)
	for len(m) < words {
		m = append(m, 0)
	}
	m[0] = 1
	m.skip(g)
	return m
}

// skip adds the places that are reached by reading no character for a star, and drops those that no longer matter: once a *
// is reached, it can read whatever the places before it could.
func (m machine) skip(g *glob) {
	last := -1
	for w := range m {
		for left := m[w]; left != 0; {
			bit := left & -left
			left &^= bit
			i := w*64 + bits.TrailingZeros64(bit)
			if i >= len(g.tokens) || !g.tokens[i].star {
				continue
			}
			if bit == 1<<63 {
				m[w+1] |= 1
			} else {
				m[w] |= bit << 1
				left |= bit << 1
			}
			if g.tokens[i].class == anyChar {
				last = i
			}
		}
	}
	if last > 0 {
		clear(m[:last/64])
		m[last/64] &^= 1<<(last%64) - 1
	}
}

// step reads one character. It reports whether the text may still become one of the set.
func (m machine) step(g *glob, r rune) bool {
	var carry, alive uint64
	for w := range m {
		next := carry
		carry = 0
		for left := m[w]; left != 0; {
			bit := left & -left
			left &^= bit
			i := w*64 + bits.TrailingZeros64(bit)
			switch {
			case i >= len(g.tokens) || !g.tokens[i].has(r, g.fold):
			case g.tokens[i].star:
				next |= bit
			case bit == 1<<63:
				carry = 1
			default:
				next |= bit << 1
			}
		}
		m[w] = next
		alive |= next
	}
	if alive != 0 {
		m.skip(g)
	}
	return alive != 0
}

func (m machine) accepts(g *glob) bool {
	end := len(g.tokens)
	return m[end/64]&(1<<(end%64)) != 0
}

// A search asks for a string that lies in one glob of every union and in none of the globs that are excluded.
type search struct {
	unions   [][]*glob
	excluded []*glob
}

// find returns a shortest string of the search, "" and false when there is none. It gives up, with decided false, when the
// budget is used up. Each step reads one character with all globs at once; a state that was reached before is not
// followed again.
func (s *search) find(b *budget) (witness string, found, decided bool) {
	var globs []*glob
	for _, u := range s.unions {
		globs = append(globs, u...)
	}
	globs = append(globs, s.excluded...)
	offsets := make([]int, len(globs)+1)
	start := make([]uint64, 0, len(globs))
	for i, g := range globs {
		m := newMachine(g, nil)
		start = append(start, m...)
		offsets[i+1] = len(start)
	}
	tokens := 0
	for _, g := range globs {
		tokens += len(g.tokens)
	}
	if !b.spend(1 + tokens/4) {
		return "", false, false
	}
	alphabet := alphabetOf(globs)
	type node struct {
		state  []uint64
		parent int
		r      rune
	}
	accepts := func(state []uint64) bool {
		i := 0
		for _, u := range s.unions {
			any := false
			for range u {
				any = any || machine(state[offsets[i]:offsets[i+1]]).accepts(globs[i])
				i++
			}
			if !any {
				return false
			}
		}
		for ; i < len(globs); i++ {
			if machine(state[offsets[i]:offsets[i+1]]).accepts(globs[i]) {
				return false
			}
		}
		return true
	}
	key := make([]byte, 0, 8*len(start))
	keyOf := func(state []uint64) []byte {
		key = key[:0]
		for _, w := range state {
			key = binary.LittleEndian.AppendUint64(key, w)
		}
		return key
	}
	seen := map[string]bool{string(keyOf(start)): true}
	nodes := []node{{state: start, parent: -1}}
	next := make([]uint64, len(start))
	for at := 0; at < len(nodes); at++ {
		if accepts(nodes[at].state) {
			var reversed []rune
			for i := at; nodes[i].parent >= 0; i = nodes[i].parent {
				reversed = append(reversed, nodes[i].r)
			}
			b := make([]byte, 0, len(reversed))
			for i := len(reversed) - 1; i >= 0; i-- {
				b = utf8.AppendRune(b, reversed[i])
			}
			return string(b), true, true
		}
		places := 0
		for _, w := range nodes[at].state {
			places += bits.OnesCount64(w)
		}
		for _, r := range alphabet {
			if !b.spend(len(start) + places/16) {
				return "", false, false
			}
			copy(next, nodes[at].state)
			if !s.step(globs, offsets, next, r) {
				continue
			}
			k := keyOf(next)
			if !seen[string(k)] {
				seen[string(k)] = true
				nodes = append(nodes, node{append([]uint64(nil), next...), at, r})
			}
		}
	}
	return "", false, true
}

// step reads r with all globs. It reports whether every union may still be satisfied.
func (s *search) step(globs []*glob, offsets []int, state []uint64, r rune) bool {
	i := 0
	for _, u := range s.unions {
		alive := false
		for range u {
			alive = machine(state[offsets[i]:offsets[i+1]]).step(globs[i], r) || alive
			i++
		}
		if !alive {
			return false
		}
	}
	for ; i < len(globs); i++ {
		machine(state[offsets[i]:offsets[i+1]]).step(globs[i], r)
	}
	return true
}

// representatives are characters of every class and of none, the plainest first. Two characters that no glob names and that
// are in the same classes cannot be told apart, so one of each kind is enough.
var representatives = [...]string{"xyzwvuabcdefghijklmnopqrst", "0123456789", "XYZABCDEFGHIJKLMNOPQRSTUVW", "-._+=,@", ":", "/!#%&()<>[]{}|~^", "\u00e9\u00e8\u00ea\u00eb"}

// alphabetOf returns the characters that globs name and one representative of each kind of the others.
func alphabetOf(globs []*glob) []rune {
	var alphabet []rune
	named := map[rune]bool{}
	add := func(r rune) {
		if !named[r] {
			named[r] = true
			alphabet = append(alphabet, r)
		}
	}
	for _, g := range globs {
		for _, t := range g.tokens {
			if t.class != literal {
				continue
			}
			add(t.r)
			if g.fold {
				for f := unicode.SimpleFold(t.r); f != t.r; f = unicode.SimpleFold(f) {
					add(f)
				}
			}
		}
	}
	var others []rune
	for _, kind := range representatives {
		for _, r := range kind {
			if !named[r] {
				others = append(others, r)
				break
			}
		}
	}
	return append(others, alphabet...)
}

// A budget bounds the work on one question. Past it the answer is "undecided". Work is counted in units of some 100 ns, so
// that the same policy has the same answer on every machine.
type budget struct {
	left  int
	spent *int // see Options.Work; nil when nobody asks
}

func (b *budget) spend(n int) bool {
	b.left -= n
	if b.spent != nil {
		*b.spent += n
	}
	return b.left > 0
}

// longMatch returns what it costs to match a text of that many bytes with long globs (see set.long), over and above one unit
// for each glob. After a star all of the text may have to be read again for each token.
func longMatch(text, tokens int) int { return text * tokens / 64 }
