package access

import (
	"encoding/base64"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// An atom is a condition in the form that the engine calculates with: what it says of a key that is absent, of a single
// value, and of several.
//
// What is not known of its values, holes and policy variables, is left out or stands for everything: whichever makes the atom
// hold more often when it is wide, and less often when it is not. So a wide Allow is never too small, and a Deny that is not
// wide never too large.
type atom struct {
	key       int // index into question.keys
	condition *policy.Condition
	operator  policy.SetOperator
	negated   bool
	ifExists  bool
	null      nullity
	constant  truth
	set       *set
	// inexact is the text of the condition when it holds something that is not known, "" otherwise. Two atoms with the same
	// text hold for the same requests, whatever it is.
	inexact string
}

// A nullity is what the operator Null asks for.
type nullity uint8

const (
	noNull     nullity = 0
	mustLack   nullity = 1
	mustHave   nullity = 2
	eitherNull nullity = mustLack | mustHave
	// neitherNull is Null with a value that is neither true nor false: it never holds.
	neitherNull nullity = 4
)

type truth uint8

const (
	open truth = iota
	yes
	no
)

// A clause is an atom, or its opposite.
type clause struct {
	*atom
	not bool
}

// compiler makes the atoms of one document's statements.
type compiler struct {
	q         *question
	variables bool
}

// atom returns c as an atom.
func (m *compiler) atom(c *policy.Condition, wide bool) *atom {
	a := &atom{condition: c, operator: c.Operator.Set, ifExists: c.Operator.IfExists}
	name, known := m.q.world.text(c.Key)
	a.key = m.q.key(name)
	if !known || !c.Operator.Known {
		a.constant = no
		if c.Operator.Text.Hole() != nil || !known {
			a.inexact = conditionText(c)
			if wide {
				a.constant = yes
			}
		}
		return a
	}
	operator := c.Operator.Name
	if operator == "Null" {
		m.null(a, c, wide)
		return a
	}
	if strings.HasPrefix(operator, "Not") || strings.Contains(operator, "Not") {
		a.negated = true
		operator = strings.Replace(operator, "Not", "", 1)
	}
	a.set = m.set(a, operator, c.Values, wide != a.negated)
	return a
}

func (m *compiler) null(a *atom, c *policy.Condition, wide bool) {
	switch c.Operator.Set {
	case policy.ForAllValues:
		a.constant = yes
		return
	case policy.ForAnyValue:
		a.constant = no
		return
	}
	for _, v := range c.Values {
		s, known := m.q.world.text(v)
		switch {
		case !known:
			a.inexact = conditionText(c)
			if wide {
				a.null |= eitherNull
			}
		case strings.EqualFold(s, "true"):
			a.null |= mustLack
		case strings.EqualFold(s, "false"):
			a.null |= mustHave
		}
	}
	if a.null == 0 {
		a.null = neitherNull
	}
}

// set returns the set of the values under a positive operator.
func (m *compiler) set(a *atom, operator string, values []policy.Text, wide bool) *set {
	s := &set{}
	relation := equal
	switch {
	case strings.HasPrefix(operator, "Numeric"):
		s.kind, relation = numberSet, relationOf(operator[len("Numeric"):])
	case strings.HasPrefix(operator, "Date"):
		s.kind, relation = instantSet, relationOf(operator[len("Date"):])
	case operator == "Bool":
		s.kind = booleanSet
	case operator == "BinaryEquals":
		s.kind = binarySet
	case operator == "IpAddress":
		s.kind = addressSet
	default:
		s.globs = make([]*glob, 0, len(values))
	}
	for i := range values {
		if s.kind == textSet {
			m.addGlob(s, a, operator, &values[i], wide)
			continue
		}
		v, known := m.q.world.text(values[i])
		if !known {
			a.inexact = conditionText(a.condition)
			if wide { // any value at all
				g := starGlob("*", false)
				return &set{globs: []*glob{&g}}
			}
			continue
		}
		s.add(relation, v)
	}
	return s
}

func relationOf(s string) relation {
	switch s {
	case "LessThan":
		return less
	case "LessThanEquals":
		return lessOrEqual
	case "GreaterThan":
		return greater
	case "GreaterThanEquals":
		return greaterOrEqual
	}
	return equal
}

// add adds what v stands for. A value that is not of the operator's type matches nothing.
func (s *set) add(relation relation, v string) {
	switch s.kind {
	case numberSet:
		if n, ok := parseNumber(v); ok {
			s.numbers = append(s.numbers, numberRange{relation, n})
		}
	case instantSet:
		if t, ok := parseInstant(v); ok {
			s.instants = append(s.instants, instantRange{relation, t})
		}
	case addressSet:
		if r, ok := parseRange(v); ok {
			s.addresses = append(s.addresses, r)
		}
	case booleanSet:
		if v = strings.ToLower(v); v == "true" || v == "false" {
			s.words = append(s.words, v)
		}
	case binarySet:
		if b, err := base64.StdEncoding.DecodeString(v); err == nil {
			s.words = append(s.words, string(b))
		}
	}
}

// addGlob adds the strings that v stands for: literal text, wildcards where the operator takes them, and for what is not
// known any text, or nothing at all.
func (m *compiler) addGlob(s *set, a *atom, operator string, v *policy.Text, wide bool) {
	fold := operator == "StringEqualsIgnoreCase"
	if len(v.Parts) == 1 && v.Parts[0].Hole == nil && !strings.ContainsAny(v.Parts[0].Literal, "*?$") && !strings.HasPrefix(operator, "Arn") {
		g := fixedGlob(v.Parts[0].Literal, fold)
		s.globs = append(s.globs, &g)
		return
	}
	b := globBuilder{operator: operator, class: anyChar, tokens: make([]token, 0, 32)}
	if b.arn = strings.HasPrefix(operator, "Arn"); b.arn {
		b.class = notColon
	}
	for _, p := range v.Parts {
		text := p.Literal
		if p.Hole != nil {
			value, bound := m.q.world.value(p.Hole)
			if !bound {
				b.unknown = true
				b.tokens = append(b.tokens, rest)
				b.class = anyChar
				continue
			}
			text = value
		}
		m.addText(&b, text)
	}
	if b.unknown {
		a.inexact = conditionText(a.condition)
		if !wide {
			return
		}
	}
	g := glob{tokens: b.tokens, fold: fold}
	switch {
	case b.unknown:
	case b.arn && len(g.tokens) == 1 && g.tokens[0].star: // "*" is every ARN
		g.tokens = arnShape()
	case b.arn && b.colons < 5:
		return // not an ARN: it matches none
	}
	g.plain = !b.arn
	g.settle()
	s.globs = append(s.globs, &g)
}

// arnShape returns the tokens of every text that has the six parts of an ARN.
func arnShape() []token {
	tokens := literals(make([]token, 0, 16), "arn:")
	for range 4 {
		tokens = append(tokens, token{class: notColon, star: true}, token{r: ':'})
	}
	return append(tokens, rest)
}

type globBuilder struct {
	operator string
	tokens   []token
	arn      bool
	colons   int
	class    charClass // of wildcards here
	unknown  bool
}

// addText adds text of a policy with its variables.
func (m *compiler) addText(b *globBuilder, text string) {
	for text != "" {
		i := -1
		if m.variables {
			i = strings.Index(text, "${")
		}
		end := -1
		if i >= 0 {
			end = strings.IndexByte(text[i:], '}')
		}
		if end < 0 {
			b.add(text, true)
			return
		}
		b.add(text[:i], true)
		switch name := text[i+2 : i+end]; name {
		case "*", "?", "$":
			b.add(name, false)
		default:
			b.unknown = true
			b.tokens = append(b.tokens, rest)
			b.class = anyChar
		}
		text = text[i+end+1:]
	}
}

func (b *globBuilder) add(text string, wildcards bool) {
	wildcards = wildcards && (b.operator == "StringLike" || b.arn)
	for _, r := range text {
		if r == ':' && b.arn {
			if b.colons++; b.colons == 5 {
				b.class = anyChar
			}
		}
		if wildcards {
			b.tokens = appendToken(b.tokens, r, b.class)
		} else {
			b.tokens = append(b.tokens, token{r: r})
		}
	}
}

// conditionText identifies a condition.
func conditionText(c *policy.Condition) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(c.Operator.Text.String()))
	b.WriteByte(0)
	b.WriteString(strings.ToLower(c.Key.String()))
	for _, v := range c.Values {
		b.WriteByte(0)
		b.WriteString(v.String())
	}
	return b.String()
}

// lacking reports what the clause says of a request without the key.
func (c clause) lacking() bool {
	var holds bool
	switch {
	case c.constant != open:
		holds = c.constant == yes
	case c.null != noNull:
		holds = c.null&mustLack != 0
	case c.operator == policy.ForAllValues:
		holds = true
	case c.operator == policy.ForAnyValue:
		holds = false
	default:
		holds = c.negated || c.ifExists
	}
	return holds != c.not
}

// present reports what the clause says of a request because it has the key, and whether that is all it says.
func (c clause) present() (holds, all bool) {
	switch {
	case c.constant != open:
		return (c.constant == yes) != c.not, true
	case c.null != noNull:
		return (c.null&mustHave != 0) != c.not, true
	}
	return true, false
}

// test returns what the clause asks of a single value.
func (c clause) test() valueTest { return valueTest{c.set, c.negated == c.not} }
