locals {
  replaced = "last"
}

variable "services" {
  default = ["overridden"]
}
