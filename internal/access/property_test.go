package access

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/policy"
)

var policies = flag.Int("policies", 2500, "random policies for each property")

// forRandomPolicies calls f with random policies made of the vocabulary of the vectors.
func forRandomPolicies(t *testing.T, seed uint64, share int, f func(r *rand.Rand, v *vocabulary, p spec, d *policy.Document)) {
	t.Helper()
	v := vocabularyOfVectors()
	r := rand.New(rand.NewPCG(seed, 1))
	for range *policies / share {
		p := v.policy(r)
		f(r, v, p, parse(t, p.JSON()))
		if t.Failed() {
			return
		}
	}
}

// A caller that is given as a role's ARN, without a session, is a notation: AWS sees sessions only, and NotPrincipal, which
// must list those too, tells the two apart.
func notation(r Request, p spec) bool {
	return strings.Contains(r.Principal, ":role/") && slices.ContainsFunc(p.Statements, func(s specStatement) bool { return s.NotPrincipal != nil })
}

func TestAllowedRequestsLieInAGrant(t *testing.T) {
	allowed, requests := 0, 0
	forRandomPolicies(t, 1, 1, func(r *rand.Rand, v *vocabulary, p spec, d *policy.Document) {
		grants := freeGrants(d)
		for range 20 {
			request := v.request(r)
			requests++
			if decision, _ := Decide(d, request, World{}); decision.OK() && !notation(request, p) {
				allowed++
				if !inside(grants, request) {
					t.Errorf("%s is allowed but in no grant\n\t%s", request, p.JSON())
				}
			}
		}
	})
	t.Logf("%d requests, %d allowed", requests, allowed)
}

func TestAllowedRequestsThatCanHappenLieInAGrant(t *testing.T) {
	allowed, requests := 0, 0
	forRandomPolicies(t, 2, 1, func(r *rand.Rand, v *vocabulary, p spec, d *policy.Document) {
		grants := Who(d, Options{})
		for range 25 {
			request := v.realRequest(r, d)
			requests++
			if decision, _ := Assume(d, request, World{}); decision.OK() && !notation(request, p) && canCall(request) {
				allowed++
				if !inside(grants, request) {
					t.Errorf("%s is allowed but in no grant\n\t%s", request, p.JSON())
				}
			}
		}
	})
	t.Logf("%d requests, %d allowed", requests, allowed)
}

// canCall reports whether AWS takes calls to assume a role from the caller.
func canCall(r Request) bool {
	return !strings.HasSuffix(r.Principal, ":root") && !strings.Contains(r.Principal, ":federated-user/")
}

func TestEveryWitnessIsAllowed(t *testing.T) {
	grants, undecided := 0, 0
	forRandomPolicies(t, 3, 1, func(_ *rand.Rand, _ *vocabulary, p spec, d *policy.Document) {
		for _, g := range append(Who(d, Options{}), freeGrants(d)...) {
			grants++
			if g.Undecided {
				undecided++
				continue
			}
			if decision, _ := Decide(d, g.Witness, g.World); !decision.OK() {
				t.Errorf("%s: witness %s: %s\n\t%s", &g, g.Witness, decision, p.JSON())
			}
		}
	})
	t.Logf("%d grants, %d undecided", grants, undecided)
	if undecided*100 > grants {
		t.Errorf("%d of %d grants are undecided, want at most one in a hundred", undecided, grants)
	}
}

func TestAPolicyAddsNothingToItself(t *testing.T) {
	forRandomPolicies(t, 4, 2, func(r *rand.Rand, _ *vocabulary, p spec, d *policy.Document) {
		r.Shuffle(len(p.Statements), func(i, j int) { p.Statements[i], p.Statements[j] = p.Statements[j], p.Statements[i] })
		e := parse(t, p.JSON())
		q := newQuestion(worlds(e, d)[0], Options{}, false, least(d), most(e)) // without Added's short cut
		if added := q.added(d, e); len(added) > 0 {
			t.Errorf("added %s\n\t%s", &added[0], p.JSON())
		}
	})
}

func TestAddingAllowNeverRemoves(t *testing.T) {
	forRandomPolicies(t, 5, 4, func(r *rand.Rand, v *vocabulary, p spec, d *policy.Document) {
		s := v.statement(r)
		s.Effect = "Allow"
		p.Statements = append(p.Statements, s)
		more := parse(t, p.JSON())
		if answer, request, _ := Implies(d, more, Options{}); answer != Yes {
			t.Errorf("%s: %s\n\t%s", answer, request, p.JSON())
		}
	})
}

func TestAddingDenyNeverAdds(t *testing.T) {
	forRandomPolicies(t, 6, 4, func(r *rand.Rand, v *vocabulary, p spec, d *policy.Document) {
		s := v.statement(r)
		s.Effect = "Deny"
		p.Statements = slices.Insert(p.Statements, r.IntN(len(p.Statements)+1), s)
		if added := Added(d, parse(t, p.JSON()), Options{}); len(added) > 0 {
			t.Errorf("added %s\n\t%s", &added[0], p.JSON())
		}
	})
}

func TestImpliesSaysNoWithACounterexample(t *testing.T) {
	counts := map[Answer]int{}
	forRandomPolicies(t, 7, 4, func(r *rand.Rand, v *vocabulary, p spec, a *policy.Document) {
		changed := spec{p.Version, slices.Clone(p.Statements)}
		i := r.IntN(len(changed.Statements))
		changed.Statements[i] = v.statement(r)
		b := parse(t, changed.JSON())
		answer, request, w := Implies(a, b, Options{})
		counts[answer]++
		switch answer {
		case No:
			if decision, _ := Decide(a, request, w); !decision.OK() {
				t.Errorf("%s is not allowed by the first\n\t%s", request, p.JSON())
			}
			if decision, _ := Decide(b, request, w); decision.OK() {
				t.Errorf("%s is allowed by the second\n\t%s", request, changed.JSON())
			}
		case Yes:
			for range 20 {
				request := v.realRequest(r, a)
				decision, _ := Assume(a, request, World{})
				if other, _ := Decide(b, request, World{}); decision.OK() && !other.OK() && canCall(request) && !notation(request, p) && !notation(request, changed) {
					t.Errorf("%s is allowed by the first only\n\t%s\n\t%s", request, p.JSON(), changed.JSON())
				}
			}
		}
	})
	t.Logf("%v", counts)
}

func TestWritingAPolicyDifferentlyChangesNothing(t *testing.T) {
	forRandomPolicies(t, 8, 4, func(r *rand.Rand, v *vocabulary, p spec, d *policy.Document) {
		changed := spec{p.Version, slices.Clone(p.Statements)}
		r.Shuffle(len(changed.Statements), func(i, j int) {
			changed.Statements[i], changed.Statements[j] = changed.Statements[j], changed.Statements[i]
		})
		for i := range changed.Statements {
			s := &changed.Statements[i]
			s.Action = json.RawMessage(strings.ToUpper(string(s.Action)))
			if s.Action[0] != '[' {
				s.Action = json.RawMessage("[" + string(s.Action) + "]")
			}
			conditions := map[string]map[string][]string{}
			for operator, keys := range s.Condition {
				conditions[operator] = map[string][]string{}
				for key, values := range keys {
					values = slices.Clone(values)
					slices.Reverse(values)
					if !strings.Contains(key, "/") {
						key = strings.ToUpper(key)
					}
					conditions[operator][key] = values
				}
			}
			s.Condition = conditions
		}
		e := parse(t, changed.JSON())
		for range 20 {
			request := v.request(r)
			got, _ := Decide(e, request, World{})
			if want, _ := Decide(d, request, World{}); got != want {
				t.Errorf("%s: %s became %s\n\t%s\n\t%s", request, want, got, p.JSON(), changed.JSON())
			}
		}
		for _, pair := range [][2]*policy.Document{{d, e}, {e, d}} {
			for _, g := range Added(pair[0], pair[1], Options{}) {
				if !g.Undecided {
					t.Errorf("added %s\n\t%s\n\t%s", &g, p.JSON(), changed.JSON())
				}
			}
		}
	})
}

// What shows at once to be usable is usable when it is looked at in full.
func TestPlainStatementsAreUsable(t *testing.T) {
	shown := 0
	forRandomPolicies(t, 8, 1, func(_ *rand.Rand, _ *vocabulary, p spec, d *policy.Document) {
		for _, s := range d.Statements {
			if vague(s) || !plain(s, Options{}) {
				continue
			}
			shown++
			for _, w := range worlds(d) {
				if q, c := lone(d, s, w, Options{}); !q.usable(c, c.atoms) || q.companioning(c) {
					t.Fatalf("nobody can use statement %d of\n%s", s.Index, p.JSON())
				}
			}
		}
	})
	if shown == 0 {
		t.Error("no statement was plain")
	}
	t.Log(shown)
}
