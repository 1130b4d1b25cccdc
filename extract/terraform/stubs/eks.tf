variable "create" { default = true }
variable "cluster_name" { default = "" }
variable "name" { default = "" }
variable "create_iam_role" { default = true }
variable "iam_role_name" { default = null }
variable "iam_role_use_name_prefix" { default = true }
variable "iam_role_path" { default = null }
variable "outpost_config" { default = null }
variable "cluster_compute_config" { default = {} }
variable "compute_config" { default = {} }
variable "create_auto_mode_iam_resources" { default = false }
variable "create_node_iam_role" { default = true }
variable "node_iam_role_name" { default = null }
variable "node_iam_role_use_name_prefix" { default = true }
variable "node_iam_role_path" { default = null }
variable "eks_managed_node_groups" { default = {} }
variable "eks_managed_node_group_defaults" { default = {} }
variable "self_managed_node_groups" { default = {} }
variable "self_managed_node_group_defaults" { default = {} }
variable "fargate_profiles" { default = {} }
variable "fargate_profile_defaults" { default = {} }
locals {
  # Before version 18 the roles are other ones.
  create  = var.create && local.newest_version >= 18000
  name    = var.name != "" ? var.name : var.cluster_name
  outpost = var.outpost_config != null && var.outpost_config != {}
  auto    = local.newest_version >= 20031 && (try(var.compute_config.enabled, false) == true || try(var.cluster_compute_config.enabled, false) == true || var.create_auto_mode_iam_resources)
}
data "aws_iam_policy_document" "cluster" {
  statement {
    sid     = "EKSClusterAssumeRole"
    actions = concat(["sts:AssumeRole"], local.newest_version >= 20031 ? ["sts:TagSession"] : [])
    principals {
      type        = "Service"
      identifiers = concat(["eks.amazonaws.com"], local.outpost ? ["ec2.amazonaws.com"] : [])
    }
  }
}
resource "aws_iam_role" "this" {
  count              = local.create && var.create_iam_role ? 1 : 0
  name               = var.iam_role_use_name_prefix ? null : coalesce(var.iam_role_name, "${local.name}-cluster")
  name_prefix        = var.iam_role_use_name_prefix ? "${coalesce(var.iam_role_name, "${local.name}-cluster")}-" : null
  path               = var.iam_role_path
  assume_role_policy = data.aws_iam_policy_document.cluster.json
}
data "aws_iam_policy_document" "auto" {
  statement {
    sid     = "EKSAutoNodeAssumeRole"
    actions = ["sts:AssumeRole", "sts:TagSession"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}
resource "aws_iam_role" "eks_auto" {
  count              = local.create && local.auto && var.create_node_iam_role ? 1 : 0
  name               = var.node_iam_role_use_name_prefix ? null : coalesce(var.node_iam_role_name, "${local.name}-eks-auto")
  name_prefix        = var.node_iam_role_use_name_prefix ? "${coalesce(var.node_iam_role_name, "${local.name}-eks-auto")}-" : null
  path               = var.node_iam_role_path
  assume_role_policy = data.aws_iam_policy_document.auto.json
}
module "eks_managed_node_group" {
  source                   = "terraform-aws-modules/eks/aws//modules/eks-managed-node-group"
  for_each                 = local.create && !local.outpost && var.eks_managed_node_groups != null ? var.eks_managed_node_groups : {}
  create                   = try(each.value.create, true) != false
  create_iam_role          = try(each.value.create_iam_role, var.eks_managed_node_group_defaults.create_iam_role, true) != false
  name                     = try(each.value.name, each.key)
  iam_role_name            = try(each.value.iam_role_name, var.eks_managed_node_group_defaults.iam_role_name, null)
  iam_role_use_name_prefix = try(each.value.iam_role_use_name_prefix, var.eks_managed_node_group_defaults.iam_role_use_name_prefix, true)
  iam_role_path            = try(each.value.iam_role_path, var.eks_managed_node_group_defaults.iam_role_path, null)
}
module "self_managed_node_group" {
  source                      = "terraform-aws-modules/eks/aws//modules/self-managed-node-group"
  for_each                    = local.create && var.self_managed_node_groups != null ? var.self_managed_node_groups : {}
  create                      = try(each.value.create, true) != false
  create_iam_instance_profile = try(each.value.create_iam_instance_profile, var.self_managed_node_group_defaults.create_iam_instance_profile, true) != false
  name                        = try(each.value.name, each.key)
  iam_role_name               = try(each.value.iam_role_name, var.self_managed_node_group_defaults.iam_role_name, null)
  iam_role_use_name_prefix    = try(each.value.iam_role_use_name_prefix, var.self_managed_node_group_defaults.iam_role_use_name_prefix, true)
  iam_role_path               = try(each.value.iam_role_path, var.self_managed_node_group_defaults.iam_role_path, null)
}
module "fargate_profile" {
  source                   = "terraform-aws-modules/eks/aws//modules/fargate-profile"
  for_each                 = local.create && !local.outpost && var.fargate_profiles != null ? var.fargate_profiles : {}
  create                   = try(each.value.create, true) != false
  create_iam_role          = try(each.value.create_iam_role, var.fargate_profile_defaults.create_iam_role, true) != false
  cluster_name             = local.name
  name                     = try(each.value.name, each.key)
  iam_role_name            = try(each.value.iam_role_name, var.fargate_profile_defaults.iam_role_name, null)
  iam_role_use_name_prefix = try(each.value.iam_role_use_name_prefix, var.fargate_profile_defaults.iam_role_use_name_prefix, true)
  iam_role_path            = try(each.value.iam_role_path, var.fargate_profile_defaults.iam_role_path, null)
}
resource "aws_eks_cluster" "this" {}
resource "aws_iam_openid_connect_provider" "this" {
  url = aws_eks_cluster.this.identity[0].oidc[0].issuer
}
output "oidc_provider_arn" { value = aws_iam_openid_connect_provider.this.arn }
output "oidc_provider" { value = aws_iam_openid_connect_provider.this.url }
output "cluster_oidc_issuer_url" { value = aws_eks_cluster.this.identity[0].oidc[0].issuer }
output "cluster_iam_role_arn" { value = try(aws_iam_role.this[0].arn, null) }
output "cluster_iam_role_name" { value = try(aws_iam_role.this[0].name, null) }
output "eks_managed_node_groups" { value = module.eks_managed_node_group }
output "self_managed_node_groups" { value = module.self_managed_node_group }
output "fargate_profiles" { value = module.fargate_profile }
