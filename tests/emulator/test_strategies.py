"""A service that changes its deployment strategy, with its target groups and rules, in one run as the role makes it."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.service import strategy
from tests.emulator.lifecycle import Resource, apply, writes
from tests.emulator.test_ecs_service import CLUSTER, task_definition
from tests.emulator.test_elb import LISTENER, balancer, group, network_of
from tests.emulators.emulator import Emulator
from tests.unit.descriptions import complete

CANARY: dict[str, Any] = {
    "service_deployment_strategy": "canary",
    "service_bake_time": 5,
    "service_canary": {"percent": 12.5, "bake_time": 3},
    "service_test_port": 8443,
}


class Stack:
    """The service and what it is reached through."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.network = network_of(emulator)
        ec2 = emulator.client("ec2")
        ec2.modify_vpc_attribute(VpcId=self.network.vpc, EnableDnsHostnames={"Value": True})

    def resources(self, **changes: Any) -> list[Resource]:
        names = {"service_name": "life", "service_container_name": "api", "service_listener_rule_priority": 10}
        service = complete(**names, **changes)
        shifts = strategy.shifts_requests(service)
        ports = [80, *([8443] if shifts else [])]
        rule = {
            "load_balancer": "life",
            "priority": 10,
            "conditions": [{"path_pattern": {"values": ["/*"]}}],
            "actions": strategy.forward_actions(service),
            "manage_weights": not shifts,
            "alternate_target_group": "life-alternate",
        }
        # moto returns no deployment configuration, so that each run would find it missing.
        configuration = {"deployment_configuration": strategy.deployment_configuration(service)}
        return [
            balancer(self.network),
            *([group(self.network, "life-alternate")] if shifts else []),
            group(self.network, "life"),
            *(("elb_listener", {**LISTENER, "port": port}) for port in ports),
            *(("elb_listener_rule", {**rule, "port": port}) for port in ports),
            *([("iam_role", strategy.infrastructure_role(service))] if shifts else []),
            CLUSTER,
            task_definition(),
            (
                "ecs_service",
                {
                    "name": "api",
                    "cluster": "life",
                    "task_definition": "life",
                    "desired_count": 0,
                    "launch_type": "FARGATE",
                    "network_configuration": {
                        "awsvpc_configuration": {
                            "subnets": self.network.subnets[:2],
                            "security_groups": self.network.security_groups[:1],
                        }
                    },
                    "load_balancers": strategy.load_balancers(service, 80),
                    **(configuration if self.emulator.name != "moto" else {}),
                },
            ),
        ]

    def bring(self, *, check: bool = False, **changes: Any) -> tuple[dict[str, list[str]], dict[str, int]]:
        """What differed, by resource, and which writes there were."""
        outcomes, calls = apply(self.emulator.endpoint, self.resources(**changes), check=check)
        found = {one.request.label: [item.path for item in one.plan.found] for one in outcomes if one.plan.changed}
        return found, writes(calls)

    def weights(self) -> dict[str, int]:
        """The weights of the rule at port 80, by target group."""
        elb = self.emulator.client("elbv2")
        [forward] = self._rule()["Actions"]
        names = {one["TargetGroupArn"]: one["TargetGroupName"] for one in elb.describe_target_groups()["TargetGroups"]}
        groups = forward["ForwardConfig"]["TargetGroups"]
        return {names[one["TargetGroupArn"]]: int(one["Weight"]) for one in groups}

    def move_requests(self, weights: dict[str, int]) -> None:
        """What ECS does to the rule at the end of a deployment."""
        elb = self.emulator.client("elbv2")
        arns = {one["TargetGroupName"]: one["TargetGroupArn"] for one in elb.describe_target_groups()["TargetGroups"]}
        groups = [{"TargetGroupArn": arns[name], "Weight": weight} for name, weight in weights.items()]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
        elb.modify_rule(RuleArn=self._rule()["RuleArn"], Actions=[action])

    def _rule(self) -> dict[str, Any]:
        elb = self.emulator.client("elbv2")
        arn = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        listeners = elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        [listener] = [one["ListenerArn"] for one in listeners if one["Port"] == 80]
        rules = elb.describe_rules(ListenerArn=listener)["Rules"]
        return next(dict(one) for one in rules if one["Priority"] == "10")


@pytest.mark.managed_policies
def test_weights_belong_to_ecs_from_the_beginning_to_the_way_back(moto: Emulator) -> None:
    stack = Stack(moto)
    stack.bring(**CANARY)
    assert stack.weights() == {"life": 1, "life-alternate": 0}
    assert stack.bring(**CANARY) == ({}, {})
    stack.move_requests({"life": 0, "life-alternate": 100})
    assert stack.bring(**CANARY) == ({}, {})
    # The tasks are behind the second target group: a rolling service must not take its requests away.
    assert stack.bring() == ({}, {})
    assert stack.weights() == {"life": 0, "life-alternate": 100}


@pytest.mark.managed_policies
def test_a_rolling_service_is_prepared_before_it_changes(moto: Emulator) -> None:
    stack = Stack(moto)
    stack.bring()
    assert stack.bring() == ({}, {})
    found, written = stack.bring(check=True, **CANARY)
    assert written == {}
    assert list(found) == list(stack.bring(**CANARY)[0])
    assert list(found)[-1] == "ecs_service life/api"
    assert {
        "iam_role life-infrastructure",
        "elb_target_group life-alternate",
        "elb_listener life:8443",
        "elb_listener_rule life:8443/10",
        "elb_listener_rule life:80/10",
    } < set(found)
    assert stack.weights() == {"life": 1, "life-alternate": 0}
    [service] = moto.client("ecs").describe_services(cluster="life", services=["api"])["services"]
    advanced = service["loadBalancers"][0]["advancedConfiguration"]
    assert advanced["productionListenerRule"] == stack._rule()["RuleArn"]
    assert advanced["roleArn"].endswith(":role/life-infrastructure")
    assert stack.bring(**CANARY) == ({}, {})


@pytest.mark.parametrize("name", ["blue_green", "linear"])
def test_a_service_changes_its_strategy_and_back(ministack: Emulator, name: str) -> None:
    stack = Stack(ministack)
    wanted: dict[str, Any] = {"service_deployment_strategy": name, "service_bake_time": 1, "service_test_port": 8443}
    stack.bring()
    found, written = stack.bring(**wanted)
    assert "deployment_configuration.strategy" in found["ecs_service life/api"]
    # The rolling deployment that prepares it, and the change.
    assert written["ecs:UpdateService"] == 2
    [service] = ministack.client("ecs").describe_services(cluster="life", services=["api"])["services"]
    assert service["deploymentConfiguration"]["strategy"] == name.upper()
    # ministack drops weighted forward actions, so that the rules differ again; nothing else does.
    found, written = stack.bring(**wanted)
    assert {label for label in found if not label.startswith("elb_listener_rule")} == set()
    found, written = stack.bring()
    assert "deployment_configuration.strategy" in found["ecs_service life/api"]
    assert written["ecs:UpdateService"] == 1
    [service] = ministack.client("ecs").describe_services(cluster="life", services=["api"])["services"]
    assert service["deploymentConfiguration"]["strategy"] == "ROLLING"
    assert "linearConfiguration" not in service["deploymentConfiguration"]
    assert stack.bring() == ({}, {})
