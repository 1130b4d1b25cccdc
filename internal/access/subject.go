package access

import (
	"strings"
)

// identity says which identities of an OIDC provider a grant lets in, in the provider's own words.
func (p *phrase) identity(c Caller) string {
	key := c.Issuer + ":"
	switch {
	case c.Issuer == cognito:
		return p.cognito(key)
	case c.Issuer == google:
		return p.social(key, "Google", "sub", "aud")
	case c.Issuer == "graph.facebook.com":
		return p.social(key, "Facebook", "id", "app_id")
	case c.Issuer == "www.amazon.com":
		return p.social(key, "Login with Amazon", "user_id", "app_id")
	}
	p.audience(key)
	subjects := p.only(key+"sub", true)
	if subjects == nil {
		switch {
		case isGitHub(c.Issuer):
			if ids := p.only(key+"repository_id", false); ids != nil {
				return "the GitHub repository with ID " + strings.Join(ids, " or ")
			}
			if ids := p.only(key+"repository_owner_id", false); ids != nil {
				return "any GitHub repository of the organization with ID " + strings.Join(ids, " or ")
			}
			return "any GitHub repository of any organization"
		case c.Issuer == gitlab:
			return "any GitLab project of any group"
		case c.Issuer == hcp:
			return "any HCP Terraform workspace of any organization"
		case strings.HasPrefix(c.Issuer, "oidc.eks."):
			return "any service account of the EKS cluster " + c.Issuer
		}
		return "any identity of " + c.Issuer
	}
	var names []string
	for _, s := range subjects {
		names = append(names, subjectPhrase(c.Issuer, s))
	}
	return some(names, " or ")
}

// audience marks a condition on aud as said when it has the value that the issuer gives it for AWS.
func (p *phrase) audience(key string) {
	said := p.said
	if values := p.only(key+"aud", true); len(values) != 1 || values[0] != "sts.amazonaws.com" && values[0] != "aws.workload.identity" {
		p.said = said
	}
}

func (p *phrase) cognito(key string) string {
	name := "any Cognito identity"
	if amr := p.only(key+"amr", true); len(amr) == 1 {
		name = "any " + amr[0] + " Cognito identity"
	}
	if pools := p.only(key+"aud", false); pools != nil {
		name += " of pool " + strings.Join(pools, " or ")
	} else {
		name += " of any pool"
	}
	return name
}

func (p *phrase) social(key, provider, user, app string) string {
	name := "any " + provider + " account"
	if users := p.only(key+user, false); users != nil {
		name = provider + " account " + strings.Join(users, " or ")
	}
	if apps := p.only(key+app, false); apps != nil {
		return name + " through application " + strings.Join(apps, " or ")
	}
	return name + " through any application"
}

func subjectPhrase(issuer, s string) string {
	switch {
	case isGitHub(issuer):
		return githubPhrase(s)
	case issuer == gitlab:
		return gitlabPhrase(s)
	case issuer == hcp:
		return terraformPhrase(s)
	case strings.HasPrefix(issuer, "oidc.eks."):
		if parts := strings.Split(s, ":"); len(parts) == 4 && strings.HasPrefix(s, "system:serviceaccount:") {
			return anyNamed("Kubernetes service account", parts[3]) + " of " + anyNamed("namespace", parts[2])
		}
	}
	if s == "*" {
		return "any identity of " + issuer
	}
	return "subject " + s + " of " + issuer
}

// anyNamed is "any repository", "repository app" or "any repository like app*".
func anyNamed(what, name string) string {
	switch {
	case name == "*":
		return "any " + what
	case strings.ContainsAny(name, "*?"):
		return "any " + what + " like " + name
	}
	return what + " " + name
}

// githubPhrase reads repo:OWNER/REPOSITORY:CONTEXT. A star at the end of a part reaches over all that follows.
func githubPhrase(s string) string {
	rest, ok := strings.CutPrefix(s, "repo:")
	if s == "*" || s == "repo:*" {
		return "any GitHub repository of any organization"
	}
	owner, rest, slash := strings.Cut(rest, "/")
	if !ok || !slash {
		if ok && strings.HasSuffix(owner, "*") {
			return "any GitHub repository of " + anyNamed("organization", owner) + ", any branch"
		}
		return "any GitHub workflow with subject " + s
	}
	repository, context, colon := strings.Cut(rest, ":")
	switch {
	case !colon && strings.HasSuffix(repository, "*"):
		context = "*"
	case !colon:
		return "any GitHub workflow with subject " + s
	}
	name := "GitHub repository " + owner + "/" + repository
	if strings.ContainsAny(owner+repository, "*?") {
		name = anyWithID("GitHub repository", repository) + " of " + anyWithID("organization", owner)
	}
	return name + ", " + refPhrase(context)
}

// anyWithID is anyNamed for what an immutable subject calls NAME@ID.
// https://github.com/github/docs/pull/45221
func anyWithID(what, name string) string {
	name, id, has := strings.Cut(name, "@")
	phrase := anyNamed(what, name)
	switch {
	case !has, name == "*" && id == "*":
		return phrase
	case id == "*":
		return phrase + " with any ID"
	case strings.ContainsAny(id, "*?"):
		return phrase + " with an ID like " + id
	}
	return phrase + " with ID " + id
}

func refPhrase(context string) string {
	switch {
	case context == "*":
		return "any branch"
	case context == "pull_request":
		return "pull requests"
	case strings.HasPrefix(context, "ref:refs/heads/"):
		return anyNamed("branch", context[len("ref:refs/heads/"):])
	case strings.HasPrefix(context, "ref:refs/tags/"):
		return anyNamed("tag", context[len("ref:refs/tags/"):])
	case strings.HasPrefix(context, "environment:"):
		return anyNamed("environment", context[len("environment:"):])
	}
	return "context " + context
}

// gitlabPhrase reads project_path:GROUP/PROJECT:ref_type:TYPE:ref:NAME.
func gitlabPhrase(s string) string {
	rest, ok := strings.CutPrefix(s, "project_path:")
	if s == "*" || s == "project_path:*" {
		return "any GitLab project of any group"
	}
	path, rest, colon := strings.Cut(rest, ":")
	if !ok || !colon && !strings.HasSuffix(path, "*") {
		return "any GitLab pipeline with subject " + s
	}
	name := anyNamed("GitLab project", path)
	if group, project, slash := strings.Cut(path, "/"); slash && project == "*" {
		name = "any GitLab project of " + anyNamed("group", group)
	}
	parts := strings.Split(rest, ":")
	switch {
	case !colon, rest == "*":
		return name + ", any ref"
	case len(parts) == 4 && parts[0] == "ref_type" && parts[2] == "ref" && !strings.ContainsAny(parts[1], "*?"):
		return name + ", " + anyNamed(parts[1], parts[3])
	case len(parts) == 4 && parts[3] == "*":
		return name + ", any ref"
	}
	return name + ", ref " + rest
}

// terraformPhrase reads organization:ORG:project:PROJECT:workspace:WORKSPACE:run_phase:PHASE.
func terraformPhrase(s string) string {
	parts := strings.Split(s, ":")
	if len(parts) < 2 || parts[0] != "organization" {
		return "any HCP Terraform run with subject " + s
	}
	at := func(i int) string {
		if i < len(parts) {
			return parts[i]
		}
		return "*"
	}
	name := anyNamed("HCP Terraform workspace", at(5)) + " of " + anyNamed("organization", at(1)) + ", " + anyNamed("project", at(3))
	if phase := at(7); phase != "*" {
		name += ", " + anyNamed("phase", phase)
	}
	return name
}
