variable "create" { default = true }
variable "name" { default = null }
variable "network_mode" { default = "awsvpc" }
variable "load_balancer" { default = null }
variable "create_iam_role" { default = true }
variable "iam_role_name" { default = null }
variable "iam_role_use_name_prefix" { default = true }
variable "iam_role_path" { default = null }
variable "create_task_definition" { default = true }
variable "create_task_exec_iam_role" { default = true }
variable "task_exec_iam_role_name" { default = null }
variable "task_exec_iam_role_use_name_prefix" { default = true }
variable "task_exec_iam_role_path" { default = null }
variable "create_tasks_iam_role" { default = true }
variable "tasks_iam_role_name" { default = null }
variable "tasks_iam_role_use_name_prefix" { default = true }
variable "tasks_iam_role_path" { default = null }
data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}
locals {
  service_name   = coalesce(var.iam_role_name, var.name, "*")
  task_exec_name = coalesce(var.task_exec_iam_role_name, var.name, "*")
  tasks_name     = coalesce(var.tasks_iam_role_name, var.name, "*")
  account        = data.aws_caller_identity.current.account_id
}
data "aws_iam_policy_document" "service" {
  statement {
    sid     = "ECSServiceAssumeRole"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs.amazonaws.com"]
    }
  }
}
resource "aws_iam_role" "service" {
  count              = var.create && var.create_iam_role && var.network_mode != "awsvpc" && try(length(var.load_balancer), 0) > 0 ? 1 : 0
  name               = var.iam_role_use_name_prefix ? null : local.service_name
  name_prefix        = var.iam_role_use_name_prefix ? "${local.service_name}-" : null
  path               = var.iam_role_path
  assume_role_policy = data.aws_iam_policy_document.service.json
}
data "aws_iam_policy_document" "task_exec" {
  statement {
    sid     = "ECSTaskExecutionAssumeRole"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}
resource "aws_iam_role" "task_exec" {
  count              = var.create && var.create_task_definition && var.create_task_exec_iam_role ? 1 : 0
  name               = var.task_exec_iam_role_use_name_prefix ? null : local.task_exec_name
  name_prefix        = var.task_exec_iam_role_use_name_prefix ? "${local.task_exec_name}-" : null
  path               = var.task_exec_iam_role_path
  assume_role_policy = data.aws_iam_policy_document.task_exec.json
}
data "aws_iam_policy_document" "tasks" {
  statement {
    sid     = "ECSTasksAssumeRole"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${local.account}:*"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}
resource "aws_iam_role" "tasks" {
  count              = var.create && var.create_task_definition && var.create_tasks_iam_role ? 1 : 0
  name               = var.tasks_iam_role_use_name_prefix ? null : local.tasks_name
  name_prefix        = var.tasks_iam_role_use_name_prefix ? "${local.tasks_name}-" : null
  path               = var.tasks_iam_role_path
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}
output "iam_role_arn" { value = try(aws_iam_role.service[0].arn, null) }
output "iam_role_name" { value = try(aws_iam_role.service[0].name, null) }
output "task_exec_iam_role_arn" { value = try(aws_iam_role.task_exec[0].arn, null) }
output "task_exec_iam_role_name" { value = try(aws_iam_role.task_exec[0].name, null) }
output "tasks_iam_role_arn" { value = try(aws_iam_role.tasks[0].arn, null) }
output "tasks_iam_role_name" { value = try(aws_iam_role.tasks[0].name, null) }
