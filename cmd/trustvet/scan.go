package main

import (
	"github.com/spf13/cobra"

	"github.com/trustvet/trustvet/internal/report"
	"github.com/trustvet/trustvet/internal/scan"
)

func scanCommand(sys *system) *cobra.Command {
	var out outputFlags
	var look lookFlags
	cmd := &cobra.Command{
		Use:   "scan [PATH…]",
		Short: "Report what is dangerous or would be refused",
		Long: "Reads the files that PATH names: files, directories, which are searched as git sees them, or - for the\n" +
			"standard input. Without PATH it reads the working directory.",
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			o, err := out.check(sys)
			if err != nil {
				return err
			}
			in, opts, err := look.open(sys, args)
			if err != nil {
				return err
			}
			return o.write(scanned(scan.Run(in, opts)), in.Root)
		},
	}
	out.add(cmd)
	look.add(cmd)
	return cmd
}

// lookFlags say what to read and how to judge it.
type lookFlags struct {
	stdinName string
	pedantic  bool
}

func (l *lookFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&l.stdinName, "stdin-filename", "stdin.json", "the `FILE` that the standard input is read as")
	f.BoolVar(&l.pedantic, "pedantic", false, "also report what is a matter of taste")
}

// open finds the files that paths name, by default the working directory.
func (l *lookFlags) open(sys *system, paths []string) (*scan.Input, scan.Options, error) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	in, err := scan.Open(scan.Place{Dir: sys.Dir, Stdin: sys.Stdin, StdinName: l.stdinName}, paths)
	if err != nil {
		return nil, scan.Options{}, failed(err)
	}
	opts, err := l.options(sys, in)
	return in, opts, err
}

// options returns how to scan in.
func (l *lookFlags) options(sys *system, in *scan.Input) (scan.Options, error) {
	var opts scan.Options
	opts.Rules.Pedantic = l.pedantic
	return opts, nil
}

// scanned returns what there is to report of a scan.
func scanned(r *scan.Result) *report.Scan {
	return &report.Scan{
		Findings: r.Findings, Problems: r.Problems,
		Files: r.Summary.Files, Roles: r.Summary.Roles, Unresolved: r.Summary.Unresolved,
	}
}
