terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}

variable "statements" {
  type = any
  default = [
    {
      sid        = "Plain"
      principals = { AWS = ["b", "a", "c"], Service = ["ec2.amazonaws.com"] }
    },
    {
      effect     = "Deny"
      actions    = ["sts:TagSession", "sts:AssumeRole", "sts:TagSession"]
      principals = { "*" = ["*"] }
      conditions = [
        { test = "StringEquals", variable = "aws:PrincipalTag/team", values = ["x", "a", "x"] },
        { test = "StringEquals", variable = "aws:PrincipalTag/team", values = ["m"] },
        { test = "Bool", variable = "aws:MultiFactorAuthPresent", values = [true] },
        { test = "StringEquals", variable = "aws:PrincipalOrgID", values = ["o-1"] },
      ]
    },
  ]
}

data "aws_iam_policy_document" "dynamic" {
  dynamic "statement" {
    for_each = { for i, s in var.statements : format("k%d", 9 - i) => s }
    iterator = st
    content {
      sid     = try(st.value.sid, replace(st.key, "k", "Key"))
      effect  = lookup(st.value, "effect", null)
      actions = try(st.value.actions, ["sts:AssumeRole"])

      dynamic "principals" {
        for_each = st.value.principals
        content {
          type        = principals.key
          identifiers = [for p in principals.value : principals.key == "AWS" ? "arn:aws:iam::111111111111:role/${p}" : p]
        }
      }

      dynamic "condition" {
        for_each = lookup(st.value, "conditions", [])
        iterator = c
        content {
          test     = c.value.test
          variable = c.value.variable
          values   = c.value.values
        }
      }
    }
  }
}

data "aws_iam_policy_document" "types" {
  statement {
    sid     = null
    effect  = null
    actions = toset(["sts:TagSession", "sts:AssumeRole"])
    principals {
      type        = "AWS"
      identifiers = [111111111111, "222222222222"]
    }
    principals {
      type        = "Service"
      identifiers = ["b.amazonaws.com"]
    }
    principals {
      type        = "AWS"
      identifiers = ["333333333333", "222222222222"]
    }
    condition {
      test     = "NumericLessThan"
      variable = "aws:MultiFactorAuthAge"
      values   = [3600, "1.50", 1.50]
    }
    condition {
      test     = "StringLike"
      variable = "aws:PrincipalArn"
      values   = ["z&{aws:username}", "a$${aws:userid}", "$${*}"]
    }
  }
}

data "aws_iam_policy_document" "anyone" {
  statement {
    actions = ["*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
  statement {
    actions = ["sts:AssumeRole"]
    not_principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
  statement {
    not_actions = ["sts:AssumeRole"]
    principals {
      type        = "*"
      identifiers = ["*", "other"]
    }
    principals {
      type        = "CanonicalUser"
      identifiers = ["abc"]
    }
  }
}

data "aws_iam_policy_document" "none" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = []
    }
    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = []
    }
  }
  statement {
    actions = []
    principals {
      type        = "Service"
      identifiers = compact(["", "ec2.amazonaws.com", null])
    }
    principals {
      type        = "AWS"
      identifiers = []
    }
  }
  statement {
    effect = "Deny"
  }
}

data "aws_iam_policy_document" "values" {
  statement {
    actions   = ["sts:AssumeRole"]
    resources = ["b", "a", "&{aws:username}"]
    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"]
    }
    condition {
      test     = "StringLike"
      variable = "token.actions.githubusercontent.com:sub"
      values   = [for r in ["z", "a", "m"] : "repo:org/${r}:*"]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = toset(["sts.amazonaws.com", "a"])
    }
    condition {
      test     = "ForAllValues:StringEquals"
      variable = join(":", ["aws", "TagKeys"])
      values   = split(",", "x,y")
    }
  }
}

resource "aws_iam_role" "dynamic" {
  assume_role_policy = data.aws_iam_policy_document.dynamic.json
}

resource "aws_iam_role" "types" {
  assume_role_policy = data.aws_iam_policy_document.types.json
}

resource "aws_iam_role" "anyone" {
  assume_role_policy = data.aws_iam_policy_document.anyone.json
}

resource "aws_iam_role" "none" {
  assume_role_policy = data.aws_iam_policy_document.none.json
}

resource "aws_iam_role" "values" {
  assume_role_policy = data.aws_iam_policy_document.values.json
}

# Blocks of a statement are a set: equal ones are one.
data "aws_iam_policy_document" "set" {
  statement {
    actions = ["sts:AssumeRole"]
    dynamic "principals" {
      for_each = ["ec2", "eks", "lambda", "ecs-tasks", "eks"]
      content {
        type        = "Service"
        identifiers = ["${principals.value}.amazonaws.com"]
      }
    }
    principals {
      type        = "AWS"
      identifiers = ["b", "a"]
    }
    dynamic "condition" {
      for_each = ["one", "two", "one", "three"]
      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value, "always"]
      }
    }
  }
}

resource "aws_iam_role" "set" {
  assume_role_policy = data.aws_iam_policy_document.set.json
}
