"""Services of ECS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.emulator.drift_cases.model import Document, Having, Resource, Scene, Shown, To, World
from tests.emulator.test_ecs_service import CLUSTER, security_group, subnets, task_definition

KIND = "ecs_service"
N = "network_configuration.awsvpc_configuration"
SERVICE = ("services", 0)


def before(world: World) -> Sequence[Resource]:
    """A cluster, two task definitions, and a network."""
    other = ("ecs_task_definition", {**task_definition()[1], "family": "other"})
    world.ids |= {"subnets": subnets(world.emulator), "group": security_group(world.emulator)}
    return [CLUSTER, task_definition(), other]


def service(world: World, **options: Any) -> dict[str, Any]:
    """A service that no engine has to run."""
    vpc = {"subnets": world.ids["subnets"][:2], "security_groups": [world.ids["group"]], "assign_public_ip": True}
    whole = {
        "name": "api",
        "cluster": "life",
        "task_definition": "life",
        "desired_count": 0,
        "launch_type": "FARGATE",
        "network_configuration": {"awsvpc_configuration": vpc},
    }
    return {**whole, **options}


def put(world: World, document: Document) -> None:
    """UpdateService with all of it."""
    world.ecs.update_service(cluster="life", service="api", **document)


def _revision(family: str) -> Any:
    return lambda world: world.arn("ecs", f"task-definition/{family}:1")


def _network(world: World) -> Document:
    vpc = {"subnets": world.ids["subnets"][:2], "securityGroups": [world.ids["group"]], "assignPublicIp": "ENABLED"}
    return {"awsvpcConfiguration": vpc}


def _more_groups(world: World) -> list[str]:
    if "other group" not in world.ids:
        made = world.ec2.create_security_group(GroupName="other", Description="other")
        world.ids["other group"] = made["GroupId"]
    return [world.ids["group"], world.ids["other group"]]


def _tag(value: str) -> Any:
    def tag(world: World) -> None:
        (found,) = world.ecs.describe_services(cluster="life", services=["api"])["services"]
        world.ecs.tag_resource(resourceArn=found["serviceArn"], tags=[{"key": "Service", "value": value}])

    return tag


BASICS = Scene(
    KIND,
    lambda world: service(
        world,
        platform_version="1.4.0",
        health_check_grace_period_seconds=30,
        enable_execute_command=False,
        enable_ecs_managed_tags=True,
        propagate_tags="SERVICE",
        scheduling_strategy="REPLICA",
        deployment_controller={"type": "ECS"},
        availability_zone_rebalancing="ENABLED",
        role="one",
        placement_constraints=[{"type": "memberOf", "expression": "attribute:zone == a"}],
        placement_strategy=[{"type": "spread", "field": "instanceId"}],
        tags={"Service": "drift"},
    ),
    {
        "task_definition": To(_revision("other"), expected=_revision("life")),
        "desired_count": 2,
        "launch_type": "EC2",
        "platform_version": "1.3.0",
        f"{N}.subnets": To(lambda world: world.ids["subnets"], expected=lambda world: world.ids["subnets"][:2]),
        f"{N}.security_groups": To(_more_groups, expected=lambda world: [world.ids["group"]]),
        f"{N}.assign_public_ip": To("DISABLED", expected="ENABLED", was="ENABLED"),
        "health_check_grace_period_seconds": 60,
        "enable_execute_command": True,
        "enable_ecs_managed_tags": To(False, api=("enableECSManagedTags",)),
        "propagate_tags": "NONE",
        "scheduling_strategy": "DAEMON",
        "deployment_controller.type": "EXTERNAL",
        "availability_zone_rebalancing": "DISABLED",
        "role": To(
            lambda world: world.arn("iam", "role/two", region=""),
            was=lambda world: world.arn("iam", "role/one", region=""),
            api=("roleArn",),
            expected=lambda world: world.arn("iam", "role/one", region=""),
        ),
        "placement_constraints[]": To(
            {"type": "distinctInstance"},
            at="placement_constraints",
            expected=[{"type": "memberOf", "expression": "attribute:zone == a"}],
            found=[{"type": "memberOf", "expression": "attribute:zone == a"}, {"type": "distinctInstance"}],
        ),
        "placement_constraints[].type": "distinctInstance",
        "placement_constraints[].expression": "attribute:zone == b",
        "placement_strategy[]": To(
            {"type": "random"},
            at="placement_strategy",
            expected=[{"type": "spread", "field": "instanceId"}],
            found=[{"type": "spread", "field": "instanceId"}, {"type": "random"}],
        ),
        "placement_strategy[].type": "binpack",
        "placement_strategy[].field": "host",
        "tags": To(do=_tag("other"), undo=_tag("drift"), at="tags.Service", expected="drift", found="other"),
    },
    before=before,
    read=lambda world: {
        "taskDefinition": _revision("life")(world),
        "platformVersion": "1.4.0",
        "networkConfiguration": _network(world),
        "healthCheckGracePeriodSeconds": 30,
        "enableExecuteCommand": False,
        "desiredCount": 0,
    },
    put=put,
    answer=("DescribeServices", SERVICE),
    unkept={
        "ministack": {
            "desired_count": "would start a task, which no image is there for",
            **dict.fromkeys(
                ("launch_type", "scheduling_strategy", "deployment_controller*", "role"),
                "AWS, too, lets nobody change it",
            ),
            **dict.fromkeys(("enable_ecs_managed_tags", "propagate_tags"), "does not take it in UpdateService"),
            **dict.fromkeys(("availability_*", "placement_*"), "drops it"),
        },
        "moto": {
            **dict.fromkeys(
                ("launch_type", "scheduling_strategy", "deployment_controller*", "role"),
                "AWS, too, lets nobody change it",
            ),
            **dict.fromkeys(
                (
                    "enable_*",
                    "propagate_tags",
                    "availability_*",
                    "placement_*",
                    "health_check_*",
                    "platform_version",
                    f"{N}*",
                ),
                "drops it, at creation or in UpdateService",
            ),
        },
    },
    title="basics",
)

STRATEGY = Scene(
    KIND,
    lambda world: {
        **{key: value for key, value in service(world).items() if key not in {"launch_type", "network_configuration"}},
        "capacity_provider_strategy": [{"capacity_provider": "FARGATE", "weight": 1, "base": 1}],
        "service_registries": [
            {"registry_arn": "arn:one", "port": 8000, "container_name": "api", "container_port": 8000}
        ],
    },
    {
        "capacity_provider_strategy[]": To(
            {"capacityProvider": "FARGATE_SPOT", "weight": 3},
            at="capacity_provider_strategy[FARGATE_SPOT]",
            found=Having(capacity_provider="FARGATE_SPOT", weight=3),
        ),
        "capacity_provider_strategy[].capacity_provider": To(
            "FARGATE_SPOT",
            at="capacity_provider_strategy[FARGATE]",
            expected={"capacity_provider": "FARGATE", "weight": 1, "base": 1},
            found=None,
            also=(
                Shown(
                    "capacity_provider_strategy[FARGATE_SPOT]",
                    None,
                    {"capacity_provider": "FARGATE_SPOT", "weight": 1, "base": 1},
                ),
            ),
        ),
        "capacity_provider_strategy[].weight": To(2, at="capacity_provider_strategy[FARGATE].weight"),
        "capacity_provider_strategy[].base": To(0, at="capacity_provider_strategy[FARGATE].base"),
        "service_registries[]": To(
            {"registryArn": "arn:two"}, at="service_registries[arn:two]", found={"registry_arn": "arn:two"}
        ),
        "service_registries[].registry_arn": To(
            "arn:two",
            at="service_registries[arn:one]",
            expected=Having(registry_arn="arn:one", port=8000),
            found=None,
            also=(Shown("service_registries[arn:two]", None, Having(registry_arn="arn:two", port=8000)),),
        ),
        "service_registries[].port": To(9000, at="service_registries[arn:one].port"),
        "service_registries[].container_name": To("other", at="service_registries[arn:one].container_name"),
        "service_registries[].container_port": To(9000, at="service_registries[arn:one].container_port"),
    },
    before=lambda world: [
        ("ecs_cluster", {**CLUSTER[1], "capacity_providers": ["FARGATE", "FARGATE_SPOT"]}),
        *before(world)[1:],
    ],
    read=lambda _: {"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 1}]},
    put=put,
    answer=("DescribeServices", SERVICE),
    unkept={
        "ministack": {"service_registries*": "does not take it in UpdateService"},
        "moto": {
            "capacity_provider_*": "does not return it",
            "service_registries*": "does not take it in UpdateService",
        },
    },
    title="strategy",
)
CLASSIC = Scene(
    KIND,
    lambda world: service(
        world, load_balancers=[{"load_balancer_name": "one", "container_name": "api", "container_port": 8000}]
    ),
    {"load_balancers[].load_balancer_name": To("two", at="load_balancers[api/8000].load_balancer_name")},
    before=before,
    read=lambda _: {"loadBalancers": [{"loadBalancerName": "one", "containerName": "api", "containerPort": 8000}]},
    put=put,
    answer=("DescribeServices", SERVICE),
    title="classic",
)
SCENES = (BASICS, STRATEGY, CLASSIC)
NO_FIELDS = {
    KIND: {
        "name": "its name: another name is another resource",
        "cluster": "part of its name: a service never moves",
        "force_new_deployment": "asks for a deployment, whatever there is",
        "force": "says how it may be removed",
    }
}
