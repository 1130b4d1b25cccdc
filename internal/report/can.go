package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// An Answer is what one policy of a role says to a request.
type Answer struct {
	Document    *policy.Document
	Request     access.Request
	Explanation access.Explanation
}

// CanText writes the answers for people: the decision, the statement that decides, and otherwise what kept each from
// matching.
func CanText(w io.Writer, answers []Answer, o TextOptions) error {
	t := text{Writer: bufio.NewWriter(w), TextOptions: o}
	for _, a := range answers {
		can := "cannot"
		if a.Explanation.Decision.OK() {
			can = "can"
		}
		fmt.Fprintf(t, "%s: %s %s assume %s", a.Explanation.Decision, Visible(a.Request.Principal), can, neutral(a.Document.Role))
		if a.Document.When != "" {
			fmt.Fprintf(t, ", when %s", brief(a.Document.When))
		}
		fmt.Fprintln(t)
		switch a.Explanation.Decision {
		case access.AllowedForAccount:
			fmt.Fprintln(t, "  the policy admits the caller's account: the caller's own identity policies must allow the call too")
		case access.DeniedForAccount:
			fmt.Fprintln(t, "  a Deny names the caller's account")
		}
		if s := a.Explanation.Statement; s != nil {
			fmt.Fprintf(t, "  %s decides\n", t.statement(s))
			if a.Explanation.Decision.OK() {
				continue
			}
		}
		for _, m := range a.Explanation.Statements {
			fmt.Fprintf(t, "  %s does not match: %s\n", t.statement(m.Statement), neutral(strings.Join(mismatches(m), "; ")))
		}
		if len(a.Document.Statements) == 0 {
			fmt.Fprintln(t, "  the policy has no statements that could be read")
		}
		for _, u := range a.Document.Unresolved {
			fmt.Fprintf(t, "  %s is not known: %s\n", neutral(u.What), neutral(holeText(u.Hole)))
		}
	}
	return t.Flush()
}

func (t *text) statement(s *policy.Statement) string {
	name := "statement " + itoa(s.Index)
	if sid := s.Sid.String(); sid != "" {
		name += " (" + neutral(sid) + ")"
	}
	if !s.Span.IsZero() {
		name += " at " + t.place(s.Span)
	}
	return name
}

// mismatches says what of a statement does not match.
func mismatches(m access.Mismatch) []string {
	var reasons []string
	if m.Principal {
		reasons = append(reasons, "the caller is not among its principals")
	}
	if m.Action {
		reasons = append(reasons, "the action is not among its actions")
	}
	for _, c := range m.Conditions {
		var values []string
		for _, v := range c.Values {
			values = append(values, v.String())
		}
		reasons = append(reasons, fmt.Sprintf("%s %s %s does not hold", c.Key, c.Operator.Text, strings.Join(values, ", ")))
	}
	if m.Unknown != nil {
		reasons = append(reasons, "it depends on "+holeText(m.Unknown))
	}
	if len(reasons) == 0 {
		reasons = append(reasons, "it is not wholly known")
	}
	return reasons
}

// holeText names what is not known, and why.
func holeText(h *policy.Hole) string {
	switch {
	case h == nil:
		return "something that is not in the code"
	case h.Reason != "":
		return h.Expr + " (" + h.Reason + ")"
	}
	return h.Expr
}

type jsonAnswers struct {
	Version int          `json:"version"`
	Answers []jsonAnswer `json:"answers"` // one for each policy that the role may have
}

type jsonAnswer struct {
	Role       string         `json:"role"`
	When       string         `json:"when,omitempty"`
	Decision   string         `json:"decision"`
	Statement  *int           `json:"statement"` // null when none matches
	Mismatches []jsonMismatch `json:"mismatches"`
}

type jsonMismatch struct {
	Statement int      `json:"statement"`
	Reasons   []string `json:"reasons"`
}

// CanJSON writes the answers for other programs.
func CanJSON(w io.Writer, answers []Answer) error {
	out := jsonAnswers{Version: 1, Answers: []jsonAnswer{}}
	for _, a := range answers {
		j := jsonAnswer{Role: a.Document.Role, When: a.Document.When, Decision: a.Explanation.Decision.String(), Mismatches: []jsonMismatch{}}
		if s := a.Explanation.Statement; s != nil {
			j.Statement = &s.Index
		}
		for _, m := range a.Explanation.Statements {
			j.Mismatches = append(j.Mismatches, jsonMismatch{m.Statement.Index, mismatches(m)})
		}
		out.Answers = append(out.Answers, j)
	}
	return encode(w, out)
}
