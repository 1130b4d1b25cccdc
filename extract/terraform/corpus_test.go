package terraform

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// corpus returns the repositories that TRUSTVET_CORPUS, a directory of work trees, holds.
func corpus(t *testing.T) []string {
	dir := os.Getenv("TRUSTVET_CORPUS")
	if dir == "" {
		t.Skip("TRUSTVET_CORPUS names no directory")
	}
	repos, _ := filepath.Glob(filepath.Join(dir, "*"))
	return repos
}

// TestCorpus prints what extraction makes of each repository and checks that each literal spells what is at its place.
func TestCorpus(t *testing.T) {
	var total [4]int
	reasons := map[string]int{}
	for _, repo := range corpus(t) {
		files := terraformFiles(t, repo)
		if len(files) == 0 {
			continue
		}
		start := time.Now()
		docs, _, problems := Extract(openTree(t, repo), files, Options{})
		elapsed := time.Since(start)
		if len(docs) == 0 && testing.Verbose() {
			continue
		}
		var count [4]int // roles, known whole, with holes, unresolved
		seen := map[string]bool{}
		literals, located := 0, 0
		for _, d := range docs {
			key := d.Span.File.Name + fmt.Sprint(d.Span.Start)
			if len(d.Calls) > 0 {
				key += fmt.Sprint(d.Calls[0].File.Name)
			}
			if !seen[key+d.Role] {
				seen[key+d.Role] = true
				count[0]++
			}
			switch {
			case d.Value == nil:
				count[3]++
				reason := d.Unresolved[0].Hole.Reason
				reasons[shape(reason)]++
				if testing.Verbose() {
					t.Logf("  unresolved %s %s:%d: %s", d.Role, d.Span.File.Name, d.Span.Begin().Line, reason)
				}
			case d.Value.Kind == policy.Hidden:
				count[3]++
				reasons["hidden: "+d.Value.Hole.Reason]++
				if testing.Verbose() {
					t.Logf("  hidden %s %s:%d: %s %s", d.Role, d.Span.File.Name, d.Span.Begin().Line, d.Value.Hole.Expr, d.Value.Hole.Reason)
				}
			case len(unknownHoles(d.Value)) > 0:
				count[2]++
				if testing.Verbose() {
					t.Logf("  open %s %s:%d: %s", d.Role, d.Span.File.Name, d.Span.Begin().Line, strings.Join(unknownHoles(d.Value), " | "))
				}
			default:
				count[1]++
			}
			if d.Value == nil {
				continue
			}
			for _, f := range d.Faults {
				if testing.Verbose() && f.Code == policy.InvalidJSON {
					t.Logf("  fault %s %s:%d: %s", d.Role, d.Span.File.Name, d.Span.Begin().Line, f.Message)
				}
			}
			for _, leaf := range d.Value.Leaves() {
				for _, p := range leaf.Value.Text.Parts {
					if p.Hole != nil {
						continue
					}
					literals++
					if !p.Located() {
						continue
					}
					located++
					if !spells(p) {
						t.Errorf("%s: %s %s: %q is spelled %q", repo, d.Role, leaf.Path, p.Literal, p.Span.Text())
					}
				}
			}
		}
		for i := range total {
			total[i] += count[i]
		}
		for _, name := range unaccounted(openTree(t, repo), files, docs) {
			t.Logf("  not accounted for: %s", name)
		}
		t.Logf("%-55s files %5d roles %4d known %4d holes %4d unresolved %3d problems %3d located %d/%d %6.2fs",
			filepath.Base(repo), len(files), count[0], count[1], count[2], count[3], len(problems), located, literals, elapsed.Seconds())
		if testing.Verbose() {
			for _, p := range problems {
				t.Logf("  problem %s: %s", p.File(), p.Message)
			}
		}
	}
	t.Logf("roles %d known %d holes %d unresolved %d", total[0], total[1], total[2], total[3])
	for _, r := range slices.SortedFunc(maps.Keys(reasons), func(a, b string) int { return cmp.Compare(reasons[b], reasons[a]) }) {
		t.Logf("%5d %s", reasons[r], r)
	}
}

// unaccounted returns the role blocks in files that no document is about.
func unaccounted(tree *source.Tree, files []string, docs []*policy.Document) []string {
	l := newLoader(tree)
	var names []string
	seen := map[string]bool{}
	for _, f := range files {
		dir := path.Dir(f)
		if seen[dir] {
			continue
		}
		seen[dir] = true
		m := l.module(dir)
		if m == nil {
			continue
		}
		for _, b := range m.blocks {
			if b.typ != "resource" || sinkAttribute(b.label(0)) == "" {
				continue
			}
			if !slices.ContainsFunc(docs, func(d *policy.Document) bool {
				return d.Span.File.Name == b.file.Name && b.rng.start <= d.Span.Start && d.Span.End <= b.rng.end
			}) {
				names = append(names, fmt.Sprintf("%s %s", b.file.Name, b.label(1)))
			}
		}
	}
	return names
}

// shape returns a reason without the names in it.
func shape(reason string) string {
	words := strings.Fields(reason)
	for i, w := range words {
		if strings.ContainsAny(w, `"./[(`) {
			words[i] = "…"
		}
	}
	return strings.Join(words, " ")
}

// The splitter and the parser see the same blocks in every file that both accept.
func TestCorpusSplits(t *testing.T) {
	files, size, rejected := 0, 0, 0
	var spent time.Duration
	for _, repo := range corpus(t) {
		for _, name := range terraformFiles(t, repo) {
			if !strings.HasSuffix(name, ".tf") {
				continue
			}
			src, err := os.ReadFile(filepath.Join(repo, name))
			if err != nil {
				continue
			}
			start := time.Now()
			ranges, ok := split(src)
			spent += time.Since(start)
			files++
			size += len(src)
			if !ok {
				rejected++
			}
			checkSplit(t, filepath.Join(repo, name), src, ranges, ok)
		}
	}
	t.Logf("%d files, %d bytes, %d left to the parser, %.0f MB/s", files, size, rejected, float64(size)/1e6/spent.Seconds())
}

// checkArguments compares the arguments that the splitter finds in a block, and what they are when they are parsed alone, with
// what the parser makes of the whole block.
func checkArguments(t *testing.T, name string, src []byte, r blockRange, want *hclsyntax.Body) {
	t.Helper()
	ranges, ok := splitArguments(src, r.header, r.end-1)
	if !ok {
		if len(want.Blocks) == 0 && !bytes.ContainsFunc(src, func(r rune) bool { return r > 0x7F }) {
			t.Errorf("%s: the parser finds only arguments in the block at %d, the splitter does not", name, r.start)
		}
		return
	}
	if len(want.Blocks) > 0 || len(ranges) != len(want.Attributes) {
		t.Errorf("%s: the block at %d has %d arguments, the parser finds %d and %d blocks", name, r.start, len(ranges), len(want.Attributes), len(want.Blocks))
		return
	}
	b := &block{blockHead: blockHead{typ: "locals", rng: r}, file: source.NewFile(name, src)}
	for _, a := range ranges {
		w := want.Attributes[a.name]
		if w == nil || a.start != w.NameRange.Start.Byte {
			t.Errorf("%s: argument %v is not where the parser finds it", name, a)
			continue
		}
		got := b.argument(newLoader(nil), a.name)
		if b.arguments[a.name].parsed == nil || syntaxTree(got) != syntaxTree(w) {
			t.Errorf("%s: argument %v is %s, as part of the block %s", name, a, syntaxTree(got), syntaxTree(w))
		}
	}
}

// syntaxTree returns the syntax tree of a: the type of each node and where it lies.
func syntaxTree(a *hclsyntax.Attribute) string {
	var out strings.Builder
	hclsyntax.VisitAll(a, func(n hclsyntax.Node) hcl.Diagnostics {
		fmt.Fprintf(&out, "%T %d-%d ", n, n.Range().Start.Byte, n.Range().End.Byte)
		return nil
	})
	return out.String()
}

// checkSplit compares the splitter with the parser on src.
func checkSplit(t *testing.T, name string, src []byte, blocks []blockHead, ok bool) {
	t.Helper()
	if nestsTooDeep(src) {
		return
	}
	parsed, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	if diags.HasErrors() {
		return
	}
	if !ok {
		if len(parsed.Body.(*hclsyntax.Body).Attributes) == 0 && !bytes.ContainsFunc(src, func(r rune) bool { return r > 0x7F }) {
			t.Errorf("%s: the parser accepts what the splitter does not", name)
		}
		return
	}
	want := parsed.Body.(*hclsyntax.Body).Blocks
	if len(want) != len(blocks) {
		t.Errorf("%s: %d blocks, the parser finds %d", name, len(blocks), len(want))
		return
	}
	for i, b := range blocks {
		w := want[i]
		if b.typ != w.Type || !slices.Equal(b.labels, w.Labels) || b.rng.start != w.TypeRange.Start.Byte || b.rng.end != w.CloseBraceRange.End.Byte {
			t.Errorf("%s: block %d is %v, the parser says %s %q %d-%d", name, i, b, w.Type, w.Labels, w.TypeRange.Start.Byte, w.CloseBraceRange.End.Byte)
			return
		}
		checkArguments(t, name, src, b.rng, w.Body)
	}
}
