variable "create" { default = true }
variable "cluster_name" { default = "" }
variable "create_iam_role" { default = true }
variable "iam_role_name" { default = "KarpenterController" }
variable "iam_role_use_name_prefix" { default = true }
variable "iam_role_path" { default = "/" }
variable "iam_role_source_assume_policy_documents" { default = [] }
variable "iam_role_override_assume_policy_documents" { default = [] }
variable "enable_pod_identity" { default = true }
variable "enable_irsa" { default = false }
variable "irsa_oidc_provider_arn" { default = "" }
variable "irsa_namespace_service_accounts" { default = ["karpenter:karpenter"] }
variable "irsa_assume_role_condition_test" { default = "StringEquals" }
variable "create_node_iam_role" { default = true }
variable "node_iam_role_name" { default = null }
variable "node_iam_role_use_name_prefix" { default = true }
variable "node_iam_role_path" { default = "/" }
locals {
  # Before version 20 the roles are other ones.
  create = var.create && local.newest_version >= 20000
  url    = replace(var.irsa_oidc_provider_arn, "/^(.*provider/)/", "")
  node   = coalesce(var.node_iam_role_name, "Karpenter-${var.cluster_name}")
}
data "aws_iam_policy_document" "controller" {
  source_policy_documents   = var.iam_role_source_assume_policy_documents
  override_policy_documents = var.iam_role_override_assume_policy_documents
  dynamic "statement" {
    for_each = var.enable_pod_identity || local.newest_version >= 21000 ? [1] : []
    content {
      sid     = local.newest_version >= 21000 ? "PodIdentity" : null
      actions = ["sts:AssumeRole", "sts:TagSession"]
      principals {
        type        = "Service"
        identifiers = ["pods.eks.amazonaws.com"]
      }
    }
  }
  dynamic "statement" {
    for_each = var.enable_irsa && local.newest_version < 21000 ? [1] : []
    content {
      actions = ["sts:AssumeRoleWithWebIdentity"]
      principals {
        type        = "Federated"
        identifiers = [var.irsa_oidc_provider_arn]
      }
      condition {
        test     = var.irsa_assume_role_condition_test
        variable = "${local.url}:sub"
        values   = [for account in var.irsa_namespace_service_accounts : "system:serviceaccount:${account}"]
      }
      condition {
        test     = var.irsa_assume_role_condition_test
        variable = "${local.url}:aud"
        values   = ["sts.amazonaws.com"]
      }
    }
  }
}
resource "aws_iam_role" "controller" {
  count              = local.create && var.create_iam_role ? 1 : 0
  name               = var.iam_role_use_name_prefix ? null : var.iam_role_name
  name_prefix        = var.iam_role_use_name_prefix ? "${var.iam_role_name}-" : null
  path               = var.iam_role_path
  assume_role_policy = data.aws_iam_policy_document.controller.json
}
data "aws_iam_policy_document" "node" {
  statement {
    sid     = "EKSNodeAssumeRole"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}
resource "aws_iam_role" "node" {
  count              = local.create && var.create_node_iam_role ? 1 : 0
  name               = var.node_iam_role_use_name_prefix ? null : local.node
  name_prefix        = var.node_iam_role_use_name_prefix ? "${local.node}-" : null
  path               = var.node_iam_role_path
  assume_role_policy = data.aws_iam_policy_document.node.json
}
output "iam_role_arn" { value = try(aws_iam_role.controller[0].arn, null) }
output "iam_role_name" { value = try(aws_iam_role.controller[0].name, null) }
output "node_iam_role_arn" { value = try(aws_iam_role.node[0].arn, null) }
output "node_iam_role_name" { value = try(aws_iam_role.node[0].name, null) }
