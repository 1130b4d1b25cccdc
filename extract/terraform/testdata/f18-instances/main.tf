variable "x" { type = bool }
variable "y" { type = bool }
locals {
 on = var.x ? 1 : 0
 m = { a = { arn = var.x ? "arn:aws:iam::111111111111:root" : "arn:aws:iam::222222222222:root", on = true }, b = { arn = var.y ? "arn:aws:iam::333333333333:root" : null, on = var.y ? true : false } }
}
resource "aws_iam_role" "a" {
  count = local.on
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "a.amazonaws.com" } }] })
}
resource "aws_iam_role" "b" {
  count = local.on
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "b.amazonaws.com" } }] })
}
resource "aws_iam_role" "c" {
  for_each = local.m
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = each.value.arn == null ? "none" : each.value.arn } }] })
}
resource "aws_iam_role" "d" {
  for_each = { for k, v in local.m : k => v if v.on }
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = each.value.arn == null ? "none" : each.value.arn } }] })
}
resource "aws_iam_role" "e" {
  for_each = merge({ a = "1" }, var.x ? { b = "2" } : {}, { for k, v in local.m : "m${k}" => v.arn if v.on })
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = each.value == null ? "none" : each.value } }] })
}
resource "aws_iam_role" "f" {
  for_each = toset(concat(["a"], var.x ? ["b"] : [], [for n in ["c", "d"] : n if var.y]))
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = each.value } }] })
}
resource "aws_iam_role" "g" {
  count = length(var.x ? ["b"] : [])
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "g" } }] })
}
