package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"github.com/trustvet/trustvet/extract"
)

// What a run may cost, whatever its input.
const (
	mostMemory = 700 << 20        // bytes of data
	mostCPU    = 10 * time.Second // of a small tree
	mostWall   = 2 * time.Minute  // of a machine that does other things too
)

// goodPolicy is a policy that anyone may use, so that each run has something to report.
const goodPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`

// A process is what became of a run of the command.
type process struct {
	status         int
	stdout, stderr []byte
}

// trustvet runs the command in a process of its own, with a limit on memory and time where the system can set one, and
// requires of it what must hold of every run: one of the statuses 0, 1 and 3, no crash, and nothing in the output that acts
// on what reads it. env are further variables.
func trustvet(t testing.TB, dir string, env []string, args ...string) process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), mostWall)
	defer cancel()
	bin, err := exec.LookPath("trustvet") // this test, under another name: see TestMain
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, bin, args...)
	if runtime.GOOS == "linux" {
		script := fmt.Sprintf(`ulimit -t %d && ulimit -d %d && exec "$0" "$@"`, int(mostCPU.Seconds()), mostMemory>>10)
		cmd = exec.CommandContext(ctx, "sh", append([]string{"-c", script, bin}, args...)...)
	}
	var p process
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = append(os.Environ(), env...)
	err = cmd.Run()
	p.stdout, p.stderr = stdout.Bytes(), stderr.Bytes()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("trustvet %q: %v", args, err)
	}
	p.status = cmd.ProcessState.ExitCode()
	if p.status != 0 && p.status != 1 && p.status != 3 {
		t.Errorf("trustvet %q ends with %v\n%s", args, cmd.ProcessState, head(p.stderr))
	}
	for name, out := range map[string][]byte{"standard output": p.stdout, "standard error": p.stderr} {
		if !utf8.Valid(out) {
			t.Errorf("trustvet %q: %s is not UTF-8", args, name)
		}
		for _, r := range string(out) {
			if r < ' ' && r != '\n' && r != '\t' || r == 0x7F || 0x80 <= r && r < 0xA0 || 0x202A <= r && r <= 0x202E || 0x2066 <= r && r <= 0x2069 {
				t.Errorf("trustvet %q: the %s has %U", args, name, r)
				break
			}
		}
		for line := range bytes.Lines(out) {
			start := bytes.TrimLeft(line, " \t")
			command := bytes.HasPrefix(start, []byte("::")) &&
				!bytes.HasPrefix(start, []byte("::error ")) && !bytes.HasPrefix(start, []byte("::warning ")) && !bytes.HasPrefix(start, []byte("::notice "))
			if command || bytes.Contains(line, []byte("##[")) {
				t.Errorf("trustvet %q: the %s has a workflow command: %s", args, name, head(line))
			}
		}
	}
	return p
}

func head(b []byte) []byte { return b[:min(len(b), 3000)] }

// A scanJSON is what the tests look at in scan --format json.
type scanJSON struct {
	Findings []struct{ Rule, Role, File string }
	Problems []struct{ File, Message string }
	Summary  struct{ Files, Roles, Unresolved int }
}

// scanTree scans the files, given by name and content, and returns what is reported of them.
func scanTree(t testing.TB, files map[string]string, args ...string) (process, scanJSON) {
	t.Helper()
	dir := t.TempDir()
	writeTree(t, dir, files)
	return scanDir(t, dir, args...)
}

func scanDir(t testing.TB, dir string, args ...string) (process, scanJSON) {
	t.Helper()
	p := trustvet(t, dir, nil, append([]string{"scan", "--format", "json"}, args...)...)
	var report scanJSON
	if err := json.Unmarshal(p.stdout, &report); err != nil {
		t.Fatalf("the report is not JSON: %v\n%s\n%s", err, head(p.stdout), head(p.stderr))
	}
	return p, report
}

func writeTree(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// reports reports whether the finding of the good policy in file is among those of r.
func (r scanJSON) reports(file string) bool {
	for _, f := range r.Findings {
		if f.File == file && f.Rule == "principal-any-aws" {
			return true
		}
	}
	return false
}

// A fixture is a file of this repository's own test data.
type fixture struct{ name, content string }

// fixtures returns what the tests of all packages read, archives taken apart, in the order of names.
func fixtures(t testing.TB) []fixture {
	t.Helper()
	var all []fixture
	add := func(name string, content []byte) {
		if extract.LanguageOf(name) != extract.None && !strings.HasPrefix(path.Base(name), "want") && !strings.HasPrefix(path.Base(name), ".") && len(content) < 64<<10 {
			all = append(all, fixture{name, string(content)})
		}
	}
	for _, root := range []string{"../../testdata", "../../extract", "../../rules", "../../internal/access/testdata"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || !strings.Contains(filepath.ToSlash(name), "testdata/") {
				return err
			}
			src, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			if filepath.Ext(name) == ".txtar" {
				for _, f := range txtar.Parse(src).Files {
					add(f.Name, f.Data)
				}
				return nil
			}
			add(filepath.Base(name), src)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 100 {
		t.Fatalf("only %d fixtures", len(all))
	}
	return all
}

// hostileText is put into files and their names.
var hostileText = []string{
	"\x1b[31mred\x1b]0;title\x07", "\n::error file=x::pwned\n", "\r\n::stop-commands::x\r\n", "##[error]pwned", "::add-mask::x", "-x", "--output=json=pwned",
	"\u202eevil\u2066", "<script>alert(1)</script>", "|a|b|\n|-|-|", "```", "$(id)", "%0A::error::x", "\x9b31m", "\u200b", "[x](javascript:1)", "=cmd()", "@all",
	"\u2028", "\ufeff", "\x00", "\xff\xfe", "\"", "'", "{{", "}}", "${", "%{", "*/", "/*", "<<EOF\n", "\t", "\\u0000", "&a ", "*a ", "!Ref ", "<<: ", "? ", "- ", "---\n",
	"${file(\"/etc/passwd\")}", "jsonencode(", "AWS::IAM::Role", "Fn::Transform", "9999999999999999999999", "1e999999999", "null", "[", "]", "{", "}", ":", ",",
}

// mutate changes a file in one of the ways in which files are damaged, or made to do damage.
func mutate(r *rand.Rand, s string, others []fixture) string {
	at := func() int { return r.IntN(len(s) + 1) }
	between := func() (int, int) {
		i, j := at(), at()
		return min(i, j), max(i, j)
	}
	insert := func(text string) string {
		i := at()
		return s[:i] + text + s[i:]
	}
	switch r.IntN(18) {
	case 0: // cut short
		return s[:at()]
	case 1: // spliced with a file of any language
		other := others[r.IntN(len(others))].content
		return s[:at()] + other[r.IntN(len(other)+1):]
	case 2: // flipped bits
		b := []byte(s)
		for range 1 + r.IntN(8) {
			if len(b) > 0 {
				b[r.IntN(len(b))] ^= 1 << r.IntN(8)
			}
		}
		return string(b)
	case 3:
		i, j := between()
		return s[:i] + s[j:]
	case 4:
		i, j := between()
		return s[:j] + s[i:]
	case 5: // a piece many times over
		i := at()
		j := min(len(s), i+1+r.IntN(40))
		return s[:j] + strings.Repeat(s[i:j], 1+r.IntN(2000)) + s[j:]
	case 6, 7, 8:
		return insert(hostileText[r.IntN(len(hostileText))])
	case 9: // other line ends
		return strings.ReplaceAll(s, "\n", []string{"\r\n", "\r", "\n\n", "\u2028", " "}[r.IntN(5)])
	case 10:
		return "\ufeff" + s
	case 11: // UTF-16
		b := []byte{0xFF, 0xFE}
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return string(b)
	case 12: // Latin-1
		return strings.ReplaceAll(s, "a", "\xe9")
	case 13: // deep
		n := 1 << r.IntN(13)
		pair := []string{"[]", "{}", "()"}[r.IntN(3)]
		return insert(strings.Repeat(pair[:1], n) + strings.Repeat(pair[1:], r.IntN(n+1)))
	case 14: // long
		return insert(strings.Repeat("x", 1<<r.IntN(19)))
	case 15: // names mixed up
		words := strings.Fields(s)
		if len(words) > 1 {
			return strings.ReplaceAll(s, words[r.IntN(len(words))], words[r.IntN(len(words))])
		}
	case 16: // everything twice
		return s + s
	case 17: // another indentation
		return strings.ReplaceAll(s, "  ", []string{"\t", " ", "", "   "}[r.IntN(4)])
	}
	return s
}

// TestChaos scans damaged files: whatever they hold, the run ends in time, within its memory, with a status that says how it
// ended, and the good file beside them is reported. TRUSTVET_CHAOS is the number of trees, TRUSTVET_CHAOS_SEED the first seed.
func TestChaos(t *testing.T) {
	trees, first := 60, uint64(1)
	if s := os.Getenv("TRUSTVET_CHAOS"); s != "" {
		trees, _ = strconv.Atoi(s)
	}
	if s := os.Getenv("TRUSTVET_CHAOS_SEED"); s != "" {
		first, _ = strconv.ParseUint(s, 10, 64)
	}
	all := fixtures(t)
	for seed := first; seed < first+uint64(trees); seed++ {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			chaos(t, rand.New(rand.NewPCG(seed, 0)), all)
		})
	}
}

func chaos(t *testing.T, r *rand.Rand, all []fixture) {
	dir := t.TempDir()
	files := map[string]string{"good/good.json": goodPolicy}
	for range 1 + r.IntN(12) {
		f := all[r.IntN(len(all))]
		name := path.Base(f.name)
		if r.IntN(4) == 0 { // in another language
			name = "x" + []string{".tf", ".tf.json", ".tofu", ".yaml", ".json", ".template", ".tfvars", ".hcl", ".tpl", ""}[r.IntN(10)]
		}
		if r.IntN(6) == 0 {
			name = strings.NewReplacer("\x00", "", "/", "_").Replace(hostileText[r.IntN(len(hostileText))]) + name
		}
		content := f.content
		for range r.IntN(4) {
			content = mutate(r, content, all)
		}
		if r.IntN(3) == 0 {
			name = "sub/" + name
		}
		files[name] = content
	}
	for name, content := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			delete(files, name) // a name that the system does not take
		}
	}
	if r.IntN(3) == 0 {
		for _, link := range []string{"link.tf", "link.json", "sub", "link"} {
			_ = os.Symlink([]string{"/etc/passwd", "..", ".", "link.tf", "/dev/zero", "good/good.json"}[r.IntN(6)], filepath.Join(dir, link))
		}
	}
	formats := []string{"text", "json", "sarif", "github", "markdown", "junit"}
	var p process
	format := formats[r.IntN(len(formats))]
	switch r.IntN(4) {
	case 0:
		format = []string{"text", "json", "mermaid", "dot"}[r.IntN(4)]
		p = trustvet(t, dir, nil, "who", "--format", format)
	default:
		p = trustvet(t, dir, nil, "scan", "--format", format)
		if p.status == 0 {
			t.Error("the good file has no finding")
		}
	}
	if format != "mermaid" && format != "dot" && !bytes.Contains(p.stdout, []byte("good/good.json")) && !bytes.Contains(p.stdout, []byte("good%2Fgood.json")) {
		t.Errorf("%s does not speak of the good file\n%s", format, head(p.stdout))
	}
	switch format {
	case "json", "sarif":
		if !json.Valid(p.stdout) {
			t.Errorf("%s is not JSON: %s", format, head(p.stdout))
		}
	case "junit":
		d := xml.NewDecoder(bytes.NewReader(p.stdout))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Errorf("junit is not XML: %v", err)
				break
			}
		}
	}
	if bytes.Contains(p.stdout, []byte("internal error")) || bytes.Contains(p.stderr, []byte("internal error")) {
		t.Errorf("something panicked: %s%s", head(p.stdout), head(p.stderr))
	}
	if t.Failed() && os.Getenv("TRUSTVET_CHAOS_KEEP") != "" {
		keep := filepath.Join(os.Getenv("TRUSTVET_CHAOS_KEEP"), path.Base(t.Name()))
		_ = os.CopyFS(keep, os.DirFS(dir))
		t.Log("the tree is in ", keep)
	}
}

// existing returns those of names that are in dir.
func existing(dir string, names []string) []string {
	var there []string
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			there = append(there, "./"+name)
		}
	}
	return there
}
