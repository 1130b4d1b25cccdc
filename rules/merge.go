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
	if !slices.ContainsFunc(docs, func(d *policy.Document) bool { return d.When != "" }) {
		return
	}
	alternatives := map[roleKey]int{}
	for _, d := range docs {
		alternatives[roleOf(d)]++
	}
	type fact struct {
		role    roleKey
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

// A roleKey tells roles apart: documents with the same one are alternatives.
type roleKey struct{ file, address string }

func roleOf(d *policy.Document) roleKey {
	r := roleKey{address: d.Role}
	if span := declared(d); span.File != nil {
		r.file = span.File.Name
	}
	return r
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
	var at map[instance]int // in merged, of what is at one place
	for i, f := range fs {
		if i == 0 || fs[i-1].Span != f.Span {
			at = nil
			if i+1 == len(fs) || fs[i+1].Span != f.Span { // the usual case: it is alone
				merged = append(merged, f)
				continue
			}
			at = map[instance]int{}
		}
		key := instanceOf(&f)
		k, seen := at[key]
		if !seen {
			at[key] = len(merged)
			merged = append(merged, f)
			continue
		}
		// fs is sorted by role, so that repetitions follow each other.
		if first := &merged[k]; f.Role != first.Role && (len(first.Also) == 0 || first.Also[len(first.Also)-1] != f.Role) {
			first.Also = append(first.Also, f.Role)
		}
	}
	return merged
}

// An instance is what findings at one place have in common that say the same of instances of one resource.
type instance struct {
	rule              *Rule
	level             Level
	policy            source.Span
	resource, message string
}

// instanceOf leaves out of the message what differs between instances: the address, of a policy's size how many characters it has,
// which differs with the names in it, and the expression of what is not known, which has the instance's key.
func instanceOf(f *Finding) instance {
	in := instance{rule: f.Rule, level: f.Level, policy: f.Policy, resource: resource(f.Role)}
	if f.Rule != PolicySize && f.Rule != TrustPolicyUnresolved {
		in.message = strings.ReplaceAll(f.Message, f.Role, "")
	}
	return in
}

// resource returns the last two parts of a Terraform address without keys: module.a["x"].aws_iam_role.ci[0] is
// aws_iam_role.ci. Of an address in a template it returns what follows the nested stacks: of Live/Role it is Role.
func resource(address string) string {
	i := strings.LastIndex(address, "aws_iam_role.")
	if i < 0 {
		return address[strings.LastIndexByte(address, '/')+1:]
	}
	name, _, _ := strings.Cut(address[i:], "[")
	return name
}
