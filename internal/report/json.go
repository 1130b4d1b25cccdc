package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// The JSON of a scan is a promise to other programs: fields are added, never renamed or removed, while version is 1.
// Lines and columns start at 1; columns count code points; an end is just behind the last character.
type jsonScan struct {
	Version  int           `json:"version"`
	Findings []jsonFinding `json:"findings"`
	Problems []jsonProblem `json:"problems"`
	Summary  jsonSummary   `json:"summary"`
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

// JSON writes for other programs.
func JSON(w io.Writer, s *Scan) error {
	out := jsonScan{
		Version:  1,
		Findings: make([]jsonFinding, 0, len(s.Findings)),
		Problems: jsonProblems(s.Problems),
		Summary:  jsonSummary{Files: s.Files, Roles: s.Roles, Unresolved: s.Unresolved, Held: s.Held},
	}
	for _, g := range s.Gone {
		out.Summary.Gone = append(out.Summary.Gone, jsonGone(g))
	}
	for i := range s.Findings {
		out.Findings = append(out.Findings, newJSONFinding(&s.Findings[i]))
	}
	return encode(w, out)
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
	for _, p := range ps {
		j := jsonProblem{File: p.File(), Message: p.Message, Unreadable: p.Unreadable}
		if !p.Span.IsZero() {
			at := newJSONPlace(p.Span)
			j.jsonRange = &jsonRange{at.Line, at.Column, at.EndLine, at.EndColumn}
		}
		out = append(out, j)
	}
	return out
}

// encode writes v as JSON. What would act on a terminal or on the Actions runner is escaped, which to a reader of JSON is the
// same text.
func encode(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(escapeJSON(b.Bytes()))
	return err
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
