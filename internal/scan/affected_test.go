package scan

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/trustvet/trustvet/internal/source"
)

// A file of values that only --var-file names belongs to the modules near it that declare its variables.
func TestAffectedByValues(t *testing.T) {
	fsys := fstest.MapFS{}
	for name, src := range map[string]string{
		"live/main.tf":             "module \"role\" {\n  source = \"./role\"\n}\n",
		"live/variables.tf":        "variable \"trusted\" {}\n",
		"live/role/main.tf":        "variable \"principals\" {}\n",
		"live/env/prod.tfvars":     "trusted = [\"*\"]\n",
		"stack/variables.tf":       "variable \"account\" {}\n",
		"other/variables.tf":       "variable \"region\" {}\n",
		"config/eu/all.tfvars":     "account = \"1\"\n",
		"config/eu/us.tfvars.json": "{\n  \"account\": \"1\"\n}\n",
		"own/main.tf":              "variable \"region\" {}\n",
		"own/some.tfvars":          "account = \"1\"\n",
	} {
		fsys[name] = &fstest.MapFile{Data: []byte(src)}
	}
	var tracked []string
	for name := range fsys {
		tracked = append(tracked, name)
	}
	slices.Sort(tracked)
	for given, want := range map[string][]string{
		"live/env/prod.tfvars":     {"live/env/prod.tfvars", "live/main.tf", "live/variables.tf"},
		"config/eu/all.tfvars":     {"config/eu/all.tfvars", "config/eu/us.tfvars.json", "stack/variables.tf"},
		"config/eu/us.tfvars.json": {"config/eu/all.tfvars", "config/eu/us.tfvars.json", "stack/variables.tf"},
		"own/some.tfvars":          {"own/main.tf", "own/some.tfvars"},
	} {
		got := affected(source.NewTree(fsys), tracked, []string{given}, func(_, _ []string) []string { return tracked })
		if !slices.Equal(got, want) {
			t.Errorf("%s affects %q, not %q", given, got, want)
		}
	}
}
