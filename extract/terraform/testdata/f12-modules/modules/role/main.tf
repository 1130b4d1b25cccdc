variable "name" {}

variable "policy" {
  type = any
}

locals {
  statements = concat([], values(var.policy)...)
  fallback   = [{ Effect = "Deny", Action = "*", Principal = "*" }]
}

resource "aws_iam_role" "this" {
  name = var.name
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = coalescelist(local.statements, local.fallback)
  })
}

output "policy" {
  value = aws_iam_role.this.assume_role_policy
}
