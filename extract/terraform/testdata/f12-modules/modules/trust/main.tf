variable "type" {
  type = string
}

variable "ids" {
  type = list(string)
}

data "aws_iam_policy_document" "this" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = var.type
      identifiers = var.ids
    }
  }
}

output "json" {
  value       = data.aws_iam_policy_document.this.json
  description = "the document"
}

output "statements" {
  value = jsondecode(data.aws_iam_policy_document.this.json)["Statement"]
}
