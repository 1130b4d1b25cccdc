variable "enabled" { default = null }
variable "context" { default = {} }
output "enabled" { value = coalesce(var.enabled, try(var.context.enabled, null), true) }
