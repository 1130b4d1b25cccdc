terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}

variable "teams" {
  type = map(object({
    accounts = list(string)
    enabled  = optional(bool, true)
    external = optional(string)
  }))
  default = {
    web  = { accounts = ["111111111111", "222222222222"] }
    data = { accounts = ["333333333333"], external = "e-1" }
    old  = { accounts = [], enabled = false }
  }
}

module "counted" {
  source = "./modules/wrap"
  count  = 2

  names = [for i in range(count.index + 1) : "n${i}"]
}

module "team" {
  source   = "./modules/wrap"
  for_each = { for k, t in var.teams : k => t if t.enabled }

  names    = ["main"]
  accounts = each.value.accounts
  external = each.value.external
  trust    = { (each.key) = { type = "Service", ids = ["${each.key}.amazonaws.com"] } }
}

module "off" {
  source = "./modules/wrap"
  count  = length([for t in var.teams : t if !t.enabled && length(t.accounts) > 0])
  names  = ["never"]
}

module "trust" {
  source   = "./modules/trust"
  for_each = toset(["ec2", "ecs-tasks"])
  type     = "Service"
  ids      = ["${each.value}.amazonaws.com"]
}

resource "aws_iam_role" "root" {
  for_each           = module.trust
  name               = each.key
  assume_role_policy = each.value.json
}

resource "aws_iam_role" "joined" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = flatten([for k in sort(keys(module.trust)) : module.trust[k].statements])
  })
}

resource "aws_iam_role" "through" {
  count              = length(module.counted)
  assume_role_policy = element(module.counted[*].policies, count.index)["n0"]
}

resource "aws_iam_role" "one" {
  for_each           = { for k, m in module.team : k => m.policies["main"] if k != "web" }
  assume_role_policy = each.value
}
