"""Clusters of ECS, and what scales their services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.emulator.drift_cases.ecs_service import before, service
from tests.emulator.drift_cases.elb import balancer_arn, group_arn
from tests.emulator.drift_cases.elb_actions import balancer
from tests.emulator.drift_cases.model import Document, Having, Resource, Scene, Shown, To, World

CLUSTER, TARGET = "ecs_cluster", "scalable_target"
NAME = "drift"
_AT = ("clusters", 0)


def _tag(value: str) -> Any:
    return lambda world: world.ecs.tag_resource(
        resourceArn=world.arn("ecs", f"cluster/{NAME}"), tags=[{"key": "Service", "value": value}]
    )


def _update(world: World, document: Document) -> None:
    world.ecs.update_cluster(cluster=NAME, **document)


def _providers(*providers: str, strategy: Sequence[dict[str, Any]] = ()) -> Any:
    return lambda world: world.ecs.put_cluster_capacity_providers(
        cluster=NAME, capacityProviders=list(providers), defaultCapacityProviderStrategy=list(strategy)
    )


_ONE = {"capacityProvider": "FARGATE", "weight": 1, "base": 1}
_BOTH = ("FARGATE", "FARGATE_SPOT")
_BACK = _providers(*_BOTH, strategy=[_ONE])
E = "configuration.execute_command_configuration"
L = f"{E}.log_configuration"
M = "configuration.managed_storage_configuration"
S = "default_capacity_provider_strategy"
BASICS = Scene(
    CLUSTER,
    lambda _: {
        "name": NAME,
        "container_insights": "enabled",
        "configuration": {
            "execute_command_configuration": {
                "kms_key_id": "key-1",
                "logging": "OVERRIDE",
                "log_configuration": {
                    "cloud_watch_log_group_name": "/one",
                    "cloud_watch_encryption_enabled": True,
                    "s3_bucket_name": "one",
                    "s3_encryption_enabled": True,
                    "s3_key_prefix": "one",
                },
            },
            "managed_storage_configuration": {
                "kms_key_id": "key-1",
                "fargate_ephemeral_storage_kms_key_id": "key-1",
            },
        },
        "service_connect_defaults": {"namespace": "one"},
        "tags": {"Service": "drift"},
    },
    {
        "container_insights": To("disabled", api=("settings", 0, "value")),
        f"{E}.kms_key_id": "key-2",
        f"{E}.logging": "DEFAULT",
        f"{L}.cloud_watch_log_group_name": "/two",
        f"{L}.cloud_watch_encryption_enabled": False,
        f"{L}.s3_bucket_name": "two",
        f"{L}.s3_encryption_enabled": False,
        f"{L}.s3_key_prefix": "two",
        f"{M}.kms_key_id": "key-2",
        f"{M}.fargate_ephemeral_storage_kms_key_id": "key-2",
        "service_connect_defaults.namespace": "two",
        "tags": To(do=_tag("other"), undo=_tag("drift"), at="tags.Service", expected="drift", found="other"),
    },
    read=lambda _: {
        "settings": [{"name": "containerInsights", "value": "enabled"}],
        "configuration": {
            "executeCommandConfiguration": {
                "kmsKeyId": "key-1",
                "logging": "OVERRIDE",
                "logConfiguration": {
                    "cloudWatchLogGroupName": "/one",
                    "cloudWatchEncryptionEnabled": True,
                    "s3BucketName": "one",
                    "s3EncryptionEnabled": True,
                    "s3KeyPrefix": "one",
                },
            },
            "managedStorageConfiguration": {"kmsKeyId": "key-1", "fargateEphemeralStorageKmsKeyId": "key-1"},
        },
        "serviceConnectDefaults": {"namespace": "one"},
    },
    put=_update,
    answer=("DescribeClusters", _AT),
    unkept={"ministack": {"service_connect_defaults*": "does not take it in CreateCluster"}},
    title="basics",
)
PROVIDERS = Scene(
    CLUSTER,
    lambda _: {
        "name": NAME,
        "capacity_providers": list(_BOTH),
        S: [{"capacity_provider": "FARGATE", "weight": 1, "base": 1}],
    },
    {
        "capacity_providers": To(do=_providers("FARGATE", strategy=[_ONE]), undo=_BACK, found=["FARGATE"]),
        f"{S}[]": To(
            do=_providers(*_BOTH, strategy=[_ONE, {"capacityProvider": "FARGATE_SPOT", "weight": 3}]),
            undo=_BACK,
            at=f"{S}[FARGATE_SPOT]",
            found=Having(capacity_provider="FARGATE_SPOT", weight=3),
        ),
        f"{S}[].capacity_provider": To(
            do=_providers(*_BOTH, strategy=[{**_ONE, "capacityProvider": "FARGATE_SPOT"}]),
            undo=_BACK,
            at=f"{S}[FARGATE]",
            expected={"capacity_provider": "FARGATE", "weight": 1, "base": 1},
            found=None,
            also=(Shown(f"{S}[FARGATE_SPOT]", None, {"capacity_provider": "FARGATE_SPOT", "weight": 1, "base": 1}),),
        ),
        f"{S}[].weight": To(
            do=_providers(*_BOTH, strategy=[{**_ONE, "weight": 2}]), undo=_BACK, at=f"{S}[FARGATE].weight", found=2
        ),
        f"{S}[].base": To(
            do=_providers(*_BOTH, strategy=[{**_ONE, "base": 2}]), undo=_BACK, at=f"{S}[FARGATE].base", found=2
        ),
    },
    title="providers",
)
_COUNT = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/life/api",
    "ScalableDimension": "ecs:service:DesiredCount",
}
_CPU, _REQUESTS = "ECSServiceAverageCPUUtilization", "ALBRequestCountPerTarget"
_POLICY = {
    "predefined_metric_type": _CPU,
    "target_value": 60,
    "scale_in_cooldown": 300,
    "scale_out_cooldown": 30,
    "disable_scale_in": True,
}
_API_POLICY = {
    "TargetValue": 60.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": _CPU},
    "ScaleInCooldown": 300,
    "ScaleOutCooldown": 30,
    "DisableScaleIn": True,
}


def _bounds(low: int, high: int) -> Any:
    return lambda world: world.client("application-autoscaling").register_scalable_target(
        **_COUNT, MinCapacity=low, MaxCapacity=high
    )


def _put_policy(world: World, document: Document, name: str = _CPU) -> None:
    world.client("application-autoscaling").put_scaling_policy(
        **_COUNT,
        PolicyName=name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=document,
    )


def _memory(world: World) -> None:
    metric = {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"}
    _put_policy(world, {"TargetValue": 70.0, "PredefinedMetricSpecification": metric}, "memory")


def _no_memory(world: World) -> None:
    world.client("application-autoscaling").delete_scaling_policy(**_COUNT, PolicyName="memory")


def _as_it_was(world: World) -> None:
    _put_policy(world, _API_POLICY)


def _another_metric(world: World) -> None:
    metric = {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"}
    _put_policy(world, {**_API_POLICY, "PredefinedMetricSpecification": metric})


T = "target_tracking[]"
_IN = f"target_tracking[{_CPU}]"
_NONE = {"ministack": {"": "has no Application Auto Scaling"}}


def _with_service(world: World) -> Sequence[Resource]:
    return [*before(world), ("ecs_service", service(world))]


SCALING = Scene(
    TARGET,
    lambda _: {
        "cluster": "life",
        "service": "api",
        "min_capacity": 2,
        "max_capacity": 10,
        "target_tracking": [_POLICY],
    },
    {
        "min_capacity": To(do=_bounds(1, 10), undo=_bounds(2, 10), found=1),
        "max_capacity": To(do=_bounds(2, 20), undo=_bounds(2, 10), found=20),
        f"{T}.target_value": To(90.0, api=("TargetValue",), at=f"{_IN}.target_value"),
        f"{T}.scale_in_cooldown": To(60, api=("ScaleInCooldown",), at=f"{_IN}.scale_in_cooldown"),
        f"{T}.scale_out_cooldown": To(60, api=("ScaleOutCooldown",), at=f"{_IN}.scale_out_cooldown"),
        f"{T}.disable_scale_in": To(False, api=("DisableScaleIn",), at=f"{_IN}.disable_scale_in"),
        T: To(
            do=_memory,
            undo=_no_memory,
            at="target_tracking[ECSServiceAverageMemoryUtilization]",
            expected=None,
            found=Having(target_value=70.0),
        ),
        f"{T}.predefined_metric_type": To(
            do=_another_metric,
            undo=_as_it_was,
            at=_IN,
            expected=_POLICY,
            found=None,
            also=(
                Shown(
                    "target_tracking[ECSServiceAverageMemoryUtilization]",
                    None,
                    Having(predefined_metric_type="ECSServiceAverageMemoryUtilization", target_value=60.0),
                ),
            ),
        ),
    },
    before=_with_service,
    read=lambda _: _API_POLICY,
    put=_put_policy,
    pascal=True,
    unkept=_NONE,
    title="scaling",
)


def _requests(world: World, group: str) -> str:
    """What tells the requests of a target group behind a load balancer."""
    return f"{balancer_arn(world).partition('loadbalancer/')[2]}/{group_arn(world, group).rpartition(':')[2]}"


def _label(group: str) -> Any:
    def put(world: World) -> None:
        metric = {"PredefinedMetricType": _REQUESTS, "ResourceLabel": _requests(world, group)}
        _put_policy(world, {"TargetValue": 100.0, "PredefinedMetricSpecification": metric}, _REQUESTS)

    return put


def _counted(group: str) -> To:
    """The label is the load balancer and the target group in one."""
    return To(
        do=_label(group),
        undo=_label("blue"),
        at=f"target_tracking[{_REQUESTS}].resource_label",
        expected=lambda world: _requests(world, "blue"),
        found=lambda world: _requests(world, group),
    )


REQUESTS = Scene(
    TARGET,
    lambda _: {
        "cluster": "life",
        "service": "api",
        "min_capacity": 2,
        "max_capacity": 10,
        "target_tracking": [
            {
                "predefined_metric_type": _REQUESTS,
                "target_value": 100,
                "load_balancer": "drift",
                "target_group": "blue",
            }
        ],
    },
    {f"{T}.load_balancer": _counted("green"), f"{T}.target_group": _counted("other")},
    before=lambda world: [*_with_service(world), *balancer(world)],
    unkept=_NONE,
    title="requests",
)
SCENES = (BASICS, PROVIDERS, SCALING, REQUESTS)
NO_FIELDS = {
    CLUSTER: {"name": "its name: another name is another resource"},
    TARGET: {"cluster": "part of its name", "service": "part of its name"},
}
