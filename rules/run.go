package rules

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/parallel"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// Options is what is known about the world outside the code. The zero Options is a good start: what is unknown lowers the
// level of a finding and never makes one.
type Options struct {
	OwnAccounts          []string         // account ids that are as trusted as the role's own
	TrustedAccounts      []string         // account ids of others that may get in
	TrustedOrganizations []string         // organization ids (o-…) and paths of units (o-…/r-…/ou-…/) that may get in
	TrustedVendors       []string         // names as the known accounts have them: "Datadog"
	GitHubOrganizations  []string         // GitHub organizations and users of which every repository may get in
	Levels               map[string]Level // by rule ID, in place of the rule's own
	Now                  time.Time        // the time that policies are judged at; zero: time does not matter
	SizeQuota            int              // characters that the account allows in a trust policy; 0: AWS's default of 2048
	Pedantic             bool             // also the rules that are a matter of taste

	Companions []*policy.Companion // what the code says about its roles besides their trust policies
}

// CompanionKinds are the kinds of companions that a rule looks at.
func CompanionKinds() []policy.CompanionKind { return []policy.CompanionKind{policy.OIDCProvider} }

// A Pass is the rules at work on one document, one after the other.
type Pass struct {
	Document *policy.Document
	Options  *Options

	rule     *Rule // the one at work
	run      *run
	shared   shared
	findings *[]*Finding
}

// A run is what the looks at all documents have in common.
type run struct {
	documents []*policy.Document
	idsOnce   sync.Once
	ids       map[string][]sharedID // see vendorIDs

	own, trusted, github map[string]bool // OwnAccounts, TrustedAccounts and GitHubOrganizations of the options, in lower case

	mu     sync.Mutex
	failed map[*policy.Document]error // on which a rule or the engine panicked
}

// setOf returns names, in lower case, as a set.
func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[strings.ToLower(name)] = true
	}
	return set
}

// look calls f, which looks at d. What f has found when it panics stays.
func (r *run) look(d *policy.Document, f func()) {
	err := source.Survive(f)
	if err == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if was := r.failed[d]; was == nil || err.Error() < was.Error() { // the same one, whichever comes first
		r.failed[d] = err
	}
}

// shared is what the rules at work on one document have in common.
type shared struct {
	// claimed says which statements and principals have their finding: one careless line gives one finding, that of the first
	// rule in All. It is nil before the first one.
	claimed map[claim]bool
	*analysis
}

// An analysis is what follows from a policy, whatever role it is of: the instances of a role with one policy have it in common.
type analysis struct {
	defaults []string // the inputs that it takes to have their defaults
	work     int      // steps of the engine so far
	traits   traits
	survey   survey // the zero survey before the policy is looked at: see Pass.surveyed
	asked    bool
	grants   []access.Grant // once asked for: see Pass.grants

	exposed   bool // exposures are computed
	exposures []exposure
	sought    bool // absences are looked for
	absences  []absentKey
	compared  bool // members of one name are looked for
	hidden    []policy.Duplicate
	sifted    bool            // the subjects of GitHub's tokens are looked for
	github    []demand        // see Pass.githubSubjects
	providers map[string]bool // the accounts of the identity providers that the policy trusts, nil before they are looked for
	shadows   map[*policy.Statement]shadow
	deaths    []death // of the statements by their index, nil before one is looked at
}

type claim struct {
	statement *policy.Statement
	principal int // index in Principals, -1 for all
}

// findingCost is what a finding counts as, in steps of the engine.
const findingCost = 50

// asking returns how to ask the engine about the document.
func (p *Pass) asking() access.Options {
	return access.Options{Now: p.Options.Now, Work: &p.shared.work, Terse: true}
}

// Run returns what the rules say about docs, sorted by place, each finding once. A document on which a rule panics is not known
// from then on (see policy.Document.Fail); what the other rules say of it, and of the others, stays.
func Run(docs []*policy.Document, opts Options) []Finding {
	each := make([][]Finding, len(docs))
	r := &run{
		documents: docs, failed: map[*policy.Document]error{},
		own: setOf(opts.OwnAccounts), trusted: setOf(opts.TrustedAccounts), github: setOf(opts.GitHubOrganizations),
	}
	groups := instances(docs)
	var bill parallel.Bill
	costs := make([]int, len(groups))
	parallel.Each(len(groups), func(g int) {
		if bill.Exceeds(access.MaxWork) {
			return
		}
		first := docs[groups[g][0]]
		a := &analysis{}
		r.look(first, func() {
			if statements, inputs := withInputs(first.Statements); len(statements) > 0 && &statements[0] != &first.Statements[0] {
				filled := *first
				filled.Statements, filled.Faults = statements, slices.Clone(first.Faults)
				for i, f := range filled.Faults {
					if f.Statement != nil {
						filled.Faults[i].Statement = statements[f.Statement.Index]
					}
				}
				first, a.defaults = &filled, inputs
			}
			a.traits = traitsOf(first)
		})
		for _, i := range groups[g] {
			d := docs[i]
			if d != first {
				instance := *d
				instance.Value, instance.Statements, instance.Faults = first.Value, first.Statements, first.Faults // what the analysis points at
				if a.defaults != nil {
					instance.When = strings.TrimPrefix(instance.When+" and "+haveDefaults(a.defaults), " and ")
				}
				d = &instance
			}
			each[i] = r.one(d, docs[i], &opts, a)
			a.work += findingCost * len(each[i])
		}
		costs[g] = a.work
		bill.Add(g, a.work)
	})
	total := 0
	for g, group := range groups {
		if total > access.MaxWork {
			for _, i := range group {
				each[i] = nil
				docs[i].Fail(access.ErrWork)
			}
		}
		total += costs[g]
	}
	for d, err := range r.failed {
		d.Fail(err)
	}
	unconditional(docs, each)
	withoutInput(docs, each)
	return Sort(slices.Concat(each...))
}

// instances groups the documents, by their indices, that differ in nothing but the role that they are of: count and for_each make
// thousands of roles with one policy.
func instances(docs []*policy.Document) [][]int {
	groups := make([][]int, 0, len(docs))
	at := make(map[source.Span]int, len(docs)) // the last group with a policy that stands there
	for i, d := range docs {
		g, ok := at[d.Span]
		if !ok || !samePolicy(docs[groups[g][0]], d) {
			g = len(groups)
			groups, at[d.Span] = append(groups, nil), g
		}
		groups[g] = append(groups[g], i)
	}
	return groups
}

// samePolicy reports whether a and b are one policy, every token of it in the same place.
func samePolicy(a, b *policy.Document) bool {
	return a.Value != nil && b.Value != nil && len(a.Unresolved)+len(b.Unresolved) == 0 && isServiceLinked(a) == isServiceLinked(b) &&
		a.Account.Same(b.Account) && a.Value.Same(b.Value)
}

// one returns what the rules say about d: original, or a copy of it that shares what the analysis points at.
func (r *run) one(d, original *policy.Document, opts *Options, a *analysis) []Finding {
	var found []*Finding
	p := &Pass{Document: d, Options: opts, run: r, shared: shared{analysis: a}, findings: &found}
	next := 0 // in All: after a panic the others go on
	check := func() {
		for next < len(All) {
			rule := All[next]
			if next++; rule.Check == nil || a.traits&rule.needs != rule.needs {
				continue // reported by the scan, or nothing to look at
			}
			p.rule = rule
			rule.Check(p)
		}
	}
	for next < len(All) {
		r.look(original, check)
	}
	var findings []Finding
	for _, f := range found {
		r.look(original, func() { p.showWitness(f) })
		if l, ok := opts.Levels[f.Rule.ID]; ok {
			f.Level = l
		}
		if d.Note != "" {
			f.Level, f.Severity = min(f.Level, Note), min(f.Severity, noteSeverity)
		}
		if f.Level != Off {
			findings = append(findings, *f)
		}
	}
	return findings
}

// Sort orders findings by place, rule, role and message, and drops repetitions.
func Sort(fs []Finding) []Finding {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		if c := a.Span.Compare(b.Span); c != 0 {
			return c
		}
		if c := strings.Compare(a.Rule.ID, b.Rule.ID); c != 0 {
			return c
		}
		if c := strings.Compare(a.Role, b.Role); c != 0 {
			return c
		}
		if c := strings.Compare(a.Message, b.Message); c != 0 {
			return c
		}
		return strings.Compare(a.When, b.When)
	})
	return slices.CompactFunc(fs, func(a, b Finding) bool {
		return a.Span == b.Span && a.Rule == b.Rule && a.Role == b.Role && a.Message == b.Message
	})
}

// noteSeverity is the security severity of what is only worth knowing.
const noteSeverity = 2.0

// A Place is where a finding points: the token that is the cause, the statement it lies in, and what it came through.
type Place struct {
	Statement *policy.Statement // nil: the document
	Span      source.Span
	Via       []source.Span
}

// at returns the place of t in s: where it is spelled or, when the code does not spell out all of it, where s uses it. An ARN of
// a resource is spelled nowhere. Of a text in pieces that lie apart, the place is that of the piece with the wildcard: whoever
// gives a module the subject "acme/*" writes the cause, not the module that puts "repo:" before it.
func at(s *policy.Statement, t policy.Text) Place {
	if piece, ok := wildPiece(t); ok {
		return Place{Statement: s, Span: piece, Via: append([]source.Span{t.Span}, t.Via...)}
	}
	if s != nil && t.Hole() != nil && !s.Span.Contains(t.Span) {
		for i, v := range t.Via {
			if s.Span.Contains(v) {
				return Place{Statement: s, Span: v, Via: t.Via[i+1:]}
			}
		}
	}
	return Place{Statement: s, Span: t.Span, Via: t.Via}
}

// used returns the place where s uses t, wherever that comes from: whoever is to add what s lacks looks there. In a template in
// which the place is not known it is that of the action.
func used(s *policy.Statement, t policy.Text) Place {
	if !s.Span.Contains(t.Span) {
		for i, v := range t.Via {
			if s.Span.Contains(v) {
				return Place{Statement: s, Span: v, Via: t.Via[i+1:]}
			}
		}
		if len(s.Actions) > 0 && s.Span.Contains(s.Actions[0].Span) {
			return at(s, s.Actions[0])
		}
	}
	return at(s, t)
}

// wildPiece returns the place of the first literal with a wildcard in t, if it lies outside the place of t.
func wildPiece(t policy.Text) (source.Span, bool) {
	for _, part := range t.Parts {
		if part.Hole == nil && strings.ContainsAny(part.Literal, "*?") {
			return part.Span, !part.Span.IsZero() && !t.Span.Contains(part.Span)
		}
	}
	return source.Span{}, false
}

// maxShown is how many bytes of a role's address, or of another argument, a message shows. Names that AWS takes are shorter,
// and a hundred roles with names of 100 KB would otherwise have messages of as much, each of them.
const maxShown = 2000

// Report records a finding of the rule at p. The message is made as by fmt.Sprintf; its arguments identify the finding, so
// they are to be facts of the policy. It returns the finding, to be completed by the caller.
func (p *Pass) Report(place Place, format string, args ...any) *Finding {
	facts, shown := make([]string, len(args)), make([]any, len(args))
	for i, a := range args {
		if s, ok := a.(string); ok {
			facts[i] = s // not copied: it may be long
		} else {
			facts[i] = fmt.Sprint(a)
		}
		if shown[i] = a; len(facts[i]) > maxShown {
			shown[i] = beginning(facts[i], maxShown) + "…"
		}
	}
	f := &Finding{
		Rule: p.rule, Level: p.rule.Level, Severity: p.rule.Severity,
		Role: p.Document.Role, When: p.Document.When, Policy: p.Document.Span,
		Span: place.Span, Statement: statementSpan(p.Document, place.Statement),
		Message: fmt.Sprintf(format, shown...), Facts: facts,
	}
	if f.Span.IsZero() {
		f.Span = f.Statement
	}
	if f.Span.IsZero() {
		f.Span = p.Document.Span
	}
	f.Flow = p.flow(place)
	*p.findings = append(*p.findings, f)
	return f
}

// flow returns the way from a place to the role.
func (p *Pass) flow(place Place) []source.Span {
	if len(place.Via) == 0 && p.Document.Span.Contains(place.Span) {
		return nil
	}
	flow := append([]source.Span{place.Span}, place.Via...)
	if s := p.Document.Span; !s.IsZero() && !slices.Contains(flow, s) {
		flow = append(flow, s)
	}
	if len(flow) < 2 {
		return nil
	}
	return flow
}

// edits returns the one edit that writes text in place of span.
func edits(span source.Span, text string) []source.Edit {
	return []source.Edit{{Span: span, New: text}}
}

// claim records that principal i of s has its finding, and reports whether it had none before.
func (p *Pass) claim(s *policy.Statement, i int) bool {
	if p.claimed(s, i) {
		return false
	}
	p.mark(claim{s, i})
	return true
}

// claimAll records that the whole statement has its finding.
func (p *Pass) claimAll(s *policy.Statement) { p.mark(claim{s, -1}) }

func (p *Pass) mark(c claim) {
	if p.shared.claimed == nil {
		p.shared.claimed = map[claim]bool{}
	}
	p.shared.claimed[c] = true
}

// claimed reports whether principal i of s has its finding.
func (p *Pass) claimed(s *policy.Statement, i int) bool {
	return p.shared.claimed[claim{s, -1}] || p.shared.claimed[claim{s, i}]
}
