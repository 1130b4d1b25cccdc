variable "create" { default = true }
variable "create_role" { default = true }
variable "use_existing_role" { default = false }
variable "name" { default = "" }
variable "role_name" { default = null }
variable "role_path" { default = null }
variable "role_arn" { default = "" }
variable "aws_region_assume_role" { default = "" }
variable "trusted_entities" { default = [] }
data "aws_region" "current" {}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = distinct(concat(["states.${var.aws_region_assume_role != "" ? var.aws_region_assume_role : data.aws_region.current.region}.amazonaws.com"], var.trusted_entities))
    }
  }
}
resource "aws_iam_role" "this" {
  count              = var.create && var.create_role && !var.use_existing_role ? 1 : 0
  name               = coalesce(var.role_name, var.name, "*")
  path               = var.role_path
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
output "role_arn" { value = try(aws_iam_role.this[0].arn, "") }
output "role_name" { value = try(aws_iam_role.this[0].name, "") }
