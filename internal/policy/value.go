package policy

import (
	"github.com/trustvet/trustvet/internal/source"
)

// A Value is JSON as far as it is known: what every extractor hands over, whatever the language the policy is written in.
type Value struct {
	Kind     Kind
	Text     Text     // of a String, a Number or a Bool, as it is spelled
	Hole     *Hole    // of a Hidden value
	Elements []*Value // of an Array
	Members  []Member // of an Object, in the order written, with those of the same name
	// Many: as an element of an Array it stands for any number of elements of this form, none included: code makes it for
	// each element of a collection that is not known.
	Many bool

	Span source.Span   // where it is written: a string without its quotes, an array and an object with their brackets
	Via  []source.Span // what it came through on its way here
}

// A Member is a name and its value in an Object. A Member whose Key is one hole that may be Many stands for members that
// are not known; its Value is then Hidden.
type Member struct {
	Key   Text
	Value *Value
}

// A Kind is the JSON type of a Value.
type Kind uint8

const (
	Null Kind = iota
	Bool
	Number
	StringKind
	Array
	Object
	Hidden // not known: of any type, or in an array or object any number of elements or members
)

var kindNames = [...]string{"null", "a boolean", "a number", "a string", "a list", "an object", "an unknown value"}

func (k Kind) String() string { return kindNames[k] }

// Scalar reports whether v is a string, number or boolean, known or not.
func (v *Value) Scalar() bool { return v.Kind == StringKind || v.Kind == Number || v.Kind == Bool }

// Member returns the value of the last member of that name, nil when there is none. The last one counts: it is what AWS,
// Terraform and every common JSON parser keep.
func (v *Value) Member(name string) *Value {
	for i := len(v.Members) - 1; i >= 0; i-- {
		if v.Members[i].Key.Is(name) {
			return v.Members[i].Value
		}
	}
	return nil
}

// hidden returns a value that is not known.
func hidden(p Part) *Value {
	return &Value{Kind: Hidden, Hole: p.Hole, Span: p.Span}
}

// A Leaf is a scalar of a Value and the way to it.
type Leaf struct {
	Path  string // Statement[0].Principal.AWS[0]
	Value *Value
}

// Leaves returns the scalars of v in the order written.
func (v *Value) Leaves() []Leaf {
	var leaves []Leaf
	v.walk("", func(path string, leaf *Value) { leaves = append(leaves, Leaf{path, leaf}) })
	return leaves
}

// Count returns the number of values in v, itself with it, or some number above most as soon as there are more.
func (v *Value) Count(most int) int {
	n := 1
	for _, e := range v.Elements {
		if n > most {
			return n
		}
		n += e.Count(most - n)
	}
	for _, m := range v.Members {
		if n > most {
			return n
		}
		n += m.Value.Count(most - n)
	}
	return n
}

// size returns the bytes of the names and strings in v.
func (v *Value) size() int {
	n := v.Text.size()
	for _, e := range v.Elements {
		n += e.size()
	}
	for _, m := range v.Members {
		n += m.Key.size() + m.Value.size()
	}
	return n
}

func (v *Value) walk(path string, visit func(string, *Value)) {
	switch v.Kind {
	case Array:
		for i, e := range v.Elements {
			e.walk(path+"["+itoa(i)+"]", visit)
		}
	case Object:
		prefix := path
		if path != "" {
			prefix += "."
		}
		for _, m := range v.Members {
			m.Value.walk(prefix+m.Key.String(), visit)
		}
	default:
		visit(path, v)
	}
}
