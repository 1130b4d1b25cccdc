variable "env" {}
variable "rest" {}
variable "i" {
  type = number
}
locals {
  accounts = {
    dev     = { ids = ["111111111111"] }
    prod    = { ids = ["222222222222", "333333333333"] }
    staging = { ids = ["444444444444"], test = true }
  }
  external = { dev = ["d"], prod = ["p"] }
  names    = { dev = "111111111111", prod = "222222222222" }
  tiers    = [["555555555555"], ["666666666666"]]
}
resource "aws_iam_role" "one_condition_for_two_maps" {
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
    Principal = { AWS = local.accounts[var.env].ids }, Condition = { StringEquals = { "sts:ExternalId" = local.external[var.env] } } }] })
}
resource "aws_iam_role" "compared_too" {
  count = var.env == "prod" ? 1 : 0
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = local.accounts[var.env].ids } }] })
}
resource "aws_iam_role" "with_default" {
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
    Principal = { AWS = lookup(local.external, var.rest, ["none"]) } }] })
}
resource "aws_iam_role" "strings" {
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
    Principal = { AWS = [local.names[var.env], lookup(local.names, var.env, "777777777777")] } }] })
}
resource "aws_iam_role" "part_of_the_key" {
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
    Principal = { AWS = local.accounts["p${var.rest}"].ids } }] })
}
resource "aws_iam_role" "list" {
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
    Principal = { AWS = local.tiers[var.i], Service = element(local.tiers, var.i) } }] })
}
resource "aws_iam_role" "tried" {
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
    Principal = { AWS = try(local.external[var.env], "none") } }] })
}
resource "aws_iam_role" "counted" {
  count = { dev = 0, prod = 2 }[var.env]
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = local.accounts[var.env].ids } }] })
}
resource "aws_iam_role" "list_is_no_tuple" {
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
    Principal = { AWS = var.list == [] ? ["empty"] : var.list } }] })
}
variable "list" {
  type = list(string)
}
