package scan

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// constructs says where the programs that made the templates make the roles: the AWS CDK's. It is the place that a person
// edits; the template is only what comes of it.
type constructs map[constructKey]construct

type constructKey struct {
	policy source.Span
	role   string
}

type construct struct {
	path string
	span source.Span
}

func constructsOf(docs []*policy.Document) constructs {
	made := constructs{}
	for _, d := range docs {
		if !d.Created.IsZero() {
			made[constructKey{d.Span, d.Role}] = construct{d.Construct, d.Created}
		}
	}
	return made
}

func (made constructs) of(f *rules.Finding) construct { return made[constructKey{f.Policy, f.Role}] }

// files returns the files of the programs, sorted.
func (made constructs) files() []*source.File {
	var files []*source.File
	for _, c := range made {
		if !slices.Contains(files, c.span.File) && !mayHoldIgnores(c.span.File.Name) {
			files = append(files, c.span.File)
		}
	}
	slices.SortFunc(files, func(a, b *source.File) int {
		return strings.Compare(a.Name, b.Name)
	})
	return files
}

// relate makes the construct of a role a related place of the findings about it and, with primary set, the place of them,
// to which the place in the template is related then.
func (made constructs) relate(findings []rules.Finding, primary bool) []rules.Finding {
	if len(made) == 0 {
		return findings
	}
	for i := range findings {
		f := &findings[i]
		c := made.of(f)
		if c.span.IsZero() {
			continue
		}
		var related rules.Related
		f.Span, related = c.place(f.Span, primary)
		f.Related = append(slices.Clip(f.Related), related)
	}
	return rules.Sort(findings)
}

// place returns where a report is shown whose cause in the template is at, and what is related to that.
func (c construct) place(at source.Span, primary bool) (source.Span, rules.Related) {
	if primary {
		return c.span, rules.Related{Span: at, Message: "the cause in the template"}
	}
	return at, rules.Related{Span: c.span, Message: "the construct " + c.path}
}
