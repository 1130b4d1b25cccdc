package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/trustvet/trustvet/internal/source"
)

// run runs the command line args and returns the exit status.
func run(args []string, sys *system) int {
	root := rootCommand(sys)
	root.SetArgs(nameFiles(args, sys.Dir))
	root.SetIn(sys.Stdin)
	root.SetOut(sys.Stdout)
	root.SetErr(sys.Stderr)
	var err error
	if e := source.Survive(func() { err = root.Execute() }); e != nil {
		err = failed(e)
	}
	if err != nil && err.Error() != "" {
		fmt.Fprintf(sys.Stderr, "trustvet: %s\n", visible(err.Error()))
	}
	return statusOf(err)
}

func rootCommand(sys *system) *cobra.Command {
	root := scanCommand(sys)
	root.Use = "trustvet [scan] [PATH…]"
	root.Short = "Say who can assume each IAM role in infrastructure code"
	root.Long = "trustvet reads Terraform, CloudFormation and policy JSON, says who can assume each IAM role in it,\n" +
		"and reports what is dangerous or would be refused. Without a command it scans."
	// The flag is not cobra's, which prints it with a template: package text/template finds methods by their names, so that the
	// linker must keep every exported method of every type, a seventh of the binary.
	version := root.Flags().BoolP("version", "v", false, "print the version")
	scan := root.RunE
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if *version {
			return printVersion(sys)
		}
		return scan(cmd, args)
	}
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return fromEnvironment(cmd.Flags(), sys.Getenv) }
	root.AddCommand(
		scanCommand(sys), diffCommand(sys), whoCommand(sys), canCommand(sys), explainCommand(sys), rulesCommand(sys), hookCommand(sys), baselineCommand(sys), actionCommand(sys), versionCommand(sys),
	)
	return root
}

// nameFiles puts "./" before arguments that begin with a dash and are the name of a file: pre-commit and shell patterns put
// file names on the command line, and a file in a repository must not be able to name itself like a flag.
func nameFiles(args []string, dir string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = a
		if a == "--" {
			copy(out[i:], args[i:])
			break
		}
		if len(a) > 1 && a[0] == '-' {
			if _, err := os.Lstat(filepath.Join(dir, a)); err == nil {
				out[i] = "./" + a
			}
		}
	}
	return out
}

// fromEnvironment sets the flags that were not given from TRUSTVET_ variables: --fail-on from TRUSTVET_FAIL_ON.
func fromEnvironment(flags *pflag.FlagSet, getenv func(string) string) error {
	var err error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || f.Name == "version" || err != nil {
			return
		}
		name := "TRUSTVET_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if value := getenv(name); value != "" {
			if e := flags.Set(f.Name, value); e != nil {
				err = fmt.Errorf("%s: %w", name, e)
			}
		}
	})
	return err
}

// printf prints to w and makes a failure a matter of the exit status.
func printf(w io.Writer, format string, args ...any) error {
	_, err := fmt.Fprintf(w, format, args...)
	return failed(err)
}
