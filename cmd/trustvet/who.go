package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/report"
	"github.com/trustvet/trustvet/internal/scan"
)

var whoFormats = []string{"text", "json", "mermaid", "dot"}

func whoCommand(sys *system) *cobra.Command {
	var look lookFlags
	var format, color string
	var places bool
	cmd := &cobra.Command{
		Use:   "who [PATH…] [ROLE…]",
		Short: "List every role and who can assume it",
		Long: "An argument that is no path is the address of a role, or the end of one; only these roles are listed then.\n\n" +
			"--format json prints the policies as understood: what is not known stands in them as \"${…}\".",
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if !slices.Contains(whoFormats, format) {
				return fmt.Errorf("unknown format %q: it is one of %s", format, strings.Join(whoFormats, ", "))
			}
			colorText, err := colored(sys, color)
			if err != nil {
				return err
			}
			paths, names := pathsAndRoles(sys, args)
			in, opts, err := look.open(sys, paths)
			if err != nil {
				return err
			}
			r := scan.Run(in, opts)
			if len(names) > 0 {
				var docs []*policy.Document
				for _, name := range names {
					found, err := rolesNamed(r.Documents, name)
					if err != nil {
						return err
					}
					docs = append(docs, found...)
				}
				r.Documents = docs
			}
			roles := rolesOf(r, opts)
			graph := report.GraphOptions{Dangerous: report.Dangerous(r.Findings)}
			switch format {
			case "json":
				err = report.WhoJSON(sys.Stdout, roles, r.Problems, places)
			case "mermaid":
				err = report.Mermaid(sys.Stdout, roles, graph)
			case "dot":
				err = report.Dot(sys.Stdout, roles, graph)
			default:
				err = report.WhoText(sys.Stdout, roles, r.Problems, report.TextOptions{Color: colorText, Dir: relativeTo(in.Root, sys.Dir)})
			}
			if err != nil {
				return failed(err)
			}
			if scanned(r).Unreadable() {
				return &exitError{exitUnreadable, ""}
			}
			return nil
		},
	}
	look.add(cmd)
	addColor(cmd, &color)
	f := cmd.Flags()
	f.StringVar(&format, "format", "text", "what to print: "+strings.Join(whoFormats, ", "))
	f.BoolVar(&places, "places", false, "with --format json, list where each literal of a policy is written")
	complete(cmd, "format", whoFormats)
	return cmd
}

// rolesOf returns the roles of a scan with those who can assume them.
func rolesOf(r *scan.Result, opts scan.Options) []report.Role {
	var roles []report.Role
	for _, docs := range scan.Roles(r.Documents) {
		roles = append(roles, report.Role{
			Documents: docs, Grants: r.Who(docs, opts),
			Resolved: !slices.ContainsFunc(docs, func(d *policy.Document) bool { return !scan.Resolved(d) }),
		})
	}
	return roles
}

// pathsAndRoles tells the arguments that are paths from those that are names of roles. What looks like a path is one even
// when it does not exist.
func pathsAndRoles(sys *system, args []string) (paths, roles []string) {
	for _, a := range args {
		abs := a
		if !filepath.IsAbs(a) {
			abs = filepath.Join(sys.Dir, a)
		}
		if _, err := os.Lstat(abs); err == nil || a == scan.Stdin || filepath.IsAbs(a) || a[:min(1, len(a))] == "." {
			paths = append(paths, a)
		} else {
			roles = append(roles, a)
		}
	}
	return paths, roles
}
