# Written years ago: an old version of the language, any action of sts.
resource "aws_iam_role" "jenkins" {
  name               = "jenkins"
  assume_role_policy = <<POLICY
{
  "Version": "2008-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::111122223333:role/jenkins"},
      "Action": "sts:*"
    }
  ]
}
POLICY
}

# The user that this principal once was has been deleted.
resource "aws_iam_role" "backup" {
  name               = "backup"
  assume_role_policy = file("${path.module}/policies/backup.json")
}

# Terraform keeps the last StringEquals only, without a word.
resource "aws_iam_role" "vendor" {
  name = "vendor"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::111122223333:role/vendor" }
      Condition = {
        StringEquals = { "sts:ExternalId" = "4d3f2a91" }
        StringEquals = { "aws:PrincipalOrgID" = "o-a1b2c3d4e5" }
      }
    }]
  })
}
