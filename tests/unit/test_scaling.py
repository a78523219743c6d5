"""The policies that follow from a description."""

from __future__ import annotations

from slipway.service.scaling import scaling_policies

COOLDOWNS = {"scale_in_cooldown": 300, "scale_out_cooldown": 60}


def test_no_autoscaling_is_no_policy() -> None:
    assert scaling_policies({"autoscaling": None}) == []


def test_one_policy_for_each_target() -> None:
    service = {
        "load_balancer": "voj",
        "target_group": "voj-api",
        "autoscaling": {"target_cpu_percent": 60, "target_requests_per_target": 1000, **COOLDOWNS},
    }
    assert scaling_policies(service) == [
        {"predefined_metric_type": "ECSServiceAverageCPUUtilization", "target_value": 60, **COOLDOWNS},
        {
            "predefined_metric_type": "ALBRequestCountPerTarget",
            "target_value": 1000,
            "load_balancer": "voj",
            "target_group": "voj-api",
            **COOLDOWNS,
        },
    ]
