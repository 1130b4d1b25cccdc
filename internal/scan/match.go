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
	renamed   []move
	byAddress map[string]int // of those that something has now, the first in renamed
	compared  int            // policies, so far
}

const (
	// maxCompared is how many pairs of policies are compared to find out which role was which: many may have one name, or no
	// other one left. Past it, a role is new.
	maxCompared = 200_000
	// maxParts is how many parts of an address, between dots and brackets, are looked for in moved blocks.
	maxParts = 100
)

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
				if !taken[j] && (fits == nil || m.compare() && fits(before[j], pairs[i].after)) {
					pairs[i].before, taken[j] = before[j], true
					break
				}
			}
		}
	}
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
	pass(key, nil)
	pass(moved, nil)
	pass(func(docs []*policy.Document, isAfter bool) string { return withoutKeys(moved(docs, isAfter)) }, nil)
	pass(address, same)
	pass(address, nil)
	pass(instance, same)
	pass(instance, nil)
	pass(resource, same)
	pass(resource, nil)
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

// compare reports whether two policies may be compared.
func (m *matcher) compare() bool {
	m.compared++
	return m.compared <= maxCompared
}

// was returns the address that a moved block gives a role's former one, "" when there is none for it. The addresses of a moved
// block are relative to its module, and may be of a module that the role is in. Of several blocks the first counts.
func (m *matcher) was(role string) string {
	if len(m.renamed) == 0 {
		return ""
	}
	if m.byAddress == nil {
		m.byAddress = make(map[string]int, len(m.renamed))
		for i, mv := range m.renamed {
			if _, seen := m.byAddress[mv.to]; !seen {
				m.byAddress[mv.to] = i
			}
		}
	}
	first, at := len(m.renamed), 0
	for i, starts := 0, 0; i < len(role) && starts < maxParts; i++ {
		if i > 0 && role[i-1] != '.' {
			continue
		}
		starts++
		for k, ends := i+1, 0; k <= len(role) && ends < maxParts; k++ {
			if k < len(role) && role[k] != '.' && role[k] != '[' {
				continue
			}
			ends++
			if n, ok := m.byAddress[role[i:k]]; ok && n < first {
				first, at = n, i
			}
		}
	}
	if first == len(m.renamed) {
		return ""
	}
	return role[:at] + m.renamed[first].from + role[at+len(m.renamed[first].to):]
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
