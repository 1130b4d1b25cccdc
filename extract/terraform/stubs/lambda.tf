variable "create" { default = true }
variable "create_function" { default = true }
variable "create_layer" { default = false }
variable "create_role" { default = true }
variable "function_name" { default = "" }
variable "role_name" { default = null }
variable "role_path" { default = null }
variable "lambda_at_edge" { default = false }
variable "trusted_entities" { default = [] }
variable "assume_role_policy_statements" { default = {} }
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type = "Service"
      identifiers = distinct(compact(concat(
        ["lambda.amazonaws.com"],
        var.lambda_at_edge ? ["edgelambda.amazonaws.com"] : [],
        [for entity in var.trusted_entities : try(tostring(entity), "")],
      )))
    }
    dynamic "principals" {
      for_each = [for entity in var.trusted_entities : entity if !can(tostring(entity))]
      content {
        type        = principals.value.type
        identifiers = principals.value.identifiers
      }
    }
  }
  dynamic "statement" {
    for_each = var.assume_role_policy_statements
    content {
      sid         = try(statement.value.sid, replace(statement.key, "/[^0-9A-Za-z]*/", ""))
      effect      = try(statement.value.effect, null)
      actions     = try(statement.value.actions, null)
      not_actions = try(statement.value.not_actions, null)
      dynamic "principals" {
        for_each = try(statement.value.principals, [])
        content {
          type        = principals.value.type
          identifiers = principals.value.identifiers
        }
      }
      dynamic "not_principals" {
        for_each = try(statement.value.not_principals, [])
        content {
          type        = not_principals.value.type
          identifiers = not_principals.value.identifiers
        }
      }
      dynamic "condition" {
        for_each = try(statement.value.condition, [])
        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}
resource "aws_iam_role" "lambda" {
  count              = var.create && var.create_function && !var.create_layer && var.create_role ? 1 : 0
  name               = coalesce(var.role_name, var.function_name, "*")
  path               = var.role_path
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
output "lambda_role_arn" { value = try(aws_iam_role.lambda[0].arn, "") }
output "lambda_role_name" { value = try(aws_iam_role.lambda[0].name, "") }
