variable "enabled" { default = null }
variable "context" { default = {} }
variable "aws_account_number" { default = null }
variable "aws_partition" { default = "aws" }
variable "eks_cluster_oidc_issuer_url" {}
variable "service_account_name" { default = null }
variable "service_account_namespace" { default = null }
variable "service_account_namespace_name_list" { default = [] }
data "aws_caller_identity" "current" {}
locals {
  issuer  = replace(var.eks_cluster_oidc_issuer_url, "https://", "")
  account = var.aws_account_number != null ? var.aws_account_number : data.aws_caller_identity.current.account_id
  one     = var.service_account_name == null && var.service_account_namespace == null && length(var.service_account_namespace_name_list) > 0 ? [] : ["${coalesce(var.service_account_namespace, "*")}:${coalesce(var.service_account_name, "*")}"]
}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = ["arn:${var.aws_partition}:iam::${local.account}:oidc-provider/${local.issuer}"]
    }
    condition {
      test     = "StringLike"
      variable = "${local.issuer}:sub"
      values   = formatlist("system:serviceaccount:%s", concat(local.one, var.service_account_namespace_name_list))
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}
resource "aws_iam_role" "service_account" {
  count              = coalesce(var.enabled, try(var.context.enabled, null), true) ? 1 : 0
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
output "service_account_role_arn" { value = try(aws_iam_role.service_account[0].arn, "") }
output "service_account_role_name" { value = try(aws_iam_role.service_account[0].name, "") }
