"""Changing the deployment strategy of a service: what is found, what is sent, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.aws.errors import SlipwayError
from slipway.engine.kind import Known
from slipway.engine.plan import Call, Live, Plan
from slipway.resources import ecs_traffic
from slipway.resources.ecs_service import EcsService
from tests.unit.fake_aws import FakeAws

HERE = "ap-northeast-2:123456789012"
ELB = f"arn:aws:elasticloadbalancing:{HERE}"
BLUE, GREEN = f"{ELB}:targetgroup/shop/1", f"{ELB}:targetgroup/shop-alternate/2"
RULE = f"{ELB}:listener-rule/app/web/1/2/3"
ROLE = "arn:aws:iam::123456789012:role/shop-infrastructure"
OFF = {"enable": False, "rollback": False}
ON = {"enable": True, "rollback": True}
PERCENTS = {"minimum_healthy_percent": 100, "maximum_percent": 200}
ROLLING = {"strategy": "ROLLING", **PERCENTS, "deployment_circuit_breaker": ON, "lifecycle_hooks": []}
SHIFTING = {**PERCENTS, "deployment_circuit_breaker": OFF, "lifecycle_hooks": [], "bake_time_in_minutes": 5}
CANARY = {
    "strategy": "CANARY",
    **SHIFTING,
    "canary_configuration": {"canary_percent": 10, "canary_bake_time_in_minutes": 3},
}
PLAIN = {"target_group": BLUE, "container_name": "api", "container_port": 8000}
ADVANCED = {
    **PLAIN,
    "advanced_configuration": {
        "alternate_target_group": GREEN,
        "production_listener_rule": "web:443/100",
        "role_arn": "shop-infrastructure",
    },
}
# What AWS says of a service that has it.
LIVE_PLAIN = {"targetGroupArn": BLUE, "containerName": "api", "containerPort": 8000}
LIVE_ADVANCED = {
    **LIVE_PLAIN,
    "advancedConfiguration": {"alternateTargetGroupArn": GREEN, "productionListenerRule": RULE, "roleArn": ROLE},
}
LIVE_ROLLING = {
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
    "minimumHealthyPercent": 100,
    "maximumPercent": 200,
    "deploymentCircuitBreaker": {**ON, "resetOnHealthyTask": True},
}
HOOK = {"hookTargetArn": "arn:f", "roleArn": ROLE, "lifecycleStages": ["PRE_SCALE_UP", "POST_SCALE_UP"]}
LIVE_CANARY = {
    "strategy": "CANARY",
    "bakeTimeInMinutes": 5,
    "minimumHealthyPercent": 100,
    "maximumPercent": 200,
    "deploymentCircuitBreaker": OFF,
    "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 3},
}


def plan(live: dict[str, Any], **options: Any) -> Plan:
    """What a run plans for a service that AWS has so."""
    kind, wanted = EcsService(), {"name": "api", "cluster": "c", **options}
    service = {
        "serviceArn": "arn:s",
        "serviceName": "api",
        "clusterArn": "arn:x/c",
        "status": "ACTIVE",
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY"}],
        **live,
    }
    aws = FakeAws({"DescribeServices": {"services": [service]}})
    known = Known(aws)
    known.put("elb_listener_rule", "web:443/100", Live({}, {"arn": RULE}))
    found = kind.observe(aws, {"c/api": wanted}, known)
    return kind.plan(kind.desired(wanted, known), found["c/api"])


def shown(calls: Any) -> list[tuple[str, set[str]]]:
    return [(call.operation, set(call.params) - {"cluster", "service", "services"}) for call in calls]


def test_nothing_that_is_as_described_is_sent() -> None:
    live = {"loadBalancers": [LIVE_ADVANCED], "deploymentConfiguration": LIVE_CANARY}
    assert plan(live, load_balancers=[ADVANCED], deployment_configuration=CANARY).calls == ()
    live = {"loadBalancers": [LIVE_PLAIN], "deploymentConfiguration": LIVE_ROLLING}
    assert plan(live, load_balancers=[PLAIN], deployment_configuration=ROLLING).calls == ()


def test_load_balancers_are_sent_only_when_they_differ() -> None:
    live = {"loadBalancers": [LIVE_ADVANCED], "deploymentConfiguration": LIVE_CANARY, "desiredCount": 1}
    other = {**CANARY, "bake_time_in_minutes": 7}
    [call] = plan(live, load_balancers=[ADVANCED], deployment_configuration=other).calls
    assert shown([call]) == [("UpdateService", {"deploymentConfiguration"})]
    assert call.params["deploymentConfiguration"]["bakeTimeInMinutes"] == 7


def test_from_rolling_the_load_balancer_comes_first_with_a_rolling_deployment() -> None:
    live = {"loadBalancers": [LIVE_PLAIN], "deploymentConfiguration": LIVE_ROLLING, "taskDefinition": "arn:t:1"}
    found = plan(live, load_balancers=[ADVANCED], deployment_configuration=CANARY, task_definition="arn:t:2")
    assert shown(found.calls) == [
        ("DescribeServices", set()),
        ("UpdateService", {"loadBalancers"}),
        ("DescribeServices", set()),
        ("UpdateService", {"loadBalancers", "deploymentConfiguration", "taskDefinition"}),
    ]
    assert found.calls[1].params["loadBalancers"] == [LIVE_ADVANCED]
    configuration = found.calls[3].params["deploymentConfiguration"]
    # Kept as it is: nobody described it.
    assert configuration["deploymentCircuitBreaker"] == {**OFF, "resetOnHealthyTask": True}
    assert configuration["canaryConfiguration"] == {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 3}


def test_back_to_rolling_the_second_target_group_stays_and_nothing_of_the_old_strategy() -> None:
    live = {
        "loadBalancers": [LIVE_ADVANCED],
        "deploymentConfiguration": {**LIVE_CANARY, "lifecycleHooks": [HOOK]},
    }
    found = plan(live, load_balancers=[PLAIN], deployment_configuration=ROLLING)
    assert shown(found.calls) == [("DescribeServices", set()), ("UpdateService", {"deploymentConfiguration"})]
    assert found.calls[1].params["deploymentConfiguration"] == {
        "strategy": "ROLLING",
        "minimumHealthyPercent": 100,
        "maximumPercent": 200,
        "deploymentCircuitBreaker": ON,
        "lifecycleHooks": [],
    }


@pytest.mark.parametrize(
    ("strategy", "more"),
    [
        ("BLUE_GREEN", {}),
        ("LINEAR", {"linear_configuration": {"step_percent": 20, "step_bake_time_in_minutes": 1}}),
    ],
)
def test_from_one_that_shifts_to_another_no_rolling_deployment_is_needed(strategy: str, more: dict[str, Any]) -> None:
    live = {"loadBalancers": [LIVE_ADVANCED], "deploymentConfiguration": LIVE_CANARY}
    wanted = {"strategy": strategy, **SHIFTING, **more}
    found = plan(live, load_balancers=[ADVANCED], deployment_configuration=wanted)
    assert shown(found.calls) == [("DescribeServices", set()), ("UpdateService", {"deploymentConfiguration"})]
    sent = found.calls[1].params["deploymentConfiguration"]
    assert sent["strategy"] == strategy
    assert "canaryConfiguration" not in sent
    assert ("linearConfiguration" in sent) == bool(more)


def test_another_port_of_a_service_back_at_rolling_keeps_its_second_target_group() -> None:
    live = {"loadBalancers": [LIVE_ADVANCED], "deploymentConfiguration": LIVE_ROLLING}
    [call] = plan(live, load_balancers=[{**PLAIN, "container_port": 9000}], deployment_configuration=ROLLING).calls
    assert call.params["loadBalancers"] == [{**LIVE_ADVANCED, "containerPort": 9000}]


def test_the_order_of_hooks_and_stages_means_nothing() -> None:
    other = {**HOOK, "hookTargetArn": "arn:g"}
    live = {"deploymentConfiguration": {**LIVE_CANARY, "lifecycleHooks": [HOOK, other]}}
    stages = ["POST_SCALE_UP", "PRE_SCALE_UP"]
    hooks = [
        {"hook_target_arn": name, "role_arn": "shop-infrastructure", "lifecycle_stages": stages}
        for name in ("arn:g", "arn:f")
    ]
    assert plan(live, deployment_configuration={**CANARY, "lifecycle_hooks": hooks}).calls == ()


@pytest.mark.parametrize(
    ("deployments", "settled"),
    [
        ([{"status": "PRIMARY", "rolloutState": "COMPLETED"}], True),
        ([{"status": "PRIMARY", "rolloutState": "FAILED"}], True),
        # an emulator that has no rollout state
        ([{"status": "PRIMARY"}], True),
        ([{"status": "PRIMARY", "rolloutState": "IN_PROGRESS"}], False),
        ([{"status": "PRIMARY", "rolloutState": "COMPLETED"}, {"status": "ACTIVE"}], False),
    ],
)
def test_when_a_service_can_take_another_strategy(deployments: list[dict[str, Any]], settled: bool) -> None:
    live = {"deploymentConfiguration": LIVE_CANARY}
    call: Call = plan(live, deployment_configuration=ROLLING).calls[0]
    assert call.until is not None
    assert call.until({"services": [{"deployments": deployments}]}) is settled


def test_rules_are_named_as_their_kind_names_them() -> None:
    assert list(ecs_traffic.references(ADVANCED)) == [
        ("elb_load_balancer", "web"),
        ("elb_listener", "web:443"),
        ("elb_listener_rule", "web:443/100"),
    ]
    by_arn = {**PLAIN, "advanced_configuration": {"production_listener_rule": RULE}}
    assert list(ecs_traffic.references(by_arn)) == []
    named = {"target_group": "shop", "advanced_configuration": {"alternate_target_group": "shop-alternate"}}
    assert [name for _, name in ecs_traffic.references(named)] == ["shop", "shop-alternate"]


@pytest.mark.parametrize("rule", ["100", "web/100", "web:443", "web:https/100"])
def test_what_is_no_rule_is_refused(rule: str) -> None:
    advanced = {"production_listener_rule": rule}
    with pytest.raises(SlipwayError, match="is no listener rule") as caught:
        plan({}, load_balancers=[{**PLAIN, "advanced_configuration": advanced}])
    assert "LOAD_BALANCER:PORT/PRIORITY" in str(caught.value)
