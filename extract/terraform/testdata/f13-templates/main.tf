terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}

variable "statements" {
  type = any
  default = [
    { name = "first one", actions = ["sts:AssumeRole"], principals = { Service = ["ec2.amazonaws.com"], AWS = ["111111111111", "222222222222"] } },
    { name = "second", actions = ["sts:AssumeRole", "sts:TagSession"], principals = { AWS = ["*"] }, external = "x-y" },
  ]
}

variable "accounts" {
  type    = list(string)
  default = ["111111111111", "222222222222"]
}

variable "indent" {
  type    = bool
  default = true
}

resource "aws_iam_role" "loop" {
  assume_role_policy = templatefile("${path.module}/tpl/loop.json.tftpl", { statements = var.statements })
}

resource "aws_iam_role" "nested" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = compact(split("\n", templatefile("tpl/inner.tftpl", { accounts = var.accounts }))) }
    }]
  })
}

resource "aws_iam_role" "raw" {
  assume_role_policy = replace(file("${path.root}/tpl/raw.json"), "ACCOUNT_ID", var.accounts[0])
}

resource "aws_iam_role" "yaml" {
  assume_role_policy = jsonencode(yamldecode(templatefile("${path.module}/tpl/trust.yaml.tftpl", { services = ["ec2", "ecs-tasks"] })))
}

resource "aws_iam_role" "files" {
  for_each           = { for f in fileset("${path.module}/tpl", "*.json") : trimsuffix(basename(f), ".json") => f }
  assume_role_policy = replace(file("${path.module}/tpl/${each.value}"), "/ACCOUNT_(ID)/", "$1")
}

resource "aws_iam_role" "heredoc" {
  assume_role_policy = <<-POLICY
      {
        "Version": "2012-10-17",
        "Statement": [
          %{~for i, a in var.accounts~}
          {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "${a}"}}%{if i < length(var.accounts) - 1},%{endif}
          %{~endfor~}
        ]
      }
  POLICY
}

resource "aws_iam_role" "plain" {
  assume_role_policy = <<POLICY
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
 "Principal": ${jsonencode({ AWS = [for a in var.accounts : "arn:aws:iam::${a}:root"] })},
 "Condition": {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/$${aws:username}-%%{x}"}}}]}
POLICY
}

resource "aws_iam_role" "indented" {
  assume_role_policy = "{\"Statement\": ${var.indent ? indent(4, jsonencode([{ Effect = "Allow", Action = "sts:AssumeRole", Principal = "*" }])) : "[]"}}"
}

resource "aws_iam_role" "formatted" {
  assume_role_policy = format("{\"Statement\": [%s]}", join(", ", formatlist("{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": %q}, \"Action\": \"sts:AssumeRole\"}", var.accounts)))
}

resource "aws_iam_role" "encoded" {
  assume_role_policy = base64decode(base64encode(jsonencode({ Statement = [{ Effect = "Deny", Principal = "*", Action = "<>&" }] })))
}

resource "aws_iam_role" "trimmed" {
  assume_role_policy = trimspace(chomp("\n {\"Statement\": [{\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"*\"}]} \n"))
}
