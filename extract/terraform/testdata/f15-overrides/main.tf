terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}

variable "services" {
  type    = list(string)
  default = ["base"]
}

variable "from_file" {
  type = string
}

locals {
  kept     = "kept"
  replaced = "base"
}

data "aws_iam_policy_document" "this" {
  statement {
    sid     = "Base"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = [for s in var.services : "${s}.amazonaws.com"]
    }
  }
  statement {
    sid     = "Second"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["second.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "attributes" {
  policy_id = "base"
  statement {
    sid     = "Kept"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [var.from_file]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each           = toset(["a", "b"])
  assume_role_policy = data.aws_iam_policy_document.this.json
}

resource "aws_iam_role" "attributes" {
  assume_role_policy = data.aws_iam_policy_document.attributes.json
}

resource "aws_iam_role" "whole" {
  assume_role_policy = jsonencode({ Statement = [{ Sid = local.kept, Effect = local.replaced }] })
}

moved {
  from = aws_iam_role.old
  to   = aws_iam_role.whole
}
