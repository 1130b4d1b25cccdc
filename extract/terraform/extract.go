// Package terraform reads Terraform and OpenTofu configurations and returns the trust policies of the roles in them, as far
// as the code alone determines them.
//
// It evaluates: from each role backwards, on demand, with its own values (value) in which every string is made of located
// parts, so that what is not known is a hole in an otherwise known policy and every literal keeps its place. It never runs
// anything, never downloads anything, and reads only through source.Tree.
package terraform

import (
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// Options say what a person running Terraform would say on the command line and in the environment.
type Options struct {
	Vars      map[string]string // root variables, as --var gives them
	VarFiles  []VarFile         // as --var-file gives them
	Workspace string            // terraform.workspace; "" leaves it unknown
	Env       []string          // NAME=value; only TF_VAR_ names count
	// Only, where it is not empty, names changed files: only root modules that may include one of them are evaluated.
	Only []string
	// Stack, where it is set, reads the templates of CloudFormation stacks that the configuration holds.
	Stack func(Stack) ([]*policy.Document, []source.Problem)
}

// A VarFile is a file with values of root variables: the one of that name in the tree, or one from elsewhere.
type VarFile struct {
	Name string
	File *source.File // nil for the one in the tree
}

// AddVarFile adds a file as the next --var-file gives it: f, or the one of that name in the tree when f is nil.
func (o *Options) AddVarFile(name string, f *source.File) {
	o.VarFiles = append(o.VarFiles, VarFile{name, f})
}

// Extract returns the trust policies of the roles that the root modules among the directories of files create, in the
// order of directories and blocks. files are the names of all Terraform files that are to be looked at.
func Extract(tree *source.Tree, files []string, opts Options) ([]*policy.Document, []source.Problem) {
	l := newLoader(tree)
	var units []*unit
	var run []string // directories of modules that units run
	for _, name := range files {
		if isTerragrunt(name) {
			if u := l.unit(name, &opts); u != nil && u.module != "" {
				units = append(units, u)
				run = append(run, u.module)
			}
		}
	}
	roots := l.roots(files, run)
	if len(opts.Only) > 0 {
		roots = l.affected(roots, opts.Only)
		units = slices.DeleteFunc(units, func(u *unit) bool {
			return !slices.Contains(opts.Only, u.file) && len(l.affected([]string{u.module}, opts.Only)) == 0
		})
	}
	n := len(roots) + len(units)
	results := make([][]*policy.Document, n)
	unclaimed := make([][]unclaimed, n)
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range next {
				if i < len(roots) {
					results[i], unclaimed[i] = l.extractRoot(roots[i], &opts)
				} else {
					results[i], unclaimed[i] = l.extractUnit(units[i-len(roots)], &opts)
				}
			}
		}()
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	docs := slices.Concat(results...)
	type note struct {
		b      *block
		policy string
	}
	noted := map[note]bool{}
	for _, u := range slices.Concat(unclaimed...) {
		key := note{b: u.b}
		if u.doc.Value != nil {
			key.policy = string(u.doc.Value.JSON())
		}
		if !u.b.used.Load() && !noted[key] {
			noted[key] = true // once, however often its module is called
			docs = append(docs, u.doc)
		}
	}
	return docs, source.SortProblems(l.problems)
}

// extractRoot returns the documents of the roles of the root module in dir, and of its policy documents that may be trust
// policies.
func (l *loader) extractRoot(dir string, opts *Options) ([]*policy.Document, []unclaimed) {
	m := l.module(dir)
	if m == nil || !m.hasSinks() {
		return nil, nil
	}
	e := newEvaluator(l, m, opts)
	docs := e.visit(e.root)
	return docs, e.unclaimed
}

func newEvaluator(l *loader, m *module, opts *Options) *evaluator {
	e := &evaluator{l: l, opts: opts, workspace: opts.Workspace,
		busy:       map[memoKey]bool{},
		expansions: map[expansionKey]*expansion{},
		children:   map[expansionKey][]*instance{},
		accounts:   map[*policy.Hole]string{},
	}
	e.settled, e.chosen, e.picked = map[memoKey]*value{}, map[memoKey]*value{}, map[memoKey]*value{}
	e.root = &instance{mod: m}
	e.root.given = e.givenVariables()
	return e
}

// roots returns the directories of files that are root modules: those that no other one calls, and those that say they
// are by a backend or by values for their variables. Modules that Terragrunt runs, in the directories run, are not among them.
func (l *loader) roots(files, run []string) []string {
	dirs := map[string]bool{}
	for _, name := range files {
		if isConfig(name) {
			dirs[path.Dir(name)] = true
		}
	}
	names := sortedNames(dirs)
	called := map[string][]string{} // by directory, who calls it
	for _, dir := range names {
		for _, child := range l.localCalls(dir) {
			if child != dir {
				called[child] = append(called[child], dir)
			}
		}
	}
	for _, dir := range run {
		called[dir] = append(called[dir], "")
	}
	var roots []string
	isRoot := map[string]bool{}
	for _, dir := range names {
		if len(called[dir]) == 0 || l.saysRoot(dir) {
			roots = append(roots, dir)
			isRoot[dir] = true
		}
	}
	// Modules that only call each other have no root among them.
	reached := map[string]bool{}
	var reach func(dir string)
	reach = func(dir string) {
		if reached[dir] {
			return
		}
		reached[dir] = true
		for _, child := range l.localCalls(dir) {
			reach(child)
		}
	}
	for _, dir := range slices.Concat(roots, run) {
		reach(dir)
	}
	for _, dir := range names {
		if !reached[dir] {
			roots = append(roots, dir)
			reach(dir)
		}
	}
	slices.Sort(roots)
	return roots
}

// localCalls returns the directories of the modules that the module in dir calls by a path.
func (l *loader) localCalls(dir string) []string {
	m := l.module(dir)
	if m == nil {
		return nil
	}
	var dirs []string
	for _, b := range m.blocks {
		if b.typ != "module" {
			continue
		}
		if name, ok := literalSource(b, l); ok && localSource(name) {
			if child, err := source.Clean(path.Join(dir, strings.Replace(name, "//", "/", 1))); err == nil {
				dirs = append(dirs, child)
			}
		}
	}
	return dirs
}

// saysRoot reports whether the module in dir, which another one calls, is one that Terraform is run in too.
func (l *loader) saysRoot(dir string) bool {
	m := l.module(dir)
	if m == nil {
		return false
	}
	for _, b := range m.settings {
		for _, nested := range b.load(l).Blocks {
			if nested.Type == "backend" || nested.Type == "cloud" {
				return true
			}
		}
	}
	return len(l.tfvarsFiles(dir)) > 0
}

// affected returns the roots that may include one of the named files.
func (l *loader) affected(roots, names []string) []string {
	dirs := map[string]bool{}
	for _, name := range names {
		dirs[path.Dir(path.Clean(name))] = true
	}
	var out []string
	for _, root := range roots {
		seen := map[string]bool{}
		var touches func(dir string) bool
		touches = func(dir string) bool {
			if seen[dir] {
				return false
			}
			seen[dir] = true
			if dirs[dir] {
				return true
			}
			for changed := range dirs {
				// A module reads files beside and below itself.
				if dir != "." && strings.HasPrefix(changed, dir+"/") {
					return true
				}
			}
			return slices.ContainsFunc(l.localCalls(dir), touches)
		}
		if touches(root) {
			out = append(out, root)
		}
	}
	return out
}
