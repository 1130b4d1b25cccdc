package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/trustvet/trustvet/internal/report"
	"github.com/trustvet/trustvet/rules"
)

// A jsonRule is a rule as rules --format json lists it.
type jsonRule struct {
	ID        string   `json:"id"`
	Title     string   `json:"title"`
	Level     string   `json:"level"`
	Severity  float64  `json:"severity"`
	Band      string   `json:"band"` // critical, high, medium, low
	Precision string   `json:"precision"`
	Tags      []string `json:"tags"`
	URL       string   `json:"url"`
}

func rulesCommand(sys *system) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the rules",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			switch format {
			case "text":
				w := tabwriter.NewWriter(sys.Stdout, 0, 0, 2, ' ', 0)
				for _, r := range rules.All {
					fmt.Fprintf(w, "%s\t%s\t%s\n", r.ID, report.BandOf(r.Severity), r.Title)
				}
				return failed(w.Flush())
			case "json":
				list := []jsonRule{}
				for _, r := range rules.All {
					tags := r.Tags
					if tags == nil {
						tags = []string{}
					}
					list = append(list, jsonRule{
						r.ID, r.Title, r.Level.String(), r.Severity, report.BandOf(r.Severity).String(), r.Precision.String(), tags, r.URL(),
					})
				}
				e := json.NewEncoder(sys.Stdout)
				e.SetEscapeHTML(false)
				e.SetIndent("", "  ")
				return failed(e.Encode(map[string]any{"version": 1, "rules": list}))
			}
			return fmt.Errorf("unknown format %q: it is one of text, json", format)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "what to print: text, json")
	complete(cmd, "format", []string{"text", "json"})
	return cmd
}
