package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trustvet/trustvet/rules"
)

func explainCommand(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:   "explain RULE",
		Short: "Print the page of a rule",
		Args:  cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return ruleIDs(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			r := rules.ByID(args[0])
			if r == nil {
				return fmt.Errorf("no rule %q%s", args[0], nearest(args[0]))
			}
			return printf(sys.Stdout, "%s", r.Page())
		},
	}
}

func ruleIDs() []string {
	var ids []string
	for _, r := range rules.All {
		ids = append(ids, r.ID)
	}
	return ids
}

// nearest suggests the rules that share a word with what was asked for.
func nearest(id string) string {
	var like []string
	for _, known := range ruleIDs() {
		for _, word := range strings.Split(strings.ToLower(id), "-") {
			if len(word) > 3 && strings.Contains(known, word) {
				like = append(like, known)
				break
			}
		}
	}
	if len(like) == 0 {
		return "; trustvet rules lists them"
	}
	return "; there is " + strings.Join(like, ", ")
}
