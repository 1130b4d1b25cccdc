package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/report"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// A panic anywhere ends with a status that says that input was not read, never with Go's own, which is that of a wrong command
// line, and it takes nothing with it that was found elsewhere.
func TestPanicEndsAsUnreadableInput(t *testing.T) {
	dir := t.TempDir()
	writeTree(t, dir, map[string]string{"bad.json": goodPolicy, "good.json": goodPolicy})
	all := rules.All
	defer func() { rules.All = all }()
	rules.All = append(slices.Clone(all), &rules.Rule{ID: "panics", Check: func(p *rules.Pass) {
		if p.Document.Span.File.Name == "bad.json" {
			panic("no such thing")
		}
	}})
	for _, command := range []string{"scan", "who", "baseline"} {
		var stdout, stderr bytes.Buffer
		sys := &system{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Dir: dir, Getenv: func(string) string { return "" }}
		args := []string{command, "good.json", "bad.json"}
		if command == "scan" {
			args = append(args, "--fail-on", "none")
		}
		if status := run(args, sys); status != exitUnreadable {
			t.Errorf("%s ends with status %d, want %d", command, status, exitUnreadable)
		}
		if out := stdout.String(); command != "baseline" && (!strings.Contains(out, "bad.json:1:1: nobody has looked at all of the trust policy of bad: internal error: no such thing") || !strings.Contains(out, "good.json:1")) {
			t.Errorf("%s prints\n%s", command, out)
		}
	}
}

func TestPanicOfAFormatLeavesTheOthers(t *testing.T) {
	dir := t.TempDir()
	var stdout bytes.Buffer
	o := &output{sys: &system{Stdout: &stdout, Dir: dir}, format: "text", files: []outputFile{{"json", "out.json"}, {"sarif", "out.sarif"}}}
	err := o.writeAll(dir, func(w io.Writer, format string, text report.TextOptions) error {
		if format != "sarif" {
			_ = source.Span{File: source.NewFile("a.tf", nil), Start: 2, End: 1}.Text()
		}
		return writeScan(w, format, &report.Scan{}, text)
	})
	if statusOf(err) != exitUnreadable || !strings.Contains(err.Error(), "the format text: internal error") || !strings.Contains(err.Error(), "the format json: internal error") {
		t.Errorf("status %d: %v", statusOf(err), err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "out.sarif")); err != nil || !bytes.Contains(b, []byte("runs")) {
		t.Errorf("the other format: %s, %v", b, err)
	}
}
