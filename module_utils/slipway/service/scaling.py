"""The target tracking policies that a description's `service_autoscaling` asks for; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_METRICS = {
    "target_cpu_percent": "ECSServiceAverageCPUUtilization",
    "target_memory_percent": "ECSServiceAverageMemoryUtilization",
    "target_requests_per_target": "ALBRequestCountPerTarget",
}


def scaling_policies(service: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One policy for each target that is given, as the module scalable_target takes them."""
    scaling = service.get("autoscaling") or {}
    policies = []
    for option, metric in _METRICS.items():
        if scaling.get(option) is None:
            continue
        policy = {
            "predefined_metric_type": metric,
            "target_value": scaling[option],
            "scale_in_cooldown": scaling["scale_in_cooldown"],
            "scale_out_cooldown": scaling["scale_out_cooldown"],
        }
        if option == "target_requests_per_target":
            policy |= {"load_balancer": service["load_balancer"], "target_group": service["target_group"]}
        policies.append(policy)
    return policies
