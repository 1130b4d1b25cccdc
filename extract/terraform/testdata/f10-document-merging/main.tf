terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}

locals {
  raw = {
    single = jsonencode({ Statement = [{ Sid = "Raw", Effect = "Allow", Action = "sts:AssumeRole", Principal = "*" }] })
    bools = jsonencode({
      Version = "2008-10-17"
      Id      = "bools"
      Statement = [{
        Effect    = "Allow"
        Action    = ["sts:AssumeRole"]
        Principal = { AWS = ["111111111111", "222222222222"], Service = "ec2.amazonaws.com" }
        Condition = { Bool = { "aws:SecureTransport" = true }, StringEquals = { "sts:ExternalId" = ["b", "a"] } }
      }]
    })
    numbers = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { AWS = "111111111111" }
        Condition = { NumericLessThan = { "aws:MultiFactorAuthAge" = 3600, "other:key" = "1" } }
      }]
    })
    extra = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid          = "Extra"
        Effect       = "Deny"
        NotAction    = ["sts:TagSession", "sts:AssumeRole"]
        NotPrincipal = { AWS = ["arn:aws:iam::111111111111:role/a", "arn:aws:iam::111111111111:role/b"] }
        Unknown      = "dropped"
      }]
      Unknown = "dropped"
    })
    letters = jsonencode({
      version = "2012-10-17"
      STATEMENT = [
        { sid = "Lower", effect = "Allow", action = "sts:AssumeRole", principal = { AWS = "111111111111" }, condition = { Bool = { "aws:SecureTransport" = "true" } } },
        { Sid = "", Effect = null, Action = [], Principal = { AWS = [], Federated = "f" }, Resource = null, Condition = {} },
        { Sid = "Name", Effect = "Allow", Action = "sts:AssumeRole", Principal = "somebody" },
        { Effect = "Deny", NotAction = ["sts:AssumeRole"], Principal = { "*" = "*" }, Condition = { StringLike = { k = [] }, Null = { k = false } } },
      ]
    })
  }
}

data "aws_iam_policy_document" "letters" {
  override_policy_documents = [local.raw.letters]
}

resource "aws_iam_role" "letters" {
  assume_role_policy = data.aws_iam_policy_document.letters.json
}

data "aws_iam_policy_document" "single" {
  source_policy_documents = [local.raw.single]
}

data "aws_iam_policy_document" "bools" {
  source_policy_documents = [local.raw.bools, "", local.raw.extra]
}

data "aws_iam_policy_document" "numbers" {
  source_policy_documents = [local.raw.numbers]
}

data "aws_iam_policy_document" "first" {
  policy_id = "first"
  statement {
    sid     = "A"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["first.amazonaws.com"]
    }
  }
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["anonymous.amazonaws.com"]
    }
  }
  statement {
    sid     = "B"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["first-b.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "second" {
  version = "2008-10-17"
  statement {
    sid     = "B"
    actions = ["sts:AssumeRole", "sts:TagSession"]
    principals {
      type        = "Service"
      identifiers = ["second-b.amazonaws.com"]
    }
  }
  statement {
    sid     = "C"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["second-c.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "own_over_source" {
  source_policy_documents = [data.aws_iam_policy_document.first.json]
  statement {
    sid     = "B"
    effect  = "Deny"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
}

data "aws_iam_policy_document" "overridden" {
  source_policy_documents   = [data.aws_iam_policy_document.first.json]
  override_policy_documents = [data.aws_iam_policy_document.second.json, "", data.aws_iam_policy_document.single.minified_json]
  statement {
    sid     = "C"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["own-c.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "twice" {
  override_policy_documents = [
    data.aws_iam_policy_document.first.json,
    data.aws_iam_policy_document.second.json,
    data.aws_iam_policy_document.first.json,
  ]
}

data "aws_iam_policy_document" "old" {
  version                   = "2008-10-17"
  policy_id                 = ""
  override_policy_documents = [for d in [data.aws_iam_policy_document.second] : d.json]
}

data "aws_iam_policy_document" "empty" {}

data "aws_iam_policy_document" "of_empty" {
  source_policy_documents   = [data.aws_iam_policy_document.empty.json, "", data.aws_iam_policy_document.second.json]
  override_policy_documents = []
}

data "aws_iam_policy_document" "each" {
  for_each                = { x = "one", y = "two" }
  source_policy_documents = each.key == "x" ? [data.aws_iam_policy_document.first.json] : null
  statement {
    sid     = title(each.value)
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [each.value]
    }
  }
}

data "aws_iam_policy_document" "all" {
  source_policy_documents = values(data.aws_iam_policy_document.each)[*].json
}

resource "aws_iam_role" "single" {
  assume_role_policy = data.aws_iam_policy_document.single.json
}

resource "aws_iam_role" "bools" {
  assume_role_policy = data.aws_iam_policy_document.bools.json
}

resource "aws_iam_role" "numbers" {
  assume_role_policy = data.aws_iam_policy_document.numbers.json
}

resource "aws_iam_role" "own_over_source" {
  assume_role_policy = data.aws_iam_policy_document.own_over_source.minified_json
}

resource "aws_iam_role" "overridden" {
  assume_role_policy = data.aws_iam_policy_document.overridden.json
}

resource "aws_iam_role" "twice" {
  assume_role_policy = data.aws_iam_policy_document.twice.json
}

resource "aws_iam_role" "old" {
  assume_role_policy = data.aws_iam_policy_document.old.json
}

resource "aws_iam_role" "of_empty" {
  assume_role_policy = data.aws_iam_policy_document.of_empty.json
}

resource "aws_iam_role" "all" {
  assume_role_policy = data.aws_iam_policy_document.all.json
}

resource "aws_iam_role" "decoded" {
  assume_role_policy = jsonencode(merge(
    jsondecode(data.aws_iam_policy_document.first.json),
    { Statement = [for s in jsondecode(data.aws_iam_policy_document.first.json).Statement : merge(s, { Effect = "Deny" }) if can(s.Sid)] },
  ))
}

resource "aws_iam_role" "replaced" {
  assume_role_policy = replace(replace(data.aws_iam_policy_document.second.json, "second", "third"), "/-[bc]/", "")
}
