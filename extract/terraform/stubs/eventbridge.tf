variable "create" { default = true }
variable "create_role" { default = true }
variable "create_schedules" { default = true }
variable "bus_name" { default = "default" }
variable "role_name" { default = null }
variable "role_path" { default = null }
variable "schedules" { default = {} }
variable "trusted_entities" { default = [] }
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type = "Service"
      identifiers = distinct(concat(
        ["events.amazonaws.com"],
        var.trusted_entities,
        length(keys(var.schedules)) > 0 && var.create_schedules ? ["scheduler.amazonaws.com"] : [],
      ))
    }
  }
}
resource "aws_iam_role" "eventbridge" {
  count              = var.create && var.create_role ? 1 : 0
  name               = coalesce(var.role_name, var.bus_name, "*")
  path               = var.role_path
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
output "eventbridge_role_arn" { value = try(aws_iam_role.eventbridge[0].arn, "") }
output "eventbridge_role_name" { value = try(aws_iam_role.eventbridge[0].name, "") }
