package cloudformation

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

const fixtures = "testdata/fixtures"

// A fixture is a template with the documents and places it must give. testdata/fixtures/README.md says how to read them.
type fixture struct {
	dir, file string
	truth     struct {
		Roles map[string]struct {
			Generated   bool
			Assignments []assignment
		}
	}
	positions []struct {
		Role, Value, File string
		Line, Column      int
	}
}

type assignment struct {
	Params   map[string]string
	Document any
}

func readFixtures(t testing.TB) []fixture {
	dirs, err := filepath.Glob(fixtures + "/*/truth.json")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no fixtures", err)
	}
	var all []fixture
	for _, truth := range dirs {
		f := fixture{dir: filepath.Dir(truth)}
		readJSONFile(t, truth, &f.truth)
		readJSONFile(t, filepath.Join(f.dir, "positions.json"), &f.positions)
		templates, _ := filepath.Glob(f.dir + "/template.*")
		f.file = filepath.Base(templates[0])
		all = append(all, f)
	}
	return all
}

func readJSONFile(t testing.TB, name string, v any) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(name, err)
	}
}

// extract returns the documents of the fixture's template.
func (f fixture) extract(t testing.TB, opts Options) ([]*policy.Document, []source.Problem) {
	t.Helper()
	tree, err := source.OpenTree(f.dir)
	if err != nil {
		t.Fatal(err)
	}
	file, err := tree.File(f.file)
	if err != nil {
		t.Fatal(err)
	}
	docs, _, problems := Extract(tree, file, opts)
	return docs, problems
}

// deploymentOptions returns the options of the deployment that the fixtures describe.
func deploymentOptions(params map[string]string) Options {
	given := map[string]string{
		"AWS::AccountId": "123456789012", "AWS::Region": "us-east-1", "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com",
		"AWS::StackName": "teststack",
	}
	maps.Copy(given, params)
	return Options{Parameters: given}
}

var symbol = regexp.MustCompile(`<<(Ref|GetAtt|Param|ImportValue|Include|Var|SSM):([^<>]*)>>`)

// normal brings a document to the one form that the fixtures are compared in.
func normal(v any) any {
	switch v := v.(type) {
	case string:
		return symbol.ReplaceAllStringFunc(v, func(s string) string {
			m := symbol.FindStringSubmatch(s)
			switch m[1] {
			case "SSM", "Include", "ImportValue":
				return "${" + m[1] + ":" + m[2] + "}"
			}
			return "${" + m[2] + "}"
		})
	case nil:
		return nil
	case []any:
		out := []any{}
		for _, e := range v {
			out = append(out, normal(e))
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if e != nil {
				out[normal(k).(string)] = normal(e)
			}
		}
		return out
	}
	return fmt.Sprint(v)
}

// document returns d's policy in the form of normal.
func document(t testing.TB, d *policy.Document) any {
	t.Helper()
	if d.Value == nil {
		return "unresolved"
	}
	return decode(t, d.Value.JSON())
}

func decode(t testing.TB, b []byte) any {
	t.Helper()
	var v any
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return normal(v)
}

func TestDocumentsUnderEveryAssignment(t *testing.T) {
	for _, f := range readFixtures(t) {
		t.Run(path.Base(f.dir), func(t *testing.T) {
			for role, truth := range f.truth.Roles {
				for _, a := range truth.Assignments {
					docs, _ := f.extract(t, deploymentOptions(a.Params))
					var got []any
					for _, d := range docs {
						if _, known := f.truth.Roles[d.Role]; !known {
							t.Errorf("%s: there is no such role", d.Role)
						}
						if d.Role == role {
							got = append(got, document(t, d))
						}
					}
					switch {
					case a.Document == nil && len(got) > 0:
						t.Errorf("%s %v: exists, and must not: %v", role, a.Params, got)
					case a.Document == nil, truth.Generated && len(got) == 0:
					case len(got) != 1:
						t.Errorf("%s %v: %d documents, want 1", role, a.Params, len(got))
					default:
						if diff := cmp.Diff(normal(a.Document), got[0]); diff != "" {
							t.Errorf("%s %v: (-want +got)\n%s", role, a.Params, diff)
						}
					}
				}
			}
		})
	}
}

func TestPlacesOfLiterals(t *testing.T) {
	for _, f := range readFixtures(t) {
		t.Run(path.Base(f.dir), func(t *testing.T) {
			type place struct {
				role, value, file string
				line, column      int
			}
			found := map[place]bool{}
			for role, truth := range f.truth.Roles {
				for _, a := range truth.Assignments {
					docs, _ := f.extract(t, deploymentOptions(a.Params))
					for _, d := range docs {
						if d.Role != role || d.Value == nil {
							continue
						}
						for _, leaf := range d.Value.Leaves() {
							text := leaf.Value.Text.String()
							if leaf.Value.Kind == policy.Hidden {
								text = leaf.Value.Hole.String()
							}
							if leaf.Value.Span.IsZero() {
								t.Errorf("%s %s: no place", role, leaf.Path)
								continue
							}
							at := leaf.Value.Span.Begin()
							found[place{role, text, leaf.Value.Span.File.Name, at.Line, at.Column}] = true
						}
					}
				}
			}
			for _, want := range f.positions {
				p := place{want.Role, normal(want.Value).(string), want.File, want.Line, want.Column}
				if !found[p] {
					var near []place
					for have := range found {
						if have.role == p.role && have.value == p.value {
							near = append(near, have)
						}
					}
					t.Errorf("%v is not among the places: %v", p, near)
				}
			}
		})
	}
}

// TestAlternativesCoverEveryAssignment: without parameters, the policy under any of them is one of those shown.
func TestAlternativesCoverEveryAssignment(t *testing.T) {
	for _, f := range readFixtures(t) {
		t.Run(path.Base(f.dir), func(t *testing.T) {
			docs, _ := f.extract(t, Options{})
			for role, truth := range f.truth.Roles {
				for _, a := range truth.Assignments {
					if a.Document == nil {
						continue
					}
					want := normal(a.Document)
					var shown []string
					covered := truth.Generated
					for _, d := range docs {
						if d.Role != role || d.Value == nil {
							continue
						}
						b := d.Value.JSON()
						shown = append(shown, d.When+": "+string(b))
						if matches(decode(t, b), want) {
							covered = true
						}
					}
					if !covered {
						slices.Sort(shown)
						t.Errorf("%s %v: %v is not among\n%s", role, a.Params, want, strings.Join(shown, "\n"))
					}
				}
			}
		})
	}
}

var holePattern = regexp.MustCompile(`\$\{[^{}]*\}`)

// matches reports whether the document with holes can be the one without.
func matches(open, closed any) bool {
	switch open := open.(type) {
	case string:
		s, ok := closed.(string)
		if holePattern.FindString(open) == open && open != "" {
			return true
		}
		if !ok {
			return false
		}
		var re strings.Builder
		last := 0
		for _, m := range holePattern.FindAllStringIndex(open, -1) {
			re.WriteString(regexp.QuoteMeta(open[last:m[0]]) + ".*")
			last = m[1]
		}
		re.WriteString(regexp.QuoteMeta(open[last:]))
		return regexp.MustCompile("^(?s:" + re.String() + ")$").MatchString(s)
	case []any:
		c, ok := closed.([]any)
		if ok && len(open) == 1 && len(c) > 1 {
			for i := range c {
				if !matches(open[0], c[i]) {
					return false
				}
			}
			return true
		}
		if !ok || len(c) != len(open) {
			return false
		}
		for i := range open {
			if !matches(open[i], c[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		c, ok := closed.(map[string]any)
		if !ok || len(c) != len(open) {
			return false
		}
		for k, o := range open {
			matched := false
			for ck, cv := range c {
				matched = matched || matches(k, ck) && matches(o, cv)
			}
			if !matched {
				return false
			}
		}
		return true
	}
	return open == closed
}
