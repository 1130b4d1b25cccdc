locals {
  replaced = "first"
}

data "aws_iam_policy_document" "this" {
  statement {
    sid     = "Override"
    actions = ["sts:TagSession"]
    principals {
      type        = "Service"
      identifiers = [for s in var.services : "${s}.override"]
    }
  }
}

data "aws_iam_policy_document" "attributes" {
  policy_id = "override"
}

resource "aws_iam_role" "this" {
  for_each = toset(["c"])
}
