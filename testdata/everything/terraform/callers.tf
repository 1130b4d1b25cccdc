# External ID is one that no call can have, so nobody gets in.
resource "aws_iam_role" "external_id_invalid" {
  name = "external-id-invalid"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "464622532012" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "sts:ExternalId" = "our id!" }
      }
    }]
  })
}

# External ID is one that others guess.
resource "aws_iam_role" "external_id_weak" {
  name = "external-id-weak"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "464622532012" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "sts:ExternalId" = "acme" }
      }
    }]
  })
}

# Pattern for the external ID matches IDs that others have.
resource "aws_iam_role" "external_id_wildcard" {
  name = "external-id-wildcard"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "464622532012" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringLike = { "sts:ExternalId" = "*" }
      }
    }]
  })
}

# Any AWS principal can assume the role if it calls in the right way.
resource "aws_iam_role" "principal_any_aws_context_only" {
  name = "principal-any-aws-context-only"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
      Condition = {
        IpAddress = { "aws:SourceIp" = "198.51.100.0/24" }
      }
    }]
  })
}

# Every account of an organization can assume the role.
resource "aws_iam_role" "principal_any_aws_org_wide" {
  name = "principal-any-aws-org-wide"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:PrincipalOrgID" = "o-a1b2c3d4e5" }
      }
    }]
  })
}

# Session of a role is trusted by a name that its caller chooses.
resource "aws_iam_role" "principal_assumed_role_session" {
  name = "principal-assumed-role-session"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:sts::111122223333:assumed-role/deploy/ci" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# IAM user, who has long-term keys, can assume the role.
resource "aws_iam_role" "principal_iam_user" {
  name = "principal-iam-user"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:user/bob" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# Condition means something for some of the principals only.
resource "aws_iam_role" "principal_mixed_kinds" {
  name = "principal-mixed-kinds"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Principal = {
        AWS     = "arn:aws:iam::111122223333:role/app"
        Service = "events.amazonaws.com"
      }
      Action = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = "111122223333" }
      }
    }]
  })
}

# Account that is not listed as trusted can assume the role.
resource "aws_iam_role" "principal_unlisted_account" {
  name = "principal-unlisted-account"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "444433332222" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "sts:ExternalId" = "0f9c4b1e77aa2d3c" }
      }
    }]
  })
}

# Account of somebody else sets any session tags.
resource "aws_iam_role" "tag_session_unrestricted" {
  name = "tag-session-unrestricted"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "464622532012" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Condition = {
        StringEquals = { "sts:ExternalId" = "0f9c4b1e77aa2d3c" }
      }
    }]
  })
}

# Account of somebody else can assume the role for any of its customers.
resource "aws_iam_role" "third_party_without_external_id" {
  name = "third-party-without-external-id"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "464622532012" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# Third parties share an external ID, so that each knows that of the other.
resource "aws_iam_role" "external_id_shared" {
  name = "external-id-shared"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = ["464622532012", "017663287629"] }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "sts:ExternalId" = "0f9c4b1e77aa2d3c" }
      }
    }]
  })
}
