package terraform

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// terraformFiles returns the names of the Terraform files below dir.
func terraformFiles(t testing.TB, dir string) []string {
	var names []string
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".terraform" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		if !d.IsDir() && (isConfig(name) || isTerragrunt(name)) {
			rel, err := filepath.Rel(dir, name)
			if err != nil {
				return err
			}
			names = append(names, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func openTree(t testing.TB, dir string) *source.Tree {
	tree, err := source.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

type truth struct {
	Vars  map[string]any
	Roles map[string]any
}

func readTruth(t *testing.T, dir string) truth {
	b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want truth
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	return want
}

// The fixtures hold the documents that Terraform and the AWS provider produce.
func TestPoliciesAreThoseOfTerraform(t *testing.T) {
	dirs, _ := filepath.Glob("testdata/f[0-9]*")
	if len(dirs) == 0 {
		t.Fatal("no fixtures")
	}
	for _, dir := range dirs {
		want := readTruth(t, dir)
		t.Run(path.Base(dir)+"/with variables", func(t *testing.T) {
			vars := map[string]string{}
			for name, v := range want.Vars {
				if s, ok := v.(string); ok {
					vars[name] = s
					continue
				}
				b, _ := json.Marshal(v)
				vars[name] = string(b)
			}
			// Values are given also where there are no variables: what they keep from existing is not there.
			given := Options{Vars: vars, Env: []string{"TF_VAR_none="}}
			docs, _, problems := Extract(openTree(t, dir), terraformFiles(t, dir), given)
			for _, p := range problems {
				t.Errorf("problem: %s: %s", p.File(), p.Message)
			}
			got := map[string]bool{}
			for _, d := range docs {
				if got[d.Role] || d.When != "" {
					t.Errorf("%s has more than one policy, this one when %s", d.Role, d.When)
				}
				got[d.Role] = true
				if want.Roles[d.Role] == nil {
					t.Errorf("there is no role %s", d.Role)
					continue
				}
				checkInstance(t, d, want.Roles[d.Role])
				if d.Value != nil {
					if holes := unknownHoles(d.Value); len(holes) > 0 {
						t.Errorf("%s: not known: %s", d.Role, strings.Join(holes, ", "))
					}
				}
			}
			for role := range want.Roles {
				if !got[role] {
					t.Errorf("role %s is missing", role)
				}
			}
		})
		t.Run(path.Base(dir)+"/without", func(t *testing.T) {
			docs, _, _ := Extract(openTree(t, dir), terraformFiles(t, dir), Options{})
			for role, policy := range want.Roles {
				var last error
				found := false
				for _, d := range docs {
					if !sameRole(d.Role, role) || d.Value == nil {
						continue
					}
					if last = instanceOf(d.Value, policy); last == nil {
						found = true
						break
					}
				}
				if !found {
					t.Errorf("%s: no alternative fits: %v", role, last)
				}
			}
		})
	}
}

func checkInstance(t *testing.T, d *policy.Document, want any) {
	t.Helper()
	if d.Value == nil {
		t.Errorf("%s is unresolved: %s", d.Role, d.Unresolved[0].Hole.Reason)
	} else if err := instanceOf(d.Value, want); err != nil {
		t.Errorf("%s: %v", d.Role, err)
	}
}

// sameRole reports whether the address got, which may stand for any instance, is that of role.
func sameRole(got, role string) bool {
	if got == role {
		return true
	}
	before, after, ok := strings.Cut(got, `["*"]`)
	if !ok {
		before, after, ok = strings.Cut(got, `[*]`)
	}
	return ok && strings.HasPrefix(role, before) && strings.HasSuffix(role, after)
}

// located returns the literal parts of v that name the place of their spelling.
func located(v *policy.Value) []policy.Part {
	var out []policy.Part
	add := func(t policy.Text) {
		for _, p := range t.Parts {
			if p.Hole == nil && p.Located() {
				out = append(out, p)
			}
		}
	}
	for _, leaf := range v.Leaves() {
		add(leaf.Value.Text)
	}
	return out
}

// spells reports whether the text under p's span is its spelling: the literal itself, or the literal with escapes.
func spells(p policy.Part) bool {
	s := p.Span.Text()
	if s == p.Literal {
		return true
	}
	unquoted := strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "\r", `\/`, "/", "$${", "${", "%%{", "%{", "&{", "${").Replace(s)
	return unquoted == p.Literal
}

func TestSpanTextIsSpelling(t *testing.T) {
	dirs, _ := filepath.Glob("testdata/f[0-9]*")
	for _, dir := range dirs {
		docs, _, _ := Extract(openTree(t, dir), terraformFiles(t, dir), Options{})
		n := 0
		for _, d := range docs {
			if d.Value == nil {
				continue
			}
			for _, p := range located(d.Value) {
				n++
				if !spells(p) {
					t.Errorf("%s: %s: %q is spelled %q", dir, d.Role, p.Literal, p.Span.Text())
				}
			}
		}
		if n < 5 {
			t.Errorf("%s: only %d literals have a place", dir, n)
		}
	}
}
