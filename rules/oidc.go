package rules

import (
	"slices"
	"strings"
)

// An issuer is an OIDC provider that many tenants share, or one whose form of issuer is known.
type issuer struct {
	name string // as messages name it
	// tenancy is the claim that says whose token it is; AWS demands a condition on it since 2025-06-06 where demanded is set.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
	tenancy  string
	demanded bool
	// stable are further claims that pin the tenant by an ID that is never given to another.
	stable []string
	// claims are all that AWS puts into the context beside aud and sub; nil when that is not known.
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
	claims []string
	// optional are those of claims that not every token has.
	optional []string
}

var githubClaims = []string{"actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref", "repository",
	"repository_id", "repository_owner_id", "workflow"}

var (
	githubOwnership = []string{"repository_id", "repository_owner_id", "enterprise_id"}
	githubOptional  = []string{"enterprise_id", "environment"}
)

var buildkiteClaims = []string{"build_branch", "cluster_id", "cluster_name", "organization_id", "organization_slug",
	"pipeline_id", "pipeline_slug"}

// issuers are the shared issuers by address without https://, from the IAM User Guide's table of identity-provider controls,
// and the claims from the Service Authorization Reference of August 2026.
func issuerOf(address string) (issuer, bool) {
	switch address {
	case "token.actions.githubusercontent.com":
		return githubIssuer("GitHub Actions"), true
	case "gitlab.com":
		return issuer{name: "GitLab", tenancy: "sub", demanded: true, stable: []string{"namespace_id", "project_id"},
			claims: []string{"namespace_id", "pipeline_source", "project_id", "ref_protected", "runner_environment",
				"user_access_level", "user_email", "user_id", "user_login"},
			optional: []string{"runner_environment", "user_access_level", "user_email"}}, true
	case "agent.buildkite.com":
		return issuer{name: "Buildkite", tenancy: "sub", demanded: true, stable: []string{"organization_id", "pipeline_id", "cluster_id"},
			claims: buildkiteClaims, optional: []string{"cluster_id", "cluster_name"}}, true
	case "app.terraform.io":
		return issuer{name: "HCP Terraform", tenancy: "sub", demanded: true}, true
	case "oidc.codefresh.io":
		return issuer{name: "Codefresh", tenancy: "sub", demanded: true}, true
	case "scalr.io":
		return issuer{name: "Scalr", tenancy: "sub", demanded: true}, true
	case "studio.datachain.ai/api":
		return issuer{name: "DVC Studio", tenancy: "sub", demanded: true}, true
	case "tokens.cloud.shisho.dev":
		return issuer{name: "Shisho Cloud", tenancy: "sub", demanded: true}, true
	case "proidc.upbound.io":
		return issuer{name: "Upbound", tenancy: "sub", demanded: true}, true
	case "vstoken.actions.githubusercontent.com", "oidc-configuration.audit-log.githubusercontent.com":
		return issuer{name: "GitHub", tenancy: "sub", demanded: true}, true
	case "oidc.vercel.com":
		return issuer{name: "Vercel", tenancy: "aud", demanded: true}, true
	case "api.pulumi.com/oidc":
		return issuer{name: "Pulumi Cloud", tenancy: "aud", demanded: true}, true
	case "sandboxes.cloud":
		return issuer{name: "sandboxes.cloud", tenancy: "aud", demanded: true}, true
	case "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d":
		return issuer{name: "Microsoft Sentinel", tenancy: "sts:RoleSessionName", demanded: true}, true
	case "cognito-identity.amazonaws.com":
		return issuer{name: "Amazon Cognito", tenancy: "aud", demanded: true, claims: []string{"amr"}}, true
	case "accounts.google.com":
		return issuer{name: "Google", tenancy: "aud", stable: []string{"sub", "oaud", "google/organization_number"},
			claims: []string{"google/organization_number", "oaud"}, optional: []string{"google/organization_number"}}, true
	case "www.amazon.com":
		return issuer{name: "Login with Amazon", tenancy: "app_id", stable: []string{"user_id"}, claims: []string{"app_id", "user_id"}}, true
	case "graph.facebook.com":
		return issuer{name: "Facebook", tenancy: "app_id", stable: []string{"id"}, claims: []string{"app_id", "id"}}, true
	}
	switch {
	case strings.HasPrefix(address, "rh-oidc.s3.us-east-1.amazonaws.com/2"), strings.HasPrefix(address, "oidc.op1.openshiftapps.com/2"):
		return issuer{name: "IBM Turbonomic", tenancy: "sub", demanded: true}, true
	}
	return issuer{}, false
}

func githubIssuer(name string) issuer {
	return issuer{name: name, tenancy: "sub", demanded: true,
		stable: githubOwnership, claims: githubClaims, optional: githubOptional}
}

// isGitHub reports whether tokens of the issuer at address are those of GitHub Actions, on github.com or of an enterprise.
func isGitHub(address string) bool {
	return address == "token.actions.githubusercontent.com" || strings.HasPrefix(address, "token.actions.githubusercontent.com/") ||
		strings.HasPrefix(address, "token.actions.") && strings.HasSuffix(address, ".ghe.com") ||
		strings.HasPrefix(address, "github.com/enterprises/")
}

// splitClaim returns the claim that key, in lower case, is about and the issuer that it names.
func splitClaim(key string) (address, name string) {
	// The name of a claim may have a slash but no colon; an issuer may have a port.
	i := strings.LastIndexByte(key, ':')
	if i < 0 {
		return "", ""
	}
	return key[:i], key[i+1:]
}

// claimPresence says whether a request of a principal of that kind, with tokens of the issuer at mine, has key, a claim of an OIDC
// token or an attribute of a SAML assertion.
func claimPresence(key string, kind subjectKind, mine string) presence {
	if strings.HasPrefix(key, "saml:") {
		switch {
		case kind == samlProvider:
			switch key {
			case "saml:aud", "saml:iss", "saml:sub", "saml:sub_type", "saml:doc", "saml:namequalifier":
				return always
			}
			return sometimes
		case kind == oidcProvider || kind == webIdentity || kind == service:
			return never
		}
		return unsure // sessions of SAML users carry some
	}
	address, name := splitClaim(key)
	switch {
	case kind == unclear, (kind == oidcProvider || kind == webIdentity) && mine == "":
		return unsure
	case kind == samlProvider || kind == service:
		return never
	case !kind.federated():
		return unsure // sessions of web identities carry some
	case address != mine:
		return never
	}
	switch name {
	case "sub", "aud":
		known, shared := issuerOf(mine)
		if shared && known.tenancy == "app_id" {
			return unsure
		}
		return always
	case "amr", "email", "oaud":
		if mine == "cognito-identity.amazonaws.com" && name == "amr" {
			return always
		}
		return sometimes
	}
	known, shared := issuerOf(mine)
	if isGitHub(mine) && !shared {
		known = githubIssuer("GitHub Actions")
	}
	switch {
	case known.claims == nil:
		if shared {
			return never
		}
		return unsure // what AWS takes from the tokens of private issuers is not known
	case slices.Contains(known.optional, name):
		return sometimes
	case slices.Contains(known.claims, name):
		return always
	}
	return never
}
