package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// unconditional makes one finding of those that the alternative policies of a role have at one place: under no condition where
// every alternative has it, otherwise under the conditions of all that do. What another alternative says in other words is
// related. each[i] are the findings of docs[i].
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
		level   Level
		span    source.Span
		message string // "" where each alternative says one thing there
	}
	type place struct{ document, finding int }
	held := map[fact][]place{}
	several := map[fact]bool{} // one alternative says several things there
	for i, d := range docs {
		if d.When == "" {
			continue
		}
		for j, f := range each[i] {
			k := fact{roleOf(d), f.Rule, f.Level, f.Span, ""}
			if places := held[k]; len(places) > 0 && places[len(places)-1].document == i {
				several[k] = true
			}
			held[k] = append(held[k], place{i, j})
			k.message = f.Message
			if places := held[k]; len(places) == 0 || places[len(places)-1].document != i {
				held[k] = append(held[k], place{i, j})
			}
		}
	}
	dropped := map[place]bool{}
	for k, places := range held {
		if one := k; k.message != "" {
			if one.message = ""; !several[one] {
				continue
			}
		} else if several[k] {
			continue
		}
		first := &each[places[0].document][places[0].finding]
		whens := []string{first.When}
		for _, other := range places[1:] {
			f := each[other.document][other.finding]
			dropped[other] = true
			if f.Message != first.Message {
				first.Related = append(slices.Clip(first.Related), Related{f.Span, f.Message + ", when " + f.When})
			}
			whens = append(whens, f.When)
		}
		first.When = strings.Join(whens, " or ")
		if len(places) == alternatives[k.role] {
			first.When = ""
		}
	}
	for i := range each {
		kept := each[i][:0]
		for j, f := range each[i] {
			if !dropped[place{i, j}] {
				kept = append(kept, f)
			}
		}
		each[i] = kept
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
		// fs is sorted by role, so that repetitions follow each other.
		if first := &merged[at]; f.Role != first.Role && (len(first.Also) == 0 || first.Also[len(first.Also)-1] != f.Role) {
			first.Also = append(first.Also, f.Role)
		}
	}
	return merged
}

// instances reports whether a and b say the same of two instances of one resource. How many characters a policy has differs
// with the names in it, and says the same.
func instances(a, b *Finding) bool {
	return a.Rule == b.Rule && a.Level == b.Level && a.Policy == b.Policy && resource(a.Role) == resource(b.Role) &&
		(a.Rule == PolicySize || strings.ReplaceAll(a.Message, a.Role, "") == strings.ReplaceAll(b.Message, b.Role, ""))
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
