package access

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/trustvet/trustvet/internal/policy"
)

// FuzzWho checks on any policy, with holes too, that each witness is allowed, that allowed requests lie in a grant, that a
// policy adds nothing to itself, and that nothing panics or runs on.
func FuzzWho(f *testing.F) {
	files, _ := filepath.Glob("testdata/who/*.txtar")
	for _, name := range files {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if strings.HasSuffix(file.Name, ".json") {
				f.Add(string(file.Data), uint64(1))
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 50 {
		f.Add(vocabularyOfVectors().policy(r).JSON(), uint64(i))
	}
	f.Fuzz(func(t *testing.T, src string, seed uint64) {
		if len(src) > 4096 {
			return
		}
		v, err := policy.ParseJSON(withHoles(src))
		if err != nil {
			return
		}
		d := policy.Parse("role", v)
		if len(d.Statements) > 12 {
			return
		}
		grants := Who(d, Options{Now: goldenNow})
		for _, g := range grants {
			_ = g.String()
			if g.Undecided {
				continue
			}
			if decision, _ := Decide(d, g.Witness, g.World); !decision.OK() {
				t.Fatalf("%s: witness %s is not allowed", &g, g.Witness)
			}
			g.Find(If("Null", "aws:MultiFactorAuthPresent", "true"))
			g.Keys()
		}
		e := policy.Parse("role", v)
		for _, g := range newQuestion(worlds(e, d)[0], Options{}, false, least(d), most(e)).added(d, e) {
			if !g.Undecided {
				t.Fatalf("a policy adds %s to itself: %s", &g, g.Witness)
			}
		}
		for _, s := range d.Statements {
			Dead(d, s, Options{})
			Shadowed(d, s, Options{})
			for i := range s.Conditions {
				Void(d, s, i, Options{})
			}
		}
		if len(worlds(d)) > 1 || hasHole(d) {
			return // a request is allowed in one world and not in another
		}
		free := freeGrants(d)
		random := rand.New(rand.NewPCG(seed, 2))
		for range 10 {
			request := vocabularyOfVectors().request(random)
			if strings.Contains(request.Principal, ":role/") {
				continue // a notation: see TestAllowedRequestsLieInAGrant
			}
			if decision, _ := Decide(d, request, World{}); decision.OK() && !inside(free, request) {
				t.Fatalf("%s is allowed but in no grant", request)
			}
		}
	})
}

func hasHole(d *policy.Document) bool {
	found := len(d.Unresolved) > 0
	for _, s := range d.Statements {
		texts(s, func(t policy.Text) { found = found || t.Hole() != nil })
	}
	return found
}
