package rules

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// sections are what every page has, in this order.
var sections = []string{"Why", "Flagged", "Not flagged", "Fix", "References"}

var kebab = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)

// TestRulesAreComplete says by name what a rule lacks.
func TestRulesAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range All {
		t.Run(r.ID, func(t *testing.T) {
			if seen[r.ID] {
				t.Errorf("rule %s is twice in All", r.ID)
			}
			seen[r.ID] = true
			if !kebab.MatchString(r.ID) {
				t.Errorf("the ID %q is not in kebab-case", r.ID)
			}
			for _, remedy := range []string{"no-", "require-", "check-", "must-", "use-"} {
				if strings.HasPrefix(r.ID, remedy) {
					t.Errorf("the ID %q names a remedy; it must name the pattern and read well after \"allow\"", r.ID)
				}
			}
			if r.Title == "" || strings.Contains(r.Title, "\n") || strings.HasSuffix(r.Title, ".") {
				t.Errorf("the title %q is not one sentence without its period", r.Title)
			}
			if r.Level == Off {
				t.Error("it has no level")
			}
			if want := levelOf(r.Severity); want != r.Level {
				t.Errorf("severity %.1f is of level %s, not %s", r.Severity, want, r.Level)
			}
			if _, err := os.Stat(r.Base() + ".go"); err != nil {
				t.Errorf("no file %s.go", r.Base())
			}
			page := r.Page()
			if page == "" {
				t.Fatalf("no page: write %s.md", r.Base())
			}
			if !strings.HasPrefix(page, "# "+r.ID+"\n\n"+r.Title+".\n") {
				t.Errorf("the page does not begin with the ID and the title: %.120q", page)
			}
			at := 0
			for _, s := range sections {
				i := strings.Index(page[at:], "\n## "+s+"\n")
				if i < 0 {
					t.Errorf("the page has no section %q after the one before it", s)
					continue
				}
				at += i
				if r.Section(s) == "" {
					t.Errorf("section %q is empty", s)
				}
			}
			if !strings.Contains(r.Section("References"), "https://") {
				t.Error("section References has no address")
			}
		})
	}
}

// levelOf returns the level that goes with a security severity.
func levelOf(severity float64) Level {
	switch {
	case severity >= 7:
		return Error
	case severity >= 4:
		return Warning
	}
	return Note
}

func TestEveryRuleFileIsInAll(t *testing.T) {
	files, err := pages.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		id := strings.ReplaceAll(strings.TrimSuffix(f.Name(), ".md"), "_", "-")
		if ByID(id) == nil {
			t.Errorf("page %s has no rule in All", f.Name())
		}
	}
}
