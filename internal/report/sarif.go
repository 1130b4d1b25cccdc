package report

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// What GitHub code scanning does with SARIF, and what follows from it here:
//
//   - It reads only the first location of a result, and shows an alert on a pull request only when all its lines are in the
//     diff. So a result is at the one token that is the cause; the way to the role is in codeFlows and relatedLocations.
//   - It shows a related location only when the message links to it: [text](id).
//   - It ignores uriBaseId: paths are relative to the top of the repository. One that leads nowhere there is refused.
//   - The severity of an alert is that of its rule, and must be a string. A finding that weighs more or less than its rule
//     says is of a rule of its own.
//   - It ignores suppressions, so a suppressed finding is left out.
//   - It refuses a run without results, and an upload sets automationDetails only where the file has none.
//   - It closes an alert only when the rule is still listed, so every rule of this build is.
//   - Of more than 5,000 results it drops some; it refuses more than 25,000, and a file of more than 10 MB as gzip.
//
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
const (
	maxResults       = 5000
	maxFlowSteps     = 1000
	maxRelated       = 100
	maxNotifications = 1000
	maxText          = 2000       // of one text in a message, in code points
	maxFile          = 10_000_000 // in bytes, as gzip
)

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool            `json:"tool"`
	Invocations []sarifInvocation    `json:"invocations"`
	BaseIDs     map[string]sarifBase `json:"originalUriBaseIds"`
	ColumnKind  string               `json:"columnKind"`
	Results     []sarifResult        `json:"results"`
}

type sarifBase struct {
	Description sarifText `json:"description"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name            string      `json:"name"`
	SemanticVersion string      `json:"semanticVersion"`
	InformationURI  string      `json:"informationUri"`
	Rules           []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID         string          `json:"id"`
	Short      sarifText       `json:"shortDescription"`
	Full       sarifText       `json:"fullDescription"`
	Default    sarifLevel      `json:"defaultConfiguration"`
	HelpURI    string          `json:"helpUri"`
	Help       sarifText       `json:"help"`
	Properties sarifProperties `json:"properties"`
}

type sarifLevel struct {
	Level string `json:"level"`
}

type sarifProperties struct {
	Tags             []string `json:"tags"`
	Precision        string   `json:"precision"`
	SecuritySeverity string   `json:"security-severity"`
}

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Notifications []sarifNotification `json:"toolExecutionNotifications"`
}

type sarifNotification struct {
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
}

type sarifResult struct {
	RuleID              string            `json:"ruleId"`
	RuleIndex           int               `json:"ruleIndex"`
	Level               string            `json:"level"`
	Message             sarifText         `json:"message"`
	Locations           []sarifLocation   `json:"locations"`
	RelatedLocations    []sarifLocation   `json:"relatedLocations,omitempty"`
	CodeFlows           []sarifCodeFlow   `json:"codeFlows,omitempty"`
	PartialFingerprints map[string]string `json:"partialFingerprints"`
	Fixes               []sarifFix        `json:"fixes,omitempty"`
	BaselineState       string            `json:"baselineState,omitempty"`
}

type sarifLocation struct {
	ID       int            `json:"id,omitempty"`
	Physical *sarifPhysical `json:"physicalLocation"`
	Message  *sarifText     `json:"message,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI    string `json:"uri"`
	BaseID string `json:"uriBaseId"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
	EndLine     int `json:"endLine"`
	EndColumn   int `json:"endColumn"`
}

type sarifCodeFlow struct {
	ThreadFlows []sarifThreadFlow `json:"threadFlows"`
}

type sarifThreadFlow struct {
	Locations []sarifStep `json:"locations"`
}

type sarifStep struct {
	Location   sarifLocation `json:"location"`
	Importance string        `json:"importance"`
}

type sarifFix struct {
	Description sarifText     `json:"description"`
	Changes     []sarifChange `json:"artifactChanges"`
}

type sarifChange struct {
	Artifact     sarifArtifact      `json:"artifactLocation"`
	Replacements []sarifReplacement `json:"replacements"`
}

type sarifReplacement struct {
	Deleted  sarifRegion `json:"deletedRegion"`
	Inserted sarifText   `json:"insertedContent"` // always there: reviewdog reads it unasked
}

// SARIF writes for GitHub code scanning and other readers of SARIF 2.1.0. version is that of this program.
func SARIF(w io.Writer, s *Scan, version string) error {
	b, err := sarifWithin(s, version, maxFile)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// sarifWithin returns the file with as many results as there is room for in size bytes of gzip.
func sarifWithin(s *Scan, version string, size int) ([]byte, error) {
	for limit := maxResults; ; {
		b, err := sarif(s, version, limit)
		if err != nil || len(b) <= size {
			return b, err
		}
		n, err := compressed(b)
		if err != nil || n <= size || limit == 0 {
			return b, err
		}
		limit = int(float64(min(limit, len(s.Findings))) * 0.9 * float64(size) / float64(n))
	}
}

// sarif returns the file with at most limit results.
func sarif(s *Scan, version string, limit int) ([]byte, error) {
	run := sarifRun{
		Tool: sarifTool{sarifDriver{
			Name: "trustvet", SemanticVersion: version, InformationURI: "https://github.com/trustvet/trustvet",
		}},
		BaseIDs:    map[string]sarifBase{srcRoot: {sarifText{Text: "The top directory of the repository."}}},
		ColumnKind: "utf16CodeUnits",
		Results:    []sarifResult{},
	}
	index := map[string]int{}
	for _, r := range rules.All {
		index[r.ID] = len(run.Tool.Driver.Rules)
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, newSARIFRule(r))
	}
	findings := s.Findings
	if len(findings) > limit {
		findings = bySeverity(findings)[:limit]
	}
	hashes := hashesOf(findings)
	for i := range findings {
		f := &findings[i]
		id := f.Rule.ID
		if BandOf(f.Severity) != BandOf(f.Rule.Severity) {
			id += "/" + BandOf(f.Severity).String()
		}
		if _, listed := index[id]; !listed {
			index[id] = len(run.Tool.Driver.Rules)
			r := newSARIFRule(f.Rule)
			r.ID, r.Default.Level, r.Properties.SecuritySeverity = id, f.Level.String(), severity(f.Severity)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, r)
		}
		result := newSARIFResult(f)
		result.RuleID, result.RuleIndex = id, index[id]
		if s.Change {
			result.BaselineState = "new"
		}
		if h := hashes[primary(f).File][result.Locations[0].Physical.Region.StartLine]; h != "" {
			result.PartialFingerprints["primaryLocationLineHash"] = h
		}
		run.Results = append(run.Results, result)
	}
	run.Invocations = []sarifInvocation{{Successful: !s.Unreadable(), Notifications: notifications(s, limit)}}
	var b bytes.Buffer
	err := encode(&b, sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
	return b.Bytes(), err
}

// compressed returns the length of b as gzip.
func compressed(b []byte) (int, error) {
	var c counter
	z := gzip.NewWriter(&c)
	if _, err := z.Write(b); err != nil {
		return 0, err
	}
	err := z.Close()
	return int(c), err
}

// A counter counts the bytes written to it.
type counter int

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

const srcRoot = "%SRCROOT%"

func severity(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

func newSARIFRule(r *rules.Rule) sarifRule {
	short := r.Title + "."
	full, _, _ := strings.Cut(r.Section("Why"), "\n\n")
	if full = strings.Join(strings.Fields(full), " "); full == "" || len(full) > 1000 {
		full = short
	}
	return sarifRule{
		ID: r.ID, Short: sarifText{Text: short}, Full: sarifText{Text: full},
		Default: sarifLevel{r.Level.String()}, HelpURI: r.URL(),
		Help: sarifText{Text: r.Help(), Markdown: r.Help()},
		Properties: sarifProperties{
			Tags:      append([]string{"security", "iam", "aws", "external/cwe/cwe-284"}, r.Tags...),
			Precision: r.Precision.String(), SecuritySeverity: severity(r.Severity),
		},
	}
}

// primary returns the span that a result is at. What a module call downloaded is not part of the repository: the finding is
// then at the first place of its way to the role that is.
func primary(f *rules.Finding) source.Span {
	for _, s := range append([]source.Span{f.Span}, f.Flow...) {
		if !s.IsZero() && !downloaded(s.File.Name) {
			return s
		}
	}
	return f.Span
}

func downloaded(name string) bool {
	return strings.HasPrefix(name, ".terraform/") || strings.Contains(name, "/.terraform/")
}

func newSARIFResult(f *rules.Finding) sarifResult {
	span := primary(f)
	r := sarifResult{
		Level:               f.Level.String(),
		Locations:           []sarifLocation{newSARIFLocation(oneLine(span))},
		PartialFingerprints: map[string]string{"trustFinding/v1": f.Fingerprint()},
	}
	message := sarifEscape(sentence(saying(f)))
	if f.When != "" {
		message += " This holds when " + sarifEscape(sentence(brief(f.When)))
	}
	if f.Witness != nil {
		message += " " + sarifEscape(capital(sentence(witnessText(f.Witness))))
	}
	related := f.Related
	if s := f.Statement; !s.IsZero() && s != span && !downloaded(s.File.Name) {
		related = append([]rules.Related{{Span: s, Message: "the statement"}}, related...)
	}
	var links []string
	for _, rel := range related {
		if rel.Span.IsZero() || downloaded(rel.Span.File.Name) || len(links) == maxRelated {
			continue
		}
		at := newSARIFLocation(rel.Span)
		at.ID = len(links) + 1
		at.Message = &sarifText{Text: sarifEscape(short(neutral(rel.Message)))}
		r.RelatedLocations = append(r.RelatedLocations, at)
		links = append(links, fmt.Sprintf("[%s](%d)", sarifEscape(short(neutral(rel.Message))), at.ID))
	}
	if len(links) > 0 {
		message += " See " + strings.Join(links, ", ") + "."
	}
	r.Message.Text = message
	if steps := flowSteps(f); len(steps) > 1 {
		r.CodeFlows = []sarifCodeFlow{{[]sarifThreadFlow{{steps}}}}
	}
	for _, fix := range f.Fixes {
		r.Fixes = append(r.Fixes, newSARIFFix(fix))
	}
	return r
}

// flowSteps returns the way from the cause of f to the role.
func flowSteps(f *rules.Finding) []sarifStep {
	var spans []source.Span
	for _, s := range f.Flow {
		if !s.IsZero() && !downloaded(s.File.Name) {
			spans = append(spans, s)
		}
	}
	var steps []sarifStep
	for i, s := range spans {
		if len(steps) == maxFlowSteps {
			break
		}
		step := sarifStep{newSARIFLocation(s), "important"}
		switch i {
		case 0:
			step.Importance = "essential"
			step.Location.Message = &sarifText{Text: "It is written here."}
		case len(spans) - 1:
			step.Importance = "essential"
			step.Location.Message = &sarifText{Text: sarifEscape("It reaches the trust policy of '" + short(neutral(f.Role)) + "' here.")}
		default:
			step.Location.Message = &sarifText{Text: "It passes through here."}
		}
		steps = append(steps, step)
	}
	return steps
}

func newSARIFFix(fix rules.Fix) sarifFix {
	out := sarifFix{Description: sarifText{Text: sarifEscape(sentence(fix.Title))}}
	for _, e := range fix.Edits {
		at := newSARIFLocation(e.Span).Physical
		i := slices.IndexFunc(out.Changes, func(c sarifChange) bool { return c.Artifact == at.Artifact })
		if i < 0 {
			i = len(out.Changes)
			out.Changes = append(out.Changes, sarifChange{Artifact: at.Artifact})
		}
		out.Changes[i].Replacements = append(out.Changes[i].Replacements, sarifReplacement{*at.Region, sarifText{Text: e.New}})
	}
	return out
}

func newSARIFLocation(s source.Span) sarifLocation {
	begin, end := s.File.PositionUTF16(s.Start), s.File.PositionUTF16(s.End)
	return sarifLocation{Physical: &sarifPhysical{
		Artifact: artifact(s.File.Name),
		Region:   &sarifRegion{begin.Line, begin.Column, end.Line, end.Column},
	}}
}

func artifact(name string) sarifArtifact { return sarifArtifact{URI: uri(name), BaseID: srcRoot} }

// oneLine cuts s at the end of its first line.
func oneLine(s source.Span) source.Span {
	if i := strings.IndexByte(s.Text(), '\n'); i > 0 {
		s.End = s.Start + len(strings.TrimSuffix(s.Text()[:i], "\r"))
	}
	return s
}

// uri returns a slash-separated relative path as a relative reference: all but the unreserved characters percent-encoded.
func uri(name string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~/", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// sentence returns a message as a sentence: with its period.
func sentence(s string) string {
	s = short(neutral(s))
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// short returns s up to what is shown of one text.
func short(s string) string {
	s, more := firstRunes([]byte(s), maxText)
	if more {
		s += cutMark
	}
	return s
}

// sarifEscape protects what would be an embedded link in a message (section 3.11.6 of SARIF 2.1.0).
func sarifEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`).Replace(s)
}

func notifications(s *Scan, limit int) []sarifNotification {
	out := []sarifNotification{}
	if n := len(s.Findings) - limit; n > 0 {
		out = append(out, sarifNotification{Level: "warning", Message: sarifText{
			Text: fmt.Sprintf("Only the %d most severe findings are listed; %d more are left out.", limit, n)}})
	}
	for i, p := range s.Problems {
		if i == maxNotifications {
			out = append(out, sarifNotification{Level: "warning", Message: sarifText{
				Text: fmt.Sprintf("%d more of what was not read or not resolved are left out.", len(s.Problems)-i)}})
			break
		}
		n := sarifNotification{Level: "note", Message: sarifText{Text: sarifEscape(sentence(p.Message))}}
		if p.Unreadable {
			n.Level = "error"
		}
		switch {
		case !p.Span.IsZero():
			n.Locations = []sarifLocation{newSARIFLocation(p.Span)}
		case p.Name != "" && !strings.HasPrefix(p.Name, "/"):
			n.Locations = []sarifLocation{{Physical: &sarifPhysical{Artifact: artifact(p.Name)}}}
		}
		out = append(out, n)
	}
	return out
}

// hashesOf returns the hashes of the lines that the findings begin in.
func hashesOf(fs []rules.Finding) map[*source.File]map[int]string {
	lines := map[*source.File]map[int]bool{}
	for i := range fs {
		s := primary(&fs[i])
		if lines[s.File] == nil {
			lines[s.File] = map[int]bool{}
		}
		lines[s.File][s.Begin().Line] = true
	}
	hashes := map[*source.File]map[int]string{}
	for f, ls := range lines {
		hashes[f] = lineHashes(f, ls)
	}
	return hashes
}
