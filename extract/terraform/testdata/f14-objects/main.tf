terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}

variable "roles" {
  type = map(object({
    trust = optional(object({
      services = optional(list(string), ["ec2"])
      accounts = optional(set(string), [])
      external = optional(string)
      mfa      = optional(bool, false)
      age      = optional(number)
    }), {})
    create = optional(bool, true)
    extra  = optional(list(map(string)), [{ sid = "Extra" }])
  }))
  default = {
    plain  = {}
    nulls  = { trust = null, extra = null }
    full   = { trust = { services = [], accounts = ["b", "a", "b"], external = "e", mfa = "true", age = "3600" }, extra = [] }
    hidden = { create = false }
    part   = { trust = { services = null, mfa = null, accounts = [1, 2] } }
  }
}

variable "maybe" {
  type    = list(string)
  default = []
}

variable "map_of_any" {
  type    = map(any)
  default = { a = "x", b = 3, c = true }
}

variable "list_of_any" {
  type    = list(any)
  default = ["x", 3, true]
}

locals {
  active = { for k, r in var.roles : k => r if r.create }
}

resource "aws_iam_role" "each" {
  for_each = local.active
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for s in coalesce(each.value.trust.services, ["none"]) : { Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "${s}.amazonaws.com" } }],
      length(each.value.trust.accounts) > 0 ? [merge(
        { Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = each.value.trust.accounts } },
        each.value.trust.external != null || each.value.trust.mfa ? {
          Condition = merge(
            each.value.trust.external != null ? { StringEquals = { "sts:ExternalId" = each.value.trust.external } } : {},
            each.value.trust.mfa ? { Bool = { "aws:MultiFactorAuthPresent" = each.value.trust.mfa } } : {},
            each.value.trust.age == null ? {} : { NumericLessThan = { "aws:MultiFactorAuthAge" = each.value.trust.age } },
          )
        } : {},
      )] : [],
      [for x in coalesce(each.value.extra, []) : { Sid = lookup(x, "sid", "none"), Effect = "Deny", Action = "*", Principal = "*" }],
    )
  })
}

# A list of a variable never equals an empty tuple, whatever is in it.
resource "aws_iam_role" "list_is_no_tuple" {
  count              = var.maybe == [] ? 1 : 0
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Deny", Principal = "*", Action = "*" }] })
}

resource "aws_iam_role" "list_is_list" {
  count              = var.maybe == tolist([]) ? 1 : 0
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Deny", Principal = "*", Action = "*" }] })
}

resource "aws_iam_role" "map_is_no_object" {
  count              = var.roles != {} ? 1 : 0
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Deny", Principal = "*", Action = "*" }] })
}

resource "aws_iam_role" "one_type" {
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = var.map_of_any, Action = var.list_of_any, Condition = tomap({ a = 1, b = "x" }) }] })
}

resource "aws_iam_role" "branches" {
  assume_role_policy = jsonencode({ Statement = [
    { Sid = length(var.maybe) == 0 ? 1 : "x", Effect = length(var.maybe) > 0 ? "Allow" : false },
    { Action = length(var.maybe) == 0 ? [1] : ["x"], Principal = length(var.maybe) == 0 ? { AWS = 1 } : { AWS = "x" } },
  ] })
}

resource "aws_iam_role" "numbers" {
  assume_role_policy = jsonencode({ Statement = [{ Condition = { NumericEquals = { a = 1.0, b = 1.50, c = 1e3, d = 0.1 + 0.2, e = 10 / 4, f = 100000000000000000000, g = -7 % 3, h = "${1.10}" } } }] })
}

resource "aws_iam_role" "set_of_numbers" {
  for_each           = toset(["b", "a", "b"])
  assume_role_policy = jsonencode({ Statement = [{ Sid = each.key, Effect = each.value, Action = sort(toset([3, 10, "2"])), Principal = { AWS = tolist(toset([10, 9, 1])) } }] })
}

resource "aws_iam_role" "splats" {
  assume_role_policy = jsonencode({ Statement = [{
    Principal = { AWS = values(var.roles)[*].trust.services[*], Service = var.maybe[*], Federated = null[*] }
    Action    = { for k, r in var.roles : (r.create ? "on" : "off") => k... }
  }] })
}

resource "aws_iam_role" "tries" {
  assume_role_policy = jsonencode({ Statement = [{
    Sid       = try(var.roles["missing"].trust, var.roles["plain"].nothing, "fallback")
    Effect    = can(var.roles["plain"].trust.services[0]) ? "Allow" : "Deny"
    Action    = try(var.roles["full"].trust.services[0], null)
    Principal = lookup({ a = "x" }, "b", lookup(var.map_of_any, "b", "none"))
    Resource  = coalesce(null, "", "last")
  }] })
}

variable "grants" {
  type = set(object({ team = string, level = number }))
  default = [
    { team = "web", level = 2 },
    { team = "data", level = 3 },
    { team = "web", level = 1 },
    { team = "data", level = 3 },
  ]
}

variable "accounts" {
  type    = list(any)
  default = [{ id = 111111111111, name = "one" }, { id = "222222222222", name = "two" }]
}

resource "aws_iam_role" "set_of_objects" {
  assume_role_policy = jsonencode({ Statement = [for g in var.grants : { Sid = "${g.team}${g.level}", Effect = "Allow" }] })
}

resource "aws_iam_role" "list_of_any_objects" {
  assume_role_policy = jsonencode({ Statement = [{
    Principal = { AWS = var.accounts[*].id }
    Action    = tolist([[1], ["a", true]])
    Resource  = coalesce(null, 1, "b")
  }] })
}

resource "aws_iam_role" "concatenated_list_is_no_tuple" {
  count              = concat(var.maybe, var.maybe) == [] ? 1 : 0
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Deny", Principal = "*", Action = "*" }] })
}
