package scan

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/trustvet/trustvet/extract"
	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// A Difference is what a change of the code does to who can assume which role.
type Difference struct {
	Root     string
	Widened  []Change // new callers, and those of new roles
	Narrowed []Change // callers that no longer can, and those of deleted roles
	Added    []string // the addresses of new roles
	Removed  []string
	Problems []source.Problem // of the new state
	Files    []string         // that changed

	within func(name string) bool // what is compared, nil for everything
}

// A Change is somebody who can, or no longer can, assume a role.
type Change struct {
	Role     string
	When     string
	Grant    access.Grant
	Span     source.Span // in the new state: what of the change is the cause. Zero when the role is gone
	Severity float64     // of a widening
	New      bool        // the role is new, or gone
	Related  []rules.Related
}

// Revisions name the two states of a comparison.
type Revisions struct {
	Base   string // a commit; "" is HEAD
	Head   string // a commit; "" is HEAD
	Staged bool   // the new state is git's index, and Head is not used
	// JudgeByBase: what holds is the configuration of the base, so that a change has no say in how it is judged.
	JudgeByBase bool
	// Within are paths of files and directories that roles must have to do with, by what they are made of before the change or
	// after it. All roles count when there are none.
	Within []string
}

// Diff compares who can assume the roles of two states of the repository that dir lies in, without a checkout. configure says
// how to scan, given the state whose configuration holds: the new one unless rev says otherwise.
func Diff(dir string, rev Revisions, configure func(*Input) (Options, error)) (*Difference, error) {
	real, _, err := Place{Dir: dir}.real(".")
	if err != nil {
		return nil, err
	}
	root := top(real)
	base, head := or(rev.Base, "HEAD"), or(rev.Head, "HEAD")
	for _, r := range []*string{&base, &head} {
		if rev.Staged && r == &head {
			continue
		}
		if *r, err = commitOf(root, *r); err != nil {
			return nil, err
		}
	}
	blobs, err := newBlobReader(root)
	if err != nil {
		return nil, err
	}
	defer blobs.close()

	changed, err := changes(root, base, head, rev.Staged)
	if err != nil {
		return nil, err
	}
	before, after, err := openStates(root, head, rev.Staged, blobs, changed)
	if err != nil {
		return nil, err
	}
	judge := after
	if rev.JudgeByBase {
		judge = before
	}
	o, err := configure(judge)
	if err != nil {
		return nil, err
	}
	o.Config.Exclude(before)
	o.Config.Exclude(after)
	d := &Difference{Root: root, Files: scannable(changed)}
	if d.within, err = within(Place{Dir: dir}, root, rev.Within); err != nil {
		return nil, err
	}
	err = d.between(before, after, func(names []string) (map[string][]lineRange, error) {
		return changedLines(root, base, head, rev.Staged, names)
	}, o)
	return d, err
}

// within returns which names are those of the files and directories that paths name, or of what lies in one of these; nil when
// all are.
func within(from Place, root string, paths []string) (func(name string) bool, error) {
	var names []string
	for _, p := range paths {
		name, err := from.Name(root, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		if name == "." {
			return nil, nil
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, nil
	}
	return func(name string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return name == n || strings.HasPrefix(name, n+"/") })
	}, nil
}

// counts reports whether one of the states of a role has to do with what is compared.
func (d *Difference) counts(p pair) bool {
	return d.within == nil || slices.ContainsFunc(slices.Concat(p.before, p.after), func(doc *policy.Document) bool {
		return touches(doc, func(s source.Span) bool { return s.File != nil && d.within(s.File.Name) })
	})
}

// between fills d with what the roles of two states differ in. lines returns the lines of files of the new state that differ.
func (d *Difference) between(before, after *Input, lines func(names []string) (map[string][]lineRange, error), o Options) error {
	o.Extract.Terraform.Companions = rules.CompanionKinds()
	was := extract.Extract(before.Tree, before.Files, o.Extract)
	is := extract.Extract(after.Tree, after.Files, o.Extract)
	m := matcher{renamed: moves(after)}
	pairs := m.match(Roles(was.Documents), Roles(is.Documents))
	c := comparison{Difference: d, o: o, found: exposure(is.Documents, o)}
	looked := is.Documents
	for _, p := range pairs {
		if !d.counts(p) {
			continue
		}
		err := access.ErrWork
		if c.work <= access.MaxWork {
			err = source.Survive(func() { c.compare(p) })
		}
		if err != nil {
			doc := slices.Concat(p.after, p.before)[0]
			doc.Fail(err)
			looked = append(looked, doc)
		}
	}
	d.Problems = source.SortProblems(append(newProblems(was.Problems, is.Problems), limits(looked)...))
	if d.within != nil {
		d.Problems = slices.DeleteFunc(d.Problems, func(p source.Problem) bool { return !d.within(p.File()) })
	}
	if err := c.locate(after.Tree, lines); err != nil {
		return err
	}
	d.sort()
	return nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// emptyTree is the object of a tree without files: what a first commit is compared with.
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

// commitOf returns the object that a revision names.
func commitOf(root, rev string) (string, error) {
	if strings.HasPrefix(rev, "-") {
		return "", fmt.Errorf("no revision %q", rev)
	}
	out, err := runGit(root, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{tree}")
	if err == nil {
		return strings.TrimSpace(string(out)), nil
	}
	if rev == "HEAD" {
		if _, err := runGit(root, "rev-parse", "--git-dir"); err == nil {
			return emptyTree, nil // no commit yet
		}
	}
	return "", fmt.Errorf("no revision %q in the repository of %s", rev, root)
}

// openStates returns what to scan of the state that is the tree head, or the index, and of the one before it.
func openStates(root, head string, staged bool, blobs *blobReader, changed []fileChange) (before, after *Input, err error) {
	listing, where := []string{"ls-tree", "-r", "-z", "--full-tree", head}, head
	if staged {
		listing, where = []string{"ls-files", "-s", "-z"}, "--cached"
	}
	out, err := runGit(root, listing...)
	if err != nil {
		return nil, nil, err
	}
	is := newCommitFS(out, blobs)
	was := is.before(changed)
	// Both states have the same files that do not change, so one search for the same texts is for both.
	given := scannable(changed)
	given = slices.Concat(given, was.linksTo(given), is.linksTo(given))
	searched := map[string][]string{}
	modules := slices.DeleteFunc(slices.Clone(given), func(name string) bool { return !isConfiguration(name) })
	state := func(c *commitFS) *Input {
		in := &Input{Root: root, Tree: source.NewTree(c)}
		all := c.names()
		in.Files = affected(in.Tree, all, given, func(texts, patterns []string) []string {
			key := strings.Join(slices.Concat(texts, []string{""}, patterns), "\x00")
			found, known := searched[key]
			if !known {
				var err error
				if found, err = searchFiles(root, texts, patterns, where); err != nil {
					return all
				}
				searched[key] = found
			}
			return slices.Concat(found, modules)
		})
		return in
	}
	before, after = state(was), state(is)
	// What is to be seen in one state is in the other too: it is neither new nor gone because nobody looked.
	names := slices.Compact(slices.Sorted(slices.Values(slices.Concat(before.Files, after.Files))))
	before.Files, after.Files = was.those(names), is.those(names)
	return before, after, nil
}

// A lineRange is lines of a new state, first and last.
type lineRange struct{ from, to int }

// A fileChange is a file that differs, with the mode and the object that it had before; those of a new file are zeros.
type fileChange struct{ name, mode, object string }

// scannable returns the names of the files that lie where a scan looks.
func scannable(changed []fileChange) []string {
	var names []string
	for i := range changed {
		if !inSkippedDir(changed[i].name) {
			names = append(names, changed[i].name)
		}
	}
	return names
}

// diffArguments returns those of git diff, which is to compare two trees or the index with one, with flags, for the files
// that names list, or all.
func diffArguments(base, head string, staged bool, names []string, flags ...string) []string {
	args := slices.Concat([]string{"--literal-pathspecs", "diff", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules"}, flags)
	if staged {
		args = append(args, "--cached", base, "--")
	} else {
		args = append(args, base, head, "--")
	}
	return append(args, names...)
}

// changes returns the files that differ.
func changes(root, base, head string, staged bool) ([]fileChange, error) {
	out, err := runGit(root, diffArguments(base, head, staged, nil, "--raw", "--no-abbrev", "-z")...)
	if err != nil {
		return nil, err
	}
	var files []fileChange
	// :100644 100755 0123… 4567… M, a zero byte, the name, and a zero byte
	records := strings.Split(string(out), "\x00")
	for i := 0; i+1 < len(records); i += 2 {
		f := strings.Fields(records[i])
		if len(f) != 5 {
			return nil, fmt.Errorf("git diff: %q is no record of a change", records[i])
		}
		if path.IsAbs(records[i+1]) {
			return nil, fmt.Errorf("git diff: %q is no name of a file of a repository", records[i+1])
		}
		if f[4] == "U" {
			return nil, fmt.Errorf("%s has a conflict of a merge", records[i+1])
		}
		files = append(files, fileChange{records[i+1], strings.TrimPrefix(f[0], ":"), f[2]})
	}
	return files, nil
}

// changedLines returns the lines of the new state that differ in the files of that name. Where lines are gone, it is the line
// before them.
func changedLines(root, base, head string, staged bool, names []string) (map[string][]lineRange, error) {
	lines := map[string][]lineRange{}
	for some := range slices.Chunk(names, 500) { // a command line has an end
		out, err := runGit(root, diffArguments(base, head, staged, some, "-U0", "--text", "--src-prefix=a/", "--dst-prefix=b/")...)
		if err != nil {
			return nil, err
		}
		readHunks(string(out), lines)
	}
	return lines, nil
}

// readHunks adds to lines what the headers of a patch say of the new state.
func readHunks(patch string, lines map[string][]lineRange) {
	name := ""
	for line := range strings.SplitSeq(patch, "\n") {
		switch {
		case strings.HasPrefix(line, "+++ "):
			name = strings.TrimSuffix(line[4:], "\t")
			if unquoted, err := strconv.Unquote(name); err == nil {
				name = unquoted
			}
			name = strings.TrimPrefix(name, "b/")
		case strings.HasPrefix(line, "@@ -"):
			_, rest, _ := strings.Cut(line, " +")
			span, _, _ := strings.Cut(rest, " ")
			first, count, several := strings.Cut(span, ",")
			from, _ := strconv.Atoi(first)
			n := 1
			if several {
				n, _ = strconv.Atoi(count)
			}
			lines[name] = append(lines[name], lineRange{max(from, 1), max(from, 1) + max(n-1, 0)})
		}
	}
}

// newProblems returns the problems that are new, or of a file that cannot be read.
func newProblems(was, is []source.Problem) []source.Problem {
	known := map[string]bool{}
	for _, p := range was {
		known[p.File()+"\x00"+p.Message] = true
	}
	return slices.DeleteFunc(slices.Clone(is), func(p source.Problem) bool { return !p.Unreadable && known[p.File()+"\x00"+p.Message] })
}

// exposure returns the findings about who gets in, by the statement they are about.
func exposure(docs []*policy.Document, o Options) map[source.Span][]rules.Finding {
	findings := map[source.Span][]rules.Finding{}
	for _, f := range rules.Run(docs, o.Config.Rules) {
		if slices.Contains(f.Rule.Tags, "exposure") {
			findings[f.Statement] = append(findings[f.Statement], f)
		}
	}
	return findings
}

type comparison struct {
	*Difference
	o      Options
	found  map[source.Span][]rules.Finding // about who gets in, by the statement
	rested []rest                          // for each of Widened
	work   int                             // of the engine
}

func (c *comparison) options() access.Options {
	return access.Options{Now: c.o.Config.Rules.Now, Work: &c.work}
}

// compare adds what a pair of states of one role differs in.
func (c *comparison) compare(p pair) {
	switch {
	case p.before == nil:
		c.Added = append(c.Added, p.after[0].Role)
		for _, d := range p.after {
			for _, g := range access.Who(d, c.options()) {
				c.widen(d, g, nil)
			}
		}
	case p.after == nil:
		c.Removed = append(c.Removed, p.before[0].Role)
		for _, d := range p.before {
			for _, g := range access.Who(d, c.options()) {
				c.Narrowed = append(c.Narrowed, Change{Role: d.Role, When: d.When, Grant: g, New: true})
			}
		}
	default:
		for _, d := range p.after {
			for _, g := range c.added(p.before, d) {
				c.widen(d, g, p.before)
			}
		}
		for _, d := range p.before {
			for _, g := range c.added(p.after, d) {
				c.Narrowed = append(c.Narrowed, Change{Role: p.after[0].Role, When: d.When, Grant: g})
			}
		}
	}
}

// added returns the grants of d that none of the policies of the other state has: those that are new against the one that is
// nearest to it.
func (c *comparison) added(others []*policy.Document, d *policy.Document) []access.Grant {
	for _, o := range others {
		if o.When == d.When && samePolicy(o, d) {
			return nil
		}
	}
	var least []access.Grant
	for i, o := range others {
		if len(others) > 1 && o.When != d.When && slices.ContainsFunc(others, func(o *policy.Document) bool { return o.When == d.When }) {
			continue // there is one for the same condition
		}
		grants := access.Added(o, d, c.options())
		if len(grants) == 0 {
			return nil
		}
		if i == 0 || least == nil || len(grants) < len(least) {
			least = grants
		}
	}
	return least
}

// samePolicy reports whether two documents are spelled the same, so that there is nothing to compare.
func samePolicy(a, b *policy.Document) bool {
	return a.Value != nil && b.Value != nil && len(a.Unresolved) == 0 && len(b.Unresolved) == 0 &&
		string(a.Value.JSON()) == string(b.Value.JSON()) && a.Account.String() == b.Account.String()
}

// widen adds a grant of d, of which the former policies are those of the same role.
func (c *comparison) widen(d *policy.Document, g access.Grant, former []*policy.Document) {
	c.Widened = append(c.Widened, Change{Role: d.Role, When: d.When, Grant: g, Severity: c.severity(d.Role, &g), New: former == nil})
	c.rested = append(c.rested, restOf(d, &g, former))
}

// locate says of each new grant what of the change is the cause.
func (c *comparison) locate(tree *source.Tree, lines func(names []string) (map[string][]lineRange, error)) error {
	var changed map[string][]lineRange
	if names := suspects(c.rested, c.Files); len(names) > 0 {
		var err error
		if changed, err = lines(names); err != nil {
			return err
		}
	}
	why := cause{tree, changed}
	for i := range c.Widened {
		w, d := &c.Widened[i], c.rested[i].document
		w.Span = why.of(c.rested[i])
		if !d.Created.IsZero() {
			span, other := construct{d.Construct, d.Created}.place(w.Span, c.o.CDKSource)
			w.Span, w.Related = span, []rules.Related{other}
		}
	}
	return nil
}

// severity returns how much a new grant weighs: as much as what the rules say of it, and more than nothing.
func (c *comparison) severity(role string, g *access.Grant) float64 {
	s := 3.0
	switch {
	case g.Undecided, g.Has(access.Whoever):
		s = 4.0
	case !slices.ContainsFunc(g.Callers, func(k access.Caller) bool { return k.Unknown == nil }):
		s = 5.0 // its example is of the widest kind that it may be
	case g.Has(access.AnyAWS):
		s = 7.0
		if len(g.Guard) == 0 {
			s = 9.5
		}
	case g.Has(access.WebIdentity), g.Has(access.SAML):
		s = 5.0
	case g.Has(access.Account), g.Has(access.User), g.Has(access.Role), g.Has(access.RoleSession), g.Has(access.Root), g.Has(access.FederatedUser):
		s = 5.0
		if !slices.ContainsFunc(g.Callers, func(k access.Caller) bool { return !k.Own }) {
			s = 3.0
		}
	}
	if g.From != nil {
		for _, f := range c.found[g.From.Span] {
			// The instances of a resource have their statements in one place.
			if f.Role == role && g.MayCause(f.Span) {
				s = max(s, f.Severity)
			}
		}
	}
	return s
}

func (d *Difference) sort() {
	order := func(a, b Change) int {
		if a.Severity != b.Severity {
			return int((b.Severity - a.Severity) * 100)
		}
		if c := strings.Compare(a.Role, b.Role); c != 0 {
			return c
		}
		return strings.Compare(a.Grant.String(), b.Grant.String())
	}
	slices.SortStableFunc(d.Widened, order)
	slices.SortStableFunc(d.Narrowed, order)
	slices.Sort(d.Added)
	slices.Sort(d.Removed)
}
