package cloudformation

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// corpusVariable names a directory whose subdirectories are repositories to try the package on.
const corpusVariable = "TRUSTVET_CORPUS"

// TestCorpus prints what the package makes of each repository of a corpus, and checks that the place of every literal holds
// its spelling.
func TestCorpus(t *testing.T) {
	corpus := os.Getenv(corpusVariable)
	if corpus == "" {
		t.Skip("no " + corpusVariable)
	}
	repositories, err := filepath.Glob(filepath.Join(corpus, os.Getenv(corpusVariable+"_ONLY")+"*"))
	if err != nil {
		t.Fatal(err)
	}
	var all tally
	for _, repository := range repositories {
		one := tryRepository(t, repository)
		if one.roles > 0 || one.problems > 0 {
			t.Logf("%-60s %s", filepath.Base(repository), one)
		}
		all.add(one)
	}
	t.Logf("%-60s %s", "all", all)
	for _, r := range all.reasons() {
		t.Log(r)
	}
}

// maxFailures bounds what TestCorpusScalars prints.
const maxFailures = 50

// TestCorpusScalars checks the place of every scalar of every YAML and JSON file of a corpus.
func TestCorpusScalars(t *testing.T) {
	corpus := os.Getenv(corpusVariable)
	if corpus == "" {
		t.Skip("no " + corpusVariable)
	}
	files, nodes, scalars, unread, failures := 0, 0, 0, 0, 0
	eachFile(t, corpus, func(name string, src []byte) {
		files++
		if !utf8.Valid(src) {
			return // UTF-16, which yaml.v3 decodes
		}
		p := newPage(source.NewFile(name, src))
		docs, err := readYAML(p)
		if err != nil {
			unread++
		}
		if root, err := readJSON(p); err == nil {
			docs = append(docs, root)
		}
		for _, d := range docs {
			seen := map[*node]bool{}
			checkNode(d, seen, func(format string, args ...any) {
				if failures++; failures <= maxFailures {
					t.Errorf("%s: %.400s", name, fmt.Sprintf(format, args...))
				}
			})
			nodes += len(seen)
			for n := range seen {
				if n.scalar() {
					scalars++
				}
			}
		}
	})
	t.Logf("%d scalars among %d nodes in %d files, %d of them not YAML: %d failures", scalars, nodes, files, unread, failures)
}

type tally struct {
	files, candidates, roles, resolved, open, alternatives, unresolved, literals, unplaced, problems int
	why                                                                                              map[string]int
	seconds                                                                                          float64
}

func (a *tally) add(b tally) {
	a.files += b.files
	a.candidates += b.candidates
	a.roles += b.roles
	a.resolved += b.resolved
	a.open += b.open
	a.alternatives += b.alternatives
	a.unresolved += b.unresolved
	a.literals += b.literals
	a.unplaced += b.unplaced
	a.problems += b.problems
	a.seconds += b.seconds
	for k, n := range b.why {
		a.count(k, n)
	}
}

func (a *tally) count(reason string, n int) {
	if a.why == nil {
		a.why = map[string]int{}
	}
	a.why[reason] += n
}

func (a tally) String() string {
	return fmt.Sprintf("%d files, %d candidates, %d roles: %d resolved, %d with holes, %d unresolved; %d with alternatives; %d literals, %d without place; %d problems; %.2f s",
		a.files, a.candidates, a.roles, a.resolved, a.open, a.unresolved, a.alternatives, a.literals, a.unplaced, a.problems, a.seconds)
}

func (a tally) reasons() []string {
	var lines []string
	for reason, n := range a.why {
		lines = append(lines, fmt.Sprintf("%6d %s", n, reason))
	}
	slices.SortFunc(lines, func(a, b string) int { return -strings.Compare(a, b) })
	return lines[:min(len(lines), 300)]
}

// roleWritten finds what looks like the type of a role, in a comment too.
var roleWritten = regexp.MustCompile(`(?m)Type"?\s*:\s*["']?AWS::IAM::Role["']?\s*(,|}|#.*|$)`)

var templateExtensions = []string{".yaml", ".yml", ".json", ".template", ".cfn", ".cform", ".jinja", ".j2", ".tpl", ".txt"}

func tryRepository(t *testing.T, dir string) (sum tally) {
	tree, err := source.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() || !slices.Contains(templateExtensions, strings.ToLower(path.Ext(name))) {
			return nil
		}
		rel, _ := filepath.Rel(dir, name)
		file, err := tree.File(filepath.ToSlash(rel))
		if err != nil {
			return nil
		}
		sum.files++
		start := time.Now()
		if !Candidate(file.Src) {
			sum.seconds += time.Since(start).Seconds()
			return nil
		}
		sum.candidates++
		docs, _, problems := Extract(tree, file, Options{})
		took := time.Since(start)
		sum.seconds += took.Seconds()
		if took > time.Second {
			t.Logf("slow: %s %v", name, took)
		}
		for _, p := range problems {
			sum.problems++
			sum.count("problem: "+class(p.Message), 1)
			if os.Getenv(corpusVariable+"_VERBOSE") != "" {
				t.Logf("problem: %s/%s: %s", dir, p.File(), p.Message)
			}
		}
		if os.Getenv(corpusVariable+"_VERBOSE") != "" {
			own := map[source.Span]bool{}
			for _, d := range docs {
				if d.Span.File == file && !strings.Contains(d.Role, "/") && d.Note == "" {
					own[d.Span] = true
				}
			}
			if written := len(roleWritten.FindAll(file.Src, -1)); written != len(own) {
				t.Logf("count: %s: %d roles written, %d policies found", name, written, len(own))
			}
		}
		compareEngines(t, tree, file, &sum)
		compareAssignments(t, tree, file, docs, &sum)
		byRole := map[string][]*policy.Document{}
		for _, d := range docs {
			byRole[d.Role] = append(byRole[d.Role], d)
		}
		for _, ds := range byRole {
			sum.roles++
			if len(ds) > 1 {
				sum.alternatives++
			}
			unresolved, open := false, false
			for _, d := range ds {
				for _, u := range d.Unresolved {
					unresolved = true
					reason := u.What
					if u.Hole != nil {
						reason += ": " + class(u.Hole.Reason+" "+u.Hole.Expr)
					}
					sum.count("unresolved "+reason, 1)
				}
				for _, f := range d.Faults {
					sum.count("fault "+string(f.Code)+" "+class(f.Message), 1)
					if os.Getenv(corpusVariable+"_VERBOSE") != "" {
						t.Logf("fault: %s: %s: %s", name, d.Role, f.Message)
					}
				}
				if d.Value == nil {
					continue
				}
				for _, leaf := range d.Value.Leaves() {
					if leaf.Value.Kind == policy.Hidden || leaf.Value.Text.Hole() != nil {
						open = true
					}
					placed, wrong := checkPlaces(leaf.Value)
					if placed {
						sum.literals++
					} else {
						sum.unplaced++
					}
					if wrong != "" {
						t.Errorf("%s: %s: %s: %s", name, d.Role, leaf.Path, wrong)
					}
				}
			}
			switch {
			case unresolved:
				sum.unresolved++
			case open:
				sum.open++
			default:
				sum.resolved++
			}
		}
		return nil
	})
	return sum
}

// eachFile calls f with the name and content of each YAML and JSON file below dir.
func eachFile(t testing.TB, dir string, f func(name string, src []byte)) {
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() || !slices.Contains(templateExtensions, strings.ToLower(path.Ext(name))) {
			return nil
		}
		if b, err := os.ReadFile(name); err == nil {
			f(name, b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// compareEngines compares the documents of a file under its parameters' defaults with what goformation makes of them.
func compareEngines(t *testing.T, tree *source.Tree, file *source.File, sum *tally) {
	opts := deploymentOptions(nil)
	docs, _, _ := Extract(tree, file, opts)
	roots, err := newEvaluator(tree, opts).read(newPage(file), file.Name)
	if err != nil || len(roots) != 1 {
		return
	}
	for _, d := range docs {
		if d.Value == nil || d.Span.File != file {
			continue
		}
		second, ok := secondOpinion(t, roots, file.Name, d.Role, opts.Parameters)
		switch {
		case !ok:
			if second != nil {
				sum.count(class(fmt.Sprint("goformation: ", second)), 1)
			}
		case cmp.Equal(second, document(t, d)):
			sum.count("goformation agrees", 1)
		default:
			sum.count("goformation differs", 1)
			t.Logf("differs: %s: %s: (-goformation +ours)\n%s", file.Name, d.Role, cmp.Diff(second, document(t, d)))
		}
	}
}

// assignments returns some of the parameter values that the templates of a file tell apart.
func assignments(roots []*node, name string, n int) []map[string]string {
	var all []map[string]string
	r := rand.New(rand.NewPCG(7, uint64(len(name))))
	for _, root := range roots {
		e := newEvaluator(source.NewTree(nil), Options{})
		for _, t := range e.templates(root, name) {
			if len(t.conditions) == 0 && len(memberList(t.root.get("Mappings"))) == 0 {
				continue
			}
			literals := map[string][]string{}
			for name := range t.conditions {
				s := newSolver([]constraint{{e.condition(name, scope{t: t}), true}})
				for _, v := range s.vars {
					literals[v.key] = append(literals[v.key], v.values...)
				}
			}
			for range n {
				a := map[string]string{}
				for _, p := range memberList(t.root.get("Parameters")) {
					values := append([]string{"other"}, literals[p.key.text]...)
					if allowed := p.value.get("AllowedValues"); allowed != nil {
						values = nil
						for _, v := range allowed.elements {
							values = append(values, v.canonical())
						}
					} else if d := p.value.get("Default"); d.scalar() {
						values = append(values, d.canonical())
					}
					if len(values) > 0 {
						a[p.key.text] = values[r.IntN(len(values))]
					}
				}
				all = append(all, a)
			}
		}
	}
	return all
}

// compareAssignments checks, for some parameter values, that goformation has the same document and that it is one of the
// alternatives shown without them.
func compareAssignments(t *testing.T, tree *source.Tree, file *source.File, open []*policy.Document, sum *tally) {
	roots, err := newEvaluator(tree, Options{}).read(newPage(file), file.Name)
	if err != nil || len(roots) != 1 {
		return
	}
	for _, a := range assignments(roots, file.Name, 12) {
		opts := deploymentOptions(a)
		docs, _, _ := Extract(tree, file, opts)
		seen := map[string]int{}
		for _, d := range docs {
			seen[d.Role]++
		}
		for _, d := range docs {
			if d.Value == nil || d.Span.File != file || seen[d.Role] > 1 {
				continue
			}
			closed := document(t, d)
			if second, ok := secondOpinion(t, roots, file.Name, d.Role, opts.Parameters); ok {
				if cmp.Equal(second, closed) {
					sum.count("assignment: goformation agrees", 1)
				} else {
					sum.count("assignment: goformation differs", 1)
					t.Logf("assignment differs: %s: %s %v: (-goformation +ours)\n%s", file.Name, d.Role, a, cmp.Diff(second, closed))
				}
			}
			covered := false
			for _, o := range open {
				covered = covered || o.Role == d.Role && (o.Value == nil || matches(decode(t, o.Value.JSON()), closed))
			}
			if covered {
				sum.count("assignment: is one of the alternatives", 1)
			} else {
				sum.count("assignment: is none of the alternatives", 1)
				t.Logf("not covered: %s: %s %v: %v", file.Name, d.Role, a, closed)
			}
		}
	}
}

// class shortens a message to its kind.
func class(s string) string {
	words := strings.Fields(s)
	return strings.Join(words[:min(len(words), 12)], " ")
}

// checkPlaces reports whether the literals of a leaf have a place byte for byte, and what is wrong with one.
func checkPlaces(v *policy.Value) (placed bool, wrong string) {
	placed = true
	for _, p := range v.Text.Parts {
		if p.Hole != nil {
			continue
		}
		if p.Span.IsZero() {
			return false, "a literal without a span"
		}
		if !p.Located() {
			placed = false
			continue
		}
		for i := 0; i < len(p.Literal); {
			r, size := utf8.DecodeRuneInString(p.Literal[i:])
			at := p.Slice(i, i+size).Span
			if !spells(at, r) {
				return true, fmt.Sprintf("%q: the character %q at byte %d is not spelled %q", p.Literal, r, i, at.Text())
			}
			i += size
		}
	}
	if placed && len(v.Text.Parts) == 1 && v.Text.Parts[0].Hole == nil && !decodes(v) {
		return true, fmt.Sprintf("%q does not decode to %q", v.Text.Span.Text(), v.Text.Parts[0].Literal)
	}
	return placed, ""
}

// spells reports whether the text at a place can stand for the character r.
func spells(at source.Span, r rune) bool {
	src := at.File.Src[at.Start:]
	if have, _ := utf8.DecodeRune(src); have == r {
		return true
	}
	if len(src) == 0 {
		return r == '\n'
	}
	switch src[0] {
	case '\\', '\'', '\n', '\r', ' ', '\t':
		return true
	}
	return false
}

// decodes reports whether the text under v's place, read in one of the ways it can be written, is v's literal.
func decodes(v *policy.Value) bool {
	literal, raw := v.Text.Parts[0].Literal, v.Text.Span.Text()
	if raw == literal {
		return true
	}
	for _, spelling := range []string{`"` + raw + `"`, "'" + raw + "'", raw, "|-\n  " + raw, ">-\n  " + raw} {
		var s string
		if yaml.Unmarshal([]byte(spelling), &s) == nil && s == literal {
			return true
		}
	}
	// JSON text within another spelling: only the characters one by one can be checked.
	return strings.Contains(raw, `\`) || strings.ContainsAny(raw, "\n\r\u0085\u2028\u2029") || strings.Contains(raw, `","`) || strings.Contains(raw, "Join") || len(raw) > len(literal)
}
