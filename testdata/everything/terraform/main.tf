terraform {
  required_version = ">= 1.5"
}

variable "partner_account" {
  description = "The account of the partner that deploys for us."
  type        = string
}

variable "break_glass_callers" {
  description = "Who may take over in an emergency."
  type        = list(string)
  default     = ["*"]
}

locals {
  lambda = "lambda.amazonaws.com"
}

data "aws_caller_identity" "current" {}

# Everybody with an AWS account: the wildcard stands in the variable's default.
resource "aws_iam_role" "break_glass" {
  name = "break-glass"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = var.break_glass_callers }
    }]
  })
}

# A wildcard that is a literal asterisk: the operator takes none, so nobody gets in.
resource "aws_iam_role" "partner" {
  name               = "partner"
  assume_role_policy = data.aws_iam_policy_document.partner.json
}

data "aws_iam_policy_document" "partner" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.partner_account}:role/deploy"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalTag/team"
      values   = ["platform-*"]
    }
  }
}

# As it should be.
module "thumbnails" {
  source  = "./modules/service-role"
  name    = "thumbnails"
  service = local.lambda
}

# A typing error in the module's input.
module "reports" {
  source  = "./modules/service-role"
  name    = "reports"
  service = "lamda.amazonaws.com"
}

# What comes from another state is not known.
data "terraform_remote_state" "platform" {
  backend = "local"
  config  = { path = "platform.tfstate" }
}

resource "aws_iam_role" "from_platform" {
  name               = "from-platform"
  assume_role_policy = data.terraform_remote_state.platform.outputs.trust_policy
}
