package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// The runner shows 10 annotations of each kind a step and drops the rest without a word, and cuts messages at 4,096
// characters.
const (
	MaxAnnotations       = 10
	maxAnnotationMessage = 4096
)

// An Annotation is what GitHub shows beside a line of a pull request.
type Annotation struct {
	Level    rules.Level
	Title    string
	Message  string
	Name     string          // the file; "" when the annotation is of no line
	From, To source.Position // To is the zero Position when only the line is known
}

// Annotations returns what to show of s: of each level the most severe first, and where there are more than are shown, a
// last one that says so.
func Annotations(s *Scan) []Annotation {
	byLevel := map[rules.Level][]Annotation{}
	for _, f := range bySeverity(s.Findings) {
		byLevel[f.Level] = append(byLevel[f.Level], newAnnotation(&f))
	}
	for _, p := range s.Problems {
		a := Annotation{Level: rules.Note, Title: "trustvet: not resolved", Message: sentence(p.Message), Name: p.File()}
		if p.Unreadable {
			a.Level, a.Title = rules.Warning, "trustvet: not readable"
		}
		if !p.Span.IsZero() {
			a.From = p.Span.Begin()
		}
		byLevel[a.Level] = append(byLevel[a.Level], a)
	}
	var all []Annotation
	for _, l := range []rules.Level{rules.Error, rules.Warning, rules.Note} {
		as := byLevel[l]
		if more := len(as) - MaxAnnotations; more > 0 {
			as = append(as[:MaxAnnotations-1], Annotation{
				Level: l, Title: "trustvet", Message: fmt.Sprintf("%d more are not shown here.", more+1),
			})
		}
		all = append(all, as...)
	}
	return all
}

func newAnnotation(f *rules.Finding) Annotation {
	span := oneLine(primary(f))
	a := Annotation{Level: f.Level, Title: f.Rule.ID, Message: sentence(saying(f))}
	if f.When != "" {
		a.Message += " This holds when " + sentence(brief(f.When))
	}
	if f.Witness != nil {
		a.Message += " " + capital(sentence(witnessText(f.Witness)))
	}
	a.Message, _ = firstRunes([]byte(a.Message), maxAnnotationMessage)
	if !span.IsZero() {
		a.Name, a.From, a.To = span.File.Name, span.Begin(), span.Finish()
	}
	return a
}

// GitHub writes workflow commands, which the runner turns into annotations.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
func GitHub(w io.Writer, s *Scan) error {
	b := bufio.NewWriter(w)
	for _, a := range Annotations(s) {
		command := a.Level.String()
		if a.Level == rules.Note {
			command = "notice"
		}
		fields := []string{"title=" + escapeProperty(a.Title)}
		if a.Name != "" {
			fields = append(fields, "file="+escapeProperty(neutral(a.Name)))
		}
		if a.From.Line > 0 {
			fields = append(fields, "line="+itoa(a.From.Line))
		}
		if a.To.Line > 0 {
			fields = append(fields, "endLine="+itoa(a.To.Line), "col="+itoa(a.From.Column), "endColumn="+itoa(a.To.Column))
		}
		fmt.Fprintf(b, "::%s %s::%s\n", command, strings.Join(fields, ","), escapeData(a.Message))
	}
	return b.Flush()
}

func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func escapeProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
