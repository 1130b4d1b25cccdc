package policy

import (
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"
)

func itoa(i int) string { return strconv.Itoa(i) }

// JSON returns v as compact JSON. What is not known is printed as "${expression}". Of members with the same name only the
// last one is printed.
func (v *Value) JSON() []byte { return v.appendJSON(nil) }

func (v *Value) appendJSON(b []byte) []byte {
	switch v.Kind {
	case Null:
		return append(b, "null"...)
	case Bool, Number:
		if s, known := v.Text.Literal(); known && json.Valid([]byte(s)) {
			return append(b, s...)
		}
		return appendString(b, v.Text.String())
	case StringKind:
		return appendString(b, v.Text.String())
	case Hidden:
		return appendString(b, v.Hole.String())
	case Array:
		b = append(b, '[')
		for i, e := range v.Elements {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.appendJSON(b)
			if e.Many && (e.Kind == Object || e.Kind == Array) {
				b = append(b, `,"${any number of these}"`...)
			}
		}
		return append(b, ']')
	}
	b = append(b, '{')
	first := true
	hides := v.hiddenMembers()
	for i, m := range v.Members {
		if hides[i] {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(appendString(b, m.Key.String()), ':')
		b = m.Value.appendJSON(b)
	}
	return append(b, '}')
}

// hiddenMembers reports by index the members of v that a later one of the same name hides, nil when there are none.
func (v *Value) hiddenMembers() map[int]bool {
	if !v.mayRepeat() {
		return nil
	}
	var hides map[int]bool
	last := make(map[string]int, len(v.Members))
	for i := len(v.Members) - 1; i >= 0; i-- {
		name := v.Members[i].Key.String()
		if _, ok := last[name]; ok {
			if hides == nil {
				hides = map[int]bool{}
			}
			hides[i] = true
			continue
		}
		last[name] = i
	}
	return hides
}

// mayRepeat reports whether v may have a member twice. Hardly any object has, and to see that of a few names takes no table.
func (v *Value) mayRepeat() bool {
	var names [16]string
	few := min(len(v.Members), len(names))
	for i := range few {
		names[i] = v.Members[i].Key.String()
		if slices.Contains(names[:i], names[i]) {
			return true
		}
	}
	return len(v.Members) > few
}

// mayRepeatWithin is mayRepeat at any depth.
func (v *Value) mayRepeatWithin() bool {
	if v.mayRepeat() || slices.ContainsFunc(v.Elements, (*Value).mayRepeatWithin) {
		return true
	}
	for i := range v.Members {
		if v.Members[i].Value.mayRepeatWithin() {
			return true
		}
	}
	return false
}

// A Duplicate is a member that a later one of the same name hides.
type Duplicate struct {
	Hidden, Kept Member
	Path         string // of the object that holds both: Statement[0].Condition
}

// Duplicates returns the members in v, at any depth, that a later one of the same name hides.
func (v *Value) Duplicates() []Duplicate {
	if !v.mayRepeatWithin() {
		return nil
	}
	var dups []Duplicate
	v.duplicates("", &dups)
	return dups
}

func (v *Value) duplicates(path string, dups *[]Duplicate) {
	for i, e := range v.Elements {
		e.duplicates(path+"["+itoa(i)+"]", dups)
	}
	hides := v.hiddenMembers()
	prefix := path
	if path != "" {
		prefix += "."
	}
	for i, m := range v.Members {
		name := m.Key.String()
		if hides[i] {
			for j := len(v.Members) - 1; j > i; j-- {
				if v.Members[j].Key.String() == name {
					*dups = append(*dups, Duplicate{Hidden: m, Kept: v.Members[j], Path: path})
					break
				}
			}
			continue
		}
		m.Value.duplicates(prefix+name, dups)
	}
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string. Unlike encoding/json it leaves <, > and & as they are.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
		i++
	}
	return append(b, '"')
}

// Size returns the number of characters of the policy that count against IAM's quota, white space outside strings left
// out, and whether that is exact: with holes it is a lower bound.
func (v *Value) Size() (n int, exact bool) {
	return utf8.RuneCount(v.JSON()), v.spelled()
}

// spelled reports whether all scalars of v are known.
func (v *Value) spelled() bool {
	switch v.Kind {
	case Array:
		return !slices.ContainsFunc(v.Elements, func(e *Value) bool { return !e.spelled() })
	case Object:
		return !slices.ContainsFunc(v.Members, func(m Member) bool { return !m.Value.spelled() })
	}
	return v.Kind != Hidden && v.Text.Hole() == nil
}
