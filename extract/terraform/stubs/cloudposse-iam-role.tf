variable "enabled" { default = null }
variable "context" { default = {} }
variable "path" { default = "/" }
variable "principals" { default = {} }
variable "assume_role_actions" { default = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"] }
variable "assume_role_conditions" { default = [] }
variable "assume_role_policy" { default = null }
data "aws_iam_policy_document" "each" {
  for_each = var.principals
  statement {
    actions = var.assume_role_actions
    principals {
      type        = each.key
      identifiers = each.value
    }
    dynamic "condition" {
      for_each = var.assume_role_conditions
      content {
        test     = condition.value.test
        variable = condition.value.variable
        values   = condition.value.values
      }
    }
  }
}
data "aws_iam_policy_document" "all" {
  override_policy_documents = var.assume_role_policy != null ? [var.assume_role_policy] : [for d in data.aws_iam_policy_document.each : d.json]
}
resource "aws_iam_role" "default" {
  count              = coalesce(var.enabled, try(var.context.enabled, null), true) ? 1 : 0
  path               = var.path
  assume_role_policy = data.aws_iam_policy_document.all.json
}
output "arn" { value = try(aws_iam_role.default[0].arn, "") }
output "name" { value = try(aws_iam_role.default[0].name, "") }
