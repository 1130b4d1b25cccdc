package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// A Role is a role with the policies that it may have: one, or several of which the code does not say which.
type Role struct {
	Documents []*policy.Document
	Grants    [][]access.Grant // of each document
	Resolved  bool             // every policy is known
}

type jsonRole struct {
	Role         string            `json:"role"`
	File         string            `json:"file"`
	Line         int               `json:"line"`
	Resolved     bool              `json:"resolved"`
	Policy       json.RawMessage   `json:"policy"` // null when nothing is known of it
	Alternatives []jsonAlternative `json:"alternatives,omitempty"`
	Grants       []jsonGrant       `json:"grants"`
	Places       []jsonLeaf        `json:"places,omitempty"`
	Construct    string            `json:"construct,omitempty"` // of the CDK
	CreatedAt    string            `json:"createdAt,omitempty"`
}

type jsonGrant struct {
	Who       string       `json:"who"`
	When      string       `json:"when,omitempty"` // the condition under which the role has the policy
	Witness   *jsonWitness `json:"witness"`        // null when undecided
	Statement *int         `json:"statement"`      // null when it is in a part of the policy that is not known
	Undecided bool         `json:"undecided,omitempty"`
	DependsOn []string     `json:"dependsOn,omitempty"` // what is not known and may make the grant smaller
}

func newJSONGrant(g *access.Grant, when string) jsonGrant {
	j := jsonGrant{Who: g.String(), When: when, Undecided: g.Undecided}
	if !g.Undecided {
		j.Witness = newJSONWitness(&g.Witness)
	}
	if g.From != nil {
		j.Statement = &g.From.Index
	}
	for _, h := range g.Rests {
		j.DependsOn = append(j.DependsOn, h.Expr)
	}
	return j
}

type jsonAlternative struct {
	When   string          `json:"when"`
	Policy json.RawMessage `json:"policy"`
}

type jsonLeaf struct {
	Path  string `json:"path"`
	Value string `json:"value"`
	jsonPlace
}

// WhoJSON writes the roles for other programs: each with the policy as understood, in which "${…}" stands for what is not
// known. With places, each literal string, number and boolean of it is listed with the place where it is spelled.
func WhoJSON(w io.Writer, roles []Role, problems []source.Problem, places bool) error {
	o := newJSONObject(w)
	o.member("version", 1)
	o.list("roles", len(roles), func(i int) any { return newJSONRole(&roles[i], places) })
	o.list("problems", len(problems), func(i int) any { return newJSONProblem(&problems[i]) })
	return o.end()
}

func newJSONRole(r *Role, places bool) jsonRole {
	first := r.Documents[0]
	j := jsonRole{Role: first.Role, Resolved: r.Resolved, Policy: policyJSON(first), Grants: []jsonGrant{},
		Construct: first.Construct, CreatedAt: first.CreatedAt}
	if !first.Span.IsZero() {
		j.File, j.Line = first.Span.File.Name, first.Span.Begin().Line
	}
	for i, d := range r.Documents {
		for k := range r.Grants[i] {
			j.Grants = append(j.Grants, newJSONGrant(&r.Grants[i][k], d.When))
		}
		if d.When != "" {
			j.Alternatives = append(j.Alternatives, jsonAlternative{d.When, policyJSON(d)})
		}
	}
	if places {
		j.Places = leaves(first)
	}
	return j
}

func policyJSON(d *policy.Document) json.RawMessage {
	if d.Value == nil {
		return json.RawMessage("null")
	}
	return json.RawMessage(d.Value.JSON())
}

// leaves returns the literal leaves of d that have a place.
func leaves(d *policy.Document) []jsonLeaf {
	list := []jsonLeaf{}
	if d.Value == nil {
		return list
	}
	for _, l := range d.Value.Leaves() {
		value, known := l.Value.Text.Literal()
		span := l.Value.Text.Span
		if span.IsZero() {
			span = l.Value.Span
		}
		if l.Value.Scalar() && known && !span.IsZero() {
			list = append(list, jsonLeaf{l.Path, value, newJSONPlace(span)})
		}
	}
	return list
}

// WhoText writes the roles for people.
func WhoText(w io.Writer, roles []Role, problems []source.Problem, o TextOptions) error {
	t := text{Writer: bufio.NewWriter(w), TextOptions: o}
	for _, r := range roles {
		for i, d := range r.Documents {
			t.role(d, r.Grants[i])
		}
	}
	for _, p := range problems {
		t.problem(p)
	}
	if len(roles) == 0 {
		fmt.Fprintln(t, "no roles")
	}
	return t.Flush()
}

func (t *text) role(d *policy.Document, grants []access.Grant) {
	fmt.Fprint(t, t.paint(bold, Visible(d.Role)))
	if d.When != "" {
		fmt.Fprintf(t, ", when %s", brief(d.When))
	}
	if !d.Span.IsZero() {
		fmt.Fprintf(t, "  %s", t.place(d.Span))
	}
	fmt.Fprintln(t)
	if d.Construct != "" {
		fmt.Fprintf(t, "  made by the construct %s", neutral(d.Construct))
		switch {
		case !d.Created.IsZero():
			fmt.Fprintf(t, ", created at %s", t.place(d.Created))
		case d.CreatedAt != "":
			fmt.Fprintf(t, ", created at %s", Visible(d.CreatedAt))
		}
		fmt.Fprintln(t)
	}
	if len(grants) == 0 && len(d.Unresolved) == 0 {
		fmt.Fprintln(t, "  nobody")
	}
	for i := range grants {
		g := &grants[i]
		fmt.Fprintf(t, "  %s\n", neutral(g.String()))
		if g.Undecided {
			fmt.Fprintln(t, "      this could not be decided")
		} else {
			fmt.Fprintf(t, "      %s\n", neutral(witnessText(&g.Witness)))
		}
	}
	for _, u := range d.Unresolved {
		fmt.Fprintf(t, "  %s is not known: %s\n", neutral(u.What), neutral(holeText(u.Hole)))
	}
	fmt.Fprintln(t)
}
