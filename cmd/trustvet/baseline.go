package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/trustvet/trustvet/internal/scan"
)

func baselineCommand(sys *system) *cobra.Command {
	var look lookFlags
	var output string
	cmd := &cobra.Command{
		Use:   "baseline [PATH…]",
		Short: "Write the findings of today, so that a later scan reports only new ones",
		Long: "Scans as scan does and writes the findings to a file that scan --baseline and hook --baseline read. It knows a\n" +
			"finding by its rule, its role and what it says, not by its line or file.",
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			in, opts, err := look.open(sys, args)
			if err != nil {
				return err
			}
			r := scan.Run(in, opts)
			file, err := create(sys, in.Root, output)
			if err != nil {
				return failed(err)
			}
			_, err = file.Write(scan.NewBaseline(r.Findings).JSON())
			if err = errors.Join(err, file.Close()); err != nil {
				return failed(err)
			}
			if err := printf(sys.Stdout, "%d findings written to %s\n", len(r.Findings), visible(output)); err != nil {
				return err
			}
			if scanned(r).Unreadable() {
				return &exitError{exitUnreadable, "some input could not be read: trustvet scan says which"}
			}
			return nil
		},
	}
	look.add(cmd)
	cmd.Flags().StringVar(&output, "output", scan.BaselineName, "the `FILE` to write")
	return cmd
}
