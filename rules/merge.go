package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// unconditional takes the condition off findings that every one of a role's alternative policies has: they hold in any case.
// each[i] are the findings of docs[i].
func unconditional(docs []*policy.Document, each [][]Finding) {
	type role struct{ file, address string }
	roleOf := func(d *policy.Document) role {
		r := role{address: d.Role}
		if span := declared(d); span.File != nil {
			r.file = span.File.Name
		}
		return r
	}
	alternatives := map[role]int{}
	for _, d := range docs {
		alternatives[roleOf(d)]++
	}
	type fact struct {
		role    role
		rule    *Rule
		span    source.Span
		message string
	}
	held := map[fact]int{} // the number of policies in which the fact holds
	for i, d := range docs {
		if d.When == "" {
			continue
		}
		in := map[fact]bool{}
		for _, f := range each[i] {
			if k := (fact{roleOf(d), f.Rule, f.Span, f.Message}); !in[k] {
				in[k] = true
				held[k]++
			}
		}
	}
	for i, d := range docs {
		for j := range each[i] {
			f := &each[i][j]
			if f.When != "" && held[fact{roleOf(d), f.Rule, f.Span, f.Message}] == alternatives[roleOf(d)] {
				f.When = ""
			}
		}
	}
}

// declared returns the place from which the role of d is created: the outermost module call, or the policy.
func declared(d *policy.Document) source.Span {
	if len(d.Calls) > 0 {
		return d.Calls[0]
	}
	return d.Span
}

// Merge makes one finding of those that differ only in the instance of a resource: of a module that is called twice, of a
// role with count or for_each, one careless line is one finding. The first keeps its place and names the others in Also.
// fs is sorted as by Sort.
func Merge(fs []Finding) []Finding {
	merged := make([]Finding, 0, len(fs))
	for _, f := range fs {
		at := -1
		for i := len(merged) - 1; i >= 0 && merged[i].Span == f.Span; i-- {
			if instances(&merged[i], &f) {
				at = i
				break
			}
		}
		if at < 0 {
			merged = append(merged, f)
			continue
		}
		if first := &merged[at]; f.Role != first.Role && !slices.Contains(first.Also, f.Role) {
			first.Also = append(slices.Clip(first.Also), f.Role)
		}
	}
	return merged
}

// instances reports whether a and b say the same of two instances of one resource.
func instances(a, b *Finding) bool {
	return a.Rule == b.Rule && a.Level == b.Level && a.Policy == b.Policy && resource(a.Role) == resource(b.Role) &&
		strings.ReplaceAll(a.Message, a.Role, "") == strings.ReplaceAll(b.Message, b.Role, "")
}

// resource returns the last two parts of a Terraform address without keys: module.a["x"].aws_iam_role.ci[0] is
// aws_iam_role.ci. Other addresses have no keys and are returned as they are.
func resource(address string) string {
	i := strings.LastIndex(address, "aws_iam_role.")
	if i < 0 {
		return address
	}
	name, _, _ := strings.Cut(address[i:], "[")
	return name
}
