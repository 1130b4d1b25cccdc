package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sethvargo/go-githubactions"
	"github.com/spf13/cobra"

	"github.com/trustvet/trustvet/internal/report"
	"github.com/trustvet/trustvet/internal/scan"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// maxSummary is how long a job summary may become, in bytes. GitHub shows none at all when it is longer than 1 MiB.
const maxSummary = 900_000

func actionCommand(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:   "action",
		Short: "Scan as a step of GitHub Actions: what action.yml runs",
		Long: "Reads the inputs of action.yml from the environment (INPUT_PATH, INPUT_CONFIG, INPUT_BASELINE, INPUT_FAIL_ON,\n" +
			"INPUT_ANNOTATIONS, INPUT_SUMMARY, INPUT_SARIF_FILE, INPUT_CDK_SOURCE) and writes a SARIF file, annotations, the job summary and the\n" +
			"outputs sarif-file, findings, highest and, on a pull request, newly-let-in.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return action(sys) },
	}
}

// action runs as a step. Repository text never reaches SetOutput or SetEnv, whose delimiter go-githubactions does not vary:
// only numbers, words of this program and its own path do.
func action(sys *system) error {
	gh := githubactions.New(githubactions.WithWriter(sys.Stdout), githubactions.WithGetenv(sys.Getenv))
	flags := outputFlags{format: "text", failOn: or(gh.GetInput("fail_on"), "high"), color: "never"}
	annotations, err := boolInput(gh, "annotations", true)
	if err != nil {
		return err
	}
	summary, err := boolInput(gh, "summary", true)
	if err != nil {
		return err
	}
	cdkSource, err := boolInput(gh, "cdk_source", false)
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
	look := lookFlags{config: gh.GetInput("config"), baseline: gh.GetInput("baseline"), inTree: true, cdkSource: cdkSource}
	paths := lines(gh.GetInput("path"))
	in, opts, err := look.open(sys, paths)
	if err != nil {
		return err
	}
	r := scan.Run(in, opts)
	s := scanned(r)
	d, err := pullRequest(sys, &look, paths)
	if err != nil {
		message := "what the pull request changes is not known: " + err.Error()
		s.Problems = append(s.Problems, source.Problem{Name: ".", Message: message, Unreadable: true})
	}

	// The log shows what was found; the runner is told not to read commands in it.
	token := rand.Text()
	gh.IssueCommand(&githubactions.Command{Name: "stop-commands", Message: token})
	status := out.write(s, in.Root)
	if d != nil {
		if err := report.DiffText(sys.Stdout, d, report.TextOptions{Dir: relativeTo(in.Root, sys.Dir)}); err != nil {
			return failed(err)
		}
	}
	gh.IssueCommand(&githubactions.Command{Name: token})

	if annotations {
		annotate(gh, annotated(s, d))
	}
	if summary && sys.Getenv("GITHUB_STEP_SUMMARY") != "" {
		text, err := jobSummary(sys, r, s, d, opts)
		if err != nil {
			return failed(err)
		}
		gh.AddStepSummary(text)
	}
	if sys.Getenv("GITHUB_OUTPUT") != "" {
		gh.SetOutput("sarif-file", sarif)
		gh.SetOutput("findings", strconv.Itoa(len(s.Findings)))
		gh.SetOutput("highest", highest(s).String())
		if d != nil {
			gh.SetOutput("newly-let-in", strconv.Itoa(len(d.Widened)))
		}
	}
	if status == nil && d != nil {
		status = out.diffStatus(d)
	}
	return status
}

// graphEdges is how many edges the graph of a job summary has at most: GitHub draws larger ones badly or not at all.
const graphEdges = 40

// jobSummary returns what the summary of the job shows: what the pull request newly lets in, the findings, and a graph of
// who can assume what.
func jobSummary(sys *system, r *scan.Result, s *report.Scan, d *report.Diff, opts scan.Options) (string, error) {
	var graph, b bytes.Buffer
	if s.Roles > 0 {
		o := report.GraphOptions{Dangerous: report.Dangerous(r.Findings), MaxEdges: graphEdges}
		graph.WriteString("\n### Who can assume what\n\n```mermaid\n")
		if err := report.Mermaid(&graph, rolesOf(r, opts), o); err != nil {
			return "", err
		}
		graph.WriteString("```\n")
	}
	markdown := report.MarkdownOptions{BlobURL: blobURL(sys), MaxBytes: (maxSummary - graph.Len()) / 2}
	if d != nil {
		if err := report.DiffMarkdown(&b, d, markdown); err != nil {
			return "", err
		}
		b.WriteString("\n")
	}
	if err := report.Markdown(&b, s, markdown); err != nil {
		return "", err
	}
	b.Write(graph.Bytes())
	return b.String(), nil
}

// annotated returns what to show beside lines: on a pull request what it newly lets in comes before what was there before.
func annotated(s *report.Scan, d *report.Diff) *report.Scan {
	if d == nil {
		return s
	}
	all := *s
	all.Findings = append(d.Scan().Findings, s.Findings...)
	return &all
}

// pullRequest returns what the pull request that the job runs for changes, nil when it runs for something else. The pull
// request may come from a stranger: the configuration of its base holds, comments and a baseline silence nothing, and when
// it cannot be told what it changes that fails the job.
func pullRequest(sys *system, look *lookFlags, paths []string) (*report.Diff, error) {
	if sys.Getenv("GITHUB_EVENT_NAME") != "pull_request" {
		return nil, nil
	}
	src, err := os.ReadFile(sys.Getenv("GITHUB_EVENT_PATH"))
	if err != nil {
		return nil, err
	}
	var event struct {
		PullRequest struct {
			Base struct {
				SHA string `json:"sha"`
			} `json:"base"`
			Head struct {
				SHA string `json:"sha"`
			} `json:"head"`
		} `json:"pull_request"`
	}
	if err := json.Unmarshal(src, &event); err != nil {
		return nil, err
	}
	base, err := scan.BaseOf(sys.Dir, event.PullRequest.Base.SHA, event.PullRequest.Head.SHA)
	if err != nil {
		return nil, err
	}
	judge := *look
	judge.baseline = "" // it holds back no new access
	d, err := scan.Diff(sys.Dir, scan.Revisions{Base: base, JudgeByBase: true, Within: paths}, func(before *scan.Input) (scan.Options, error) {
		if name, ok := nameIn(sys, before.Root, judge.config); ok && judge.config != "" && !before.Tree.Exists(name) {
			judge.config, judge.noConfig = "", true
		}
		return judge.options(sys, before)
	})
	if err != nil {
		return nil, err
	}
	out := compared(d)
	for _, name := range d.Files {
		if isJudge(sys, look, d.Root, name) {
			out.Notes = append(out.Notes, fmt.Sprintf("the pull request changes %s; what it newly lets in is judged as if it did not", name))
		}
	}
	return out, nil
}

// isJudge reports whether a file says what is reported: a configuration or the baseline.
func isJudge(sys *system, look *lookFlags, root, name string) bool {
	if path.Base(name) == scan.ConfigName {
		return true
	}
	for _, given := range []string{look.config, look.baseline} {
		if n, ok := nameIn(sys, root, given); ok && given != "" && n == name {
			return true
		}
	}
	return false
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

func boolInput(gh *githubactions.Action, name string, otherwise bool) (bool, error) {
	switch value := gh.GetInput(name); value {
	case "":
		return otherwise, nil
	case "true":
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
