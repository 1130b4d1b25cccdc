package scan

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/trustvet/trustvet/extract"
	"github.com/trustvet/trustvet/internal/policy"
)

// A pair is the policies of one role in two states of the code; one of them is nil when the role is new or gone.
type pair struct {
	before, after []*policy.Document
}

// A move is a moved block of Terraform: what had the address from has the address to.
type move struct{ from, to string }

// A matcher finds for each role of the new state the one that it was. What counts is, one after the other: the same address
// in the same file, a moved block, the same address in another file, the same address but for the instance, the same
// resource in another module, and a role in or out of a module of its own name that has the same policy.
type matcher struct {
	renamed []move
}

func (m *matcher) match(before, after [][]*policy.Document) []pair {
	pairs := make([]pair, len(after))
	for i := range after {
		pairs[i].after = after[i]
	}
	taken := make([]bool, len(before))
	pass := func(key func(docs []*policy.Document, isAfter bool) string, fits func(b, a []*policy.Document) bool) {
		byKey := map[string][]int{}
		for i, docs := range before {
			if k := key(docs, false); !taken[i] && k != "" {
				byKey[k] = append(byKey[k], i)
			}
		}
		for i := range pairs {
			if pairs[i].before != nil {
				continue
			}
			for _, j := range byKey[key(pairs[i].after, true)] {
				if !taken[j] && fits(before[j], pairs[i].after) {
					pairs[i].before, taken[j] = before[j], true
					break
				}
			}
		}
	}
	any := func(_, _ []*policy.Document) bool { return true }
	same := func(b, a []*policy.Document) bool {
		return len(b) == len(a) && !slices.ContainsFunc(a, func(d *policy.Document) bool {
			return !slices.ContainsFunc(b, func(o *policy.Document) bool { return o.When == d.When && samePolicy(o, d) })
		})
	}
	address := func(docs []*policy.Document, _ bool) string { return docs[0].Role }
	key := func(docs []*policy.Document, _ bool) string { k := KeyOf(docs[0]); return k.File + "\x00" + k.Role }
	moved := func(docs []*policy.Document, isAfter bool) string {
		if isAfter {
			return m.was(docs[0].Role)
		}
		return docs[0].Role
	}
	instance := func(docs []*policy.Document, _ bool) string { return withoutKeys(docs[0].Role) }
	resource := func(docs []*policy.Document, _ bool) string { return lastResource(docs[0].Role) }
	pass(key, any)
	pass(moved, any)
	pass(func(docs []*policy.Document, isAfter bool) string { return withoutKeys(moved(docs, isAfter)) }, any)
	pass(address, same)
	pass(address, any)
	pass(instance, same)
	pass(instance, any)
	pass(resource, same)
	pass(resource, any)
	// Everything that is left has the same empty key here.
	pass(func(docs []*policy.Document, _ bool) string { return "left" }, func(b, a []*policy.Document) bool {
		return same(b, a) && related(b[0].Role, a[0].Role)
	})
	for j, docs := range before {
		if !taken[j] {
			pairs = append(pairs, pair{before: docs})
		}
	}
	return pairs
}

// was returns the address that a moved block gives a role's former one, "" when there is none for it.
func (m *matcher) was(role string) string {
	for _, mv := range m.renamed {
		// The addresses of a moved block are relative to its module.
		for i := 0; i <= len(role)-len(mv.to); i++ {
			if (i == 0 || role[i-1] == '.') && strings.HasPrefix(role[i:], mv.to) {
				rest := role[i+len(mv.to):]
				if rest == "" || rest[0] == '.' || rest[0] == '[' {
					return role[:i] + mv.from + rest
				}
			}
		}
	}
	return ""
}

var (
	movedBlock = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^\s*moved\s*\{\s*(from|to)\s*=\s*(\S+)\s*(from|to)\s*=\s*(\S+)\s*\}`)
	})
	comment = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?s)/\*.*?\*/|(#|//)[^\n]*`) })
)

// moves returns the moved blocks in the files of in.
func moves(in *Input) []move {
	var list []move
	for _, name := range in.Files {
		if extract.LanguageOf(name) != extract.Terraform {
			continue
		}
		f, err := in.Tree.File(name)
		if err != nil || !bytes.Contains(f.Src, []byte("moved")) {
			continue
		}
		for _, b := range movedBlock().FindAllSubmatch(comment().ReplaceAll(f.Src, nil), -1) {
			mv := move{string(b[2]), string(b[4])}
			if string(b[1]) == "to" {
				mv.from, mv.to = mv.to, mv.from
			}
			list = append(list, mv)
		}
	}
	return list
}

// withoutKeys returns an address without the keys of instances: module.x["a"].aws_iam_role.y[0] is module.x.aws_iam_role.y.
func withoutKeys(address string) string {
	var b strings.Builder
	for i := 0; i < len(address); i++ {
		if address[i] != '[' {
			b.WriteByte(address[i])
			continue
		}
		quoted := false
		for ; i < len(address) && (quoted || address[i] != ']'); i++ {
			switch {
			case address[i] == '"':
				quoted = !quoted
			case quoted && address[i] == '\\':
				i++
			}
		}
	}
	return b.String()
}

// lastResource returns the resource of an address without its modules, "" when it has none: aws_iam_role.y. Of an address in a
// template it is the logical ID without the nested stacks.
func lastResource(address string) string {
	if !strings.Contains(address, ".") {
		return address[strings.LastIndexByte(address, '/')+1:]
	}
	parts := strings.Split(withoutKeys(address), ".")
	if len(parts) < 2 || !strings.HasPrefix(parts[len(parts)-2], "aws") {
		return ""
	}
	return strings.Join(parts[len(parts)-2:], ".")
}

// related reports whether two addresses share a name that says something: a role called ci and a module called ci.
func related(a, b string) bool {
	common := func(name string) bool {
		switch name {
		case "module", "this", "role", "main", "default", "aws_iam_role", "iam_role", "iam":
			return true
		}
		return false
	}
	names := strings.Split(withoutKeys(b), ".")
	return slices.ContainsFunc(strings.Split(withoutKeys(a), "."), func(name string) bool {
		return !common(name) && slices.Contains(names, name)
	})
}
