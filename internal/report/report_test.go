package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var (
	highRule = &rules.Rule{
		ID: "role-open", Title: "Role is open", Level: rules.Error, Severity: 9.5, Precision: rules.VeryHigh, Tags: []string{"exposure"},
	}
	noteRule = &rules.Rule{ID: "role-old", Title: "Role is old", Level: rules.Note, Severity: 2.0, Precision: rules.High}
)

// writers are all formats.
var writers = map[string]func(io.Writer, *Scan) error{
	"txt":    func(w io.Writer, s *Scan) error { return Text(w, s, TextOptions{}) },
	"color":  func(w io.Writer, s *Scan) error { return Text(w, s, TextOptions{Color: true, Dir: "infra"}) },
	"json":   JSON,
	"sarif":  func(w io.Writer, s *Scan) error { return SARIF(w, s, "1.2.3") },
	"github": GitHub,
	"md": func(w io.Writer, s *Scan) error {
		return Markdown(w, s, MarkdownOptions{BlobURL: "https://github.com/acme/infra/blob/0123abc/"})
	},
	"junit.xml": JUnit,
}

// find returns the span of token in f.
func find(t testing.TB, f *source.File, token string) source.Span {
	t.Helper()
	i := bytes.Index(f.Src, []byte(token))
	if i < 0 {
		t.Fatalf("%s has no %q", f.Name, token)
	}
	return source.Span{File: f, Start: i, End: i + len(token)}
}

// typical is what a scan of a small stack finds.
func typical(t testing.TB) *Scan {
	main := source.NewFile("infra/main.tf", []byte("resource \"aws_iam_role\" \"ci\" {\n"+
		"  name = \"é👩‍👩‍👧‍👦日本\"; trust = { AWS = \"*\", note = \"日本\" }\n"+
		"\tassume_role_policy\t=\tlocal.trust\r\n}\n"))
	vars := source.NewFile("infra/100%: a b/vars#1.tf", []byte("\ufefflocals { trust = data.trust }\nvariable \"x\" {\n  default = 1\n}\n"))
	module := source.NewFile(".terraform/modules/x/main.tf", []byte("trust = \"*\"\n"))
	return &Scan{
		Findings: []rules.Finding{
			{
				Rule: highRule, Level: rules.Error, Severity: 9.5, Role: `aws_iam_role.ci["a"]`,
				Span: find(t, main, `"*"`), Statement: find(t, main, `{ AWS = "*", note = "日本" }`),
				Message: `any AWS principal can assume role "ci"`, Facts: []string{"ci"},
				Witness: &access.Request{Principal: "arn:aws:iam::999999999999:user/anyone", Context: access.Context{
					{Key: "sts:ExternalId", Values: []string{"x"}}, {Key: "aws:TagKeys", Values: []string{"a", "b"}, List: true},
				}},
				Related: []rules.Related{{Span: find(t, vars, "locals"), Message: "the [locals]"}},
				Flow:    []source.Span{find(t, main, `"*"`), find(t, vars, "data.trust"), find(t, main, "local.trust")},
				Fixes:   []rules.Fix{{Title: "name the caller", Edits: []source.Edit{{Span: find(t, main, `"*"`), New: ""}}}},
			},
			{
				Rule: noteRule, Level: rules.Warning, Severity: 5.0, Role: "aws_iam_role.ci", When: "var.public is true",
				Span: find(t, main, "assume_role_policy\t=\tlocal.trust"), Message: "role ci is old", Facts: []string{"ci"},
			},
			{
				Rule: noteRule, Level: rules.Note, Severity: 2.0, Role: "module.x.aws_iam_role.y",
				Span: find(t, vars, "variable \"x\" {\n  default = 1\n}"), Message: "role y is old", Facts: []string{"y"},
			},
			{
				Rule: noteRule, Level: rules.Note, Severity: 2.0, Role: "module.x.aws_iam_role.z",
				Span: find(t, module, `"*"`), Flow: []source.Span{find(t, module, `"*"`), find(t, main, "local.trust")},
				Message: "role z is old", Facts: []string{"z"},
			},
		},
		Problems: []source.Problem{
			{Name: "broken.tf", Message: "is not UTF-8", Unreadable: true},
			{Span: find(t, main, "local.trust"), Message: "module x is not in the tree"},
		},
		Files: 3, Roles: 4, Unresolved: 1, Held: 2, Gone: []Gone{{"role-open", "aws_iam_role.old", "infra/old.tf"}},
	}
}

// hostileText is what a stranger might put anywhere.
const hostileText = "\x1b[31mred\x1b[0m\x1b]8;;https://evil.example\x07link\r\n::error file=x::pwned\n##[error]pwned\n" +
	"::stop-commands::x\u202egnp.exe\u2066\u2028 <script>alert(1)</script> [a](javascript:1) | `code` ![i](https://evil.example/x) @octocat ]]>\x00\xff\u200b %0A"

// hostile is what a scan of a hostile repository finds.
func hostile(testing.TB) *Scan {
	name := "a" + strings.ReplaceAll(hostileText, "/", "") + ".tf"
	f := source.NewFile(name, []byte(strings.Repeat("x", 100000)+hostileText+strings.Repeat("y", 100000)))
	span := source.Span{File: f, Start: 100000, End: 100000 + len(hostileText)}
	at := source.Span{File: f, Start: 100000, End: 100004}
	return &Scan{
		Findings: []rules.Finding{
			{
				Witness: &access.Request{Principal: hostileText, Action: hostileText, Context: access.Context{{Key: hostileText, Values: []string{hostileText}}}},
				Rule:    highRule, Level: rules.Error, Severity: 9.5, Role: hostileText, When: hostileText, Message: hostileText, Span: span,
				Related: []rules.Related{{Span: at, Message: hostileText}}, Flow: []source.Span{span, at},
				Fixes: []rules.Fix{{Title: hostileText, Edits: []source.Edit{{Span: at, New: hostileText}}}},
			},
		},
		Problems: []source.Problem{
			{Name: name, Message: hostileText, Unreadable: true},
			{Span: span, Message: hostileText},
		},
		Files: 1, Roles: 1,
	}
}

func render(t testing.TB, format string, s *Scan) string {
	t.Helper()
	var b bytes.Buffer
	if err := writers[format](&b, s); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	if format == "sarif" {
		return withoutOtherRules(t, b.Bytes())
	}
	return b.String()
}

// withoutOtherRules drops the rules of the build, which change with every new rule.
func withoutOtherRules(t testing.TB, src []byte) string {
	var log map[string]any
	if err := json.Unmarshal(src, &log); err != nil {
		t.Fatal(err)
	}
	run := log["runs"].([]any)[0].(map[string]any)
	driver := run["tool"].(map[string]any)["driver"].(map[string]any)
	listed := driver["rules"].([]any)
	for _, r := range run["results"].([]any) {
		result := r.(map[string]any)
		i := int(result["ruleIndex"].(float64))
		if id := listed[i].(map[string]any)["id"]; id != result["ruleId"] {
			t.Errorf("rule %d is %v, not %v", i, id, result["ruleId"])
		}
		delete(result, "ruleIndex")
	}
	if len(listed) < len(rules.All) {
		t.Errorf("%d of %d rules are listed", len(listed), len(rules.All))
	}
	driver["rules"] = listed[len(rules.All):]
	var b bytes.Buffer
	if err := encode(&b, log); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReportsAreGolden(t *testing.T) {
	scans := map[string]*Scan{"typical": typical(t), "hostile": hostile(t), "empty": {Files: 1}}
	for name, s := range scans {
		for format := range writers {
			got := render(t, format, s)
			path := filepath.Join("testdata", name+"."+format)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
	}
}

// TestNothingHostileActs looks at every format for what a terminal, the Actions runner, a browser or a parser would act on.
func TestNothingHostileActs(t *testing.T) {
	s := hostile(t)
	for format := range writers {
		out := render(t, format, s)
		checkHarmless(t, format, out)
		switch format {
		case "json", "sarif":
			if !json.Valid([]byte(out)) {
				t.Errorf("%s: not JSON", format)
			}
		case "junit.xml":
			var v struct{}
			if err := xml.Unmarshal([]byte(out), &v); err != nil {
				t.Errorf("%s: %v", format, err)
			}
		}
	}
}

// checkHarmless fails where out has something that acts instead of being read.
func checkHarmless(t *testing.T, format, out string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Errorf("%s: not UTF-8", format)
	}
	for _, r := range out {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) && !(format == "color" && r == '\x1b') || unicode.Is(unicode.Cf, r) && r != '\u200d') {
			t.Errorf("%s: prints %U", format, r)
			break
		}
	}
	if format == "color" && strings.Contains(out, "\x1b]") {
		t.Errorf("%s: prints an operating system command", format)
	}
	if len(out) > 60000 {
		t.Errorf("%s: %d bytes for one finding on a line of 200,000", format, len(out))
	}
	for line := range strings.Lines(out) {
		if strings.Contains(line, "##[") {
			t.Errorf("%s: the runner would read a command in %q", format, line)
		}
		command := strings.HasPrefix(strings.TrimLeft(line, " \t"), "::")
		own := format == "github" && (strings.HasPrefix(line, "::error title=") || strings.HasPrefix(line, "::warning title=") || strings.HasPrefix(line, "::notice title="))
		if command && !own {
			t.Errorf("%s: the runner would read a command in %q", format, line)
		}
	}
	if format == "md" || format == "mermaid" {
		for _, active := range []string{"<script", "](javascript", "![", "@octocat", "`"} {
			if strings.Contains(out, active) {
				t.Errorf("%s: prints %s", format, active)
			}
		}
	}
}

// hostileRole is a role of which every name is hostile, with who can assume it.
func hostileRole(t testing.TB) Role {
	quoted, err := json.Marshal(hostileText)
	if err != nil {
		t.Fatal(err)
	}
	src := `{"Version": "2012-10-17", "Statement": [{"Sid": ` + string(quoted) + `, "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"},
		"Condition": {"StringEquals": {"aws:PrincipalTag/x": ` + string(quoted) + `}}}]}`
	f := source.NewFile("a"+strings.ReplaceAll(hostileText, "/", "")+".json", []byte(src))
	v, syntax := policy.ParseJSON(policy.String(src, source.Span{File: f, Start: 0, End: len(src)}))
	if syntax != nil {
		t.Fatal(syntax)
	}
	d := policy.Parse(hostileText, v)
	d.When = hostileText
	grants := access.Who(d, access.Options{})
	if len(grants) == 0 {
		t.Fatal("nobody can assume the role")
	}
	return Role{Documents: []*policy.Document{d}, Grants: [][]access.Grant{grants}}
}

func TestNothingHostileActsInWhoCanAndDiff(t *testing.T) {
	r := hostileRole(t)
	d, g := r.Documents[0], r.Grants[0][0]
	problems := hostile(t).Problems
	change := Change{Role: d.Role, When: d.When, Grant: g, Span: d.Statements[0].Span, Severity: 9.5}
	diff := &Diff{Widened: []Change{change}, Narrowed: []Change{change}, Added: []string{hostileText}, Removed: []string{hostileText}, Problems: problems}
	answers := []Answer{
		{d, g.Witness, access.Explain(d, g.Witness, g.World)},
		{d, access.Request{Principal: hostileText}, access.Explain(d, access.Request{Principal: hostileText}, g.World)},
	}
	roles := []Role{r}
	for format, write := range map[string]func(io.Writer) error{
		"txt":     func(w io.Writer) error { return WhoText(w, roles, problems, TextOptions{}) },
		"json":    func(w io.Writer) error { return WhoJSON(w, roles, problems, true) },
		"mermaid": func(w io.Writer) error { return Mermaid(w, roles, GraphOptions{}) },
		"dot":     func(w io.Writer) error { return Dot(w, roles, GraphOptions{}) },
		"can":     func(w io.Writer) error { return CanText(w, answers, TextOptions{}) },
		"canjson": func(w io.Writer) error { return CanJSON(w, answers) },
		"diff":    func(w io.Writer) error { return DiffText(w, diff, TextOptions{}) },
		"difjson": func(w io.Writer) error { return DiffJSON(w, diff) },
		"md":      func(w io.Writer) error { return DiffMarkdown(w, diff, MarkdownOptions{}) },
		"sarif":   func(w io.Writer) error { return SARIF(w, diff.Scan(), "1.2.3") },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if format != "sarif" { // which lists every rule with its page
			checkHarmless(t, format, b.String())
		}
		if strings.Contains(format, "json") && !json.Valid(b.Bytes()) {
			t.Errorf("%s: not JSON", format)
		}
	}
}

// A place may begin or end within what is a command to the runner only as a whole.
func TestSpanDoesNotHideACommand(t *testing.T) {
	f := source.NewFile("a.tf", []byte("x = \"##[error]pwned\""))
	for start := range len(f.Src) {
		var b bytes.Buffer
		s := &Scan{Findings: []rules.Finding{{Rule: highRule, Level: rules.Error, Span: source.Span{File: f, Start: start, End: start + 1}, Message: "m"}}}
		if err := Text(&b, s, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		checkHarmless(t, "txt", b.String())
	}
}

func TestAnnotationsStayBelowTheRunnersLimit(t *testing.T) {
	s := typical(t)
	f := s.Findings[0]
	for range 30 {
		f.Severity -= 0.01
		s.Findings = append(s.Findings, f)
	}
	byLevel := map[rules.Level]int{}
	as := Annotations(s)
	for _, a := range as {
		byLevel[a.Level]++
	}
	if byLevel[rules.Error] != MaxAnnotations {
		t.Errorf("%d errors, want %d", byLevel[rules.Error], MaxAnnotations)
	}
	if got, want := as[MaxAnnotations-1].Message, "22 more are not shown here."; got != want {
		t.Errorf("the last error says %q, want %q", got, want)
	}
}

func TestMarkdownStaysBelowItsLimit(t *testing.T) {
	s := hostile(t)
	for range 4000 {
		s.Findings = append(s.Findings, s.Findings[0])
		s.Problems = append(s.Problems, s.Problems[0])
	}
	const limit = 900_000
	var b bytes.Buffer
	if err := Markdown(&b, s, MarkdownOptions{MaxBytes: limit}); err != nil {
		t.Fatal(err)
	}
	if b.Len() > limit || b.Len() < limit/2 {
		t.Errorf("%d bytes, want at most %d and not much less", b.Len(), limit)
	}
	if n := strings.Count(b.String(), "more are not shown here"); n != 2 {
		t.Errorf("it says %d times that something is left out, want 2", n)
	}
}

func TestSARIFStaysBelowGitHubsLimits(t *testing.T) {
	s := typical(t)
	least := s.Findings[2]
	for range maxResults {
		s.Findings = append(s.Findings, least)
	}
	var b bytes.Buffer
	if err := SARIF(&b, s, "1.2.3"); err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if len(run.Results) != maxResults || run.Results[0].RuleID != highRule.ID {
		t.Errorf("%d results, the first of %s", len(run.Results), run.Results[0].RuleID)
	}
	if !strings.Contains(run.Invocations[0].Notifications[0].Message.Text, "4 more are left out") {
		t.Errorf("the run does not say what it leaves out: %v", run.Invocations[0].Notifications[0])
	}
}

// TestSARIFStaysBelowGitHubsSize has findings at paths that are long and hard to compress.
func TestSARIFStaysBelowGitHubsSize(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[random.IntN(64)]
		}
		return string(b)
	}
	s := typical(t)
	for range 5 {
		f := s.Findings[2]
		f.Role = noise(100_000)
		f.Message = "somebody can assume " + f.Role
		s.Findings = append(s.Findings, f)
	}
	const size = 400_000
	few := sarifOf(t, s, size)
	if results := few.Runs[0].Results; len(results) != len(s.Findings) || len(results[len(results)-1].Message.Text) > 4*maxText {
		t.Errorf("%d results, the last with %d bytes of text", len(results), len(results[len(results)-1].Message.Text))
	}
	for range 200 {
		f := s.Findings[2]
		file := source.NewFile(noise(4000), []byte("x\n"))
		f.Span = source.Span{File: file, Start: 0, End: 1}
		s.Findings = append(s.Findings, f)
	}
	many := sarifOf(t, s, size)
	listed := len(many.Runs[0].Results)
	left := fmt.Sprintf("Only the %d most severe findings are listed; %d more are left out.", listed, len(s.Findings)-listed)
	if listed < 30 || listed == len(s.Findings) || many.Runs[0].Invocations[0].Notifications[0].Message.Text != left {
		t.Errorf("%d results of %d; the run does not say %q", listed, len(s.Findings), left)
	}
}

// sarifOf returns the SARIF file of s, which must not be larger than size as gzip.
func sarifOf(t *testing.T, s *Scan, size int) *sarifLog {
	t.Helper()
	b, err := sarifWithin(s, "1.2.3", size)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := compressed(b); err != nil || n > size {
		t.Errorf("it has %d bytes as gzip, %v", n, err)
	}
	log := &sarifLog{}
	if err := json.Unmarshal(b, log); err != nil {
		t.Fatal(err)
	}
	return log
}

// TestUnderlineIsUnderTheToken takes the columns of the underline out of the printed line.
func TestUnderlineIsUnderTheToken(t *testing.T) {
	for _, test := range []struct{ line, token string }{
		{`x = "*"`, `"*"`},
		{"\tx\t= \"*\"", `"*"`},
		{`日本 = "*"`, `"*"`},
		{`é👩‍👩‍👧‍👦 = "*"`, `"*"`},
		{`x = "日本"`, "日本"},
		{strings.Repeat("a", 5000) + `"*"` + strings.Repeat("b", 5000), `"*"`},
		{strings.Repeat("日", 5000) + `"*"`, `"*"`},
	} {
		f := source.NewFile("a.tf", []byte("first\n"+test.line+"\nlast\n"))
		var b bytes.Buffer
		s := &Scan{Findings: []rules.Finding{{Rule: highRule, Level: rules.Error, Span: find(t, f, test.token), Message: "m"}}}
		if err := Text(&b, s, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(b.String(), "\n")
		code, marks := strings.TrimPrefix(lines[3], "2 | "), strings.TrimPrefix(lines[4], "  | ")
		before := columns(marks) - columns(strings.TrimLeft(marks, " "))
		at := strings.Index(code, test.token)
		if at < 0 || columns(code[:at]) != before || columns(test.token) != strings.Count(marks, "^") {
			t.Errorf("%.60q: the underline is elsewhere:\n%s\n%s", test.line, code, marks)
		}
	}
}
