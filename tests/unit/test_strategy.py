"""What a deployment strategy asks of ECS and the load balancer, and which descriptions of one are refused."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.service import strategy
from slipway.service.description import check
from slipway.service.rules import PATTERNS
from slipway.service.spec import service_options
from tests.unit.descriptions import complete, findings

HOOK = {
    "function_arn": "arn:aws:lambda:ap-northeast-2:123456789012:function:smoke-test",
    "lifecycle_stages": ["POST_TEST_TRAFFIC_SHIFT"],
}
PERCENTS = {"minimum_healthy_percent": 100, "maximum_percent": 200}
BREAKER = {"enable": True, "rollback": True}
BLUE_GREEN = {"service_deployment_strategy": "blue_green"}
CANARY = {"service_deployment_strategy": "canary"}
LINEAR = {"service_deployment_strategy": "linear"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"strategy": "ROLLING", "deployment_circuit_breaker": BREAKER}),
        (
            {"service_alarms": ["5xx"]},
            {
                "strategy": "ROLLING",
                "deployment_circuit_breaker": BREAKER,
                "alarms": {"alarm_names": ["5xx"], "enable": True, "rollback": True},
            },
        ),
        (BLUE_GREEN, {"strategy": "BLUE_GREEN", "bake_time_in_minutes": 0}),
        (
            {**BLUE_GREEN, "service_bake_time": 5, "service_lifecycle_hooks": [HOOK]},
            {
                "strategy": "BLUE_GREEN",
                "bake_time_in_minutes": 5,
                "lifecycle_hooks": [
                    {
                        "hook_target_arn": HOOK["function_arn"],
                        "role_arn": "shop-infrastructure",
                        "lifecycle_stages": ["POST_TEST_TRAFFIC_SHIFT"],
                    }
                ],
            },
        ),
        (
            CANARY,
            {
                "strategy": "CANARY",
                "bake_time_in_minutes": 0,
                "canary_configuration": {"canary_percent": 5.0, "canary_bake_time_in_minutes": 10},
            },
        ),
        (
            {**CANARY, "service_canary": {"percent": 12.5}},
            {
                "strategy": "CANARY",
                "bake_time_in_minutes": 0,
                "canary_configuration": {"canary_percent": 12.5, "canary_bake_time_in_minutes": 10},
            },
        ),
        (
            LINEAR,
            {
                "strategy": "LINEAR",
                "bake_time_in_minutes": 0,
                "linear_configuration": {"step_percent": 10.0, "step_bake_time_in_minutes": 6},
            },
        ),
        (
            {**LINEAR, "service_linear": {"step_percent": 25, "step_bake_time": 1}},
            {
                "strategy": "LINEAR",
                "bake_time_in_minutes": 0,
                "linear_configuration": {"step_percent": 25.0, "step_bake_time_in_minutes": 1},
            },
        ),
    ],
)
def test_how_ecs_deploys(given: dict[str, Any], expected: dict[str, Any]) -> None:
    unguarded = {"alarm_names": [], "enable": False, "rollback": False}
    always = {**PERCENTS, "lifecycle_hooks": [], "deployment_circuit_breaker": BREAKER, "alarms": unguarded}
    assert strategy.deployment_configuration(complete(**given)) == {**always, **expected}


def test_a_rolling_service_has_one_target_group() -> None:
    service = complete()
    assert strategy.forward_actions(service) == [{"forward": {"target_groups": [{"target_group": "shop"}]}}]
    balancer = {"target_group": "shop", "container_name": "shop", "container_port": 8000}
    assert strategy.load_balancers(service, 80) == [balancer]
    assert service["infrastructure_role"] is None


def test_the_others_have_two_and_the_rules_that_ecs_changes() -> None:
    service = complete(**BLUE_GREEN, service_test_port=8443, service_load_balancer="web")
    assert strategy.forward_actions(service) == [
        {
            "forward": {
                "target_groups": [
                    {"target_group": "shop", "weight": 1},
                    {"target_group": "shop-alternate", "weight": 0},
                ]
            }
        }
    ]
    [balancer] = strategy.load_balancers(service, 443)
    assert balancer["advanced_configuration"] == {
        "alternate_target_group": "shop-alternate",
        "production_listener_rule": "web:443/100",
        "test_listener_rule": "web:8443/100",
        "role_arn": "shop-infrastructure",
    }
    [without] = strategy.load_balancers(complete(**BLUE_GREEN), 80)
    assert "test_listener_rule" not in without["advanced_configuration"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shop", "shop-alternate"),
        ("a" * 22, "a" * 22 + "-alternate"),
        ("a" * 23, "a" * 17 + "-897d-alternate"),
        ("abcdefghijklmnop-qrstuvw-x", "abcdefghijklmnop-83b8-alternate"),
    ],
)
def test_the_second_target_group_has_a_name_that_aws_takes(name: str, expected: str) -> None:
    found = strategy.alternate_target_group({"target_group": name})
    assert len(found) <= 32
    assert found.startswith(name[:16])
    assert found == expected


def test_long_names_that_begin_alike_stay_apart() -> None:
    names = {strategy.alternate_target_group({"target_group": "a" * 30 + end}) for end in ("b", "c", "d")}
    assert len(names) == 3


@pytest.mark.parametrize(
    ("given", "minutes"),
    [
        ({}, 0),
        ({**BLUE_GREEN, "service_bake_time": 15}, 15),
        (CANARY, 10),
        ({**CANARY, "service_bake_time": 5, "service_canary": {"bake_time": 3}}, 8),
        (LINEAR, 54),
        ({**LINEAR, "service_linear": {"step_percent": 30, "step_bake_time": 2}, "service_bake_time": 1}, 7),
        ({**LINEAR, "service_linear": {"step_percent": 100}}, 0),
    ],
)
def test_a_release_may_take_as_long_as_its_strategy_waits(given: dict[str, Any], minutes: int) -> None:
    service = complete(**given)
    assert strategy.pauses(service) == minutes
    assert strategy.release_timeout(service) == 600 + 60 * minutes


def test_the_role_moves_requests_and_calls_exactly_the_hooks() -> None:
    again = {**HOOK, "lifecycle_stages": ["PRE_SCALE_UP"]}
    role = strategy.infrastructure_role(complete(**BLUE_GREEN, service_lifecycle_hooks=[HOOK, again]))
    assert role["name"] == "shop-infrastructure"
    assert role["managed_policies"] == ["AmazonECSInfrastructureRolePolicyForLoadBalancers"]
    [trust] = role["assume_role_policy"]
    assert trust["principals"] == {"service": ["ecs.amazonaws.com"]}
    [policy] = role["inline_policies"]
    [statement] = policy["statements"]
    assert (statement["actions"], statement["resources"]) == (["lambda:InvokeFunction"], [HOOK["function_arn"]])
    assert strategy.infrastructure_role(complete(**BLUE_GREEN))["inline_policies"] == []


@pytest.mark.parametrize(
    ("given", "variable", "problem", "remedy"),
    [
        ({"service_bake_time": 5}, "service_bake_time", "no effect with service_deployment_strategy rolling", "canary"),
        ({"service_canary": {}}, "service_canary", "no effect", "service_deployment_strategy: canary"),
        ({"service_linear": {}}, "service_linear", "no effect", "service_deployment_strategy: linear"),
        ({"service_lifecycle_hooks": [HOOK]}, "service_lifecycle_hooks", "no effect", "blue_green"),
        ({"service_infrastructure_role": "r"}, "service_infrastructure_role", "no effect", "remove it"),
        ({"service_test_port": 8443}, "service_test_port", "no effect", "remove it"),
        (
            {**BLUE_GREEN, "service_canary": {}},
            "service_canary",
            "no effect with service_deployment_strategy blue_g",
            "",
        ),
        ({**CANARY, "service_linear": {}}, "service_linear", "no effect with service_deployment_strategy canary", ""),
        ({**LINEAR, "service_canary": {}}, "service_canary", "no effect with service_deployment_strategy linear", ""),
        ({**BLUE_GREEN, "service_bake_time": -1}, "service_bake_time", "-1 is out of range", "0 to 1440"),
        ({**BLUE_GREEN, "service_bake_time": 1441}, "service_bake_time", "1441 is out of range", "0 to 1440"),
        ({**CANARY, "service_canary": {"percent": 0}}, "service_canary.percent", "0.0 is not", "0.1 to 100"),
        ({**CANARY, "service_canary": {"percent": 100.1}}, "service_canary.percent", "100.1 is not", "0.1 to 100"),
        ({**CANARY, "service_canary": {"percent": 5.25}}, "service_canary.percent", "5.25 is not", "steps of 0.1"),
        ({**CANARY, "service_canary": {"bake_time": 1441}}, "service_canary.bake_time", "out of range", "1440"),
        (
            {**LINEAR, "service_linear": {"step_percent": 2.9}},
            "service_linear.step_percent",
            "2.9 is not",
            "3.0 to 100",
        ),
        ({**LINEAR, "service_linear": {"step_percent": 101}}, "service_linear.step_percent", "101.0 is not", "3.0 to"),
        ({**LINEAR, "service_linear": {"step_bake_time": -1}}, "service_linear.step_bake_time", "out of range", "1440"),
        ({**BLUE_GREEN, "service_test_port": 443}, "service_test_port", "443 is for all requests", "another port"),
        ({**BLUE_GREEN, "service_test_port": 80}, "service_test_port", "80 is for all requests", "another port"),
        ({**BLUE_GREEN, "service_test_port": 65536}, "service_test_port", "out of range", "1 to 65535"),
        (
            {**BLUE_GREEN, "service_lifecycle_hooks": [{**HOOK, "function_arn": "smoke-test"}]},
            "service_lifecycle_hooks[0].function_arn",
            "no ARN of a Lambda function",
            "arn:aws:lambda:",
        ),
        (
            {**BLUE_GREEN, "service_region": "us-east-1", "service_lifecycle_hooks": [HOOK]},
            "service_lifecycle_hooks[0].function_arn",
            "is in ap-northeast-2",
            "a function of us-east-1",
        ),
        (
            {**BLUE_GREEN, "service_lifecycle_hooks": [{**HOOK, "lifecycle_stages": []}]},
            "service_lifecycle_hooks[0].lifecycle_stages",
            "is empty",
            "name a stage",
        ),
        (
            {**BLUE_GREEN, "service_lifecycle_hooks": [{**HOOK, "lifecycle_stages": ["LATER"]}]},
            "service_lifecycle_hooks[0].lifecycle_stages[0]",
            "no choice LATER",
            "one of",
        ),
        (
            {
                **CANARY,
                "service_autoscaling": {"min_capacity": 1, "max_capacity": 2, "target_requests_per_target": 100},
            },
            "service_autoscaling.target_requests_per_target",
            "ECS changes between two",
            "target_cpu_percent",
        ),
        ({"service_deployment_strategy": "bluegreen"}, "service_deployment_strategy", "no choice", "blue_green"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], variable: str, problem: str, remedy: str) -> None:
    found = findings(**given)
    assert list(found) == [variable]
    assert problem in found[variable].problem
    assert remedy in found[variable].remedy


@pytest.mark.parametrize(
    "given",
    [
        {**CANARY, "service_canary": {"percent": 0.1, "bake_time": 0}},
        {**CANARY, "service_canary": {"percent": 99.9, "bake_time": 1440}},
        {**CANARY, "service_canary": {"percent": 100}},
        {**LINEAR, "service_linear": {"step_percent": 3, "step_bake_time": 0}},
        {**LINEAR, "service_linear": {"step_percent": 33.3, "step_bake_time": 1440}},
        {**BLUE_GREEN, "service_bake_time": 1440, "service_test_port": 8443, "service_lifecycle_hooks": [HOOK]},
        {**BLUE_GREEN, "service_lifecycle_hooks": [{**HOOK, "function_arn": f"{HOOK['function_arn']}:live"}]},
    ],
)
def test_the_bounds_themselves_are_accepted(given: dict[str, Any]) -> None:
    complete(**given)


def test_all_that_does_not_fit_is_told_at_once() -> None:
    given = {"service_bake_time": 2000, "service_canary": {"percent": 0.01}, "service_test_port": 443}
    assert set(findings(**given)) == {
        "service_bake_time",
        "service_canary",
        "service_canary.percent",
        "service_test_port",
    }


def test_what_has_the_wrong_type_hides_no_other_finding() -> None:
    checked = check(
        {"service_test_port": "many", "service_deployment_strategy": "blue_green"}, service_options(), "shop"
    )
    assert "service_test_port" in {finding.variable for finding in checked.findings}
    assert "service_cpu" in {finding.variable for finding in checked.findings}


def test_the_names_of_a_target_group_are_elbs() -> None:
    assert "32" in PATTERNS["target_group"][1]
