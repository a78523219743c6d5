"""How a new version takes the place of the old one: what a description's strategy asks for. Pure.

The strategies: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service-options.html. What the ones that
shift requests need: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from .findings import Finding, Path

Service = Mapping[str, Any]

_NAMES = {"rolling": "ROLLING", "blue_green": "BLUE_GREEN", "canary": "CANARY", "linear": "LINEAR"}
_ALTERNATE = "-alternate"
_LONGEST_NAME = 32
# What AWS takes where nothing is said, and its bounds:
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CanaryConfiguration.html
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinearConfiguration.html
_CANARY = {"percent": 5.0, "bake_time": 10}
_LINEAR = {"step_percent": 10.0, "step_bake_time": 6}
# Percentages are multiples of 0.1; minutes are at most a day.
_LEAST_PERCENT = {"canary.percent": 0.1, "linear.step_percent": 3.0}
_MINUTES = ("bake_time", "canary.bake_time", "linear.step_bake_time")
_DAY = 1440
_SHIFTS_ONLY = ("bake_time", "canary", "linear", "lifecycle_hooks", "infrastructure_role", "test_port")
_FUNCTION = re.compile(
    r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_$-]+)?"
)
_LISTENER_PORTS = (80, 443)
_POLICY = "AmazonECSInfrastructureRolePolicyForLoadBalancers"


def shifts_requests(service: Service) -> bool:
    """Whether ECS moves the requests from one target group to another, as all strategies but rolling do."""
    return bool(service["deployment_strategy"] != "rolling")


def alternate_target_group(service: Service) -> str:
    """The name of the second target group; a name that would be too long is cut, and stays unique."""
    name = str(service["target_group"])
    if len(name) + len(_ALTERNATE) > _LONGEST_NAME:
        mark = sha256(name.encode()).hexdigest()[:4]
        name = f"{name[: _LONGEST_NAME - len(_ALTERNATE) - 5].rstrip('-')}-{mark}"
    return name + _ALTERNATE


def forward_actions(service: Service) -> list[dict[str, Any]]:
    """What the listener rules do with a request; the weights are those of the beginning, then they are ECS's."""
    groups: list[dict[str, Any]] = [{"target_group": service["target_group"]}]
    if shifts_requests(service):
        groups = [{**groups[0], "weight": 1}, {"target_group": alternate_target_group(service), "weight": 0}]
    return [{"forward": {"target_groups": groups}}]


def load_balancers(service: Service, port: int) -> list[dict[str, Any]]:
    """The load balancer of the ECS service, whose production listener is at this port."""
    balancer = {
        "target_group": service["target_group"],
        "container_name": service["container_name"],
        "container_port": service["container_port"],
    }
    if not shifts_requests(service):
        return [balancer]
    advanced = {
        "alternate_target_group": alternate_target_group(service),
        "production_listener_rule": _rule(service, port),
        "role_arn": service["infrastructure_role"],
    }
    if service["test_port"] is not None:
        advanced["test_listener_rule"] = _rule(service, service["test_port"])
    return [{**balancer, "advanced_configuration": advanced}]


def deployment_configuration(service: Service) -> dict[str, Any]:
    """How ECS deploys: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html."""
    shifts, guarded = shifts_requests(service), bool(service["alarms"])
    configuration: dict[str, Any] = {
        "strategy": _NAMES[service["deployment_strategy"]],
        "minimum_healthy_percent": service["minimum_healthy_percent"],
        "maximum_percent": service["maximum_percent"],
        # With either type: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-failure-detection.html
        "deployment_circuit_breaker": service["circuit_breaker"],
        # Without any, too: what is left out stays as it was.
        "alarms": {"alarm_names": service["alarms"] or [], "enable": guarded, "rollback": guarded},
        "lifecycle_hooks": [_hook(service, hook) for hook in service["lifecycle_hooks"] or ()],
    }
    if shifts:
        configuration["bake_time_in_minutes"] = service["bake_time"] or 0
    if service["deployment_strategy"] == "canary":
        given = _canary(service)
        configuration["canary_configuration"] = {
            "canary_percent": given["percent"],
            "canary_bake_time_in_minutes": given["bake_time"],
        }
    elif service["deployment_strategy"] == "linear":
        given = _linear(service)
        configuration["linear_configuration"] = {
            "step_percent": given["step_percent"],
            "step_bake_time_in_minutes": given["step_bake_time"],
        }
    return configuration


def release_timeout(service: Service) -> int:
    """Seconds after which a release has failed: the strategy's own pauses come on top of the described time."""
    return int(service["wait_timeout"]) + 60 * pauses(service)


def pauses(service: Service) -> int:
    """The minutes that the strategy waits on purpose."""
    minutes = int(service["bake_time"] or 0) if shifts_requests(service) else 0
    if service["deployment_strategy"] == "canary":
        minutes += _canary(service)["bake_time"]
    elif service["deployment_strategy"] == "linear":
        given = _linear(service)
        # There is no pause after the last step.
        minutes += (math.ceil(100 / given["step_percent"]) - 1) * given["step_bake_time"]
    return minutes


def infrastructure_policies(service: Service) -> list[dict[str, Any]]:
    """What the infrastructure role may do besides AWS's own policy: call exactly the hooks.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-permissions.html
    """
    functions = sorted({str(hook["function_arn"]) for hook in service["lifecycle_hooks"] or ()})
    if not functions:
        return []
    allow = {"sid": "CallHooks", "effect": "Allow", "actions": ["lambda:InvokeFunction"], "resources": functions}
    return [{"name": f"{service['name']}-hooks", "statements": [allow]}]


def infrastructure_role(service: Service) -> dict[str, Any]:
    """The role by which ECS moves the requests, as the module iam_role takes it.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AmazonECSInfrastructureRolePolicyForLoadBalancers.html
    """
    trust = {"effect": "Allow", "principals": {"service": ["ecs.amazonaws.com"]}, "actions": ["sts:AssumeRole"]}
    return {
        "name": service["infrastructure_role"],
        "assume_role_policy": [trust],
        "managed_policies": [_POLICY],
        "inline_policies": infrastructure_policies(service),
        "purge_inline_policies": False,
    }


def check_strategy(service: Service) -> Iterator[Finding]:
    """What is given must belong to the strategy, and be within AWS's bounds."""
    strategy = service["deployment_strategy"]
    for option in _SHIFTS_ONLY:
        alone = option in {"canary", "linear"} and option != strategy
        if service[option] is not None and (strategy == "rolling" or alone):
            wanted = option if option in {"canary", "linear"} else "blue_green, canary or linear"
            yield Finding(
                (f"service_{option}",),
                f"has no effect with service_deployment_strategy {strategy}",
                f"remove it, or choose service_deployment_strategy: {wanted}",
            )
    yield from _check_numbers(service)
    if not shifts_requests(service):
        return
    yield from _check_hooks(service)
    if service["test_port"] in _LISTENER_PORTS:
        yield Finding(("service_test_port",), f"{service['test_port']} is for all requests", "choose another port")
    if (service["autoscaling"] or {}).get("target_requests_per_target"):
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html
        yield Finding(
            ("service_autoscaling", "target_requests_per_target"),
            f"counts the requests of one target group, and with {strategy} ECS changes between two",
            "scale by target_cpu_percent or target_memory_percent",
        )


def _check_numbers(service: Service) -> Iterator[Finding]:
    for option, least in _LEAST_PERCENT.items():
        path, value = _value(service, option)
        if value is not None and not (least <= value <= 100 and math.isclose(value * 10, round(value * 10))):
            yield Finding(path, f"{value} is not what AWS accepts here", f"choose {least} to 100, in steps of 0.1")
    for option in _MINUTES:
        path, value = _value(service, option)
        if value is not None and not 0 <= value <= _DAY:
            yield Finding(path, f"{value} is out of range", f"choose 0 to {_DAY} minutes")
    port = service["test_port"]
    if port is not None and not 1 <= port <= 65_535:
        yield Finding(("service_test_port",), f"{port} is out of range", "choose 1 to 65535")


def _check_hooks(service: Service) -> Iterator[Finding]:
    for index, hook in enumerate(service["lifecycle_hooks"] or ()):
        at = ("service_lifecycle_hooks", index)
        arn = _FUNCTION.fullmatch(str(hook["function_arn"]))
        if arn is None:
            remedy = "write a function's ARN, such as arn:aws:lambda:ap-northeast-2:123456789012:function:smoke-test"
            yield Finding((*at, "function_arn"), "is no ARN of a Lambda function", remedy)
        elif arn["region"] != service["region"]:
            remedy = f"name a function of {service['region']}"
            yield Finding((*at, "function_arn"), f"is in {arn['region']}, and the service is not", remedy)
        if not hook["lifecycle_stages"]:
            yield Finding((*at, "lifecycle_stages"), "is empty", "name a stage, such as POST_TEST_TRAFFIC_SHIFT")


def _value(service: Service, option: str) -> tuple[Path, Any]:
    name, _, key = option.partition(".")
    value = service[name]
    return ((f"service_{name}", key), (value or {}).get(key)) if key else ((f"service_{name}",), value)


def _canary(service: Service) -> Mapping[str, Any]:
    return service["canary"] or _CANARY


def _linear(service: Service) -> Mapping[str, Any]:
    return service["linear"] or _LINEAR


def _hook(service: Service, hook: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "hook_target_arn": hook["function_arn"],
        "role_arn": service["infrastructure_role"],
        "lifecycle_stages": hook["lifecycle_stages"],
    }


def _rule(service: Service, port: int) -> str:
    return f"{service['load_balancer']}:{port}/{service['listener_rule_priority']}"
