package main

import (
	"github.com/spf13/cobra"

	"github.com/trustvet/trustvet/internal/scan"
)

func hookCommand(sys *system) *cobra.Command {
	var out outputFlags
	var look lookFlags
	cmd := &cobra.Command{
		Use:   "hook FILE…",
		Short: "Scan what a commit touches, for pre-commit",
		Long: "Reads the modules that the files belong to and those that call them, as git's index has them, and reports what has\n" +
			"to do with the files. Any subset of a commit's files may be given, so that pre-commit may divide them.",
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			o, err := out.check(sys)
			if err != nil {
				return err
			}
			in, given, err := scan.OpenCommit(scan.Place{Dir: sys.Dir}, args)
			if err != nil {
				return failed(err)
			}
			opts, err := look.options(sys, in)
			if err != nil {
				return err
			}
			r := scan.Run(in, opts).Touching(given)
			if len(r.Findings) == 0 && len(r.Problems) == 0 && len(in.Problems) == 0 && o.format == "text" && len(o.files) == 0 {
				return o.status(scanned(r)) // pre-commit shows output only on failure; say nothing
			}
			return o.write(scanned(r), in.Root)
		},
	}
	out.add(cmd)
	look.add(cmd)
	look.addBaseline(cmd)
	look.addSource(cmd)
	return cmd
}
