variable "aws_region" { type = string }
variable "aws_endpoint" { type = string }
variable "vpc_id" { type = string }
variable "subnet_ids" { type = list(string) }
variable "zone_id" { type = string }
variable "zone_name" { type = string }
variable "certificate_arn" { type = string }
variable "stack_name" { type = string }
variable "stack_alarms" { type = bool }

variable "services" {
  type = list(object({
    name              = string
    host              = string
    priority          = number
    image             = string
    port              = number
    cpu               = number
    memory            = number
    desired_count     = number
    health_check_path = string
    environment       = list(object({ name = string, value = string }))
    parameters        = list(object({ name = string, value = string }))
  }))
}

locals {
  services = { for service in var.services : service.name => service }
  parameters = {
    for parameter in flatten(var.services[*].parameters) : parameter.name => parameter.value
  }
  alarms = {
    for pair in setproduct(keys(local.services), var.stack_alarms ? ["CPUUtilization", "MemoryUtilization"] : []) :
    "${pair[0]}-${pair[1]}" => { service = pair[0], metric = pair[1] }
  }
}
