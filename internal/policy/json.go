package policy

import "github.com/trustvet/trustvet/internal/source"

// A SyntaxError says where a text is not JSON.
type SyntaxError struct {
	Span    source.Span
	Message string // lower case, without a period
}

func (e *SyntaxError) Error() string { return e.Message }

// ParseJSON reads JSON from a text with holes. A hole may stand for a value, an element, members, or a piece of a string.
// It keeps members of the same name. Numbers and booleans keep their spelling.
func ParseJSON(t Text) (*Value, *SyntaxError) { panic("being written") }
