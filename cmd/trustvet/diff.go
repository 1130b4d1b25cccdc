package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/trustvet/trustvet/internal/report"
	"github.com/trustvet/trustvet/internal/scan"
)

func diffCommand(sys *system) *cobra.Command {
	var out outputFlags
	var look lookFlags
	var staged bool
	cmd := &cobra.Command{
		Use:   "diff BASE [HEAD] | diff --staged [BASE]",
		Short: "Say who newly can, and who no longer can, assume which role",
		Long: "Compares two commits, or git's index with a commit, without a checkout. HEAD is the commit that is checked out where it is\n" +
			"not given, as is BASE with --staged. What is only written in another way is no difference.",
		Args: func(cmd *cobra.Command, args []string) error {
			if staged {
				return cobra.MaximumNArgs(1)(cmd, args)
			}
			return cobra.RangeArgs(1, 2)(cmd, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			o, err := out.check(sys)
			if err != nil {
				return err
			}
			rev := scan.Revisions{Staged: staged}
			if len(args) > 0 {
				rev.Base = args[0]
			}
			if len(args) > 1 {
				rev.Head = args[1]
			}
			d, err := scan.Diff(sys.Dir, rev, func(in *scan.Input) (scan.Options, error) { return look.options(sys, in) })
			if err != nil {
				return err
			}
			return o.writeDiff(compared(d), d.Root)
		},
	}
	out.add(cmd)
	look.add(cmd)
	look.addSource(cmd)
	cmd.Flags().BoolVar(&staged, "staged", false, "compare what is staged for the next commit")
	return cmd
}

// compared returns what there is to report of a comparison.
func compared(d *scan.Difference) *report.Diff {
	out := &report.Diff{Added: d.Added, Removed: d.Removed, Problems: d.Problems, Files: len(d.Files)}
	for _, c := range d.Widened {
		out.Widened = append(out.Widened, report.Change(c))
	}
	for _, c := range d.Narrowed {
		out.Narrowed = append(out.Narrowed, report.Change(c))
	}
	return out
}

func writeDiffAs(w io.Writer, format string, d *report.Diff, text report.TextOptions) error {
	switch format {
	case "text":
		return report.DiffText(w, d, text)
	case "json":
		return report.DiffJSON(w, d)
	case "markdown":
		return report.DiffMarkdown(w, d, report.MarkdownOptions{})
	}
	return writeScan(w, format, d.Scan(), text)
}

// writeDiff is write for a comparison.
func (o *output) writeDiff(d *report.Diff, root string) error {
	err := o.writeAll(root, func(w io.Writer, format string, text report.TextOptions) error {
		return writeDiffAs(w, format, d, text)
	})
	if err != nil {
		return err
	}
	return o.diffStatus(d)
}

// diffStatus returns the exit status that a comparison asks for, as an error.
func (o *output) diffStatus(d *report.Diff) error {
	switch {
	case d.Reaches(o.failOn):
		return &exitError{exitFindings, ""}
	case d.Scan().Unreadable():
		return &exitError{exitUnreadable, ""}
	}
	return nil
}
