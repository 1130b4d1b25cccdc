package access

import (
	"slices"
	"strings"
)

// claimKey is the domain of a claim of a web identity token, issuer:claim. AWS puts only the claims it knows of an issuer in
// the context: a policy that tests another one tests a key that is never there.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
func claimKey(c *class, issuer, claim string) domain {
	if c.kind == Role || c.kind == RoleSession {
		if slices.Contains(sessionClaims[issuer], claim) {
			return perhaps // a session that came from this provider keeps them
		}
		return never
	}
	if c.kind != WebIdentity || issuer != c.issuer {
		return never
	}
	switch claim {
	case "sub":
		if issuer == "graph.facebook.com" || issuer == "www.amazon.com" {
			return never
		}
		d := always.like(sampleSubject(issuer))
		d.filler, d.first = subjectFillers(issuer)
		if d.real = subjectForm(issuer); d.real != nil {
			d.tests = noStar[:]
		}
		return d
	case "aud":
		if issuer == "graph.facebook.com" || issuer == "www.amazon.com" {
			return never
		}
		return always.like(sampleAudience(issuer))
	case "amr":
		d := perhaps1
		d.absent = issuer != cognito
		return d.like("authenticated", "unauthenticated")
	case "email", "oaud":
		return perhaps.like("alice@example.com")
	}
	claims, known := issuerClaims(issuer)
	switch {
	case slices.Contains(claims, claim):
		return perhaps.like(sampleClaim(claim))
	case known:
		return never
	}
	return perhaps
}

// noStar: none of the names that a subject of a known form is made of can hold a wildcard. In StringEquals it is a mistake.
var noStar = [...]valueTest{{&set{kind: textSet, globs: []*glob{{tokens: []token{rest, {r: '*'}, rest}, plain: true}}}, false}}

const (
	github  = "token.actions.githubusercontent.com"
	gitlab  = "gitlab.com"
	cognito = "cognito-identity.amazonaws.com"
	google  = "accounts.google.com"
	hcp     = "app.terraform.io"
)

// sessionClaims are the claims that stay with the session.
var sessionClaims = map[string][]string{
	cognito:              {"aud", "sub", "amr"},
	google:               {"aud", "sub"},
	"graph.facebook.com": {"app_id", "id"},
	"www.amazon.com":     {"app_id", "user_id"},
}

// issuerClaims returns the claims besides sub, aud, amr, email and oaud that AWS knows of an issuer, and whether its list for
// the issuer is complete.
func issuerClaims(issuer string) (claims []string, known bool) {
	switch {
	case issuer == github, strings.HasPrefix(issuer, github+"/"), strings.HasSuffix(issuer, ".ghe.com"),
		strings.HasPrefix(issuer, "github.com/enterprises/"):
		return []string{"actor", "actor_id", "job_workflow_ref", "repository", "repository_id", "repository_owner_id", "workflow", "ref",
			"environment", "enterprise_id"}, true
	case issuer == gitlab:
		return []string{"namespace_id", "project_id", "pipeline_source", "ref_protected", "runner_environment", "user_access_level",
			"user_email", "user_id", "user_login"}, true
	case issuer == "agent.buildkite.com":
		return []string{"organization_id", "organization_slug", "pipeline_id", "pipeline_slug", "cluster_id", "cluster_name", "build_branch"}, true
	case strings.HasPrefix(issuer, "oidc.circleci.com/org/"):
		return []string{"oidc.circleci.com/project-id"}, true
	case issuer == google:
		return []string{"google/organization_number"}, true
	case issuer == "graph.facebook.com":
		return []string{"app_id", "id"}, true
	case issuer == "www.amazon.com":
		return []string{"app_id", "user_id"}, true
	case issuer == cognito, issuer == hcp:
		return nil, true
	}
	return nil, false
}

func sampleSubject(issuer string) string {
	switch {
	case isGitHub(issuer):
		return "repo:octo-org/octo-repo:ref:refs/heads/main"
	case issuer == gitlab:
		return "project_path:example-group/example:ref_type:branch:ref:main"
	case issuer == hcp:
		return "organization:example-org:project:example:workspace:example:run_phase:apply"
	case issuer == "agent.buildkite.com":
		return "organization:example-org:pipeline:example:ref:refs/heads/main:commit:0a1b2c3d:step:build"
	case issuer == cognito:
		return "us-east-1:0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
	case issuer == google:
		return "110248495921238986420"
	case strings.HasPrefix(issuer, "oidc.eks."):
		return "system:serviceaccount:default:example"
	}
	return "example-subject"
}

// isGitHub reports whether the issuer is GitHub Actions, of github.com or of an enterprise.
func isGitHub(issuer string) bool {
	return issuer == github || strings.HasPrefix(issuer, github+"/") || strings.HasSuffix(issuer, ".ghe.com")
}

func sampleAudience(issuer string) string {
	switch {
	case issuer == cognito:
		return "us-east-1:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
	case issuer == google:
		return "32555940559.apps.googleusercontent.com"
	case issuer == hcp:
		return "aws.workload.identity"
	}
	return "sts.amazonaws.com"
}

func sampleClaim(claim string) string {
	switch claim {
	case "repository":
		return "octo-org/octo-repo"
	case "ref":
		return "refs/heads/main"
	case "environment":
		return "production"
	case "job_workflow_ref":
		return "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main"
	case "workflow":
		return "deploy"
	case "ref_protected":
		return "true"
	case "actor", "user_login":
		return "octocat"
	case "organization_slug", "pipeline_slug", "cluster_name", "build_branch":
		return "main"
	}
	return "12345678"
}

// subjectFillers returns plausible texts for the last wildcard of a subject, and for those before it. After a text such as
// repo:acme* the plausible one is the name of somebody else's organization.
func subjectFillers(issuer string) (last, first []string) {
	switch {
	case isGitHub(issuer):
		return githubFillers[:], githubFirst[:]
	case issuer == gitlab:
		return gitlabFillers[:], gitlabFirst[:]
	case issuer == hcp:
		return hcpFillers[:], hcpFirst[:]
	case strings.HasPrefix(issuer, "oidc.eks."):
		return clusterFillers[:], clusterFirst[:]
	}
	return otherFillers[:], nil
}

var (
	githubFillers = [...]string{"ref:refs/heads/main", "main", "octo-repo:ref:refs/heads/main", "-evil/octo-repo:ref:refs/heads/main",
		"-evil:ref:refs/heads/main", "repo:octo-org/octo-repo", "octo-org/octo-repo", "repo:octo-org/octo-repo:ref:refs/heads/main",
		"octo-org/octo-repo:ref:refs/heads/main", "octo-org", ""}
	githubFirst   = [...]string{"octo-org", "octo-repo", "repo:octo-org/octo-repo", "octo-org/octo-repo", "-evil", "refs/heads", ""}
	gitlabFillers = [...]string{"main", "example:ref_type:branch:ref:main", "-evil/example:ref_type:branch:ref:main", "ref_type:branch:ref:main",
		"example-group/example:ref_type:branch:ref:main", "example", "branch", ""}
	gitlabFirst = [...]string{"example", "example-group/example", "example-group", "branch", ""}
	hcpFillers  = [...]string{"apply", "example", "example:run_phase:apply", "example:workspace:example:run_phase:apply",
		"example-org:project:example:workspace:example:run_phase:apply", ""}
	hcpFirst       = [...]string{"example", "example-org", ""}
	clusterFillers = [...]string{"example", "default:example", ""}
	clusterFirst   = [...]string{"default", ""}
	otherFillers   = [...]string{"example", ""}
)

// subjectForm returns whether a subject has the form that the issuer gives it by default. Nothing depends on it but which
// witness is shown: subjects can be customized.
func subjectForm(issuer string) func(string) bool {
	var form string
	switch {
	case isGitHub(issuer):
		return githubForm
	case issuer == gitlab:
		form = "project_path:?*/?*:ref_type:?*:ref:?*"
	case issuer == hcp:
		form = "organization:?*:project:?*:workspace:?*:run_phase:?*"
	case strings.HasPrefix(issuer, "oidc.eks."):
		form = "system:serviceaccount:?*:?*"
	default:
		return nil
	}
	g := starGlob(form, false)
	return g.has
}

func githubForm(s string) bool {
	rest, ok := strings.CutPrefix(s, "repo:")
	owner, rest, slash := strings.Cut(rest, "/")
	repo, context, colon := strings.Cut(rest, ":")
	if !ok || !slash || !colon || owner == "" || repo == "" || strings.ContainsAny(owner+repo, ":/") {
		return false
	}
	return context == "pull_request" || strings.HasPrefix(context, "ref:refs/heads/") && !strings.Contains(context[len("ref:refs/heads/"):], ":") ||
		strings.HasPrefix(context, "ref:refs/tags/") || strings.HasPrefix(context, "environment:") && len(context) > len("environment:")
}
