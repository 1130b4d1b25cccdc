package access

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// Added returns the grants of after that are new: what it allows and before does not. Each has a witness that Decide allows
// under after and not under before, or is undecided. Formatting, order, and splitting or merging of statements add nothing.
func Added(before, after *policy.Document, o Options) []Grant {
	if sameText(before, after) {
		return nil
	}
	worlds := worlds(after, before)
	each := make([][]Grant, len(worlds))
	for i, w := range worlds {
		q := newQuestion(w, o, false, least(before), most(after))
		q.budget.left = work / len(worlds)
		each[i] = q.added(before, after)
	}
	grants := union(each)
	for _, g := range unresolved(after) {
		if !slices.ContainsFunc(unresolved(before), func(h Grant) bool { return g.Callers[0].sameHole(h.Callers[0]) }) {
			grants = append(grants, g)
		}
	}
	return grants
}

// sameText reports whether the documents have the same statements, in any order: the common case, which needs no calculation.
func sameText(a, b *policy.Document) bool {
	return a.Version.String() == b.Version.String() && len(a.Unresolved) == len(b.Unresolved) && slices.Equal(statementTexts(a), statementTexts(b))
}

func statementTexts(d *policy.Document) []string {
	list := make([]string, 0, len(d.Statements)+len(d.Unresolved))
	for _, s := range d.Statements {
		var b strings.Builder
		b.WriteString(s.Effect.String())
		for i, principals := range [...][]policy.Principal{s.Principals, s.NotPrincipals} {
			fmt.Fprintf(&b, "\x01%d", i)
			for _, p := range principals {
				fmt.Fprintf(&b, "\x00%s %s", p.Type, p.ID)
			}
		}
		for i, actions := range [...][]policy.Text{s.Actions, s.NotActions} {
			fmt.Fprintf(&b, "\x01%d", i)
			for _, a := range actions {
				b.WriteString("\x00" + a.String())
			}
		}
		for i := range s.Conditions {
			b.WriteString("\x01" + conditionText(&s.Conditions[i]))
		}
		list = append(list, b.String())
	}
	for _, u := range d.Unresolved {
		text := "unresolved " + u.What
		if u.Hole != nil {
			text += " " + u.Hole.Expr
		}
		if u.Within != nil {
			text += " " + strconv.Itoa(u.Within.Index)
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return list
}

func (c Caller) sameHole(o Caller) bool {
	return c.Unknown == nil && o.Unknown == nil || c.Unknown != nil && o.Unknown != nil && c.Unknown.Expr == o.Unknown.Expr
}

func (q *question) added(before, after *policy.Document) []Grant {
	q.before = before
	return q.grantsOf(func(s *statement) bool { return s.document == after })
}

// missing returns what of the boxes, all of one class, the document before does not allow: what none of its Allow statements
// matches, and what one of its Deny statements does.
func (q *question) missing(boxes []*box, action string) []*box {
	left := boxes
	var denied []*box
	for _, s := range q.statements {
		if s.document != q.before || !s.allows(action) {
			continue
		}
		if s.effect == policy.Allow {
			left = q.minus(left, s)
			continue
		}
		for _, b := range boxes {
			if q.budget.left < 0 {
				b.hazy = true
				denied = append(denied, b)
				continue
			}
			if !s.about(b.class) {
				continue
			}
			if n, ok := q.both(b, s); ok {
				denied = append(denied, n)
			}
		}
	}
	return append(left, denied...)
}

// An Answer is yes, no, or that the question could not be decided.
type Answer uint8

const (
	Undecided Answer = iota
	Yes
	No
)

var answerNames = [...]string{"undecided", "yes", "no"}

func (a Answer) String() string { return answerNames[a] }

// Implies answers whether b allows everything that a allows. When it does not, the request is one that Decide allows under a
// and not under b, in the world that is returned.
func Implies(a, b *policy.Document, o Options) (Answer, Request, World) {
	answer := Yes
	for _, g := range Added(b, a, o) {
		if !g.Undecided {
			return No, g.Witness, g.World
		}
		answer = Undecided
	}
	return answer, Request{}, World{}
}
