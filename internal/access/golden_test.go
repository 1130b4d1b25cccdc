package access

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

var update = flag.Bool("update", false, "rewrite the wanted answers of testdata/who")

// goldenNow is the time of the golden cases.
var goldenNow = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// TestWhoCanAssumeTheRole compares the answers for each policy of testdata/who/*.txtar. Beside NAME.json stand NAME.who, what
// the engine says of it, and where it matters NAME.requests: a decision, a caller, an action and a context a line. In a
// policy, «own» is the role's own account, «partition» its partition, and «var.x» is not known; «var.x=a|b» is one of a and b.
func TestWhoCanAssumeTheRole(t *testing.T) {
	files, err := filepath.Glob("testdata/who/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range files {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var out []txtar.File
		wants := map[string]string{}
		for _, f := range archive.Files {
			wants[f.Name] = string(f.Data)
		}
		for _, f := range archive.Files {
			base, isPolicy := strings.CutSuffix(f.Name, ".json")
			switch {
			case strings.HasSuffix(f.Name, ".who"):
				continue
			case !isPolicy:
				out = append(out, f)
				continue
			}
			t.Run(filepath.Base(name)+"/"+base, func(t *testing.T) {
				d := parseHoles(t, string(f.Data))
				got := answers(t, d)
				out = append(out, f, txtar.File{Name: base + ".who", Data: []byte(got)})
				if want := wants[base+".who"]; got != want && !*update {
					t.Errorf("got\n%swant\n%s", got, want)
				}
				checkRequests(t, d, wants[base+".requests"])
			})
		}
		if *update {
			if err := os.WriteFile(name, txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: out}), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// answers writes what the engine says of d.
func answers(t *testing.T, d *policy.Document) string {
	t.Helper()
	var b bytes.Buffer
	o := Options{Now: goldenNow}
	for _, g := range Who(d, o) {
		fmt.Fprintf(&b, "%s\n", &g)
		if g.Undecided {
			continue
		}
		decision, _ := Assume(d, g.Witness, g.World)
		if !decision.OK() {
			t.Errorf("witness %s is not allowed", g.Witness)
		}
		fmt.Fprintf(&b, "\t%s\n", g.Witness)
	}
	for _, s := range d.Statements {
		if death, dead := Dead(d, s, o); dead {
			fmt.Fprintf(&b, "statement %d is dead:", s.Index)
			for _, c := range death.Conditions {
				fmt.Fprintf(&b, " %s,", conditionPhrase(&c))
			}
			if death.Action {
				b.WriteString(" action,")
			}
			if death.Missing != "" {
				b.WriteString(" without " + death.Missing + ",")
			}
			if death.Principal {
				b.WriteString(" principal,")
			}
			b.Truncate(b.Len() - 1)
			b.WriteByte('\n')
		}
		if by, shadowed := Shadowed(d, s, o); shadowed {
			fmt.Fprintf(&b, "statement %d is shadowed by", s.Index)
			for _, o := range by {
				fmt.Fprintf(&b, " %d", o.Index)
			}
			b.WriteByte('\n')
		}
		for i := range s.Conditions {
			if Void(d, s, i, o) {
				fmt.Fprintf(&b, "statement %d: void: %s\n", s.Index, conditionPhrase(&s.Conditions[i]))
			}
		}
	}
	if b.Len() == 0 {
		b.WriteString("nobody\n")
	}
	return b.String()
}

// checkRequests decides the requests, one a line.
func checkRequests(t *testing.T, d *policy.Document, lines string) {
	t.Helper()
	for line := range strings.Lines(lines) {
		fields := strings.Fields(line)
		if len(fields) < 3 {
			t.Fatalf("not a request: %q", line)
		}
		r := Request{Principal: fields[1], Action: fields[2]}
		for _, f := range fields[3:] {
			key, value, _ := strings.Cut(f, "=")
			a := Attribute{Key: key, Values: []string{value}}
			if list, ok := strings.CutPrefix(value, "["); ok {
				a.Values, a.List = strings.Split(strings.TrimSuffix(list, "]"), ","), true
			}
			r.Context = append(r.Context, a)
		}
		if got, _ := Decide(d, r, worlds(d)[0]); got.String() != fields[0] {
			t.Errorf("%s: got %s, want %s", r, got, fields[0])
		}
	}
}

// parseHoles reads a policy in which «expr» is a hole.
func parseHoles(t testing.TB, src string) *policy.Document {
	t.Helper()
	v, err := policy.ParseJSON(withHoles(src))
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return policy.Parse("role", v)
}

func withHoles(src string) policy.Text {
	f := source.NewFile("policy.json", []byte(src))
	var parts []policy.Part
	at := 0
	for at < len(src) {
		end := strings.Index(src[at:], "«")
		if end < 0 {
			end = len(src) - at
		}
		if end > 0 {
			parts = append(parts, policy.Literal(src[at:at+end], source.Span{File: f, Start: at, End: at + end}))
		}
		at += end
		if at == len(src) {
			break
		}
		close := at + strings.Index(src[at:], "»")
		if close < at {
			parts = append(parts, policy.Literal(src[at:], source.Span{File: f, Start: at, End: len(src)}))
			break
		}
		h := &policy.Hole{Expr: src[at+len("«") : close]}
		switch h.Expr {
		case "own":
			h.Kind = policy.OwnAccount
		case "partition":
			h.Kind = policy.Partition
		}
		if expr, choices, ok := strings.Cut(h.Expr, "="); ok {
			h.Expr, h.Choices = expr, strings.Split(choices, "|")
		}
		close += len("»")
		parts = append(parts, policy.HolePart(h, source.Span{File: f, Start: at, End: close}))
		at = close
	}
	return policy.NewText(parts...)
}
