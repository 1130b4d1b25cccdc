variable "create" { default = true }
variable "name" { default = null }
variable "use_name_prefix" { default = true }
variable "path" { default = null }
variable "source_trust_policy_documents" { default = [] }
variable "override_trust_policy_documents" { default = [] }
variable "trust_policy_permissions" { default = {} }
variable "trust_policy_conditions" { default = [] }
variable "enable_oidc" { default = false }
variable "oidc_account_id" { default = null }
variable "oidc_provider_urls" { default = [] }
variable "oidc_subjects" { default = [] }
variable "oidc_wildcard_subjects" { default = [] }
variable "oidc_audiences" { default = [] }
variable "enable_github_oidc" { default = false }
variable "github_provider" { default = "token.actions.githubusercontent.com" }
variable "enable_bitbucket_oidc" { default = false }
variable "enable_saml" { default = false }
variable "saml_provider_ids" { default = [] }
variable "saml_endpoints" { default = ["https://signin.aws.amazon.com/saml"] }
variable "saml_trust_actions" { default = [] }
data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}
locals {
  arn       = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:oidc-provider/"
  other_arn = "arn:${data.aws_partition.current.partition}:iam::${var.oidc_account_id != null ? var.oidc_account_id : data.aws_caller_identity.current.account_id}:oidc-provider/"
  urls      = [for url in var.oidc_provider_urls : replace(url, "https://", "")]
  oidc = concat(
    var.enable_oidc ? [for url in local.urls : { url = url, arn = local.other_arn, kind = "oidc" }] : [],
    var.enable_github_oidc ? [{ url = var.github_provider, arn = local.arn, kind = "github" }] : [],
    var.enable_bitbucket_oidc ? [{ url = try(local.urls[0], null), arn = local.arn, kind = "bitbucket" }] : [],
  )
}
data "aws_iam_policy_document" "trust" {
  source_policy_documents   = var.source_trust_policy_documents
  override_policy_documents = var.override_trust_policy_documents
  dynamic "statement" {
    for_each = local.oidc
    content {
      sid     = statement.value.kind == "github" ? "GithubOidcAuth" : statement.value.kind == "bitbucket" ? "BitbucketOidcAuth" : null
      actions = ["sts:TagSession", "sts:AssumeRoleWithWebIdentity"]
      principals {
        type        = "Federated"
        identifiers = ["${statement.value.arn}${statement.value.url}"]
      }
      dynamic "condition" {
        for_each = statement.value.kind == "github" ? [1] : []
        content {
          test     = "ForAllValues:StringEquals"
          variable = "${statement.value.url}:iss"
          values   = ["https://${statement.value.url}"]
        }
      }
      dynamic "condition" {
        for_each = statement.value.kind != "oidc" ? [1] : []
        content {
          test     = "ForAllValues:StringEquals"
          variable = "${statement.value.url}:aud"
          values   = coalescelist(var.oidc_audiences, ["sts.amazonaws.com"])
        }
      }
      dynamic "condition" {
        for_each = statement.value.kind == "oidc" && length(var.oidc_audiences) > 0 ? [1] : []
        content {
          test     = "StringEquals"
          variable = "${statement.value.url}:aud"
          values   = var.oidc_audiences
        }
      }
      dynamic "condition" {
        for_each = length(var.oidc_subjects) > 0 ? [1] : []
        content {
          test     = "StringEquals"
          variable = "${statement.value.url}:sub"
          values   = statement.value.kind == "github" ? [for s in var.oidc_subjects : "repo:${trimprefix(s, "repo:")}"] : var.oidc_subjects
        }
      }
      dynamic "condition" {
        for_each = length(var.oidc_wildcard_subjects) > 0 ? [1] : []
        content {
          test     = "StringLike"
          variable = "${statement.value.url}:sub"
          values   = statement.value.kind == "github" ? [for s in var.oidc_wildcard_subjects : "repo:${trimprefix(s, "repo:")}"] : var.oidc_wildcard_subjects
        }
      }
      dynamic "condition" {
        for_each = var.trust_policy_conditions
        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
  dynamic "statement" {
    for_each = var.enable_saml ? [1] : []
    content {
      actions = compact(distinct(concat(["sts:TagSession", "sts:AssumeRoleWithSAML"], var.saml_trust_actions)))
      principals {
        type        = "Federated"
        identifiers = var.saml_provider_ids
      }
      condition {
        test     = "StringEquals"
        variable = "SAML:aud"
        values   = var.saml_endpoints
      }
      dynamic "condition" {
        for_each = var.trust_policy_conditions
        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
  dynamic "statement" {
    for_each = var.trust_policy_permissions != null ? var.trust_policy_permissions : {}
    content {
      sid         = try(statement.value.sid, null) != null ? statement.value.sid : statement.key
      effect      = try(statement.value.effect, null)
      actions     = try(statement.value.actions, null)
      not_actions = try(statement.value.not_actions, null)
      dynamic "principals" {
        for_each = try(statement.value.principals, null) != null ? statement.value.principals : []
        content {
          type        = principals.value.type
          identifiers = principals.value.identifiers
        }
      }
      dynamic "not_principals" {
        for_each = try(statement.value.not_principals, null) != null ? statement.value.not_principals : []
        content {
          type        = not_principals.value.type
          identifiers = not_principals.value.identifiers
        }
      }
      dynamic "condition" {
        for_each = try(statement.value.condition, null) != null ? statement.value.condition : []
        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}
resource "aws_iam_role" "this" {
  count              = var.create ? 1 : 0
  name               = var.use_name_prefix ? null : var.name
  name_prefix        = var.use_name_prefix ? "${var.name}-" : null
  path               = var.path
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
output "arn" { value = try(aws_iam_role.this[0].arn, null) }
output "name" { value = try(aws_iam_role.this[0].name, null) }
