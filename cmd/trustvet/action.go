package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sethvargo/go-githubactions"
	"github.com/spf13/cobra"

	"github.com/trustvet/trustvet/internal/report"
	"github.com/trustvet/trustvet/internal/scan"
	"github.com/trustvet/trustvet/rules"
)

// maxSummary is how long a job summary may become, in bytes. GitHub shows none at all when it is longer than 1 MiB.
const maxSummary = 900_000

func actionCommand(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:   "action",
		Short: "Scan as a step of GitHub Actions: what action.yml runs",
		Long: "Reads the inputs of action.yml from the environment (INPUT_PATH, INPUT_FAIL_ON, INPUT_ANNOTATIONS, INPUT_SUMMARY,\n" +
			"INPUT_SARIF_FILE) and writes a SARIF file, annotations, the job summary and the outputs sarif-file, findings and\n" +
			"highest.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return action(sys) },
	}
}

// action runs as a step. Repository text never reaches SetOutput or SetEnv, whose delimiter go-githubactions does not vary:
// only numbers, words of this program and its own path do.
func action(sys *system) error {
	gh := githubactions.New(githubactions.WithWriter(sys.Stdout), githubactions.WithGetenv(sys.Getenv))
	flags := outputFlags{format: "text", failOn: or(gh.GetInput("fail_on"), "high"), color: "never"}
	annotations, err := boolInput(gh, "annotations")
	if err != nil {
		return err
	}
	summary, err := boolInput(gh, "summary")
	if err != nil {
		return err
	}
	sarif := gh.GetInput("sarif_file")
	if sarif == "" {
		sarif = filepath.Join(or(sys.Getenv("RUNNER_TEMP"), os.TempDir()), "trustvet.sarif")
	}
	if strings.ContainsAny(sarif, "\r\n") {
		return fmt.Errorf("the input sarif-file holds a line break")
	}
	flags.files = []string{"sarif=" + sarif}
	out, err := flags.check(sys)
	if err != nil {
		return err
	}
	look := lookFlags{}
	in, opts, err := look.open(sys, lines(gh.GetInput("path")))
	if err != nil {
		return err
	}
	s := scanned(scan.Run(in, opts))

	// The log shows what was found; the runner is told not to read commands in it.
	token := rand.Text()
	gh.IssueCommand(&githubactions.Command{Name: "stop-commands", Message: token})
	status := out.write(s, in.Root)
	gh.IssueCommand(&githubactions.Command{Name: token})

	if annotations {
		annotate(gh, s)
	}
	if summary && sys.Getenv("GITHUB_STEP_SUMMARY") != "" {
		var b bytes.Buffer
		if err := report.Markdown(&b, s, report.MarkdownOptions{BlobURL: blobURL(sys), MaxBytes: maxSummary}); err != nil {
			return failed(err)
		}
		gh.AddStepSummary(b.String())
	}
	if sys.Getenv("GITHUB_OUTPUT") != "" {
		gh.SetOutput("sarif-file", sarif)
		gh.SetOutput("findings", strconv.Itoa(len(s.Findings)))
		gh.SetOutput("highest", highest(s).String())
	}
	return status
}

// annotate shows the findings beside their lines.
func annotate(gh *githubactions.Action, s *report.Scan) {
	for _, a := range report.Annotations(s) {
		fields := map[string]string{"title": a.Title}
		if a.Name != "" {
			fields["file"] = visible(a.Name)
		}
		if a.From.Line > 0 {
			fields["line"] = strconv.Itoa(a.From.Line)
		}
		if a.To.Line > 0 {
			fields["endLine"], fields["col"], fields["endColumn"] = strconv.Itoa(a.To.Line), strconv.Itoa(a.From.Column), strconv.Itoa(a.To.Column)
		}
		at := gh.WithFieldsMap(fields)
		switch a.Level {
		case rules.Error:
			at.Errorf("%s", a.Message)
		case rules.Warning:
			at.Warningf("%s", a.Message)
		default:
			at.Noticef("%s", a.Message)
		}
	}
}

// highest returns the highest band of the findings.
func highest(s *report.Scan) report.Band {
	for _, b := range []report.Band{report.CriticalBand, report.HighBand, report.MediumBand, report.LowBand} {
		if s.Reaches(b) {
			return b
		}
	}
	return report.NoBand
}

// blobURL returns the address that the files of this commit have on GitHub, "" outside GitHub Actions.
func blobURL(sys *system) string {
	server, repository, sha := sys.Getenv("GITHUB_SERVER_URL"), sys.Getenv("GITHUB_REPOSITORY"), sys.Getenv("GITHUB_SHA")
	if server == "" || repository == "" || sha == "" {
		return ""
	}
	return server + "/" + repository + "/blob/" + sha + "/"
}

func boolInput(gh *githubactions.Action, name string) (bool, error) {
	switch value := gh.GetInput(name); value {
	case "", "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, fmt.Errorf("the input %s is %q: it must be true or false", name, value)
	}
}

// lines returns the lines of s that are not blank, without the blanks around them.
func lines(s string) []string {
	var list []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
