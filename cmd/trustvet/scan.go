package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/trustvet/trustvet/internal/report"
	"github.com/trustvet/trustvet/internal/scan"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

func scanCommand(sys *system) *cobra.Command {
	var out outputFlags
	var look lookFlags
	var fix string
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
			r := scan.Run(in, opts)
			if fix != "" {
				if in, r, err = fixed(sys, &look, args, fix, in, r); err != nil {
					return err
				}
			}
			return o.write(scanned(r), in.Root)
		},
	}
	out.add(cmd)
	look.add(cmd)
	look.addBaseline(cmd)
	look.addSource(cmd)
	cmd.Flags().StringVar(&fix, "fix", "", "change the files so that findings go: safe, where the policy keeps its meaning, or unsafe")
	cmd.Flags().Lookup("fix").NoOptDefVal = "safe"
	complete(cmd, "fix", []string{"safe", "unsafe"})
	return cmd
}

// fixed makes the fixes and scans again.
func fixed(sys *system, look *lookFlags, paths []string, which string, in *scan.Input, r *scan.Result) (*scan.Input, *scan.Result, error) {
	switch {
	case which != "safe" && which != "unsafe":
		return nil, nil, fmt.Errorf("unknown --fix %q: it is one of safe, unsafe", which)
	case slices.Contains(paths, scan.Stdin):
		return nil, nil, errors.New("--fix changes files: it cannot change the standard input")
	}
	n, err := scan.Fix(in, r.Findings, which == "unsafe")
	if err != nil {
		return nil, nil, failed(err)
	}
	if _, err := fmt.Fprintf(sys.Stderr, "trustvet: fixes made: %d\n", n); err != nil {
		return nil, nil, failed(err)
	}
	in, opts, err := look.open(sys, paths)
	if err != nil {
		return nil, nil, err
	}
	return in, scan.Run(in, opts), nil
}

// lookFlags say what to read and how to judge it.
type lookFlags struct {
	stdinName string
	pedantic  bool
	config    string
	noConfig  bool
	baseline  string
	// inTree: a configuration and a baseline that lie in the repository are read from the tree that is scanned, which may be
	// that of a commit, and not from the disk.
	inTree bool

	vars, varFiles, parameters []string
	parameterFile              string
	verify                     bool
	workspace                  string
	cdkSource                  bool
}

func (l *lookFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&l.stdinName, "stdin-filename", "stdin.json", "the `FILE` that the standard input is read as")
	f.BoolVar(&l.pedantic, "pedantic", false, "also report what is a matter of taste")
	f.StringVar(&l.config, "config", "", "the configuration `FILE` (default "+scan.ConfigName+" here or above, up to the top of the repository)")
	f.StringArrayVar(&l.vars, "var", nil, "the value of a Terraform root variable: `NAME=VALUE`; may be repeated")
	f.StringArrayVar(&l.varFiles, "var-file", nil, "a `FILE` with values of Terraform root variables; may be repeated")
	f.StringVar(&l.workspace, "workspace", "", "the Terraform workspace `NAME`")
	f.StringArrayVar(&l.parameters, "parameter", nil, "the value of a CloudFormation parameter: `NAME=VALUE`; may be repeated")
	f.StringVar(&l.parameterFile, "parameter-file", "", "a JSON `FILE` with values of CloudFormation parameters; parameters that it does not name have their defaults")
	f.BoolVar(&l.verify, "verify", false, "have goformation work out the policies of CloudFormation templates too, and report where it differs")
	f.BoolVar(&l.noConfig, "no-config", false, "use no configuration")
}

func (l *lookFlags) addBaseline(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.baseline, "baseline", "", "report only what is not in the baseline `FILE`")
}

func (l *lookFlags) addSource(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&l.cdkSource, "cdk-source", false, "report what CDK programs make at the line of the program, where cdk.out names it, and not in the template")
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

// options returns how to scan in, and takes out of it what the configuration excludes.
func (l *lookFlags) options(sys *system, in *scan.Input) (scan.Options, error) {
	opts := scan.Options{Config: &scan.Config{}, CDKSource: l.cdkSource}
	err := l.values(sys, in, &opts)
	if err != nil {
		return opts, err
	}
	switch {
	case l.config != "":
		var f *source.File
		if f, err = l.file(sys, in, l.config); err == nil {
			opts.Config, err = scan.ReadConfig(f)
		}
	case !l.noConfig:
		dir := filepath.ToSlash(relativeTo(in.Root, sys.Dir))
		if strings.HasPrefix(dir, "..") || filepath.IsAbs(dir) {
			dir = "." // the scan is elsewhere: what holds is its own configuration
		}
		opts.Config, err = scan.LoadConfig(in, dir)
	}
	if err != nil {
		return opts, err
	}
	opts.Config.Exclude(in)
	opts.Config.Rules.Pedantic = l.pedantic
	if opts.Config.Rules.Now.IsZero() {
		// The day is enough, and what is printed stays the same for the length of it.
		opts.Config.Rules.Now = time.Now().UTC().Truncate(24 * time.Hour)
	}
	if l.baseline != "" {
		f, err := l.file(sys, in, l.baseline)
		if err != nil {
			return opts, err
		}
		if opts.Baseline, err = scan.ReadBaseline(f); err != nil {
			return opts, err
		}
	}
	return opts, nil
}

// file reads a file that the command line names. One that is elsewhere is the user's own. One in the tree that is scanned may
// be a stranger's: it may be a link, which leads to other files of the tree only.
func (l *lookFlags) file(sys *system, in *scan.Input, path string) (*source.File, error) {
	name, ok := nameIn(sys, in.Root, path)
	tree := in.Tree
	switch {
	case !ok:
		return readFile(sys, path)
	case !l.inTree:
		var err error
		if tree, err = source.OpenTree(in.Root); err != nil {
			return nil, err
		}
	}
	f, err := tree.File(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %s", path, source.Reason(err))
	}
	return f, nil
}

// nameIn returns the name that a path has below root, false when it is elsewhere. Links on the way to root are the user's own
// and followed; it follows none below root, since these may be part of what is scanned.
func nameIn(sys *system, root, path string) (string, bool) {
	if !filepath.IsAbs(path) {
		dir, err := filepath.EvalSymlinks(sys.Dir)
		if err != nil {
			return "", false
		}
		path = filepath.Join(dir, path)
	}
	path = filepath.Clean(path)
	const separator = string(filepath.Separator)
	at := filepath.VolumeName(path) + separator
	rest := strings.TrimPrefix(path[len(filepath.VolumeName(path)):], separator)
	for {
		real, err := filepath.EvalSymlinks(at)
		if err != nil {
			return "", false // nothing below it is in root, which exists
		}
		if name, err := filepath.Rel(root, real); err == nil && filepath.IsLocal(name) {
			return filepath.ToSlash(filepath.Join(name, rest)), true
		}
		if rest == "" {
			return "", false
		}
		var next string
		next, rest, _ = strings.Cut(rest, separator)
		at = filepath.Join(at, next)
	}
}

// create opens a file that the command line names for writing, with the same limits as file.
func create(sys *system, root, path string) (*os.File, error) {
	name, ok := nameIn(sys, root, path)
	if !ok {
		if !filepath.IsAbs(path) {
			path = filepath.Join(sys.Dir, path)
		}
		return os.Create(path)
	}
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Create(filepath.FromSlash(name))
}

// values takes over what the command line says of the world outside the files.
func (l *lookFlags) values(sys *system, in *scan.Input, opts *scan.Options) error {
	tf := &opts.Extract.Terraform
	tf.Workspace, tf.Env = l.workspace, sys.Environ
	opts.Extract.Verify = l.verify
	for _, file := range l.varFiles {
		name, ok := nameIn(sys, in.Root, file)
		var elsewhere *source.File
		var err error
		if ok {
			_, err = in.Tree.File(name) // the one that holds for a comparison is that of the commit
		} else {
			elsewhere, err = readFile(sys, file)
		}
		if err != nil {
			return fmt.Errorf("--var-file %s: %w", file, err)
		}
		tf.AddVarFile(name, elsewhere)
	}
	var err error
	if tf.Vars, err = pairs("--var", l.vars); err == nil {
		opts.Extract.CloudFormation.Parameters, err = l.templateParameters(sys, in)
	}
	return err
}

// templateParameters returns the values of CloudFormation parameters; those given one by one win. It returns nil when the
// command line says nothing of a deployment.
func (l *lookFlags) templateParameters(sys *system, in *scan.Input) (map[string]string, error) {
	given, err := pairs("--parameter", l.parameters)
	if err != nil || l.parameterFile == "" {
		return given, err
	}
	f, err := l.file(sys, in, l.parameterFile)
	if err != nil {
		return nil, err
	}
	values, err := readParameters(f)
	if err != nil {
		return nil, err
	}
	maps.Copy(values, given)
	return values, nil
}

// pairs reads NAME=VALUE arguments. Of none it returns nil.
func pairs(flag string, list []string) (map[string]string, error) {
	var values map[string]string
	for _, kv := range list {
		name, value, ok := strings.Cut(kv, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%s %s: it must be NAME=VALUE", flag, kv)
		}
		if values == nil {
			values = map[string]string{}
		}
		values[name] = value
	}
	return values, nil
}

// readFile reads a file that is the user's own: see file.
func readFile(sys *system, path string) (*source.File, error) {
	abs := path
	if !filepath.IsAbs(abs) {
		abs = filepath.Join(sys.Dir, path)
	}
	src, err := os.ReadFile(abs)
	if err != nil {
		return nil, err
	}
	return source.NewFile(path, src), nil
}

// scanned returns what there is to report of a scan.
func scanned(r *scan.Result) *report.Scan {
	s := &report.Scan{
		Findings: rules.Merge(r.Findings), Problems: r.Problems,
		Files: r.Summary.Files, Roles: r.Summary.Roles, Unresolved: r.Summary.Unresolved, Held: r.Held,
	}
	for _, e := range r.Gone {
		s.Gone = append(s.Gone, report.Gone{Rule: e.Rule, Role: e.Role, File: e.File})
	}
	return s
}
