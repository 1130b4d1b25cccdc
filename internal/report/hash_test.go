package report

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/trustvet/trustvet/internal/source"
)

// TestLineHashesAreCodeQLs compares with what github/codeql-action computes for the same texts.
func TestLineHashesAreCodeQLs(t *testing.T) {
	path := "testdata/linehash.json"
	if more := os.Getenv("TRUSTVET_LINEHASH"); more != "" {
		path = more // a file of the same form, made by running the original over other texts
	}
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Input  string
		Hashes []string
	}
	if err := json.Unmarshal(src, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
		lines := map[int]bool{}
		for i := range c.Hashes {
			lines[i+1] = true
		}
		got := lineHashes(source.NewFile("x", []byte(c.Input)), lines)
		for i, want := range c.Hashes {
			if got[i+1] != want {
				t.Errorf("%q, line %d: %s, want %s", c.Input, i+1, got[i+1], want)
			}
		}
	}
}
