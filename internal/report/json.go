package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// JSON writes for other programs. It is a promise to them: fields are added, never renamed or removed, while version is 1.
// Lines and columns start at 1; columns count code points; an end is just behind the last character.
func JSON(w io.Writer, s *Scan) error {
	summary := jsonSummary{Files: s.Files, Roles: s.Roles, Unresolved: s.Unresolved, Held: s.Held}
	for _, g := range s.Gone {
		summary.Gone = append(summary.Gone, jsonGone(g))
	}
	o := newJSONObject(w)
	o.member("version", 1)
	o.list("findings", len(s.Findings), func(i int) any { return newJSONFinding(&s.Findings[i]) })
	o.list("problems", len(s.Problems), func(i int) any { return newJSONProblem(&s.Problems[i]) })
	o.member("summary", summary)
	return o.end()
}

type jsonFinding struct {
	Rule     string   `json:"rule"`
	Level    string   `json:"level"` // error, warning, note
	Severity float64  `json:"severity"`
	Role     string   `json:"role"`
	Also     []string `json:"also,omitempty"` // further instances of the same resource
	When     string   `json:"when,omitempty"` // the condition under which the role has this policy
	jsonPlace
	Message     string        `json:"message"`
	Witness     *jsonWitness  `json:"witness"` // null where the finding is not about who gets in
	Related     []jsonRelated `json:"related"`
	Fingerprint string        `json:"fingerprint"`
}

type jsonPlace struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"endLine"`
	EndColumn int    `json:"endColumn"`
}

type jsonRelated struct {
	jsonPlace
	Message string `json:"message"`
}

type jsonProblem struct {
	File string `json:"file"`
	*jsonRange
	Message    string `json:"message"`
	Unreadable bool   `json:"unreadable"` // the input itself is bad; otherwise it is not known what it stands for
}

// A jsonRange is left out where a problem is of a whole file.
type jsonRange struct {
	Line      int `json:"line"`
	Column    int `json:"column"`
	EndLine   int `json:"endLine"`
	EndColumn int `json:"endColumn"`
}

type jsonSummary struct {
	Files      int        `json:"files"`
	Roles      int        `json:"roles"`
	Unresolved int        `json:"unresolved"`
	Held       int        `json:"held,omitempty"` // by the baseline
	Gone       []jsonGone `json:"gone,omitempty"` // of the baseline
}

type jsonGone struct {
	Rule string `json:"rule"`
	Role string `json:"role"`
	File string `json:"file"`
}

func newJSONFinding(f *rules.Finding) jsonFinding {
	j := jsonFinding{
		Rule: f.Rule.ID, Level: f.Level.String(), Severity: f.Severity, Role: f.Role, Also: f.Also, When: f.When,
		jsonPlace: newJSONPlace(f.Span), Message: f.Message, Witness: newJSONWitness(f.Witness), Related: []jsonRelated{}, Fingerprint: f.Fingerprint(),
	}
	for _, r := range f.Related {
		j.Related = append(j.Related, jsonRelated{newJSONPlace(r.Span), r.Message})
	}
	return j
}

func newJSONPlace(s source.Span) jsonPlace {
	if s.IsZero() {
		return jsonPlace{}
	}
	begin, end := s.Begin(), s.Finish()
	return jsonPlace{s.File.Name, begin.Line, begin.Column, end.Line, end.Column}
}

func jsonProblems(ps []source.Problem) []jsonProblem {
	out := make([]jsonProblem, 0, len(ps))
	for i := range ps {
		out = append(out, newJSONProblem(&ps[i]))
	}
	return out
}

func newJSONProblem(p *source.Problem) jsonProblem {
	j := jsonProblem{File: p.File(), Message: p.Message, Unreadable: p.Unreadable}
	if !p.Span.IsZero() {
		at := newJSONPlace(p.Span)
		j.jsonRange = &jsonRange{at.Line, at.Column, at.EndLine, at.EndColumn}
	}
	return j
}

// A jsonObject is written as encode writes one, but lists an element at a time: a report of a hundred thousand findings is
// never in memory as a whole.
type jsonObject struct {
	w       *bufio.Writer
	err     error // the first one
	members int
}

func newJSONObject(w io.Writer) *jsonObject {
	return &jsonObject{w: bufio.NewWriterSize(w, 64<<10)}
}

// member writes a member.
func (o *jsonObject) member(name string, v any) {
	o.key(name)
	o.value(v, "  ")
}

// list writes a member that is the array of element(0), element(1) and so on, n of them.
func (o *jsonObject) list(name string, n int, element func(i int) any) {
	o.key(name)
	o.w.WriteByte('[')
	for i := 0; i < n && o.err == nil; i++ {
		if i > 0 {
			o.w.WriteByte(',')
		}
		o.w.WriteString("\n    ")
		o.value(element(i), "    ")
	}
	if n > 0 {
		o.w.WriteString("\n  ")
	}
	o.w.WriteByte(']')
}

func (o *jsonObject) key(name string) {
	start := ",\n  "
	if o.members++; o.members == 1 {
		start = "{\n  "
	}
	o.w.WriteString(start + `"` + name + `": `)
}

// value writes v, whose lines after the first begin with indent.
func (o *jsonObject) value(v any, indent string) {
	b, err := encoded(v, indent)
	if o.err == nil {
		o.err = err
	}
	o.w.Write(bytes.TrimSuffix(b, []byte("\n")))
}

// end writes the end of the object, which has a member at least, and returns what has gone wrong.
func (o *jsonObject) end() error {
	o.w.WriteString("\n}\n")
	if o.err != nil {
		return o.err
	}
	return o.w.Flush() // with the error of any write before
}

// encode writes v as JSON. What would act on a terminal or on the Actions runner is escaped, which to a reader of JSON is the
// same text.
func encode(w io.Writer, v any) error {
	b, err := encoded(v, "")
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// encoded returns what encode writes, each line after the first with indent before it.
func encoded(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(indent, "  ")
	err := e.Encode(v)
	return escapeJSON(b.Bytes()), err
}

func escapeJSON(src []byte) []byte {
	src = bytes.ReplaceAll(src, []byte("##["), []byte(`##\u005b`))
	out := make([]byte, 0, len(src))
	for i := 0; i < len(src); {
		if c := src[i]; c < utf8.RuneSelf && c != 0x7F {
			out = append(out, c)
			i++
			continue
		}
		r, size := utf8.DecodeRune(src[i:])
		switch {
		case !hides(r):
			out = append(out, src[i:i+size]...)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		i += size
	}
	return out
}
