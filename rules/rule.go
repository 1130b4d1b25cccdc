// Package rules holds what trustvet says about a trust policy: one rule is one Go file, one page of the same name beside
// it, and its fixtures in testdata/rules.
//
// A rule is a query over a policy.Document and what internal/access knows about it; it never asks which language the policy
// was written in. The one rule to keep in mind: a value that is not known is never the ground of a finding, with the
// exception of trust-policy-unresolved, which is there to say so.
package rules

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"path"
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// A Rule is one thing that trustvet finds.
type Rule struct {
	ID    string // kebab-case, names the pattern; reads well after "allow"
	Title string // one line, a sentence without its period
	Level Level  // of its findings, where they do not say otherwise
	// Severity is the security severity as GitHub code scanning counts it, 0.1 to 10.0: critical from 9.0, high from 7.0,
	// medium from 4.0, low below.
	Severity  float64
	Precision Precision
	Tags      []string
	// needs are the traits without which a policy gives the rule nothing to say or to claim: it does not look at others.
	needs traits
	Check func(*Pass)
}

// A Level is how much a finding weighs: SARIF's level.
type Level uint8

const (
	Off     Level = iota // not reported
	Note                 // worth knowing
	Warning              // weakens the policy, or makes it mean something else than it says
	Error                // lets in who must not get in, or does not work at all
)

var levelNames = [...]string{"off", "note", "warning", "error"}

func (l Level) String() string { return levelNames[l] }

// ParseLevel returns the level of that name.
func ParseLevel(name string) (l Level, ok bool) {
	i := slices.Index(levelNames[:], name)
	return Level(max(i, 0)), i >= 0
}

// A Precision is how often a finding of a rule is true: SARIF's and CodeQL's precision.
type Precision uint8

const (
	Low Precision = iota
	Medium
	High
	VeryHigh
)

var precisionNames = [...]string{"low", "medium", "high", "very-high"}

func (p Precision) String() string { return precisionNames[p] }

// A Finding is one report of a rule.
type Finding struct {
	Rule     *Rule
	Level    Level
	Severity float64  // as Rule.Severity
	Role     string   // the role's address
	Also     []string // further instances of the same resource of which the same is true: see Merge
	When     string   // the condition under which the role has this policy, "" when it always has
	// Span is the token that is the cause. It lies in the document's file or in one that the value came through.
	Span      source.Span
	Statement source.Span // the statement that it lies in; the policy when it lies in none
	Policy    source.Span // the policy of the role, or the place that says what it is
	Message   string      // says who can do what, in the present tense, without a final period
	Related   []Related
	// Flow is the way from the cause to the role: variable, local, parameter, module call, policy. It is empty when the cause
	// stands in the policy on the role itself.
	Flow  []source.Span
	Fixes []Fix
	// Witness is one request that the policy allows and that shows what the message says; nil where the finding is not about
	// who gets in.
	Witness *access.Request
	// Facts are the parts of the finding that stay the same when the file around it changes: they identify it together with
	// the rule and the role.
	Facts []string
}

// A Related is a second place that a finding speaks of.
type Related struct {
	Span    source.Span
	Message string
}

// A Fix is an edit that removes a finding.
type Fix struct {
	Title string // a verb phrase: "write aws:PrincipalArn with ArnNotLike"
	Safe  bool   // what the policy means to say stays the same
	Edits []source.Edit
}

// Fingerprint identifies the finding across changes of the file around it: it is made of the rule, the directory, the role
// and the facts of the finding, never of a line number or of the wording.
func (f *Finding) Fingerprint() string {
	h := sha256.New()
	parts := []string{f.Rule.ID, "", f.Role}
	if f.Span.File != nil {
		parts[1] = path.Dir(f.Span.File.Name)
	}
	facts := f.Facts
	if len(facts) == 0 {
		facts = []string{f.Message}
	}
	for _, p := range append(parts, facts...) {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// ByID returns the rule of that ID, nil when there is none.
func ByID(id string) *Rule {
	for _, r := range All {
		if r.ID == id {
			return r
		}
	}
	return nil
}

//go:embed *.md
var pages embed.FS

// Base returns the name that the rule's files share: its ID with "_" for "-".
func (r *Rule) Base() string { return strings.ReplaceAll(r.ID, "-", "_") }

// Page returns the rule's page in Markdown.
func (r *Rule) Page() string {
	page, err := pages.ReadFile(r.Base() + ".md")
	if err != nil {
		return "" // the meta-test finds it
	}
	return string(page)
}

// Section returns the text of a section of the rule's page: "Why", "Flagged", "Not flagged", "Fix" or "References".
func (r *Rule) Section(title string) string {
	_, rest, ok := strings.Cut(r.Page(), "\n## "+title+"\n")
	if !ok {
		return ""
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return strings.TrimSpace(text)
}

// Help returns the rule's page without its heading and title, in Markdown: what a report shows beside a finding.
func (r *Rule) Help() string {
	_, help, _ := strings.Cut(r.Page(), "\n## ")
	if help == "" {
		return ""
	}
	return "## " + help
}

// URL returns the address of the rule's page.
func (r *Rule) URL() string {
	return "https://github.com/trustvet/trustvet/blob/main/rules/" + r.Base() + ".md"
}

// statementSpan returns the span of s, or that of the policy when s is nil.
func statementSpan(d *policy.Document, s *policy.Statement) source.Span {
	if s != nil {
		return s.Span
	}
	return d.Span
}
