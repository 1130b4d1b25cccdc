# Statement allows every action but some.
resource "aws_iam_role" "action_notaction" {
  name = "action-notaction"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/app" }
      NotAction = "sts:TagSession"
    }]
  })
}

# Condition is on what a further action allows, and that is missing.
resource "aws_iam_role" "companion_action_missing" {
  name = "companion-action-missing"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/app" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:RequestTag/team" = "core" }
      }
    }]
  })
}

# Condition asks only for values that the caller chooses.
resource "aws_iam_role" "condition_caller_controlled" {
  name = "condition-caller-controlled"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "sts:RoleSessionName" = "deploy" }
      }
    }]
  })
}

# ForAllValues holds for a request without the key, so the condition restricts nothing.
resource "aws_iam_role" "condition_forallvalues_vacuous" {
  name = "condition-forallvalues-vacuous"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
      Condition = {
        "ForAllValues:StringEquals" = { "aws:PrincipalOrgID" = "o-a1b2c3d4e5" }
      }
    }]
  })
}

# IfExists lets in callers whose request lacks the key, so the condition restricts nothing.
resource "aws_iam_role" "condition_ifexists_vacuous" {
  name = "condition-ifexists-vacuous"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEqualsIfExists = { "aws:PrincipalOrgID" = "o-a1b2c3d4e5" }
      }
    }]
  })
}

# Condition key is never part of such a request.
resource "aws_iam_role" "condition_key_not_in_context" {
  name = "condition-key-not-in-context"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/app" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = "111122223333" }
      }
    }]
  })
}

# Condition key does not exist.
resource "aws_iam_role" "condition_key_unknown" {
  name = "condition-key-unknown"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/app" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:PrincipalOrganizationID" = "o-a1b2c3d4e5" }
      }
    }]
  })
}

# Key holds a list, and the operator compares one value.
resource "aws_iam_role" "condition_multivalued_without_qualifier" {
  name = "condition-multivalued-without-qualifier"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringLike = { "aws:PrincipalOrgPaths" = "o-a1b2c3d4e5/r-ab12/*" }
      }
    }]
  })
}

# Condition excludes some callers and lets in all others.
resource "aws_iam_role" "condition_negated_only" {
  name = "condition-negated-only"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringNotEquals = { "aws:PrincipalAccount" = "999988887777" }
      }
    }]
  })
}

# Null demands that a key is absent, where it is meant to be there.
resource "aws_iam_role" "condition_null_inverted" {
  name = "condition-null-inverted"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "111122223333" }
      Action    = "sts:AssumeRole"
      Condition = {
        Null = { "aws:MultiFactorAuthPresent" = "true" }
      }
    }]
  })
}

# Value is no organization or path of one.
resource "aws_iam_role" "condition_org_value_malformed" {
  name = "condition-org-value-malformed"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:PrincipalOrgID" = "acme" }
      }
    }]
  })
}

# aws:PrincipalArn is compared with the ARN of a session, which it never is.
resource "aws_iam_role" "condition_principalarn_session_form" {
  name = "condition-principalarn-session-form"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "111122223333" }
      Action    = "sts:AssumeRole"
      Condition = {
        ArnLike = { "aws:PrincipalArn" = "arn:aws:sts::111122223333:assumed-role/deploy/*" }
      }
    }]
  })
}

# Tags of the caller are the only bound, and anyone can tag a role of their own account.
resource "aws_iam_role" "condition_principaltag_unbounded" {
  name = "condition-principaltag-unbounded"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:PrincipalTag/team" = "platform" }
      }
    }]
  })
}

# Operator does not fit what the key holds.
resource "aws_iam_role" "condition_type_mismatch" {
  name = "condition-type-mismatch"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/app" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceIp" = "198.51.100.0/24" }
      }
    }]
  })
}

# User ID is compared from the session name on, which the caller chooses.
resource "aws_iam_role" "condition_userid_unanchored" {
  name = "condition-userid-unanchored"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringLike = { "aws:userid" = "*:deploy" }
      }
    }]
  })
}

# Value of the condition matches callers that are not meant.
resource "aws_iam_role" "condition_wildcard_value" {
  name = "condition-wildcard-value"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
      Condition = {
        ArnLike = {
          "aws:PrincipalArn" = ["arn:aws:iam::111122223333:role/app", "arn:aws:iam::*:role/Admin"]
        }
      }
    }]
  })
}

# Deny does not apply to requests without the key it asks about.
resource "aws_iam_role" "deny_ineffective" {
  name = "deny-ineffective"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "444433332222" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "sts:ExternalId" = "0f9c4b1e77aa2d3c" }
      }
      }, {
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
      Condition = {
        "ForAnyValue:StringNotLike" = { "aws:PrincipalOrgPaths" = "o-a1b2c3d4e5/*" }
      }
    }]
  })
}

# Deny with NotPrincipal, which IAM refuses in a trust policy.
resource "aws_iam_role" "deny_notprincipal" {
  name = "deny-notprincipal"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "111122223333" }
      Action    = "sts:AssumeRole"
      }, {
      Effect       = "Deny"
      NotPrincipal = { AWS = "arn:aws:iam::111122223333:role/app" }
      Action       = "sts:AssumeRole"
    }]
  })
}

# Deny for lack of MFA spares calls with long-term keys.
resource "aws_iam_role" "mfa_deny_without_ifexists" {
  name = "mfa-deny-without-ifexists"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "111122223333" }
      Action    = "sts:AssumeRole"
      }, {
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
      Condition = {
        Bool = { "aws:MultiFactorAuthPresent" = "false" }
      }
    }]
  })
}

# MFA is demanded only of callers whose credentials say something about it.
resource "aws_iam_role" "mfa_ifexists_in_allow" {
  name = "mfa-ifexists-in-allow"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "111122223333" }
      Action    = "sts:AssumeRole"
      Condition = {
        BoolIfExists = { "aws:MultiFactorAuthPresent" = "true" }
      }
    }]
  })
}

# Statement lets in those who did not use MFA.
resource "aws_iam_role" "mfa_inverted" {
  name = "mfa-inverted"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "111122223333" }
      Action    = "sts:AssumeRole"
      Condition = {
        Bool = { "aws:MultiFactorAuthPresent" = "false" }
      }
    }]
  })
}

# MFA is demanded of callers who cannot have it.
resource "aws_iam_role" "mfa_not_applicable" {
  name = "mfa-not-applicable"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        Bool = { "aws:MultiFactorAuthPresent" = "true" }
      }
    }]
  })
}

# Restriction is void, since another statement lets in the same callers without it.
resource "aws_iam_role" "restriction_bypassed_by_sibling" {
  name = "restriction-bypassed-by-sibling"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "111122223333" }
      Action    = "sts:AssumeRole"
      Condition = {
        Bool = { "aws:MultiFactorAuthPresent" = "true" }
      }
      }, {
      Effect    = "Allow"
      Principal = { AWS = "111122223333" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# Nobody can assume the role.
resource "aws_iam_role" "role_unassumable" {
  name = "role-unassumable"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
      Condition = {
        Bool = { "aws:SecureTransport" = "false" }
      }
    }]
  })
}

# Other statements already say what this one says.
resource "aws_iam_role" "statement_redundant" {
  name = "statement-redundant"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/app" }
      Action    = "sts:AssumeRole"
      }, {
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/app" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# Everything that the statement allows is denied.
resource "aws_iam_role" "statement_shadowed_by_deny" {
  name = "statement-shadowed-by-deny"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/app" }
      Action    = "sts:AssumeRole"
      }, {
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
      }, {
      Effect    = "Deny"
      Principal = { AWS = "111122223333" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# Nobody can meet the conditions of the statement.
resource "aws_iam_role" "statement_unsatisfiable" {
  name = "statement-unsatisfiable"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/app" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:PrincipalAccount" = "444455556666" }
      }
    }]
  })
}

# Time in which the statement applies is over.
resource "aws_iam_role" "time_window_expired" {
  name = "time-window-expired"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/app" }
      Action    = "sts:AssumeRole"
      Condition = {
        DateLessThan = { "aws:CurrentTime" = "2026-01-31T00:00:00Z" }
      }
    }]
  })
}

# Time in which the statement applies ends before it begins.
resource "aws_iam_role" "time_window_inverted" {
  name = "time-window-inverted"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/app" }
      Action    = "sts:AssumeRole"
      Condition = {
        DateGreaterThan = { "aws:CurrentTime" = "2027-02-01T00:00:00Z" }
        DateLessThan    = { "aws:CurrentTime" = "2027-01-31T00:00:00Z" }
      }
    }]
  })
}
