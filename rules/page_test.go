package rules_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/trustvet/trustvet/rules"
)

// example is a fenced block of a page. Comments before it may set options: <!-- option github-organization acme -->.
var example = regexp.MustCompile("(?ms)^((?:<!-- option [^\n]* -->\n)*)```(json|hcl|yaml)\n(.*?)^```$")

var extensions = map[string]string{"json": ".json", "hcl": ".tf", "yaml": ".yaml"}

// TestPageExamples runs the examples of every page: what is flagged gives a finding of the rule, what is not flagged and
// what the fix is give none.
func TestPageExamples(t *testing.T) {
	for _, r := range rules.All {
		for _, section := range []string{"Flagged", "Not flagged", "Fix"} {
			blocks := example.FindAllStringSubmatch(r.Section(section), -1)
			if len(blocks) == 0 && r.Check != nil {
				t.Errorf("%s.md has no example in section %q", r.Base(), section)
			}
			for i, b := range blocks {
				t.Run(fmt.Sprintf("%s/%s/%d", r.ID, section, i), func(t *testing.T) {
					docs := documents(t, []txtar.File{{Name: "example" + extensions[b[2]], Data: []byte(b[3])}})
					if len(docs) == 0 {
						t.Fatal("the example has no trust policy")
					}
					var opts rules.Options
					for _, m := range pageOption.FindAllStringSubmatch(b[1], -1) {
						setOption(t, docs, &opts, m[1], m[2])
					}
					findings := rules.Run(docs, opts)
					found := false
					for _, f := range findings {
						found = found || f.Rule == r
					}
					if found != (section == "Flagged") {
						t.Errorf("%s finds %v in\n%s\nall findings:\n%s", r.ID, found, b[3], render(findings))
					}
				})
			}
		}
	}
}

var pageOption = regexp.MustCompile(`(?m)^<!-- option ([a-z-]+) (.+) -->$`)

func TestEveryRuleHasFixtures(t *testing.T) {
	for _, r := range rules.All {
		archives, err := filepath.Glob(filepath.Join(fixtures, r.Base(), "*.txtar"))
		if err != nil {
			t.Fatal(err)
		}
		if len(archives) == 0 && r.Check != nil {
			t.Errorf("rule %s has no fixtures: write %s", r.ID, filepath.Join(strings.TrimPrefix(fixtures, "../"), r.Base(), "*.txtar"))
		}
	}
}
