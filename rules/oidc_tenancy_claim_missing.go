package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// OIDCTenancyClaimMissing reports trust in an identity provider that many tenants share without a condition on whose token
// it is.
var OIDCTenancyClaimMissing = &Rule{
	ID:        "oidc-tenancy-claim-missing",
	Title:     "Every tenant of a shared identity provider can assume the role",
	Level:     Error,
	Severity:  9.5,
	Precision: VeryHigh,
	Tags:      []string{"exposure", "oidc"},
	needs:     trustsShared,
	Check:     oidcTenancyClaimMissing,
}

func oidcTenancyClaimMissing(p *Pass) {
	p.reportExposures(func(e *exposure) bool {
		return e.stranger == tenant
	}, func(e *exposure) string {
		known, _ := tenancyOf(e.statement.Principals[e.principal].Issuer)
		if e.condition != nil {
			return e.who() + " can assume " + p.Document.Role + ": " + e.condition.Operator.Text.String() + " on " + e.condition.Key.String() + " does not say whose"
		}
		return e.who() + " can assume " + p.Document.Role + ": no condition on " + known.tenancy + " says whose"
	})
	p.tenancyClaimDemanded()
}

// tenancyClaimDemanded reports statements that are bound by another claim than the one that IAM demands a condition on.
// Policies from before 2025-06-06 stay as they are until they are changed.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
func (p *Pass) tenancyClaimDemanded() {
	for _, s := range p.Document.Statements {
		if covered, _ := allows(s, access.AssumeRoleWithWebIdentity); s.Effect != policy.Allow || s.Incomplete || !covered {
			continue
		}
		for i, pr := range s.Principals {
			address := pr.Issuer
			known, shared := issuerOf(address)
			if !shared || !known.demanded || address == "cognito-identity.amazonaws.com" || p.claimed(s, i) || demandMet(s, address, known) {
				continue
			}
			fd := p.Report(at(s, pr.ID), "IAM refuses new policies like that of %s, which let in tokens of %s without a condition on %s", p.Document.Role, known.name, known.tenancy)
			fd.Level, fd.Severity = Warning, 6.0
			p.claim(s, i)
		}
	}
}

// demandMet reports whether s has a condition on the claim that IAM demands, or may have.
func demandMet(s *policy.Statement, address string, known issuer) bool {
	for _, c := range s.Conditions {
		key := c.Name
		if key == "" || key == address+":"+known.tenancy || key == strings.ToLower(known.tenancy) || isGitHub(address) && key == address+":job_workflow_ref" {
			return true
		}
	}
	return false
}
