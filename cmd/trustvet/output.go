package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trustvet/trustvet/internal/report"
	"github.com/trustvet/trustvet/internal/source"
)

// formats are the ways to report a scan.
var formats = []string{"text", "json", "sarif", "github", "markdown", "junit"}

// writeScan writes s in a format.
func writeScan(w io.Writer, format string, s *report.Scan, text report.TextOptions) error {
	switch format {
	case "text":
		return report.Text(w, s, text)
	case "json":
		return report.JSON(w, s)
	case "sarif":
		return report.SARIF(w, s, Version)
	case "github":
		return report.GitHub(w, s)
	case "markdown":
		return report.Markdown(w, s, report.MarkdownOptions{})
	case "junit":
		return report.JUnit(w, s)
	}
	return fmt.Errorf("unknown format %q: it is one of %s", format, strings.Join(formats, ", "))
}

// outputFlags say where reports go and when the run fails.
type outputFlags struct {
	format         string
	files          []string // FORMAT=FILE
	failOn         string
	failUnresolved bool
	color          string
}

func (o *outputFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "text", "what to print: "+strings.Join(formats, ", "))
	f.StringArrayVar(&o.files, "output", nil, "also write a report to a file: `FORMAT=FILE`; may be repeated")
	f.StringVar(&o.failOn, "fail-on", "high", "exit with status 1 from this severity on: "+strings.Join(report.BandNames(), ", "))
	f.BoolVar(&o.failUnresolved, "fail-unresolved", false, "exit with status 1 when a role's trust policy is not fully known")
	addColor(cmd, &o.color)
	complete(cmd, "format", formats)
	complete(cmd, "fail-on", report.BandNames())
}

func addColor(cmd *cobra.Command, color *string) {
	cmd.Flags().StringVar(color, "color", "auto", "colour: auto, always, never")
	complete(cmd, "color", colors)
}

// complete makes the shell complete a flag with values.
func complete(cmd *cobra.Command, flag string, values []string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

var colors = []string{"auto", "always", "never"}

// colored reports whether to print in colour. https://no-color.org https://force-color.org
func colored(sys *system, flag string) (bool, error) {
	switch flag {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		switch {
		case sys.Getenv("NO_COLOR") != "":
			return false, nil
		case sys.Getenv("FORCE_COLOR") != "":
			return true, nil
		}
		return sys.Terminal && sys.Getenv("TERM") != "dumb", nil
	}
	return false, fmt.Errorf("unknown --color %q: it is one of %s", flag, strings.Join(colors, ", "))
}

// An output is a checked outputFlags.
type output struct {
	sys            *system
	format         string
	files          []outputFile
	failOn         report.Band
	failUnresolved bool
	color          bool
}

type outputFile struct{ format, path string }

// check reads the flags before any work is done.
func (o *outputFlags) check(sys *system) (*output, error) {
	out := &output{sys: sys, format: o.format, failUnresolved: o.failUnresolved}
	for _, spec := range o.files {
		format, path, toFile := strings.Cut(spec, "=")
		switch {
		case !toFile:
			out.format = format
		case path == "":
			return nil, fmt.Errorf("--output %s: the file is missing", spec)
		default:
			if err := knownFormat(format); err != nil {
				return nil, err
			}
			out.files = append(out.files, outputFile{format, path})
		}
	}
	if err := knownFormat(out.format); err != nil {
		return nil, err
	}
	var ok bool
	if out.failOn, ok = report.ParseBand(o.failOn); !ok {
		return nil, fmt.Errorf("unknown --fail-on %q: it is one of %s", o.failOn, strings.Join(report.BandNames(), ", "))
	}
	var err error
	out.color, err = colored(sys, o.color)
	return out, err
}

func knownFormat(format string) error {
	for _, f := range formats {
		if f == format {
			return nil
		}
	}
	return fmt.Errorf("unknown format %q: it is one of %s", format, strings.Join(formats, ", "))
}

// write writes s everywhere it is asked for and returns the error that stands for the exit status. root is the directory
// that names are relative to.
func (o *output) write(s *report.Scan, root string) error {
	err := o.writeAll(root, func(w io.Writer, format string, text report.TextOptions) error { return writeScan(w, format, s, text) })
	if err != nil {
		return err
	}
	return o.status(s)
}

// writeAll writes with each format to where it is asked for. A format that fails takes no other with it.
func (o *output) writeAll(root string, write func(w io.Writer, format string, text report.TextOptions) error) error {
	text := report.TextOptions{Color: o.color, Dir: relativeTo(root, o.sys.Dir)}
	try := func(w io.Writer, format string) error {
		var err error
		if e := source.Survive(func() { err = write(w, format, text) }); e != nil {
			return fmt.Errorf("the format %s: %w", format, e)
		}
		return err
	}
	errs := []error{try(o.sys.Stdout, o.format)}
	text.Color = false
	for _, f := range o.files {
		file, err := create(o.sys, root, f.path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		err = errors.Join(try(file, f.format), file.Close())
		if err != nil {
			errs = append(errs, fmt.Errorf("write %s: %w", f.path, err))
		}
	}
	return failed(errors.Join(errs...))
}

// status returns the error that stands for the exit status of s.
func (o *output) status(s *report.Scan) error {
	switch {
	case s.Reaches(o.failOn), o.failUnresolved && s.Unresolved > 0:
		return &exitError{exitFindings, ""}
	case s.Unreadable():
		return &exitError{exitUnreadable, ""}
	}
	return nil
}

// relativeTo returns dir relative to root, in the system's spelling.
func relativeTo(root, dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		return "."
	}
	return rel
}

// visible makes text from the repository or the command line safe to print.
func visible(s string) string { return report.Visible(s) }
