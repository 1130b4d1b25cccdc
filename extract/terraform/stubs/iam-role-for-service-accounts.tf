variable "create" { default = true }
variable "create_role" { default = true }
variable "name" { default = null }
variable "role_name" { default = null }
variable "path" { default = "/" }
variable "allow_self_assume_role" { default = false }
variable "role_name_prefix" { default = null }
variable "role_path" { default = "/" }
variable "oidc_providers" { default = {} }
variable "trust_condition_test" { default = "StringEquals" }
variable "assume_role_condition_test" { default = "StringEquals" }
data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}
locals {
  test = var.assume_role_condition_test != "StringEquals" ? var.assume_role_condition_test : var.trust_condition_test
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
    for_each = var.oidc_providers
    content {
      actions = ["sts:AssumeRoleWithWebIdentity"]
      principals {
        type        = "Federated"
        identifiers = [statement.value.provider_arn]
      }
      condition {
        test     = local.test
        variable = "${replace(statement.value.provider_arn, "/^(.*provider/)/", "")}:sub"
        values   = [for account in statement.value.namespace_service_accounts : "system:serviceaccount:${account}"]
      }
      condition {
        test     = local.test
        variable = "${replace(statement.value.provider_arn, "/^(.*provider/)/", "")}:aud"
        values   = ["sts.amazonaws.com"]
      }
    }
  }
}
resource "aws_iam_role" "this" {
  count              = var.create && var.create_role ? 1 : 0
  name               = var.role_name != null ? var.role_name : var.name
  path               = var.role_path != "/" ? var.role_path : var.path
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
output "arn" { value = try(aws_iam_role.this[0].arn, "") }
output "name" { value = try(aws_iam_role.this[0].name, "") }
output "iam_role_arn" { value = try(aws_iam_role.this[0].arn, "") }
output "iam_role_name" { value = try(aws_iam_role.this[0].name, "") }
