package access

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trustvet/trustvet/internal/policy"
)

// Options are what an answer depends on besides the document.
type Options struct {
	// Now bounds the time of calls from below: a role can be assumed from now on. The zero Time leaves time open.
	Now time.Time
	// Work, where it is not nil, is the number to which the steps are added that an answer takes, of some 100 ns each: the same
	// for the same policy on every machine.
	Work *int
	// Terse leaves out of grants what only describes them: Callers, Guard, Less and Rests. What can be found in them is the same.
	Terse bool
}

// MaxWork bounds the steps that are taken for all policies of a run: see Options.Work. In public repositories a role takes 20 of
// them, and those of the repository that takes the most 180.
const MaxWork = 10_000_000

// ErrWork is why a policy is not judged after MaxWork.
var ErrWork = fmt.Errorf("the policies before it take more than %d steps to judge", MaxWork)

// A question is about all requests to one or two documents at once. It holds what is common to the work on it.
type question struct {
	world      World
	now        time.Time
	forked     bool // it shares its classes with another question
	common     int  // how many of its keys it has in common with that
	terse      bool // see Options
	free       bool // every caller may have every key and ask for every action: the bare logic of policies, for tests
	keys       []key
	statements []*statement
	classes    []*class
	named      []string // the accounts that the documents name, and the role's own
	other      string   // an account that they do not name
	budget     budget
	long       int              // tokens in the long globs of the statements
	before     *policy.Document // witnesses are requests that it does not allow, nil when it does not matter
	// tellsKindsApart: a key that the documents name has values that differ between the users and the roles of an account.
	tellsKindsApart bool
}

// work is the budget of a question: some 40 ms.
const work = 400_000

// workOn returns the budget of a question about one statement of d. Such questions are asked about each of them: the budget
// is shared when there are many.
func workOn(d *policy.Document) int { return work / max(len(d.Statements)/4, 1) }

// A statement is one of a document, in the form that the engine calculates with.
type statement struct {
	*policy.Statement
	document   *policy.Document
	effect     policy.Effect
	not        bool // principals are those of NotPrincipal
	principals []principal
	actions    []glob
	notActions bool
	atoms      []*atom
	holes      []*policy.Hole // it depends on these
}

// about reports whether the statement is about the callers of class c.
func (s *statement) about(c *class) bool {
	if s.not {
		return !c.leftOut(s.principals)
	}
	return c.matches(s.principals)
}

// allows reports whether the statement is about the action.
func (s *statement) allows(action string) bool {
	for i := range s.actions {
		if s.actions[i].has(action) {
			return !s.notActions
		}
	}
	return s.notActions && len(s.actions) > 0
}

// key returns the index of the key of that name.
func (q *question) key(name string) int {
	for i := range q.keys {
		if strings.EqualFold(q.keys[i].name, name) {
			return i
		}
	}
	q.keys = append(q.keys, key{name, strings.ToLower(name)})
	return len(q.keys) - 1
}

// A part of a question is some statements of a document. What is not known in its Allow and in its Deny statements is taken
// as wide as can be, or as narrow.
type part struct {
	document            *policy.Document
	statements          []*policy.Statement
	wideAllow, wideDeny bool
}

// most is the part of a document that allows whatever it may allow; least what it certainly does.
func most(d *policy.Document) part  { return part{d, d.Statements, true, false} }
func least(d *policy.Document) part { return part{d, d.Statements, false, true} }

// newQuestion prepares a question about parts of documents in a world.
func newQuestion(w World, o Options, free bool, parts ...part) *question {
	q := &question{world: w, now: o.Now, free: free, budget: budget{left: work, spent: o.Work}}
	documents := make([]*policy.Document, 0, len(parts))
	for _, p := range parts {
		documents = append(documents, p.document)
		m := compiler{q: q, variables: hasVariables(p.document)}
		for _, s := range p.statements {
			if s.Effect != policy.NoEffect {
				q.statements = append(q.statements, m.statement(p.document, s, s.Effect == policy.Allow && p.wideAllow || s.Effect == policy.Deny && p.wideDeny))
			}
		}
	}
	for _, s := range q.statements {
		for _, a := range s.atoms {
			if a.set != nil {
				q.long += a.set.long()
			}
		}
	}
	q.named, q.other = namedAccounts(documents, w)
	for i := range q.keys {
		if distinguishesKinds(q.keys[i].lower) {
			q.tellsKindsApart = true
		}
	}
	if free {
		q.tellsKindsApart = true
	}
	for _, s := range q.statements { // a statement may leave out or name principals one by one
		q.tellsKindsApart = q.tellsKindsApart || s.not
	}
	q.addClasses()
	return q
}

// statement returns s compiled.
func (m *compiler) statement(d *policy.Document, s *policy.Statement, wide bool) *statement {
	c := &statement{Statement: s, document: d, effect: s.Effect}
	list := s.Principals
	if len(s.NotPrincipals) > 0 {
		list, c.not = s.NotPrincipals, true
	}
	c.principals = make([]principal, len(list))
	for i := range list {
		c.principals[i] = newPrincipal(&list[i], &m.q.world)
	}
	actions := s.Actions
	if len(s.NotActions) > 0 {
		actions, c.notActions = s.NotActions, true
	}
	c.actions = make([]glob, 0, len(actions))
	for _, a := range actions {
		if text, known := m.q.world.text(a); known {
			if !strings.ContainsAny(text, "*?") {
				text = canonicalAction(text)
				c.actions = append(c.actions, glob{text: text, fixed: true})
			} else {
				c.actions = append(c.actions, starGlob(text, true))
			}
		}
	}
	c.atoms = make([]*atom, len(s.Conditions), len(s.Conditions)+1)
	for i := range s.Conditions {
		c.atoms[i] = m.atom(&s.Conditions[i], wide)
	}
	if s.Incomplete {
		c.atoms = append(c.atoms, m.incomplete(d, s, wide))
	}
	c.holes = holesOf(d, s)
	return c
}

// incomplete returns the atom that stands for the elements of s that are not known.
func (m *compiler) incomplete(d *policy.Document, s *policy.Statement, wide bool) *atom {
	a := &atom{key: m.q.key(""), condition: &policy.Condition{}, constant: no}
	if wide {
		a.constant = yes
	}
	var b strings.Builder
	b.WriteString("incomplete")
	for _, u := range d.Unresolved {
		if u.Within == s && u.Hole != nil {
			b.WriteString(" " + u.What + " " + u.Hole.Expr)
		}
	}
	a.inexact = b.String()
	return a
}

var roleActions = [...]string{AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity, TagSession, SetSourceIdentity, SetContext}

// canonicalAction returns the action in AWS's own spelling.
func canonicalAction(s string) string {
	for _, a := range roleActions {
		if strings.EqualFold(a, s) {
			return a
		}
	}
	return s
}

// holesOf returns the unknown holes that s depends on.
func holesOf(d *policy.Document, s *policy.Statement) []*policy.Hole {
	var holes []*policy.Hole
	add := func(h *policy.Hole) {
		if h != nil && h.Kind == policy.Unknown && !slices.ContainsFunc(holes, func(g *policy.Hole) bool { return g.Expr == h.Expr }) {
			holes = append(holes, h)
		}
	}
	if s.Incomplete {
		for _, u := range d.Unresolved {
			if u.Within == s {
				add(u.Hole)
			}
		}
	}
	texts(s, func(t policy.Text) {
		for _, p := range t.Parts {
			add(p.Hole)
		}
	})
	return holes
}

// distinguishesKinds reports whether users, roles and the other callers of one account differ in the key.
func distinguishesKinds(lower string) bool {
	switch lower {
	case "aws:principalarn", "aws:principaltype", "aws:userid", "aws:username", "aws:sourceidentity", "aws:federatedprovider":
		return true
	}
	return strings.HasPrefix(lower, "aws:principaltag/") || strings.HasPrefix(lower, "saml:") || strings.Contains(lower, ".")
}

func (q *question) accounts() []string { return q.named }

func (q *question) partition() string {
	if q.world.Partition == "" {
		return "aws"
	}
	return q.world.Partition
}

// namedAccounts returns the accounts that the documents name, and one that they do not.
func namedAccounts(documents []*policy.Document, w World) (named []string, other string) {
	add := func(s string) {
		for i := 0; i+12 <= len(s); i++ {
			if s[i] < '0' || s[i] > '9' {
				continue
			}
			j := i
			for j < len(s) && s[j] >= '0' && s[j] <= '9' {
				j++
			}
			if j-i == 12 && !slices.Contains(named, s[i:j]) {
				named = append(named, s[i:j])
			}
			i = j
		}
	}
	for _, d := range documents {
		if a, known := d.Account.Literal(); known {
			add(a)
		}
		for _, s := range d.Statements {
			texts(s, func(t policy.Text) {
				for _, p := range t.Parts {
					if p.Hole == nil {
						add(p.Literal)
					} else if v, bound := w.value(p.Hole); bound {
						add(v)
					}
				}
			})
		}
	}
	return named, unnamed(named)
}

// unnamed returns an account that is not among those named, one that reads as an example.
func unnamed(named []string) string {
	for _, candidate := range [...]string{"999999999999", "888888888888", "777777777777", "666666666666", "555555555555"} {
		if !slices.Contains(named, candidate) {
			return candidate
		}
	}
	for n := int64(999999999998); ; n-- {
		if s := strconv.FormatInt(n, 10); !slices.Contains(named, s) {
			return s
		}
	}
}
