package rules

import (
	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// ConditionIfExistsVacuous reports IfExists where a request without the key gets in.
var ConditionIfExistsVacuous = &Rule{
	ID:        "condition-ifexists-vacuous",
	Title:     "IfExists lets in callers whose request lacks the key, so the condition restricts nothing",
	Level:     Error,
	Severity:  8.0,
	Precision: High,
	Tags:      []string{"exposure"},
	needs:     usesIfExists,
	Check:     conditionIfExistsVacuous,
}

func conditionIfExistsVacuous(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.cause == ifExists && classOf(e.condition.Name) != mfaKey
	}, func(e *exposure) string {
		return e.who() + " can assume " + p.Document.Role + " with requests without " + e.condition.Key.String() + ", which " + e.condition.Operator.Text.String() + " lets pass"
	})
	p.optionalEnvironments()
}

// optionalEnvironments reports conditions on the environment of a workflow that hold for one without, where the subject says nothing
// else of what runs in the repository.
func (p *Pass) optionalEnvironments() {
	p.githubSubjects(func(s *policy.Statement, i int, v policy.Text, subject string) {
		g, ok := parseGitHubSubject(subject)
		c := optionalEnvironment(s, i)
		if !ok || c == nil || !g.anyContext() || p.bindsGitHub(s, i, "ref", "job_workflow_ref") {
			return
		}
		show := p.shows(s, i, access.If("Null", c.Key.String(), "true"))
		if show.request == nil || !p.claim(s, i) {
			return
		}
		fd := p.Report(at(s, c.Operator.Text), "whoever can push a branch to %s/%s can assume %s with a workflow that has no environment, which %s lets pass",
			g.owner, g.repository, p.Document.Role, c.Operator.Text)
		fd.Level, fd.Severity = Warning, 5.5
		fd.Related = append(fd.Related, Related{at(s, v).Span, "the subject that leaves the branch open"})
		fd.Witness = show.request
	})
}

// optionalEnvironment returns the condition of s that asks for an environment only of tokens that have one.
func optionalEnvironment(s *policy.Statement, i int) *policy.Condition {
	for j := range s.Conditions {
		c := &s.Conditions[j]
		if c.Name == s.Principals[i].Issuer+":environment" && c.Operator.IfExists && asksForValue(*c) {
			return c
		}
	}
	return nil
}
