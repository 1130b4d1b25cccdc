variable "create" { default = true }
variable "services" { default = {} }
module "service" {
  source                             = "terraform-aws-modules/ecs/aws//modules/service"
  for_each                           = var.create && var.services != null ? var.services : {}
  create                             = try(each.value.create, true) != false
  name                               = try(coalesce(each.value.name, each.key), each.key)
  network_mode                       = try(coalesce(each.value.network_mode, "awsvpc"), "awsvpc")
  load_balancer                      = try(each.value.load_balancer, null)
  create_iam_role                    = try(each.value.create_iam_role, true) != false
  iam_role_name                      = try(each.value.iam_role_name, null)
  iam_role_use_name_prefix           = try(each.value.iam_role_use_name_prefix, true)
  iam_role_path                      = try(each.value.iam_role_path, null)
  create_task_definition             = try(each.value.create_task_definition, true) != false
  create_task_exec_iam_role          = try(each.value.create_task_exec_iam_role, true) != false
  task_exec_iam_role_name            = try(each.value.task_exec_iam_role_name, null)
  task_exec_iam_role_use_name_prefix = try(each.value.task_exec_iam_role_use_name_prefix, true)
  task_exec_iam_role_path            = try(each.value.task_exec_iam_role_path, null)
  create_tasks_iam_role              = try(each.value.create_tasks_iam_role, true) != false
  tasks_iam_role_name                = try(each.value.tasks_iam_role_name, null)
  tasks_iam_role_use_name_prefix     = try(each.value.tasks_iam_role_use_name_prefix, true)
  tasks_iam_role_path                = try(each.value.tasks_iam_role_path, null)
}
output "services" { value = module.service }
