"""What somebody adds where a description owns the set: found once, with how bad it is, and gone by its remedy."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name

from tests.emulator.drift_cases.elb import balancer_arn, group_arn
from tests.emulator.drift_cases.model import World
from tests.emulator.drift_stage import REMEDY, Stage, staged
from tests.emulators.emulator import Emulator


@pytest.fixture
def stage(moto: Emulator, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return staged(moto, monkeypatch)


def run(world: World, command: str) -> None:
    """A command of the AWS CLI, as a call: its words are those of the API's model."""
    program, service, operation, *words = shlex.split(command)
    assert program == "aws"
    client = world.client(service)
    names = {xform_name(one): one for one in client.meta.method_to_api_mapping.values()}
    method = operation.replace("-", "_")
    shape = client.meta.service_model.operation_model(names[method]).input_shape
    params: dict[str, Any] = {}
    while words:
        option = words.pop(0).removeprefix("--").replace("-", "_")
        name, member = next((key, one) for key, one in shape.members.items() if xform_name(key) == option)
        if member.type_name == "boolean":
            params[name] = True
        elif member.type_name == "list":
            pairs = dict(one.split("=", 1) for one in words.pop(0).split(","))
            params[name] = [{key: int(value) if key == "Port" else value for key, value in pairs.items()}]
        else:
            params[name] = words.pop(0)
    getattr(client, method)(**params)


_FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}


def _listener(world: World) -> str:
    return Stage(world, []).listener()


def add_listener(world: World) -> None:
    world.elbv2.create_listener(
        LoadBalancerArn=balancer_arn(world), Port=8080, Protocol="HTTP", DefaultActions=[_FIXED]
    )


def add_rule(world: World) -> None:
    condition = {"Field": "path-pattern", "Values": ["/admin"]}
    world.elbv2.create_rule(ListenerArn=_listener(world), Priority=5, Conditions=[condition], Actions=[_FIXED])


def add_target(world: World) -> None:
    world.elbv2.register_targets(TargetGroupArn=group_arn(world), Targets=[{"Id": "10.40.0.9", "Port": 8000}])


def add_service(world: World) -> None:
    found = world.ecs.describe_services(cluster="life", services=["api"])["services"][0]
    world.ecs.create_service(
        cluster="life",
        serviceName="miner",
        taskDefinition="life",
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration=found["networkConfiguration"],
    )


def _policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def add_inline(world: World) -> None:
    body = _policy(Action="*", Resource="*")
    world.iam.put_role_policy(RoleName="shop-task", PolicyName="more", PolicyDocument=body)


def add_managed(world: World) -> None:
    body = _policy(Action="s3:GetObject", Resource="arn:aws:s3:::other/*")
    arn = world.iam.create_policy(PolicyName="other", PolicyDocument=body)["Policy"]["Arn"]
    world.iam.attach_role_policy(RoleName="shop-task", PolicyArn=arn)


def add_statement(world: World) -> None:
    found = world.iam.get_role_policy(RoleName="shop-task", PolicyName="shop")["PolicyDocument"]
    more = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::other/*"}
    document = json.dumps({**found, "Statement": [*found["Statement"], more]})
    world.iam.put_role_policy(RoleName="shop-task", PolicyName="shop", PolicyDocument=document)


def open_port(port: int, cidr: str, kind: str = "CidrIp") -> Callable[[World], None]:
    def change(world: World) -> None:
        filters = [{"Name": "group-name", "Values": ["shop"]}]
        (group,) = world.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        where = "IpRanges" if kind == "CidrIp" else "Ipv6Ranges"
        permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, where: [{kind: cidr}]}
        world.ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[permission])

    return change


# What is done, the resource and field of the finding, how bad it is, and with which words its remedy begins.
ADDED: dict[str, tuple[Callable[[World], None], str, str, str, str]] = {
    "listener": (
        add_listener, "elb_load_balancer drift", "listeners[8080]", "high", "aws elbv2 delete-listener",
    ),
    "listener rule": (add_rule, "elb_listener drift:80", "rules[5]", "high", "aws elbv2 delete-rule"),
    "target": (
        add_target, "elb_target_group drift", "targets[10.40.0.9:8000]", "high", "aws elbv2 deregister-targets",
    ),
    "service": (add_service, "ecs_cluster life", "services[miner]", "medium", "aws ecs delete-service"),
    "inline policy": (
        add_inline, "iam_role shop-task", "inline_policies[more]", "critical", "aws iam delete-role-policy",
    ),
    "managed policy": (
        add_managed, "iam_role shop-task", "managed_policies[other]", "high", "aws iam detach-role-policy",
    ),
    "statement": (add_statement, "iam_role shop-task", "inline_policies[shop].statements", "high", REMEDY),
    "SSH for the world": (
        open_port(22, "0.0.0.0/0"), "security_group shop", "ingress[tcp/22/22/0.0.0.0/0]", "critical", REMEDY,
    ),
    "a port for the world of IPv6": (
        open_port(5432, "::/0", "CidrIpv6"), "security_group shop", "ingress[tcp/5432/5432/::/0]", "critical", REMEDY,
    ),
    "half of the world": (
        open_port(22, "0.0.0.0/1"), "security_group shop", "ingress[tcp/22/22/0.0.0.0/1]", "critical", REMEDY,
    ),
    "a port for some": (
        open_port(22, "192.0.2.0/24"), "security_group shop", "ingress[tcp/22/22/192.0.2.0/24]", "high", REMEDY,
    ),
}  # fmt: skip


@pytest.mark.aws("elbv2")
def test_what_was_added(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = staged(emulator, monkeypatch)
    for what, (add, resource, path, severity, remedy) in ADDED.items():
        add(stage.world)
        (one,) = stage.look()
        assert (one.resource, one.field, one.state, one.severity) == (resource, path, "drift", severity), what
        assert (one.expected is None, one.services) == (what != "statement", ("shop",)), what
        assert one.remedy.startswith(remedy), what
        if one.remedy == REMEDY:
            stage.deploy()
        else:
            run(stage.world, one.remedy)
        assert stage.look() == [], what


def test_a_task_set(stage: Stage) -> None:
    """ECS refuses one where it deploys itself; a service that somebody made anew for it can have one."""
    made = stage.world.ecs.create_task_set(cluster="life", service="api", taskDefinition="life:1", launchType="FARGATE")
    found = made["taskSet"]
    (one,) = [finding for finding in stage.look() if "task_sets" in finding.field]
    assert (one.resource, one.field, one.severity) == ("ecs_service life/api", f"task_sets[{found['id']}]", "high")
    assert one.remedy == (
        f"aws ecs delete-task-set --cluster life --service api --task-set {found['taskSetArn']} --force"
    )
    run(stage.world, one.remedy)
    assert stage.look() == []


def test_a_role_that_is_shared_has_policies_for_others(stage: Stage) -> None:
    stage.roles = ()
    add_inline(stage.world)
    assert stage.look() == []


def test_a_policy_that_the_plan_owns_is_told_once(stage: Stage) -> None:
    kind, role = stage.resources[0]
    stage.resources[0] = (kind, {**role, "purge_inline_policies": True, "managed_policies": []})
    add_inline(stage.world)
    add_managed(stage.world)
    assert [one.field for one in stage.look()] == ["managed_policies", "inline_policies[more]"]


def test_a_service_without_a_release_on_record_was_added_by_nobody(stage: Stage) -> None:
    """Its resources are known then but for those that hang on the image."""
    kept = [one for one in stage.resources if one[0] not in {"ecs_service", "ecs_task_definition"}]
    stage.resources = kept
    assert stage.look(applied=None, key="life/api") == []
