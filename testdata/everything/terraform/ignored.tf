resource "aws_iam_role" "moved" {
  name = "moved"
  # trustvet:ignore principal-any-aws until=2020-01-31 the partner moves to a role of its own
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { AWS = "*" }, Action = "sts:AssumeRole" }] })
}

resource "aws_iam_role" "silent" {
  name = "silent"
  # trustvet:ignore action-wildcard
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:*" }] })
}

resource "aws_iam_role" "fixed" {
  name = "fixed"
  # trustvet:ignore github-sub-any-org the old pipeline had no branches
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}
