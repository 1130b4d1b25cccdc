# Tenants of a shared build service can assume the role.
resource "aws_iam_role" "ci_oidc_sub_unscoped" {
  name = "ci-oidc-sub-unscoped"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/agent.buildkite.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringLike   = { "agent.buildkite.com:sub" = "organization:*:pipeline:deploy:*" }
        StringEquals = { "agent.buildkite.com:aud" = "sts.amazonaws.com" }
      }
    }]
  })
}

# Users of any Cognito identity pool can assume the role.
resource "aws_iam_role" "cognito_audience_missing" {
  name = "cognito-audience-missing"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "cognito-identity.amazonaws.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        "ForAnyValue:StringLike" = { "cognito-identity.amazonaws.com:amr" = "authenticated" }
      }
    }]
  })
}

# Guests of a Cognito identity pool can assume the role.
resource "aws_iam_role" "cognito_unauthenticated" {
  name = "cognito-unauthenticated"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "cognito-identity.amazonaws.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = { "cognito-identity.amazonaws.com:aud" = "eu-west-1:12345678-abcd-abcd-abcd-123456789012" }
      }
    }]
  })
}

# Workflows on any branch, tag or pull request of a repository can assume the role.
resource "aws_iam_role" "github_sub_any_ref" {
  name = "github-sub-any-ref"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com" }
        StringLike   = { "token.actions.githubusercontent.com:sub" = "repo:acme/app:*" }
      }
    }]
  })
}

# Subject matches no token of GitHub Actions.
resource "aws_iam_role" "github_sub_malformed" {
  name = "github-sub-malformed"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "acme/app:ref:refs/heads/main"
        }
      }
    }]
  })
}

# Workflows of every repository of a GitHub organization can assume the role.
resource "aws_iam_role" "github_sub_org_wide" {
  name = "github-sub-org-wide"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com" }
        StringLike   = { "token.actions.githubusercontent.com:sub" = "repo:acme/*" }
      }
    }]
  })
}

# Workflows that run for pull requests can assume the role.
resource "aws_iam_role" "github_sub_pull_request" {
  name = "github-sub-pull-request"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "repo:acme/app:pull_request"
        }
      }
    }]
  })
}

# Workflows of all repositories whose name begins alike can assume the role.
resource "aws_iam_role" "github_sub_repo_prefix" {
  name = "github-sub-repo-prefix"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com" }
        StringLike   = { "token.actions.githubusercontent.com:sub" = "repo:acme/infra*" }
      }
    }]
  })
}

# Subject begins with what anyone can set and does not say whose repository it is.
resource "aws_iam_role" "github_sub_template_unsafe" {
  name = "github-sub-template-unsafe"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com" }
        StringLike   = { "token.actions.githubusercontent.com:sub" = "workflow:deploy:*" }
      }
    }]
  })
}

# Pipelines on any branch or tag of a GitLab project can assume the role.
resource "aws_iam_role" "gitlab_sub_any_ref" {
  name = "gitlab-sub-any-ref"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/gitlab.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = { "gitlab.com:aud" = "https://gitlab.com" }
        StringLike   = { "gitlab.com:sub" = "project_path:acme/app:*" }
      }
    }]
  })
}

# Pipelines of any GitLab group can assume the role.
resource "aws_iam_role" "gitlab_sub_unscoped" {
  name = "gitlab-sub-unscoped"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/gitlab.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = { "gitlab.com:aud" = "https://gitlab.com" }
        StringLike   = { "gitlab.com:sub" = "project_path:*:ref_type:branch:ref:main" }
      }
    }]
  })
}

# Every pod of the cluster can assume the role.
resource "aws_iam_role" "irsa_sub_missing" {
  name = "irsa-sub-missing"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = { "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF:aud" = "sts.amazonaws.com" }
      }
    }]
  })
}

# Service accounts that are a pattern can assume the role.
resource "aws_iam_role" "irsa_sub_wildcard" {
  name = "irsa-sub-wildcard"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = { "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF:aud" = "sts.amazonaws.com" }
        StringLike   = { "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF:sub" = "system:serviceaccount:*:*" }
      }
    }]
  })
}

# Tokens for any audience of the identity provider can assume the role.
resource "aws_iam_role" "oidc_audience_missing" {
  name = "oidc-audience-missing"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringLike = { "oidc.example.com:sub" = "project:app:*" }
      }
    }]
  })
}

# Every token of an identity provider can assume the role.
resource "aws_iam_role" "oidc_private_no_subject" {
  name = "oidc-private-no-subject"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = { "oidc.example.com:aud" = "sts.amazonaws.com" }
      }
    }]
  })
}

# Identity provider is of another account, where it does not work.
resource "aws_iam_role" "oidc_provider_other_account" {
  name = "oidc-provider-other-account"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::444455556666:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "repo:acme/app:ref:refs/heads/main"
        }
      }
    }]
  })
}

# Condition asks for claims of another identity provider than the one trusted.
resource "aws_iam_role" "oidc_wrong_issuer_key" {
  name = "oidc-wrong-issuer-key"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = { "oidc.eks.eu-west-1.amazonaws.com/id/FEDCBA9876543210FEDCBA9876543210:sub" = "system:serviceaccount:app:app" }
      }
    }]
  })
}

# SAML assertions for any recipient can assume the role.
resource "aws_iam_role" "saml_audience_missing" {
  name = "saml-audience-missing"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:saml-provider/corp" }
      Action    = "sts:AssumeRoleWithSAML"
    }]
  })
}

# SAML recipient is not a sign-in endpoint of AWS.
resource "aws_iam_role" "saml_audience_unexpected" {
  name = "saml-audience-unexpected"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:saml-provider/corp" }
      Action    = "sts:AssumeRoleWithSAML"
      Condition = {
        StringEquals = { "SAML:aud" = "urn:amazon:webservices" }
      }
    }]
  })
}

# Users of any application of a sign-in provider can assume the role.
resource "aws_iam_role" "social_idp_app_missing" {
  name = "social-idp-app-missing"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "www.amazon.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
    }]
  })
}

# HCP Terraform organizations of others can assume the role.
resource "aws_iam_role" "tfc_sub_unscoped" {
  name = "tfc-sub-unscoped"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/app.terraform.io" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = { "app.terraform.io:aud" = "aws.workload.identity" }
        StringLike   = { "app.terraform.io:sub" = "organization:*:project:*:workspace:*:run_phase:*" }
      }
    }]
  })
}
