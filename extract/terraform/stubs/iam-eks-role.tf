variable "create_role" { default = true }
variable "role_name" { default = null }
variable "allow_self_assume_role" { default = false }
variable "role_name_prefix" { default = null }
variable "role_path" { default = "/" }
variable "cluster_service_accounts" { default = {} }
variable "provider_url_sa_pairs" { default = {} }
variable "assume_role_condition_test" { default = "StringEquals" }
data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}
data "aws_eks_cluster" "main" {
  for_each = var.cluster_service_accounts
  name     = each.key
}
locals {
  pairs = merge(
    { for name, accounts in var.cluster_service_accounts : replace(data.aws_eks_cluster.main[name].identity[0].oidc[0].issuer, "https://", "") => accounts },
    { for url, accounts in var.provider_url_sa_pairs : replace(url, "https://", "") => accounts },
  )
}
data "aws_iam_policy_document" "trust" {
  dynamic "statement" {
    for_each = var.allow_self_assume_role ? [1] : []
    content {
      sid     = "ExplicitSelfRoleAssumption"
      actions = ["sts:AssumeRole"]
      principals {
        type        = "AWS"
        identifiers = ["*"]
      }
      condition {
        test     = "ArnLike"
        variable = "aws:PrincipalArn"
        values   = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role${var.role_path}${var.role_name != null ? var.role_name : "${var.role_name_prefix}*"}"]
      }
    }
  }
  dynamic "statement" {
    for_each = local.pairs
    content {
      actions = ["sts:AssumeRoleWithWebIdentity"]
      principals {
        type        = "Federated"
        identifiers = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:oidc-provider/${statement.key}"]
      }
      condition {
        test     = var.assume_role_condition_test
        variable = "${statement.key}:sub"
        values   = [for account in statement.value : "system:serviceaccount:${account}"]
      }
    }
  }
}
resource "aws_iam_role" "this" {
  count              = var.create_role ? 1 : 0
  name               = var.role_name
  name_prefix        = var.role_name_prefix
  path               = var.role_path
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
output "iam_role_arn" { value = try(aws_iam_role.this[0].arn, "") }
output "iam_role_name" { value = try(aws_iam_role.this[0].name, "") }
