"""Options that no emulator has changed: laid over an answer, they show that the drift check sees them where AWS tells.

Kind -> option (a pattern) -> why no emulator shows it.
"""

from __future__ import annotations

_FIXED = "AWS lets nobody change it, and no emulator takes another one at creation"
_DROPPED = "every emulator drops it"
_NO_CALL = "no emulator has the call that changes it"
UNSHOWN: dict[str, dict[str, str]] = {
    "acm_certificate": {
        "validation_method": _FIXED,
        "key_algorithm": _FIXED,
        "options.export": _FIXED,
        "certificate_authority_arn": _DROPPED,
        "managed_by": _DROPPED,
    },
    "cloudwatch_alarm": {
        "metrics[].account_id": _DROPPED,
        "evaluation_window*": _DROPPED,
        "evaluation_criteria*": _DROPPED,
        "evaluation_interval": _DROPPED,
        "warm_up_configuration*": _DROPPED,
    },
    "ec2_instance": {
        "image_id": _FIXED,
        "key_name": _FIXED,
        "subnet_id": _FIXED,
        "instance_profile": "one emulator knows it by associations alone, the other shows the first for ever",
        "termination_protection": "one emulator has no such call, the other does not take it at creation",
        "root_volume.iops": _NO_CALL,
        "root_volume.throughput": _NO_CALL,
        "root_volume.encrypted": _FIXED,
        "root_volume.kms_key_id": _FIXED,
    },
    "ecr_repository": {
        "image_tag_mutability_exclusion_filters*": _DROPPED,
        "lifecycle_policy[].storage_class": _DROPPED,
        "lifecycle_policy[].target_storage_class": _DROPPED,
    },
    "ecs_service": {
        "launch_type": _FIXED,
        "scheduling_strategy": _FIXED,
        "deployment_controller.type": _FIXED,
        "role": _FIXED,
        "enable_ecs_managed_tags": _NO_CALL,
        "propagate_tags": _NO_CALL,
        "service_registries[]*": _NO_CALL,
        "availability_zone_rebalancing": _DROPPED,
        "placement_*": _DROPPED,
        "service_connect_configuration*": _DROPPED,
        "volume_configurations*": _DROPPED,
        "vpc_lattice_configurations*": _DROPPED,
        "monitoring*": _DROPPED,
    },
    "ecs_task_definition": {"enable_fault_injection": _DROPPED},
    "elb_listener": {
        "default_actions[].jwt_validation*": _DROPPED,
        "mutual_authentication*": _DROPPED,
        "alpn_policy": _NO_CALL,
    },
    "elb_listener_rule": {
        "actions[].jwt_validation*": _DROPPED,
        "conditions[].source_ip.ip_address_type": _DROPPED,
        "conditions[].*.regex_values": _DROPPED,
        "transforms[].*.rewrites[]": "there is one rewrite at the most, in an emulator as at AWS",
    },
    "elb_load_balancer": {
        "enable_prefix_for_ipv6_source_nat": _DROPPED,
        "customer_owned_ipv4_pool": _DROPPED,
        "ipam_pools*": _DROPPED,
        "enforce_security_group_*": _DROPPED,
        "minimum_load_balancer_capacity*": _NO_CALL,
        "subnet_mappings[].allocation_id": _DROPPED,
        "subnet_mappings[].*_address": _DROPPED,
        "subnet_mappings[].source_*": _DROPPED,
    },
    "elb_target_group": {"target_control_port": _DROPPED, "health_check.matcher.grpc_code": _NO_CALL},
    "log_group": {
        "kms_key_id": _NO_CALL,
        "deletion_protection_enabled": _NO_CALL,
        "bearer_token_authentication_enabled": _NO_CALL,
    },
    "route53_record": {"geo_proximity_location*": _DROPPED},
}
