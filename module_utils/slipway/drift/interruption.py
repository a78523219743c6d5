"""What putting drift right does to those who are being served. Pure.

What begins a deployment of ECS: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
"""

from __future__ import annotations

from fnmatch import fnmatchcase

_DEPLOYS = "it begins a new deployment"
_MOVES = "requests go another way at once"
_ANEW = "it is made anew, with another address"
_SAFE = ""

# (kinds, fields, what it does); a field of "" is the whole resource, which is gone and is made again. The first line
# that matches decides, and what is in none of them interrupts nobody.
_LINES: tuple[tuple[str, str, str], ...] = (
    ("*", "tags*", _SAFE),
    ("ecs_task_definition", "*", _DEPLOYS),
    ("ecs_service", "", _DEPLOYS),
    ("ecs_service", "task_definition", _DEPLOYS),
    ("ecs_service", "load_balancers*", _DEPLOYS),
    ("ecs_service", "network_configuration*", _DEPLOYS),
    ("ecs_service", "platform_version", _DEPLOYS),
    ("ecs_service", "service_connect_configuration*", _DEPLOYS),
    ("ecs_service", "service_registries*", _DEPLOYS),
    ("ecs_service", "volume_configurations*", _DEPLOYS),
    ("ecs_service", "vpc_lattice_configurations*", _DEPLOYS),
    ("ecs_service", "capacity_provider_strategy*", _DEPLOYS),
    ("ecs_service", "launch_type", _DEPLOYS),
    ("ecs_service", "deployment_configuration.strategy", _DEPLOYS),
    ("ecs_service", "rollout_state", _DEPLOYS),
    ("elb_listener", "protocol", _MOVES),
    ("elb_listener", "default_actions*", _MOVES),
    ("elb_listener", "mutual_authentication*", "clients without a certificate are refused, or let in"),
    ("elb_listener_rule", "actions*", _MOVES),
    ("elb_listener_rule", "conditions*", _MOVES),
    ("elb_listener_rule", "transforms*", _MOVES),
    ("elb_load_balancer", "", _ANEW),
    ("elb_load_balancer", "subnet*", "connections in the subnets that it leaves end"),
    ("elb_load_balancer", "ip_address_type", "clients of the other protocol can't reach it any more"),
    ("route53_record", "?*", _MOVES),
    ("ec2_instance", "", "a new machine, with empty disks"),
    ("ec2_instance", "instance_type", "the machine is stopped and started"),
    ("ec2_instance", "running", "the machine is started"),
    ("ec2_instance", "security_groups*", "who may reach the machine changes at once"),
    ("elastic_ip", "*", _ANEW),
    ("dynamodb_table", "", "an empty table in the place of the old one"),
    ("ecr_repository", "", "an empty repository: tasks can't be started before a release"),
)
# The same of what was added by hand and is taken away; the kind is that of the resource that it was added to.
_ADDED: tuple[tuple[str, str, str], ...] = (
    ("elb_load_balancer", "listeners*", "who asks there has no answer any more"),
    ("elb_listener", "rules*", _MOVES),
    ("ecs_cluster", "services*", "the tasks of the service are stopped"),
    ("ecs_service", "task_sets*", "the tasks of the set are stopped"),
    ("elb_target_group", "targets*", "requests go there no longer"),
)
DEPENDED_ON = "it is made anew, and others depend on it"


def interrupts(kind: str, field: str) -> str:
    """What putting a field right, or making the whole resource again, does; nothing where it is safe."""
    return _told(_LINES, kind, field)


def interrupts_taken_away(kind: str, field: str) -> str:
    """What it does to take away something that was added by hand."""
    return _told(_ADDED, kind, field)


def _told(lines: tuple[tuple[str, str, str], ...], kind: str, field: str) -> str:
    for kinds, fields, answer in lines:
        if fnmatchcase(kind, kinds) and (fnmatchcase(field.replace("[", "("), fields) if fields else not field):
            return answer
    return _SAFE
