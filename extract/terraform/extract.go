// Package terraform reads Terraform and OpenTofu configurations and returns the trust policies of the roles in them, as far
// as the code alone determines them.
//
// It evaluates: from each role backwards, on demand, with its own values (value) in which every string is made of located
// parts, so that what is not known is a hole in an otherwise known policy and every literal keeps its place. It never runs
// anything, never downloads anything, and reads only through source.Tree.
package terraform

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/trustvet/trustvet/internal/parallel"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// Options say what a person running Terraform would say on the command line and in the environment.
type Options struct {
	Vars      map[string]string // root variables, as --var gives them
	VarFiles  []VarFile         // as --var-file gives them
	Workspace string            // terraform.workspace; "" leaves it unknown
	Env       []string          // NAME=value; only TF_VAR_ names count
	// Companions are the kinds that are looked for; of none given, all. To evaluate the policies of all roles takes as long as
	// all the rest.
	Companions []policy.CompanionKind
	// Stack, where it is set, reads the templates of CloudFormation stacks that the configuration holds.
	Stack func(Stack) ([]*policy.Document, []*policy.Companion, []source.Problem)
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
// order of directories and blocks, and the companions of these roles. files are the names of all Terraform files that are to
// be looked at.
func Extract(tree *source.Tree, files []string, opts Options) ([]*policy.Document, []*policy.Companion, []source.Problem) {
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
	n := len(roots) + len(units)
	results := make([]rootResult, n)
	var bill parallel.Bill
	parallel.Each(n, func(i int) {
		switch {
		case bill.Exceeds(maxRun):
			return // what comes below says so
		case i < len(roots):
			results[i] = l.extractRoot(roots[i], &opts)
		default:
			results[i] = l.extractUnit(units[i-len(roots)], &opts)
		}
		bill.Add(i, results[i].cost)
		l.aside.Add(i, results[i].companionCost)
	})
	var docs []*policy.Document
	var companions []*policy.Companion
	var unclaimed []unclaimed
	created := map[blockPlace]bool{}
	total, companionTotal := 0, 0
	for i, r := range results {
		if total > maxRun {
			var name string
			if i < len(roots) {
				name = roots[i]
			} else {
				name = units[i-len(roots)].file
			}
			l.problem(source.Problem{Name: name, Unreadable: true, Message: fmt.Sprintf("not looked at: the root modules before it take more than %d steps", maxRun)})
			continue
		}
		total += r.cost
		docs = append(docs, r.docs...)
		if companionTotal <= maxRun {
			companions = append(companions, r.companions...)
		}
		companionTotal += r.companionCost
		unclaimed = append(unclaimed, r.unclaimed...)
		maps.Copy(created, r.created)
	}
	docs = append(docs, l.hidden(run, created, total, &opts)...)
	if companionTotal > maxRun {
		l.problem(source.Problem{Message: fmt.Sprintf("not all policies and identity providers beside the roles are looked at: they take more than %d steps", maxRun)})
	}
	policy.SortCompanions(companions)
	type note struct {
		b      *block
		policy string
	}
	noted := map[note]bool{}
	for _, u := range unclaimed {
		key := note{b: u.b}
		if u.doc.Value != nil {
			key.policy = string(u.doc.Value.JSON())
		}
		if !u.b.used.Load() && !noted[key] {
			noted[key] = true // once, however often its module is called
			docs = append(docs, u.doc)
		}
	}
	return docs, companions, source.SortProblems(l.problems)
}

func (l *loader) extractRoot(dir string, opts *Options) (r rootResult) {
	defer l.survive(dir)
	m := l.module(dir)
	if m == nil || !m.hasSinks() {
		return rootResult{}
	}
	r = newEvaluator(l, m, opts).result()
	if len(l.called[dir]) == 0 {
		m.forget()
	}
	return r
}

// survive makes a problem of a panic: the library for HCL has panicked on hostile input before.
func (l *loader) survive(name string) {
	if err := recover(); err != nil {
		l.problem(source.Problem{Name: name, Unreadable: true, Message: fmt.Sprintf("internal error: %v", err)})
	}
}

// result visits the root module.
func (e *evaluator) result() rootResult {
	r := rootResult{docs: e.visit(e.root), unclaimed: e.unclaimed, created: e.created}
	evaluated := e.total
	r.cost = evaluated + keptCost*len(r.docs)
	if len(r.docs) > 0 && !e.l.aside.Exceeds(maxRun) {
		r.companions = e.companionsOf(e.root)
		r.companionCost = e.total - evaluated
	}
	return r
}

// A rootResult is what a root module gives.
type rootResult struct {
	docs      []*policy.Document
	unclaimed []unclaimed         // its policy documents that may be trust policies
	created   map[blockPlace]bool // roles
	cost      int                 // of all these in steps

	companions    []*policy.Companion
	companionCost int
}

const (
	// maxRun bounds the steps of all root modules together. A monorepo of 3,000 root modules takes a hundredth of it.
	maxRun = 30_000_000
	// What a document and each of its values count as, in steps: what comes after the extraction takes about that much.
	documentCost = 200
	valueCost    = 10
	// keptCost is what a document counts as among all those of a run, which are kept to the end, in addition.
	keptCost = 700
)

func newEvaluator(l *loader, m *module, opts *Options) *evaluator {
	e := &evaluator{l: l, opts: opts, workspace: opts.Workspace,
		busy:       map[memoKey]bool{},
		layouts:    map[*hclsyntax.ObjectConsExpr]objectLayout{},
		expansions: map[expansionKey]*expansion{},
		children:   map[expansionKey][]*instance{},
		accounts:   map[*policy.Hole]string{},
		created:    map[blockPlace]bool{},
	}
	e.settled, e.fixed, e.picked = map[memoKey]*value{}, map[fixedKey]*value{}, map[memoKey]candidate{}
	e.chosen, e.earlier = map[memoKey]*remembered{}, map[memoKey][]*remembered{}
	e.root = &instance{mod: m}
	e.root.given = e.givenVariables()
	e.given = len(e.root.given) > 0
	return e
}

// moduleDirs returns the directories of the configuration files among files.
func moduleDirs(files []string) []string {
	dirs := map[string]bool{}
	for _, name := range files {
		if isConfig(name) {
			dirs[path.Dir(name)] = true
		}
	}
	return sortedNames(dirs)
}

// roots returns the directories of files that are root modules: those that no other one calls, and those that say they
// are by a backend or by values for their variables. Modules that Terragrunt runs, in the directories run, are not among them.
func (l *loader) roots(files, run []string) []string {
	all := moduleDirs(files)
	matters, calls := make([]bool, len(all)), make([][]string, len(all))
	sizes := make([]int, len(all))
	var bill parallel.Bill
	parallel.Each(len(all), func(i int) { // reads the files
		defer func() { bill.Add(i, sizes[i]) }()
		defer l.survive(all[i])
		m := l.module(all[i])
		if m == nil {
			return
		}
		matters[i] = m.hasSinks()
		if !matters[i] && l.discard(m) {
			return // most modules hold no role and call nobody
		}
		sizes[i] = m.size
		switch {
		case bill.Exceeds(source.MaxKept):
			l.forget(m) // what comes below says so
		case matters[i]:
			calls[i] = l.localCalls(all[i])
		}
	})
	kept := 0
	for i, dir := range all {
		if kept > source.MaxKept && sizes[i] > 0 {
			l.refuse(dir, fmt.Sprintf("not looked at: the modules before it hold more than %d bytes", source.MaxKept))
			matters[i], calls[i] = false, nil
			continue
		}
		kept += sizes[i]
	}
	callsOf := map[string][]string{}
	var names []string
	for i, dir := range all {
		callsOf[dir] = calls[i]
		if matters[i] {
			names = append(names, dir)
		}
	}
	called := map[string][]string{} // by directory, who calls it
	for _, dir := range names {
		for _, child := range callsOf[dir] {
			if child != dir {
				called[child] = append(called[child], dir)
			}
		}
	}
	for _, dir := range run {
		called[dir] = append(called[dir], "")
	}
	l.dirs, l.called = names, called
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
		children, known := callsOf[dir]
		if !known {
			children = l.localCalls(dir)
		}
		for _, child := range children {
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
