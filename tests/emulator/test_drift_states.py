"""Drift, pending, unreadable and ignored over real resources; and what AWS and ECS change is none of them."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any, ClassVar

import pytest

from slipway.aws.clients import Aws
from slipway.aws.errors import AwsError
from slipway.drift import check as checking
from slipway.drift.applied import Applied
from slipway.drift.finding import Finding
from slipway.drift.judge import Ignore
from tests.emulator.drift_cases.elb import balancer_arn, group_arn
from tests.emulator.drift_cases.model import World
from tests.emulator.drift_stage import Stage, staged, with_options
from tests.emulators.emulator import Emulator


@pytest.fixture
def stage(moto: Emulator, monkeypatch: pytest.MonkeyPatch) -> Stage:
    # One emulator will do: that each field is seen on both is tested with the fields.
    return staged(moto, monkeypatch)


def told(findings: list[Finding]) -> list[tuple[str, str, str, Any, Any]]:
    return sorted((one.state, one.resource, one.field, one.expected, one.found) for one in findings)


def idle_timeout(world: World, seconds: int) -> None:
    pairs = [{"Key": "idle_timeout.timeout_seconds", "Value": str(seconds)}]
    world.elbv2.modify_load_balancer_attributes(LoadBalancerArn=balancer_arn(world), Attributes=pairs)


LB = "elb_load_balancer drift"


def test_the_description_moved_on(stage: Stage) -> None:
    before = stage.described()
    stage.change("elb_load_balancer", http2=False)
    now = stage.described()
    assert told(stage.look(applied=Applied(before))) == [
        ("pending", LB, "http2", False, True),
    ]
    stage.deploy()
    assert stage.look(applied=Applied(now)) == []


def test_drift_and_pending_on_one_resource(stage: Stage) -> None:
    before = Applied(stage.described())
    idle_timeout(stage.world, 300)
    stage.change("elb_load_balancer", http2=False)
    assert told(stage.look(applied=before)) == [
        ("drift", LB, "idle_timeout_seconds", 60, 300),
        ("pending", LB, "http2", False, True),
    ]
    # Both changed the same field: what was applied is what somebody changed.
    stage.change("elb_load_balancer", idle_timeout_seconds=90, http2=True)
    assert told(stage.look(applied=before)) == [("drift", LB, "idle_timeout_seconds", 60, 300)]


def test_a_resource_that_is_gone_and_one_that_is_not_made_yet(stage: Stage) -> None:
    before = Applied(stage.described())
    (rule,) = [
        one["RuleArn"]
        for one in stage.world.elbv2.describe_rules(ListenerArn=stage.listener())["Rules"]
        if one["Priority"] == "10"
    ]
    stage.world.elbv2.delete_rule(RuleArn=rule)
    stage.resources.append(("log_group", {"name": "/shop"}))
    assert told(stage.look(applied=before)) == [
        ("drift", "elb_listener_rule drift:80/10", "", "present", None),
        ("pending", "log_group /shop", "", "present", None),
    ]


class Denied(Aws):
    """Somebody took a permission away."""

    operations: ClassVar[frozenset[str]] = frozenset()

    def _refuse(self, service: str, operation: str) -> None:
        if operation in self.operations:
            raise AwsError(
                f"not authorized to perform {operation}", code="AccessDenied", operation=operation, service=service
            )

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        self._refuse(service, operation)
        return super().call(service, operation, **params)

    def pages(self, service: str, operation: str, result: str, /, **params: Any) -> list[Any]:
        self._refuse(service, operation)
        return super().pages(service, operation, result, **params)


UNREADABLE = {
    "DescribeSecurityGroups": ["security_group shop"],
    "GetRole": ["iam_role shop-task"],
    "DescribeTaskDefinition": ["ecs_task_definition life"],
    "DescribeServices": ["ecs_service life/api"],
    "DescribeTargetHealth": ["drift_check targets"],
    "ListServices": ["drift_check services"],
    "DescribeListeners": ["drift_check listeners", "elb_listener drift:80", "elb_listener_rule drift:80/10"],
}


def test_what_may_not_be_read_is_said_and_costs_nothing_else(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Applied(stage.described())
    stage.change("elb_load_balancer", idle_timeout_seconds=300)
    monkeypatch.setattr(checking, "Aws", Denied)
    for operation, resources in UNREADABLE.items():
        monkeypatch.setattr(Denied, "operations", frozenset({operation}))
        found = stage.look(applied=before)
        unreadable = sorted(one.resource for one in found if one.state == "unreadable")
        assert unreadable == resources, operation
        assert all(operation in one.reason for one in found if one.state == "unreadable")
        # Whoever refers to it says nothing of it; the rest is judged as ever.
        assert told([one for one in found if one.state != "unreadable"]) == [
            ("pending", LB, "idle_timeout_seconds", 300, 60)
        ], operation


def test_what_is_left_alone(stage: Stage) -> None:
    idle_timeout(stage.world, 300)
    alone = partial(Ignore, LB, "until the imports are through")
    seconds = "idle_timeout_seconds"
    today = date.today()
    (one,) = stage.look(ignores=[alone(seconds, today)])
    assert (one.state, one.reason) == ("ignored", f"until the imports are through (until {today})")
    (one,) = stage.look(ignores=[alone(seconds, today - timedelta(days=1))])
    assert (one.state, "was to be left alone until" in one.what) == ("drift", True)
    (one,) = stage.look(ignores=[alone("http2")])
    assert one.state == "drift"


# What is none of anybody's business.


OWN = {"Key": "aws:cloudformation:stack-name", "Value": "x"}


class Tagging(Aws):
    """Tags of AWS's own, on everything that has tags in its answer."""

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        answer = super().call(service, operation, **params)
        if operation == "DescribeTags":
            for one in answer["TagDescriptions"]:
                one["Tags"].append(OWN)
        for name in ("services", "clusters"):
            for one in answer.get(name) or ():
                one.setdefault("tags", []).append({"key": "aws:ecs:serviceName", "value": "x"})
        if operation == "GetRole":
            answer["Role"].setdefault("Tags", []).append(OWN)
        return answer

    def pages(self, service: str, operation: str, result: str, /, **params: Any) -> list[Any]:
        items = super().pages(service, operation, result, **params)
        if operation == "DescribeSecurityGroups":
            for one in items:
                one.setdefault("Tags", []).append(OWN)
        return items


def test_tags_of_aws_own_are_nobodys(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("iam_role", "security_group", "elb_load_balancer", "elb_target_group", "ecs_cluster", "ecs_service"):
        stage.change(kind, tags={"Service": "shop"})
    stage.deploy()
    monkeypatch.setattr(checking, "Aws", Tagging)
    assert stage.look() == []


def test_the_rule_that_lets_everything_out_may_be_described(stage: Stage) -> None:
    stage.change("security_group", egress=[{"ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}])
    assert stage.look() == []


def test_roles_that_aws_makes_for_itself_are_nobodys(stage: Stage) -> None:
    document = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    stage.world.iam.create_role(
        RoleName="AWSServiceRoleForECS", Path="/aws-service-role/ecs.amazonaws.com/", AssumeRolePolicyDocument=document
    )
    stage.world.iam.put_role_policy(RoleName="AWSServiceRoleForECS", PolicyName="own", PolicyDocument=document)
    assert stage.look() == []


def test_the_number_of_tasks_is_autoscalings(stage: Stage) -> None:
    bounds = {"cluster": "life", "service": "api", "min_capacity": 0, "max_capacity": 9}
    stage.world.ecs.update_service(cluster="life", service="api", desiredCount=5)
    assert told(stage.look()) == [("drift", "ecs_service life/api", "desired_count", 0, 5)]
    stage.resources.append(("scalable_target", bounds))
    stage.deploy()
    assert stage.look() == []


def test_ecs_moves_requests_between_the_target_groups_of_a_blue_green_service(stage: Stage) -> None:
    world = stage.world
    groups = [{"target_group": "drift", "weight": 1}, {"target_group": "other", "weight": 0}]
    stage.resources[:] = with_options(
        stage.resources,
        "elb_listener_rule",
        actions=[{"forward": {"target_groups": groups}}],
        manage_weights=False,
        alternate_target_group="other",
    )
    whole = {"name": "other", "protocol": "HTTP", "port": 8000, "vpc_id": world.ids["vpc"]}
    stage.resources.insert(3, ("elb_target_group", whole))
    stage.deploy()
    assert stage.look() == []
    for blue, green in ((90, 10), (0, 100), (1, 999)):
        _shift(stage, {"drift": blue, "other": green})
        assert stage.look() == []
    # A third one is somebody's own.
    third = world.elbv2.create_target_group(Name="third", Protocol="HTTP", Port=1, VpcId=world.ids["vpc"])
    arn = third["TargetGroups"][0]["TargetGroupArn"]
    _shift(stage, {"drift": 1, "other": 1, "third": 1})
    (one,) = stage.look()
    assert (one.resource, one.field) == (
        "elb_listener_rule drift:80/10",
        f"actions[0].forward.target_groups[{arn}]",
    )


def test_a_rolling_service_that_was_blue_green_may_stay_behind_either(stage: Stage) -> None:
    world = stage.world
    stage.change("elb_listener_rule", alternate_target_group="other")
    world.elbv2.create_target_group(Name="other", Protocol="HTTP", Port=8000, VpcId=world.ids["vpc"])
    _shift(stage, {"drift": 0, "other": 100})
    assert stage.look() == []


def _shift(stage: Stage, weights: dict[str, int]) -> None:
    rules = stage.world.elbv2.describe_rules(ListenerArn=stage.listener())["Rules"]
    arn = next(one["RuleArn"] for one in rules if one["Priority"] == "10")
    groups = [{"TargetGroupArn": group_arn(stage.world, name), "Weight": one} for name, one in weights.items()]
    stage.world.elbv2.modify_rule(RuleArn=arn, Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}])


def test_a_task_of_ecs_behind_the_load_balancer_was_added_by_nobody(stage: Stage) -> None:
    """Its address may be known a moment before the rest of it, and another service's is ECS's all the same."""
    world = stage.world
    address = "10.40.0.77"
    world.elbv2.register_targets(TargetGroupArn=group_arn(world), Targets=[{"Id": address, "Port": 8000}])
    details = [{"name": "privateIPv4Address", "value": address}]

    class WithTask(Aws):
        def pages(self, service: str, operation: str, result: str, /, **params: Any) -> list[Any]:
            return ["task"] if operation == "ListTasks" else super().pages(service, operation, result, **params)

        def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
            if operation == "DescribeTasks":
                return {"tasks": [{"attachments": [{"details": details}]}]}
            return super().call(service, operation, **params)

    assert [one.field for one in stage.look()] == [f"targets[{address}:8000]"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(checking, "Aws", WithTask)
        assert stage.look() == []
