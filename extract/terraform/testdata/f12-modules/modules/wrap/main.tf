variable "names" {
  type = set(string)
}

variable "accounts" {
  type    = list(string)
  default = null
}

variable "external" {
  type    = string
  default = ""
}

variable "trust" {
  type = map(object({
    type = string
    ids  = set(string)
  }))
  default  = {}
  nullable = false
}

module "role" {
  source   = "../role"
  for_each = var.names

  name = each.key
  policy = merge(
    { for k, t in var.trust : k => module.trust[k].statements },
    var.accounts == null ? {} : {
      accounts = [merge(
        { Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = formatlist("arn:aws:iam::%s:root", var.accounts) } },
        var.external == null ? {} : { Condition = { StringEquals = { "sts:ExternalId" = var.external } } },
      )]
    },
  )
}

module "trust" {
  source   = "../trust"
  for_each = var.trust
  type     = each.value.type
  ids      = each.value.ids
}

output "policies" {
  value = { for k, r in module.role : k => r.policy }
}
