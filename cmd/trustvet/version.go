package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Version is the version of this source. It stands here and is not set by the linker, since pre-commit and the Action
// build from a clone without tags.
const Version = "0.1.0"

// fullVersion returns the version and, where the build knows it, the commit.
func fullVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return Version + " (" + s.Value[:12] + ")"
		}
	}
	return Version
}

func versionCommand(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return printVersion(sys) },
	}
}

func printVersion(sys *system) error { return printf(sys.Stdout, "trustvet %s\n", fullVersion()) }
