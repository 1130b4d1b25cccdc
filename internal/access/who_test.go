package access

import (
	"slices"
	"testing"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// inside reports whether r lies in one of the boxes of the grants.
func inside(grants []Grant, r Request) bool {
	for i := range grants {
		g := &grants[i]
		if g.question == nil || g.Action != r.action() {
			continue
		}
		for _, b := range slices.Concat(g.boxes, g.others) {
			if b.has(g.question, r) {
				return true
			}
		}
	}
	return false
}

// has reports whether the request is one of the box, by the sets of its clauses.
func (b *box) has(q *question, r Request) bool {
	if !b.class.calls(r.Principal) {
		return false
	}
	for _, c := range b.clauses {
		a, present := r.Context.Get(q.keys[c.key].name)
		switch {
		case !present:
			if !c.lacking() {
				return false
			}
			continue
		default:
			if holds, all := c.present(); all {
				if !holds {
					return false
				}
				continue
			}
		}
		holds := false
		t := valueTest{c.set, !c.negated}
		switch {
		case c.operator == policy.ForAllValues:
			holds = true
			for _, v := range a.Values {
				holds = holds && pass([]valueTest{t}, v)
			}
		case c.operator == policy.ForAnyValue:
			for _, v := range a.Values {
				holds = holds || pass([]valueTest{t}, v)
			}
		case !a.List:
			holds = pass([]valueTest{t}, a.Values[0])
		}
		if holds == c.not {
			return false
		}
	}
	return true
}

// sessionOf reports whether session is one of the role.
func sessionOf(session, role string) bool {
	c, ok := exact(session)
	p := newPrincipal(&policy.Principal{Type: policy.AWS, ID: policy.NewText(policy.Literal(role, source.Span{}))}, &World{})
	return ok && c.sessionOf(&p)
}

// calls reports whether the caller of that name is one of the class.
func (c *class) calls(principal string) bool {
	for _, o := range c.others {
		if o == principal || sessionOf(principal, o) {
			return false
		}
	}
	if c.name == principal {
		return true
	}
	x, ok := exact(principal)
	switch {
	case ok && c.kind == Role && x.kind == RoleSession:
		return c.name == "" && (c.account == x.account || c.account == "") || sessionOf(principal, c.name)
	case ok:
		return c.aws() && c.name == "" && (x.kind == c.kind || c.whole) && (c.account == x.account || c.account == "")
	case len(principal) == len("arn:aws:iam::111122223333:root") && principal[len(principal)-5:] == ":root":
		return (c.kind == Root || c.whole) && (c.account == accountOf(principal) || c.account == "")
	}
	if f, ok := provider(principal); ok && f.kind == c.kind && c.name == "" && (f.issuer == c.issuer || c.issuer == otherIssuer) {
		return true
	}
	return c.kind == Service && c.name == ""
}

func freeGrants(d *policy.Document) []Grant {
	var grants []Grant
	for _, w := range worlds(d) {
		grants = append(grants, newQuestion(w, Options{}, true, most(d)).grants()...)
	}
	return grants
}

func TestAllowedRequestsOfTheVectorsLieInGrants(t *testing.T) {
	undecided := 0
	for _, file := range []string{"testdata/known.jsonl", "testdata/decide.jsonl"} {
		for _, v := range vectors(t, file) {
			if v.Principal == "*" {
				continue // an anonymous caller cannot ask for a role
			}
			d := parse(t, string(v.Policy))
			grants := freeGrants(d)
			if decision, _ := Decide(d, v.Request, World{}); decision.OK() && !inside(grants, v.Request) {
				t.Errorf("%s: %s is allowed but in no grant\n\t%s", v.ID, v.Request, v.Policy)
			}
			for i := range grants {
				g := &grants[i]
				if g.Undecided {
					undecided++
					continue
				}
				if decision, _ := Decide(d, g.Witness, g.World); !decision.OK() {
					t.Errorf("%s: witness %s of %s is not allowed", v.ID, g.Witness, g)
				}
			}
		}
	}
	t.Logf("%d undecided", undecided)
}
