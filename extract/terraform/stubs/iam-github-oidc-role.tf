variable "create" { default = true }
variable "name" { default = null }
variable "path" { default = "/" }
variable "subjects" { default = [] }
variable "subject_condition" { default = "StringLike" }
variable "audience" { default = "sts.amazonaws.com" }
variable "provider_url" { default = "token.actions.githubusercontent.com" }
variable "additional_trust_policy_conditions" { default = [] }
data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}
locals {
  provider = replace(var.provider_url, "https://", "")
}
data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "GithubOidcAuth"
    actions = ["sts:TagSession", "sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:oidc-provider/${local.provider}"]
    }
    condition {
      test     = "ForAllValues:StringEquals"
      variable = "${local.provider}:iss"
      values   = [local.newest_version >= 5039 ? "https://${local.provider}" : "http://token.actions.githubusercontent.com"]
    }
    condition {
      test     = "ForAllValues:StringEquals"
      variable = "${local.provider}:aud"
      values   = [var.audience]
    }
    condition {
      test     = var.subject_condition
      variable = "${local.provider}:sub"
      values   = [for s in var.subjects : "repo:${trimprefix(s, "repo:")}"]
    }
    dynamic "condition" {
      for_each = var.additional_trust_policy_conditions
      content {
        test     = condition.value.test
        variable = condition.value.variable
        values   = condition.value.values
      }
    }
  }
}
resource "aws_iam_role" "this" {
  count              = var.create ? 1 : 0
  name               = var.name
  path               = var.path
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
output "arn" { value = try(aws_iam_role.this[0].arn, null) }
output "name" { value = try(aws_iam_role.this[0].name, null) }
