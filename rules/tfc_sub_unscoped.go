package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// TFCSubUnscoped reports subjects of HCP Terraform whose organization is a pattern; a project or workspace that is one is
// reported as a warning.
var TFCSubUnscoped = &Rule{
	ID:        "tfc-sub-unscoped",
	Title:     "HCP Terraform organizations of others can assume the role",
	Level:     Error,
	Severity:  9.5,
	Precision: VeryHigh,
	Tags:      []string{"exposure", "oidc", "hcp-terraform"},
	needs:     trustsShared | conditions,
	Check:     tfcSubUnscoped,
}

func tfcSubUnscoped(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.stranger == tenant && e.statement.Principals[e.principal].Issuer == "app.terraform.io" && e.cause == wildcardValue && e.condition.Name == "app.terraform.io:sub"
	}, func(e *exposure) string {
		return "runs of HCP Terraform organizations that others own can assume " + p.Document.Role + ": " + quoted(e.value) + " leaves the organization open"
	})
	p.terraformScopes()
}

// terraformScopes reports subjects that leave open the project or the workspace of a named organization.
func (p *Pass) terraformScopes() {
	p.subjects("app.terraform.io", func(s *policy.Statement, i int, v policy.Text, subject string) {
		parts := strings.Split(subject, ":")
		if len(parts) < 2 || parts[0] != "organization" || strings.ContainsAny(parts[1], "*?") {
			return
		}
		open := ""
		for j := 2; j < len(parts); j++ {
			if strings.HasPrefix(parts[j], "*") && j%2 == 0 && j < 6 {
				open = "project"
				break
			}
			if j%2 == 1 && strings.ContainsAny(parts[j], "*?") && (parts[j-1] == "project" || parts[j-1] == "workspace") {
				open = parts[j-1]
				if open == "workspace" && len(parts) > 3 && !strings.ContainsAny(parts[3], "*?") || parts[j] == "*" {
					break
				}
			}
		}
		if open == "" {
			if n := len(parts); n == 8 && parts[6] == "run_phase" && parts[7] == "*" {
				if witness := p.letsSubject(s, i, strings.Join(parts[:7], ":")+":plan"); witness != nil && p.claim(s, i) {
					fd := p.Report(at(s, v), "runs of the HCP Terraform workspace %s can assume %s when they plan as well as when they apply", parts[5], p.Document.Role)
					fd.Level, fd.Severity = Note, noteSeverity
					fd.Witness = witness
				}
			}
			return
		}
		witness := p.letsSubject(s, i, subject, subject+":project:example:workspace:example:run_phase:apply", subject+":workspace:example:run_phase:apply",
			strings.TrimSuffix(subject, "*")+"project:example:workspace:example:run_phase:apply", strings.TrimSuffix(subject, "*")+"workspace:example:run_phase:apply")
		if witness == nil || !p.claim(s, i) {
			return
		}
		fd := p.Report(at(s, v), "runs of any %s in the HCP Terraform organization %s that matches %s can assume %s", open, parts[1], quoted(v), p.Document.Role)
		fd.Level, fd.Severity = Warning, 5.0
		fd.Witness = witness
	})
}
