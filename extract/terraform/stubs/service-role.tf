variable "create" { default = true }
variable "create_role" { default = true }
variable "trusted_entities" { default = [] }
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = distinct(concat(["SERVICE.amazonaws.com"], [for entity in var.trusted_entities : entity if !can(entity.type)]))
    }
    dynamic "principals" {
      for_each = [for entity in var.trusted_entities : entity if can(entity.type)]
      content {
        type        = principals.value.type
        identifiers = principals.value.identifiers
      }
    }
  }
}
resource "aws_iam_role" "this" {
  count              = var.create && var.create_role ? 1 : 0
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
