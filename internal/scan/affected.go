package scan

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/trustvet/trustvet/extract"
	"github.com/trustvet/trustvet/extract/cloudformation"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// affected returns the files to scan so that everything is found that a change of the given files can have caused: the
// given files, the Terraform files of each module that one of them belongs to or is named in, and of the modules that call such
// a module, over any number of calls, and the templates that nest a given one. tracked are the files of the tree, and search
// returns those of them, of names that match some patterns, that may hold one of some texts.
//
// A module with a backend or with values for its variables is run itself: who may call it besides is not looked for.
func affected(tree *source.Tree, tracked, given []string, search func(texts, patterns []string) []string) []string {
	wanted := map[string]bool{} // directories
	files := append(slices.Clone(given), nesting(tree, given, search)...)
	var texts []string // by which other modules are found
	called := false
	for _, name := range given {
		dir := path.Dir(name)
		switch {
		case extract.LanguageOf(name) == extract.None && path.Ext(name) != ".csv":
			// a module may read it, but not for a policy
		case extract.LanguageOf(name) != extract.Terraform:
			texts = append(texts, path.Base(name)) // a module may read it
		case strings.HasSuffix(name, ".hcl"):
			for _, below := range tracked { // Terragrunt's files below may include this one
				if extract.LanguageOf(below) == extract.Terraform && (dir == "." || strings.HasPrefix(below, dir+"/")) {
					wanted[path.Dir(below)] = true
				}
			}
		default:
			wanted[dir] = true
			for _, root := range givenValues(tree, tracked, name) {
				wanted[root] = true
			}
		}
	}
	for dir := range wanted {
		called = called || !isRoot(tree, dir)
	}
	mentioned := len(texts)
	if called || mentioned > 0 && slices.ContainsFunc(tracked, isConfiguration) {
		texts = append(texts, `"./`, `"../`, `".."`)
		callers := map[string][]string{} // directory of a module to those of its callers
		for _, name := range search(texts, terraformFiles()) {
			f, err := tree.File(name)
			if err != nil || inSkippedDir(name) {
				continue // the extractor says so
			}
			dir := path.Dir(name)
			for _, called := range localSources(f.Src) {
				if callee, err := source.Clean(path.Join(dir, called)); err == nil && callee != dir {
					callers[callee] = append(callers[callee], dir)
				}
			}
			if slices.ContainsFunc(texts[:mentioned], func(m string) bool { return bytes.Contains(f.Src, []byte(m)) }) {
				wanted[dir] = true
			}
		}
		closeOver(wanted, callers)
	}
	for dir := range wanted {
		entries, err := tree.ReadDir(dir)
		if err != nil {
			continue // the given file says so
		}
		for _, e := range entries {
			if name := path.Join(dir, e.Name()); !e.IsDir() && extract.LanguageOf(name) == extract.Terraform {
				files = append(files, name)
			}
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// givenValues returns the directories of the modules whose variables a file sets that only the command line names, such as
// env/prod.tfvars: those above the file, and those beside its directory or the one around that, which declare one of the
// variables.
func givenValues(tree *source.Tree, tracked []string, name string) []string {
	dir := path.Dir(name)
	f, err := tree.File(name)
	if err != nil || !isVarFile(name) || slices.ContainsFunc(tracked, func(t string) bool { return path.Dir(t) == dir && declares(t) }) {
		return nil
	}
	set := map[string]bool{}
	for _, m := range assignment().FindAllSubmatch(f.Src, -1) {
		set[string(m[1])] = true
	}
	var dirs []string
	for _, t := range tracked {
		module := path.Dir(t)
		above := module == "." || strings.HasPrefix(dir, module+"/")
		around := path.Dir(module)
		if !declares(t) || !above && around != path.Dir(dir) && around != path.Dir(path.Dir(dir)) || slices.Contains(dirs, module) {
			continue
		}
		f, err := tree.File(t)
		if err == nil && slices.ContainsFunc(variable().FindAllSubmatch(f.Src, -1), func(m [][]byte) bool { return set[string(m[1])] }) {
			dirs = append(dirs, module)
		}
	}
	return dirs
}

func isVarFile(name string) bool {
	return strings.HasSuffix(name, ".tfvars") || strings.HasSuffix(name, ".tfvars.json")
}

// declares reports whether a file of that name may declare variables.
func declares(name string) bool {
	ext := path.Ext(name)
	return (ext == ".tf" || ext == ".tofu") && !inSkippedDir(name)
}

var (
	// assignment matches where a variable is set: at the start of a line, or in JSON behind the indentation.
	assignment = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^\s*"?([\w-]+)"?\s*[=:]`) })
	variable   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^\s*variable\s+"?([\w-]+)"?\s*\{`) })
)

// terraformFiles are patterns of git for the files that may call a module or read a file.
func terraformFiles() []string {
	return []string{"*.tf", "*.tofu", "*.tf.json", "*.tofu.json", "*.hcl", "*.tfvars"}
}

// maxNesting is how many templates are followed from a nested one to those around it.
const maxNesting = 8

// nesting returns the templates that nest one of the given files, or one that does: a role is called by the stacks that lead to
// it, and has its policy from their values.
func nesting(tree *source.Tree, given []string, search func(texts, patterns []string) []string) []string {
	var found []string
	names := slices.Clone(given)
	for range maxNesting {
		var texts []string
		for _, name := range names {
			if extract.LanguageOf(name) != extract.DataOrPolicy {
				continue
			}
			if f, err := tree.File(name); err == nil && cloudformation.Candidate(f.Src) {
				texts = append(texts, path.Base(name))
			}
		}
		if len(texts) == 0 {
			break
		}
		names = nil
		for _, name := range search(texts, []string{"*.yaml", "*.yml", "*.json", "*.template", "*.cfn", "*.cform"}) {
			f, err := tree.File(name)
			if err != nil || inSkippedDir(name) || slices.Contains(given, name) || slices.Contains(found, name) {
				continue
			}
			if bytes.Contains(f.Src, []byte("AWS::CloudFormation::Stack")) || bytes.Contains(f.Src, []byte("AWS::Serverless::Application")) {
				found, names = append(found, name), append(names, name)
			}
		}
	}
	return found
}

func isConfiguration(name string) bool { return extract.LanguageOf(name) == extract.Terraform }

// isRoot reports whether Terraform is surely run in the directory itself.
func isRoot(tree *source.Tree, dir string) bool {
	entries, err := tree.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		name := e.Name()
		if name == "terraform.tfvars" || strings.HasSuffix(name, ".auto.tfvars") {
			return true
		}
		if extract.LanguageOf(name) != extract.Terraform {
			continue
		}
		if f, err := tree.File(path.Join(dir, name)); err == nil && backend().Match(f.Src) {
			return true
		}
	}
	return false
}

var backend = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^\s*(backend\s+"[^"\n]*"|cloud)\s*\{`) })

// closeOver adds to wanted all that call a wanted directory, over any number of calls.
func closeOver(wanted map[string]bool, callers map[string][]string) {
	var queue []string
	for dir := range wanted {
		queue = append(queue, dir)
	}
	for len(queue) > 0 {
		dir := queue[0]
		queue = queue[1:]
		for _, caller := range callers[dir] {
			if !wanted[caller] {
				wanted[caller] = true
				queue = append(queue, caller)
			}
		}
	}
}

// localSources returns the module sources in the text of a Terraform or Terragrunt file that are paths: source = "../x". It
// may return more than that; what is not a directory with Terraform files does no harm.
func localSources(src []byte) []string {
	var sources []string
	const word = "source"
	for {
		i := bytes.Index(src, []byte(word))
		if i < 0 {
			return sources
		}
		src = src[i+len(word):]
		rest := bytes.TrimLeft(src, "\" \t") // the name's own closing quote in JSON syntax
		if len(rest) == 0 || rest[0] != '=' && rest[0] != ':' {
			continue
		}
		rest = bytes.TrimLeft(rest[1:], " \t")
		if !bytes.HasPrefix(rest, []byte(`"./`)) && !bytes.HasPrefix(rest, []byte(`"../`)) && !bytes.HasPrefix(rest, []byte(`".."`)) {
			continue
		}
		if end := bytes.IndexAny(rest[1:], "\"\n"); end >= 0 {
			sources = append(sources, string(rest[1:1+end]))
		}
	}
}

// Touching returns what of r has to do with the files of that name: findings with a place in one of them, and the problems
// of these files.
func (r *Result) Touching(names map[string]bool) *Result {
	in := func(s source.Span) bool { return s.File != nil && names[s.File.Name] }
	t := &Result{}
	for _, f := range r.Findings {
		if in(f.Span) || in(f.Statement) || slices.ContainsFunc(f.Flow, in) ||
			slices.ContainsFunc(f.Related, func(rel rules.Related) bool { return in(rel.Span) }) {
			t.Findings = append(t.Findings, f)
		}
	}
	for _, d := range r.Documents {
		if touches(d, in) {
			t.Documents = append(t.Documents, d)
		}
	}
	for _, p := range r.Problems {
		if names[p.File()] {
			t.Problems = append(t.Problems, p)
		}
	}
	t.Problems = source.SortProblems(append(t.Problems, limits(t.Documents)...))
	t.Summary = summarize(len(names), t.Documents)
	return t
}

// touches reports whether a part of d comes from a place that in accepts.
func touches(d *policy.Document, in func(source.Span) bool) bool {
	if in(d.Span) || slices.ContainsFunc(d.Calls, in) {
		return true
	}
	if d.Value == nil {
		return false
	}
	return slices.ContainsFunc(d.Value.Leaves(), func(l policy.Leaf) bool {
		return in(l.Value.Span) || slices.ContainsFunc(l.Value.Via, in) || slices.ContainsFunc(l.Value.Text.Via, in)
	})
}
