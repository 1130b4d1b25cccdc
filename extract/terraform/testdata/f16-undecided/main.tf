terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}

variable "principals" {
  type = map(list(string))
}

variable "actions" {
  type = list(string)
}

variable "conditions" {
  type = list(object({
    test     = string
    variable = string
    values   = list(string)
  }))
}

variable "external_id" {
  type = string
}

variable "name" {
  type = string
}

variable "subjects" {
  type = set(string)
}

variable "documents" {
  type = list(string)
}

variable "public" {
  type = bool
}

variable "mode" {
  type = string
}

variable "limits" {
  type = object({
    age  = number
    tags = optional(map(string), {})
    list = optional(list(string))
  })
}

variable "free" {}

locals {
  named      = { for k, ids in var.principals : lower(k) => [for id in ids : trimspace(id)] if length(ids) > 0 }
  statements = concat(
    [{ Effect = "Allow", Action = var.actions, Principal = { AWS = "arn:aws:iam::111111111111:root" } }],
    var.public ? [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = "*" }] : [],
    [for s in var.subjects : { Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "${s}.amazonaws.com" } } if s != "skip"],
  )
  condition = var.external_id == null ? {} : { StringEquals = { "sts:ExternalId" = var.external_id } }
}

data "aws_iam_policy_document" "blocks" {
  source_policy_documents   = var.documents
  override_policy_documents = var.external_id != null ? [data.aws_iam_policy_document.over.json] : []

  dynamic "statement" {
    for_each = var.principals
    content {
      sid     = "For${statement.key}"
      actions = length(var.actions) > 0 ? var.actions : ["sts:AssumeRole"]
      effect  = var.public ? "Allow" : "Deny"
      principals {
        type        = statement.key
        identifiers = distinct(concat(statement.value, ["always"]))
      }
      dynamic "condition" {
        for_each = var.conditions
        content {
          test     = condition.value.test
          variable = condition.value["variable"]
          values   = formatlist("%s/${var.name}", condition.value.values)
        }
      }
      dynamic "condition" {
        for_each = var.external_id[*]
        content {
          test     = "StringEquals"
          variable = "sts:ExternalId"
          values   = [condition.value]
        }
      }
    }
  }
  statement {
    sid     = "Fixed"
    actions = ["sts:AssumeRole"]
    dynamic "principals" {
      for_each = local.named
      iterator = each_principal
      content {
        type        = upper(each_principal.key)
        identifiers = each_principal.value
      }
    }
  }
}

data "aws_iam_policy_document" "over" {
  statement {
    sid     = "Fixed"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::222222222222:role/${var.name}"]
    }
  }
}

resource "aws_iam_role" "blocks" {
  assume_role_policy = data.aws_iam_policy_document.blocks.json
}

resource "aws_iam_role" "encoded" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for s in local.statements : merge(s, length(local.condition) > 0 ? { Condition = local.condition } : {})]
  })
}

resource "aws_iam_role" "object" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [merge(
      {
        Sid       = join("-", concat(["Sid", var.name], sort(var.subjects)))
        Effect    = title(lower(var.mode))
        Principal = merge({ AWS = "arn:aws:iam::${var.free}:root" }, var.principals)
        Action    = coalescelist(var.limits.list == null ? [] : var.limits.list, var.actions)
        Condition = {
          NumericLessThan = { "aws:MultiFactorAuthAge" = var.limits.age }
          StringEquals    = { for k, v in var.limits.tags : "aws:PrincipalTag/${k}" => split(",", v) }
        }
      },
      var.public ? { Resource = "*" } : null,
    )]
  })
}

resource "aws_iam_role" "each" {
  for_each = { for s in setunion(var.subjects, ["extra"]) : s => replace(s, "-", "_") }
  assume_role_policy = jsonencode({ Statement = [{
    Sid       = each.value
    Effect    = "Allow"
    Action    = contains(var.actions, "sts:TagSession") ? ["sts:AssumeRole", "sts:TagSession"] : ["sts:AssumeRole"]
    Principal = { Service = element(split("/", "${each.key}/x"), 0) }
  }] })
}

resource "aws_iam_role" "chosen" {
  count = var.mode == "none" ? 0 : length(var.actions)
  assume_role_policy = {
    allow = jsonencode({ Statement = [{ Effect = "Allow", Principal = "*", Action = var.actions[count.index] }] })
    deny  = jsonencode({ Statement = [{ Effect = "Deny", Principal = "*", Action = element(var.actions, count.index) }] })
  }[var.mode]
}

resource "aws_iam_role" "text" {
  assume_role_policy = <<-EOT
    {
      "Statement": [
        %{ for a in var.actions ~}
        {"Effect": "Allow", "Principal": {"AWS": "${var.free}"}, "Action": "${a}"},
        %{ endfor ~}
        {"Effect": "Deny", "Principal": %{ if var.public }"*"%{ else }{"AWS": ${jsonencode(var.subjects)}}%{ endif }, "Action": "sts:*"}
      ]
    }
  EOT
}

resource "aws_iam_role" "regex" {
  assume_role_policy = jsonencode({ Statement = [{
    Effect    = "Allow"
    Principal = { AWS = [for a in regexall("[0-9]{12}", var.free) : "arn:aws:iam::${a}:root"] }
    Action    = can(regex("^adm", var.name)) ? "*" : "sts:AssumeRole"
    Condition = { StringLike = { "${replace("https://oidc.example.com/${var.name}", "https://", "")}:sub" = [for s in var.subjects : "repo:${s}:*"] } }
  }] })
}
