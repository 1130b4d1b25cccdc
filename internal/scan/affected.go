package scan

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/trustvet/trustvet/extract"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// affected returns the files to scan so that everything is found that a change of the given files can have caused: the
// given files, and the Terraform files of each module that one of them belongs to or is named in, and of the modules that
// call such a module, over any number of calls. all are the files of the tree.
func affected(tree *source.Tree, all, given []string) []string {
	byDir := map[string][]string{} // the Terraform files of each directory
	for _, name := range all {
		if extract.LanguageOf(name) == extract.Terraform && !inSkippedDir(name) {
			byDir[path.Dir(name)] = append(byDir[path.Dir(name)], name)
		}
	}
	wanted := map[string]bool{}
	var mentions [][]byte // base names of the files that a module may read
	files := slices.Clone(given)
	for _, name := range given {
		if extract.LanguageOf(name) != extract.Terraform {
			mentions = append(mentions, []byte(path.Base(name)))
			continue
		}
		wanted[path.Dir(name)] = true
		if strings.HasSuffix(name, ".hcl") { // Terragrunt's files below may include this one
			for dir := range byDir {
				if path.Dir(name) == "." || strings.HasPrefix(dir, path.Dir(name)+"/") {
					wanted[dir] = true
				}
			}
		}
	}
	callers := map[string][]string{} // directory of a module to those of its callers
	for dir, names := range byDir {
		for _, name := range names {
			f, err := tree.File(name)
			if err != nil {
				continue // the extractor says so
			}
			for _, called := range localSources(f.Src) {
				if callee, err := source.Clean(path.Join(dir, called)); err == nil && callee != dir {
					callers[callee] = append(callers[callee], dir)
				}
			}
			if !wanted[dir] && slices.ContainsFunc(mentions, func(m []byte) bool { return bytes.Contains(f.Src, m) }) {
				wanted[dir] = true
			}
		}
	}
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
	for dir := range wanted {
		files = append(files, byDir[dir]...)
	}
	slices.Sort(files)
	return slices.Compact(files)
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
