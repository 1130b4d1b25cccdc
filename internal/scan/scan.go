// Package scan goes from paths to findings: it finds the files, has the trust policies extracted and the rules applied, and
// takes away what is ignored. It is the only package that joins extraction and rules.
//
// The same tree gives the same result, byte for byte, whatever the machine, the user's settings and the number of
// processors.
package scan

import (
	"slices"

	"github.com/trustvet/trustvet/extract"
	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/parallel"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// Options say how to scan.
type Options struct {
	Extract  extract.Options
	Config   *Config
	Baseline *Baseline // nil: there is none
	// CDKSource: findings about a role that a CDK program makes are at the line of the program, where that is known, rather
	// than in the template. What is ignored or held back by a baseline is the same either way.
	CDKSource bool
}

// A Result is what a scan found.
type Result struct {
	Findings  []rules.Finding // sorted by place
	Documents []*policy.Document
	Problems  []source.Problem // sorted by place
	Summary   Summary
	Held      int     // findings that the baseline holds back
	Gone      []Entry // of the baseline, without a finding

	work int // of the engine for Who
}

// A Summary counts.
type Summary struct {
	Files      int // looked at
	Roles      int // found
	Unresolved int // of these, the ones of which something is not known
}

// Run scans the files of in.
func Run(in *Input, o Options) *Result {
	o.Extract.Terraform.Companions = rules.CompanionKinds()
	extracted := extract.Extract(in.Tree, in.Files, o.Extract)
	made := constructsOf(extracted.Documents)
	silent, problems := ignores(in, o.Config, made.files())
	opts := o.Config.Rules
	opts.Companions = extracted.Companions
	findings, overlong := applyIgnores(rules.Run(extracted.Documents, opts), silent, made, &o.Config.Rules)
	r := &Result{
		Documents: extracted.Documents,
		Findings:  findings,
		Problems:  source.SortProblems(slices.Concat(in.Problems, extracted.Problems, problems, overlong, limits(extracted.Documents))),
	}
	if o.Baseline != nil {
		r.Findings, r.Held, r.Gone = o.Baseline.Apply(r.Findings, in)
	}
	r.Findings = made.relate(r.Findings, o.CDKSource)
	r.Summary = summarize(len(in.Files), r.Documents)
	return r
}

// limits returns a problem for each document that is not known because a bound on trustvet's own work was reached, or because
// trustvet failed on it. It makes the run fail, and no ignore comment takes it away: what nobody has looked at is not clean, least
// of all when it was written so that nobody could.
func limits(docs []*policy.Document) []source.Problem {
	var problems []source.Problem
	for _, d := range docs {
		if h := d.Limit(); h != nil {
			message := "nobody has looked at all of the trust policy of " + d.Role + ": " + h.Reason
			problems = append(problems, source.Problem{Span: d.Span, Message: message, Unreadable: true})
		}
	}
	return problems
}

// summarize counts roles: the alternative policies of one role are of one role.
func summarize(files int, docs []*policy.Document) Summary {
	s := Summary{Files: files}
	for _, role := range Roles(docs) {
		s.Roles++
		if slices.ContainsFunc(role, func(d *policy.Document) bool { return !Resolved(d) }) {
			s.Unresolved++
		}
	}
	return s
}

// A RoleKey identifies a role within a tree: addresses are unique only within the root module or template.
type RoleKey struct {
	File string // in which the role is declared
	Role string // its address
}

// KeyOf returns the key of the role that d is the policy of.
func KeyOf(d *policy.Document) RoleKey {
	k := RoleKey{Role: d.Role}
	switch {
	case len(d.Calls) > 0 && d.Calls[0].File != nil:
		k.File = d.Calls[0].File.Name
	case d.Span.File != nil:
		k.File = d.Span.File.Name
	}
	return k
}

// Resolved reports whether it is known who d is about: a part of a string may be unknown, a whole statement, element or
// principal not.
func Resolved(d *policy.Document) bool {
	if d.Value == nil || len(d.Unresolved) > 0 {
		return false
	}
	for _, s := range d.Statements {
		for _, pr := range s.Principals {
			if h := pr.ID.Unknown(); h != nil && len(pr.ID.Parts) == 1 && h.Choices == nil {
				return false
			}
		}
	}
	return true
}

// Roles groups documents, which are sorted, by their role: each role has one policy, or the ones of which the code does not
// say which it has.
func Roles(docs []*policy.Document) [][]*policy.Document {
	var roles [][]*policy.Document
	index := map[RoleKey]int{}
	for _, d := range docs {
		k := KeyOf(d)
		i, seen := index[k]
		if !seen {
			i = len(roles)
			index[k] = i
			roles = append(roles, nil)
		}
		roles[i] = append(roles[i], d)
	}
	return roles
}

// Who returns the grants of each of docs, which are documents of r. Where that fails, it is a problem of r.
func (r *Result) Who(docs []*policy.Document, o Options) [][]access.Grant {
	grants := make([][]access.Grant, len(docs))
	failed, work := make([]error, len(docs)), make([]int, len(docs))
	over := r.work > access.MaxWork
	parallel.Each(len(docs), func(i int) {
		if over {
			failed[i] = access.ErrWork
			return
		}
		failed[i] = source.Survive(func() { grants[i] = access.Who(docs[i], access.Options{Now: o.Config.Rules.Now, Work: &work[i]}) })
	})
	for _, n := range work {
		r.work += n
	}
	for i, err := range failed {
		if err != nil {
			docs[i].Fail(err)
			r.Problems = source.SortProblems(append(r.Problems, limits(docs[i:i+1])...))
		}
	}
	return grants
}
