"""Services of ECS: how a new version replaces the old one, and behind which load balancers."""

from __future__ import annotations

from typing import Any

from tests.emulator.drift_cases.ecs_service import KIND, SERVICE, before, put, service
from tests.emulator.drift_cases.model import Document, Having, Scene, Shown, To

D = "deployment_configuration"


def _configuration(name: str, options: dict[str, Any], document: Document, changes: dict[str, Any]) -> Scene:
    """Some of the deployment configuration: what belongs to one strategy is refused with another."""
    return Scene(
        KIND,
        lambda world: service(world, deployment_configuration=options),
        {f"{D}.{path}": value for path, value in changes.items()},
        before=before,
        read=lambda _: {"deploymentConfiguration": document},
        put=put,
        answer=("DescribeServices", SERVICE),
        unkept={"moto": {f"{D}*": "does not return it"}},
        title=name,
    )


_HOOK = {
    "target_type": "AWS_LAMBDA",
    "hook_target_arn": "arn:aws:lambda:one",
    "role_arn": "arn:aws:iam::000000000000:role/hook",
    "lifecycle_stages": ["PRE_SCALE_UP"],
    "hook_details": {"of": "drift"},
    "timeout_configuration": {"timeout_in_minutes": 5, "action": "ROLLBACK"},
}
_API_HOOK = {
    "targetType": "AWS_LAMBDA",
    "hookTargetArn": "arn:aws:lambda:one",
    "roleArn": "arn:aws:iam::000000000000:role/hook",
    "lifecycleStages": ["PRE_SCALE_UP"],
    "hookDetails": {"of": "drift"},
    "timeoutConfiguration": {"timeoutInMinutes": 5, "action": "ROLLBACK"},
}
H = "lifecycle_hooks[]"
_AT_HOOK = f"{D}.lifecycle_hooks[arn:aws:lambda:one]"
CONFIGURATIONS = (
    _configuration(
        "rolling",
        {
            "deployment_circuit_breaker": {
                "enable": True,
                "rollback": True,
                "reset_on_healthy_task": True,
                "threshold_configuration": {"type": "COUNT", "value": 5},
            },
            "maximum_percent": 200,
            "minimum_healthy_percent": 100,
            "alarms": {"alarm_names": ["one"], "rollback": True, "enable": True},
            "strategy": "ROLLING",
            "early_success_criteria": {
                "enable": True,
                "healthy_percent": 90,
                "source_service_revision_cleanup": "BLOCKING",
            },
        },
        {
            "deploymentCircuitBreaker": {
                "enable": True,
                "rollback": True,
                "resetOnHealthyTask": True,
                "thresholdConfiguration": {"type": "COUNT", "value": 5},
            },
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "alarms": {"alarmNames": ["one"], "rollback": True, "enable": True},
            "strategy": "ROLLING",
            "earlySuccessCriteria": {"enable": True, "healthyPercent": 90, "sourceServiceRevisionCleanup": "BLOCKING"},
        },
        {
            "deployment_circuit_breaker.enable": False,
            "deployment_circuit_breaker.rollback": False,
            "deployment_circuit_breaker.reset_on_healthy_task": False,
            "deployment_circuit_breaker.threshold_configuration.type": "BOUNDED_PERCENT",
            "deployment_circuit_breaker.threshold_configuration.value": 7,
            "maximum_percent": 150,
            "minimum_healthy_percent": 0,
            "alarms.alarm_names": ["one", "two"],
            "alarms.rollback": False,
            "alarms.enable": False,
            "strategy": "BLUE_GREEN",
            "early_success_criteria.enable": False,
            "early_success_criteria.healthy_percent": 50,
            "early_success_criteria.source_service_revision_cleanup": "DEFERRED",
        },
    ),
    _configuration(
        "canary",
        {
            "strategy": "CANARY",
            "bake_time_in_minutes": 5,
            "canary_configuration": {"canary_percent": 10, "canary_bake_time_in_minutes": 5},
            "lifecycle_hooks": [_HOOK],
        },
        {
            "strategy": "CANARY",
            "bakeTimeInMinutes": 5,
            "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 5},
            "lifecycleHooks": [_API_HOOK],
        },
        {
            "strategy": "ROLLING",
            "bake_time_in_minutes": 0,
            "canary_configuration.canary_percent": 50.0,
            "canary_configuration.canary_bake_time_in_minutes": 0,
            H: To(
                {**_API_HOOK, "hookTargetArn": "arn:aws:lambda:two"},
                at=f"{D}.lifecycle_hooks[arn:aws:lambda:two]",
                found={**_HOOK, "hook_target_arn": "arn:aws:lambda:two"},
            ),
            f"{H}.target_type": To("PAUSE", at=f"{_AT_HOOK}.target_type"),
            f"{H}.hook_target_arn": To(
                "arn:aws:lambda:two",
                at=_AT_HOOK,
                expected=_HOOK,
                found=None,
                also=(
                    Shown(
                        f"{D}.lifecycle_hooks[arn:aws:lambda:two]",
                        None,
                        {**_HOOK, "hook_target_arn": "arn:aws:lambda:two"},
                    ),
                ),
            ),
            f"{H}.role_arn": To("arn:aws:iam::000000000000:role/other", at=f"{_AT_HOOK}.role_arn"),
            f"{H}.lifecycle_stages": To(["PRE_SCALE_UP", "POST_SCALE_UP"], at=f"{_AT_HOOK}.lifecycle_stages"),
            f"{H}.hook_details": To({"of": "other"}, at=f"{_AT_HOOK}.hook_details.of", expected="drift", found="other"),
            f"{H}.timeout_configuration.timeout_in_minutes": To(
                9, at=f"{_AT_HOOK}.timeout_configuration.timeout_in_minutes"
            ),
            f"{H}.timeout_configuration.action": To("CONTINUE", at=f"{_AT_HOOK}.timeout_configuration.action"),
        },
    ),
    _configuration(
        "linear",
        {"strategy": "LINEAR", "linear_configuration": {"step_percent": 10, "step_bake_time_in_minutes": 5}},
        {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 10.0, "stepBakeTimeInMinutes": 5}},
        {
            "strategy": "ROLLING",
            "linear_configuration.step_percent": 20.0,
            "linear_configuration.step_bake_time_in_minutes": 0,
        },
    ),
)


def _elb(kind: str, name: str) -> str:
    return f"arn:aws:elasticloadbalancing:ap-northeast-2:000000000000:{kind}/{name}"


GROUP, OTHER_GROUP = _elb("targetgroup", "one/1"), _elb("targetgroup", "two/2")
RULE, OTHER_RULE = _elb("listener-rule", "app/x/1/1/1"), _elb("listener-rule", "app/x/1/1/2")
ROLE, OTHER_ROLE = "arn:aws:iam::000000000000:role/one", "arn:aws:iam::000000000000:role/two"
_BALANCER = {
    "target_group": GROUP,
    "container_name": "api",
    "container_port": 8000,
    "advanced_configuration": {
        "alternate_target_group": OTHER_GROUP,
        "production_listener_rule": RULE,
        "test_listener_rule": RULE,
        "role_arn": ROLE,
    },
}
_API_BALANCER = {
    "targetGroupArn": GROUP,
    "containerName": "api",
    "containerPort": 8000,
    "advancedConfiguration": {
        "alternateTargetGroupArn": OTHER_GROUP,
        "productionListenerRule": RULE,
        "testListenerRule": RULE,
        "roleArn": ROLE,
    },
}
B = "load_balancers[]"
_ADVANCED = f"{B}.advanced_configuration"
_AT = f"load_balancers[{GROUP}/api/8000]"


def _other_balancer(place: str, value: Any, key: str) -> To:
    """Another load balancer in the place of the one that is described."""
    return To(
        value,
        api=f"{B}.{place}",
        at=_AT,
        expected=Having(target_group_arn=GROUP, container_name="api", container_port=8000),
        found=None,
        also=(Shown(f"load_balancers[{key}]", None, Having(advanced_configuration=_SHOWN)),),
    )


_SHOWN = {
    "alternate_target_group_arn": OTHER_GROUP,
    "production_listener_rule": RULE,
    "test_listener_rule": RULE,
    "role_arn": ROLE,
}
BALANCERS = Scene(
    KIND,
    lambda world: service(world, load_balancers=[_BALANCER]),
    {
        B: To(
            {"targetGroupArn": OTHER_GROUP, "containerName": "api", "containerPort": 8000},
            at=f"load_balancers[{OTHER_GROUP}/api/8000]",
            found={"target_group_arn": OTHER_GROUP, "container_name": "api", "container_port": 8000},
        ),
        f"{B}.target_group": _other_balancer("target_group_arn", OTHER_GROUP, f"{OTHER_GROUP}/api/8000"),
        f"{B}.container_name": _other_balancer("container_name", "other", f"{GROUP}/other/8000"),
        f"{B}.container_port": _other_balancer("container_port", 9000, f"{GROUP}/api/9000"),
        f"{_ADVANCED}.alternate_target_group": To(
            GROUP,
            api=f"{_ADVANCED}.alternate_target_group_arn",
            at=f"{_AT}.advanced_configuration.alternate_target_group_arn",
        ),
        f"{_ADVANCED}.production_listener_rule": To(
            OTHER_RULE, at=f"{_AT}.advanced_configuration.production_listener_rule"
        ),
        f"{_ADVANCED}.test_listener_rule": To(OTHER_RULE, at=f"{_AT}.advanced_configuration.test_listener_rule"),
        f"{_ADVANCED}.role_arn": To(OTHER_ROLE, at=f"{_AT}.advanced_configuration.role_arn"),
    },
    before=before,
    read=lambda _: {"loadBalancers": [_API_BALANCER]},
    put=put,
    answer=("DescribeServices", SERVICE),
    title="load balancers",
)
SCENES = (*CONFIGURATIONS, BALANCERS)
NO_FIELDS: dict[str, dict[str, str]] = {}
