package rules_test

import (
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// FuzzRun: whatever a policy file holds, the rules come to an end, and every finding lies in it and has a fingerprint.
func FuzzRun(f *testing.F) {
	archives, err := filepath.Glob(filepath.Join(fixtures, "*", "*.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, archive := range archives {
		a, err := txtar.ParseFile(archive)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			if filepath.Ext(file.Name) == ".json" {
				f.Add(file.Data)
			}
		}
	}
	f.Add([]byte(`{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Condition": {"ForAllValues:Null": {"aws:PrincipalOrgID": []}}}}`))
	opts := rules.Options{Now: time.Unix(1_780_000_000, 0), TrustedAccounts: []string{"222233334444"}, OwnAccounts: []string{"111122223333"}, Pedantic: true}
	f.Fuzz(func(t *testing.T, src []byte) {
		file := source.NewFile("x.json", src)
		for _, fd := range rules.Run([]*policy.Document{parse("x", file)}, opts) {
			if fd.Span.File != file || fd.Span.Start < 0 || fd.Span.End > len(src) || fd.Span.End < fd.Span.Start {
				t.Errorf("%s: a finding lies at bytes %d to %d of %d", fd.Rule.ID, fd.Span.Start, fd.Span.End, len(src))
			}
			if fd.Message == "" || len(fd.Fingerprint()) != 32 {
				t.Errorf("%s: message %q, fingerprint %q", fd.Rule.ID, fd.Message, fd.Fingerprint())
			}
		}
	})
}
