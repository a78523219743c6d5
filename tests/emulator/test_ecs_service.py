"""ecs_service through its life, and what decides whether AWS starts a deployment."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.lifecycle import Case, Change, apply, walk, writes
from tests.emulators.emulator import Emulator

CLUSTER = ("ecs_cluster", {"name": "life"})
SUBNETS = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]


def task_definition(image: str = "repo@sha256:" + "0" * 64) -> tuple[str, dict[str, Any]]:
    """A task definition that no engine has to run."""
    return (
        "ecs_task_definition",
        {
            "family": "life",
            "requires_compatibilities": ["FARGATE"],
            "network_mode": "awsvpc",
            "cpu": "256",
            "memory": "512",
            "container_definitions": [
                {"name": "api", "image": image, "memory": 512, "port_mappings": [{"container_port": 8000}]}
            ],
        },
    )


NETWORK = "network_configuration.awsvpc_configuration"


def subnets(emulator: Emulator) -> list[str]:
    """Three subnets of the default VPC: moto wants them to exist, and host names in their VPC."""
    ec2 = emulator.client("ec2")
    found = ec2.describe_subnets()["Subnets"]
    ec2.modify_vpc_attribute(VpcId=found[0]["VpcId"], EnableDnsHostnames={"Value": True})
    return [subnet["SubnetId"] for subnet in found][:3]


def security_group(emulator: Emulator) -> str:
    """The default group of the VPC: moto wants one."""
    return str(emulator.client("ec2").describe_security_groups()["SecurityGroups"][0]["GroupId"])


# moto returns neither of them, so that each run would find them missing.
NOT_ON_MOTO = ("deployment_configuration", "enable_execute_command")
DROPPED = {"moto": "does not return it"}


def service(emulator: Emulator) -> dict[str, Any]:
    """A service that no engine has to run."""
    whole = {
        "name": "api",
        "cluster": "life",
        "task_definition": "life",
        "desired_count": 0,
        "launch_type": "FARGATE",
        "network_configuration": {
            "awsvpc_configuration": {
                "subnets": subnets(emulator)[:2],
                "security_groups": [security_group(emulator)],
                "assign_public_ip": True,
            }
        },
        "deployment_configuration": {
            "minimum_healthy_percent": 100,
            "maximum_percent": 200,
            "deployment_circuit_breaker": {"enable": True, "rollback": True},
        },
        "enable_execute_command": False,
        "propagate_tags": "SERVICE",
        "tags": {"Service": "life"},
    }
    dropped = NOT_ON_MOTO if emulator.name == "moto" else ()
    return {key: value for key, value in whole.items() if key not in dropped}


def case(emulator: Emulator) -> Case:
    """The service's life."""
    others = subnets(emulator)[1:]
    breaker = {"deployment_circuit_breaker": {"enable": False, "rollback": False}}
    return Case(
        "ecs_service",
        service(emulator),
        changes=[
            Change(
                {"deployment_configuration": {"maximum_percent": 150, **breaker}},
                frozenset(
                    {
                        "deployment_configuration.maximum_percent",
                        "deployment_configuration.deployment_circuit_breaker.enable",
                        "deployment_configuration.deployment_circuit_breaker.rollback",
                    }
                ),
                not_on=DROPPED,
            ),
            Change(
                {"network_configuration": {"awsvpc_configuration": {"subnets": others}}},
                frozenset({f"{NETWORK}.subnets"}),
            ),
            Change({"enable_execute_command": True}, frozenset({"enable_execute_command"}), not_on=DROPPED),
            Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Owner"})),
            # Last, because no engine can run it: under a circuit breaker its deployment would fail.
            Change({"desired_count": 1}, frozenset({"desired_count"})),
        ],
        no_op_calls=2,  # DescribeServices, and DescribeTaskDefinition for the family it names
        before=[CLUSTER, task_definition()],
        removal={"force": True},
    )


@pytest.mark.aws("ecs")
def test_life(emulator: Emulator) -> None:
    walk(case(emulator), *emulator)


@pytest.mark.aws("ecs")
def test_a_new_revision_is_one_update(emulator: Emulator) -> None:
    apply(emulator.endpoint, [CLUSTER, task_definition(), ("ecs_service", service(emulator))])
    stack = [CLUSTER, task_definition("repo@sha256:" + "1" * 64), ("ecs_service", service(emulator))]
    planned, calls = apply(emulator.endpoint, stack, check=True)
    assert [one.plan.verb for one in planned] == ["none", "update", "update"]
    assert not writes(calls)
    done, calls = apply(emulator.endpoint, stack)
    assert [item.path for item in done[1].plan.found] == ["container_definitions[api].image"]
    assert [item.path for item in done[2].plan.found] == ["task_definition"]
    assert writes(calls) == {"ecs:RegisterTaskDefinition": 1, "ecs:UpdateService": 1}
    assert done[2].outputs["task_definition"].endswith("life:2")
    again, _ = apply(emulator.endpoint, stack)
    assert not any(one.plan.changed for one in again)


@pytest.mark.aws("ecs")
def test_a_forced_deployment_is_always_a_change(emulator: Emulator) -> None:
    stack = [CLUSTER, task_definition(), ("ecs_service", service(emulator))]
    apply(emulator.endpoint, stack)
    forced = {**service(emulator), "force_new_deployment": True}
    ([outcome], calls) = apply(emulator.endpoint, [("ecs_service", forced)])
    assert outcome.plan.verb == "update"
    assert writes(calls) == {"ecs:UpdateService": 1}


def test_desired_count_belongs_to_autoscaling_where_there_is_some(moto: Emulator) -> None:
    apply(moto.endpoint, [CLUSTER, task_definition(), ("ecs_service", service(moto))])
    moto.client("ecs").update_service(cluster="life", service="api", desiredCount=3)
    ([outcome], _) = apply(moto.endpoint, [("ecs_service", service(moto))], check=True)
    assert [item.path for item in outcome.plan.found] == ["desired_count"]
    moto.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/life/api",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=4,
    )
    ([outcome], calls) = apply(moto.endpoint, [("ecs_service", service(moto))])
    assert not outcome.plan.changed
    assert not writes(calls)
