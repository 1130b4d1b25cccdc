package scan

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/trustvet/trustvet/extract"
	"github.com/trustvet/trustvet/extract/cloudformation"
	"github.com/trustvet/trustvet/internal/parallel"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// An ignore keeps findings of rules silent, for a reason. It is a comment
//
//	# trustvet:ignore rule-id[,rule-id…] [until=2027-01-31] reason
//
// on or above the line of the finding, the first line of its statement or the line of a CDK program that makes the role; an
// entry of Metadata.trustvet.ignore of a CloudFormation resource; or an entry of the configuration.
type ignore struct {
	rules  []string
	reason string
	until  time.Time // the last day that it holds for; zero when it holds for ever
	span   source.Span

	lines [2]int         // of a comment: the lines that it is about, first and last
	role  string         // of the configuration and Metadata: a pattern with * and ?; "" is every role
	path  *ignorePattern // of the configuration
	used  bool
}

const ignoreWord = "trustvet:ignore"

// ignoreComment matches what follows the word.
var ignoreComment = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[ \t]+([a-z0-9,-]+)(?:[ \t]+until=(\S+))?[ \t]*(.*)$`)
})

// ignores returns the ignores in the files of in, in the programs that made templates and in the configuration.
func ignores(in *Input, c *Config, programs []*source.File) ([]*ignore, []source.Problem) {
	list := slices.Clone(c.ignores)
	for _, ig := range list {
		ig.used = false
	}
	var problems []source.Problem
	type result struct {
		list     []*ignore
		problems []source.Problem
	}
	var names []string
	for _, name := range in.Files {
		if mayHoldIgnores(name) && !in.Tree.Dropped(name) { // extraction drops no file that speaks of trustvet
			names = append(names, name)
		}
	}
	results := make([]result, len(names))
	kept := make([]int, len(names)) // bytes of files that nothing else has kept so far
	var bill parallel.Bill
	parallel.Each(len(names), func(i int) {
		defer func() { bill.Add(i, kept[i]) }()
		name := names[i]
		held := in.Tree.Holds(name)
		f, err := in.Tree.File(name)
		if err != nil {
			return // the extractor says so
		}
		r := &results[i]
		defer func() {
			switch {
			case held:
			case len(r.list)+len(r.problems) == 0:
				in.Tree.Forget(name)
			default:
				kept[i] = len(f.Src)
				if bill.Exceeds(source.MaxKept) {
					in.Tree.Forget(name)
					*r = result{} // what comes below says so
				}
			}
		}()
		err = source.Survive(func() {
			if extract.LanguageOf(name) == extract.DataOrPolicy && bytes.Contains(f.Src, []byte("trustvet")) {
				r.list, r.problems = metadataIgnores(f)
			}
			if hasComments(name, f.Src) {
				found, p := commentIgnores(f)
				r.list, r.problems = append(r.list, found...), append(r.problems, p...)
			}
		})
		if err != nil {
			r.problems = append(r.problems, source.Problem{Name: name, Message: err.Error(), Unreadable: true})
		}
	})
	total := 0
	for i, r := range results {
		if total > source.MaxKept && kept[i] > 0 {
			in.Tree.Forget(names[i])
			problems = append(problems, source.Problem{Name: names[i], Unreadable: true,
				Message: fmt.Sprintf("not looked at for ignore comments: the files before it hold more than %d bytes", source.MaxKept)})
			continue
		}
		total += kept[i]
		list, problems = append(list, r.list...), append(problems, r.problems...)
	}
	for _, f := range programs {
		found, p := commentIgnores(f)
		list, problems = append(list, found...), append(problems, p...)
	}
	return list, problems
}

// mayHoldIgnores reports whether a file of that name is read for ignores as part of what is scanned.
func mayHoldIgnores(name string) bool {
	language := extract.LanguageOf(name)
	return language == extract.Terraform || language == extract.DataOrPolicy
}

// hasComments reports whether the language of a file has comments that begin with "#": JSON has none.
func hasComments(name string, src []byte) bool {
	if strings.HasSuffix(name, ".json") {
		return false
	}
	body := bytes.TrimLeft(bytes.TrimPrefix(src, []byte("\uFEFF")), " \t\r\n")
	return len(body) > 0 && body[0] != '{' && body[0] != '['
}

// commentIgnores returns the ignores in the comments of f.
func commentIgnores(f *source.File) (list []*ignore, problems []source.Problem) {
	if !bytes.Contains(f.Src, []byte(ignoreWord)) {
		return nil, nil
	}
	start, number, next := 0, 0, 0
	for line := range bytes.Lines(f.Src) {
		at := start
		start += len(line)
		number++
		before, after, ok := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(ignoreWord))
		before = bytes.TrimRight(before, " \t")
		if !ok || !bytes.HasSuffix(before, []byte("#")) && !bytes.HasSuffix(before, []byte("//")) {
			continue // not a comment
		}
		at += bytes.Index(line, []byte(ignoreWord))
		span := source.Span{File: f, Start: at, End: at + len(ignoreWord) + len(after)}
		ig, message := parseComment(string(after))
		if message != "" {
			problems = append(problems, source.Problem{Span: span, Message: message})
			continue
		}
		ig.span = span
		ig.lines = aboutLines(f, number, next, before)
		next = ig.lines[1]
		list = append(list, ig)
	}
	return list, problems
}

// parseComment reads what follows the word, or says what is wrong with it.
func parseComment(text string) (ig *ignore, message string) {
	m := ignoreComment().FindStringSubmatch(text)
	if m == nil {
		return nil, "an ignore comment without a rule: it must be # trustvet:ignore rule-id reason"
	}
	ig = &ignore{rules: strings.Split(m[1], ","), reason: strings.TrimSpace(m[3])}
	if m[2] != "" {
		var ok bool
		if ig.until, ok = instant(m[2]); !ok {
			return nil, "an ignore comment with a date that is none: it must be until=2027-01-31"
		}
	}
	for _, id := range ig.rules {
		if rules.ByID(id) == nil {
			return nil, "an ignore comment for the rule " + id + ", which does not exist"
		}
	}
	return ig, ""
}

// aboutLines returns the lines that a comment on a line is about: its own, and when nothing but the comment is on it, the
// next one that is no comment. From the comment before it is known that there is none between it and next.
func aboutLines(f *source.File, line, next int, before []byte) [2]int {
	if len(bytes.Trim(before, "#/ \t")) > 0 {
		return [2]int{line, line}
	}
	for next = max(next, line+1); ; next++ {
		text := bytes.TrimLeft(f.Line(next), " \t")
		if f.Line(next) == nil || !bytes.HasPrefix(text, []byte("#")) && !bytes.HasPrefix(text, []byte("//")) {
			return [2]int{line, next}
		}
	}
}

// metadataIgnores returns the ignores in the Metadata of the resources of a CloudFormation template:
//
//	Metadata:
//	  trustvet:
//	    ignore:
//	      - rule: principal-any-aws
//	        reason: the bucket is public on purpose
func metadataIgnores(f *source.File) (list []*ignore, problems []source.Problem) {
	if err := cloudformation.TameYAML(f.Src); err != nil {
		return nil, []source.Problem{{Name: f.Name, Message: "ignores in its Metadata are not looked for: " + err.Error()}}
	}
	var doc yaml.Node
	if yaml.Unmarshal(f.Src, &doc) != nil || doc.Kind != yaml.DocumentNode {
		return nil, nil // the extractor says so
	}
	resources := child(doc.Content[0], "Resources")
	if resources == nil || resources.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(resources.Content); i += 2 {
		entries := child(child(child(resources.Content[i+1], "Metadata"), "trustvet"), "ignore")
		if entries == nil || entries.Kind != yaml.SequenceNode {
			continue
		}
		for _, e := range entries.Content {
			c := &configReader{file: f, config: &Config{}}
			ig := c.ignore(e)
			for _, err := range c.errs {
				_, message, _ := strings.Cut(err.Error(), ": ")
				problems = append(problems, source.Problem{Span: c.span(e), Message: message})
			}
			if ig != nil {
				ig.role = resources.Content[i].Value
				ig.path = nil
				ig.lines = [2]int{-1, -1}
				list = append(list, ig)
			}
		}
	}
	return list, problems
}

// child returns the value of a key of a mapping, nil when there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// An ignoreIndex finds the ignores of a finding. There may be many of both.
type ignoreIndex struct {
	// exact are the comments by the lines that they are about, and those of Metadata by the role.
	exact map[ignoreKey]*ignored
	// configured are those of the configuration, by rule.
	configured map[string][]*ignore
	matching   *matching
	expired    func(*ignore) bool
}

type ignoreKey struct {
	rule string
	file *source.File
	line int    // 0 for a role
	role string // "" for a line
}

// An ignored is what a key stands for: the ignores of one place.
type ignored struct {
	by     []*ignore
	used   bool
	silent bool // one of them has a reason and has not expired
}

func newIgnoreIndex(list []*ignore, expired func(*ignore) bool) *ignoreIndex {
	x := &ignoreIndex{exact: map[ignoreKey]*ignored{}, configured: map[string][]*ignore{}, matching: newMatching(), expired: expired}
	for _, ig := range list {
		for _, id := range slices.Compact(slices.Sorted(slices.Values(ig.rules))) {
			switch {
			case ig.lines[0] == 0:
				x.configured[id] = append(x.configured[id], ig)
			case ig.lines[0] < 0:
				x.add(ignoreKey{rule: id, file: ig.span.File, role: ig.role}, ig)
			default:
				x.add(ignoreKey{rule: id, file: ig.span.File, line: ig.lines[0]}, ig)
				if ig.lines[1] != ig.lines[0] {
					x.add(ignoreKey{rule: id, file: ig.span.File, line: ig.lines[1]}, ig)
				}
			}
		}
	}
	return x
}

func (x *ignoreIndex) add(key ignoreKey, ig *ignore) {
	at := x.exact[key]
	if at == nil {
		at = &ignored{}
		x.exact[key] = at
	}
	at.by = append(at.by, ig)
	at.silent = at.silent || x.works(ig)
}

// works reports whether ig has an effect: without a reason it has none, nor when it has expired.
func (x *ignoreIndex) works(ig *ignore) bool { return ig.reason != "" && !x.expired(ig) }

// silent reports whether an ignore keeps f silent, of a role that a program makes at construct, and marks those that are about f.
func (x *ignoreIndex) silent(f *rules.Finding, construct source.Span) bool {
	silent := false
	look := func(key ignoreKey) {
		at := x.exact[key]
		if at == nil {
			return
		}
		silent = silent || at.silent
		if !at.used {
			at.used = true
			for _, ig := range at.by {
				ig.used = true
			}
		}
	}
	for _, s := range []source.Span{f.Span, f.Statement, construct} {
		if s.File != nil {
			look(ignoreKey{rule: f.Rule.ID, file: s.File, line: s.Begin().Line})
			look(ignoreKey{rule: f.Rule.ID, file: s.File, role: f.Role})
		}
	}
	for _, ig := range x.configured[f.Rule.ID] {
		if x.covers(ig, f) {
			ig.used = true
			silent = silent || x.works(ig)
		}
	}
	return silent
}

// covers reports whether an ignore of the configuration for the finding's rule is about the finding.
func (x *ignoreIndex) covers(ig *ignore, f *rules.Finding) bool {
	if ig.role != "" && ig.role != f.Role && !x.matchRole(ig.role, f.Role) {
		return false
	}
	return ig.path == nil || f.Span.File != nil && x.matchPath(ig.path, f.Span.File.Name)
}

// matchRole matches an address with the wildcards * and ?. Its brackets are literal.
func (x *ignoreIndex) matchRole(pattern, role string) bool {
	if x.matching.left--; !strings.ContainsAny(pattern, "*?") {
		return false // it is not the same
	}
	escaped := strings.NewReplacer(`\`, `\\`, `[`, `\[`).Replace(pattern)
	return x.matching.segment(escaped, role)
}

func (x *ignoreIndex) matchPath(p *ignorePattern, name string) bool {
	for dir := name; dir != "." && dir != ""; dir = path.Dir(dir) {
		if x.matching.matches(p, dir, dir != name) {
			return true
		}
	}
	return false
}

// applyIgnores takes away what the ignores cover and adds findings about ignores that cover nothing, that have expired and
// that give no reason. Without a reason an ignore has no effect, nor has one that has expired. Its problem is that there are more
// ignores in the configuration than can be compared with the findings: what is left keeps nothing silent.
func applyIgnores(findings []rules.Finding, list []*ignore, made constructs, o *rules.Options) ([]rules.Finding, []source.Problem) {
	expired := func(ig *ignore) bool {
		return !ig.until.IsZero() && !o.Now.IsZero() && o.Now.After(ig.until.AddDate(0, 0, 1))
	}
	index := newIgnoreIndex(list, expired)
	kept := findings[:0]
	for i := range findings {
		if f := &findings[i]; !index.silent(f, made.of(f).span) {
			kept = append(kept, *f)
		}
	}
	if index.matching.exhausted() {
		return rules.Sort(kept), []source.Problem{{Name: ConfigName, Unreadable: true, Message: "the patterns of ignore take too long to match: some of the findings that they cover are reported"}}
	}
	for _, ig := range list {
		what := strings.Join(ig.rules, " and ")
		switch {
		case ig.reason == "":
			kept = report(kept, o, rules.SuppressionWithoutReason, ig, "the ignore of "+what+" gives no reason, so that it has no effect")
		case !ig.used && !allOff(ig.rules, o):
			kept = report(kept, o, rules.SuppressionUnused, ig, "the ignore of "+what+" covers no finding")
		case expired(ig):
			kept = report(kept, o, rules.SuppressionExpired, ig, "the ignore of "+what+" has expired on "+ig.until.Format(time.DateOnly))
		}
	}
	return rules.Sort(kept), nil
}

func allOff(ids []string, o *rules.Options) bool {
	return !slices.ContainsFunc(ids, func(id string) bool {
		l, set := o.Levels[id]
		return !set || l != rules.Off
	})
}

// report appends a finding about an ignore.
func report(findings []rules.Finding, o *rules.Options, r *rules.Rule, ig *ignore, message string) []rules.Finding {
	level := r.Level
	if l, set := o.Levels[r.ID]; set {
		level = l
	}
	if level == rules.Off {
		return findings
	}
	return append(findings, rules.Finding{
		Rule: r, Level: level, Severity: r.Severity, Span: ig.span, Statement: ig.span, Message: message,
		Facts: append([]string{ig.reason}, ig.rules...),
	})
}
