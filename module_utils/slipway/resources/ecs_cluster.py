"""ECS clusters: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import batched
from typing import Any

from ..aws.clients import Aws
from ..aws.shapes import from_api, input_shape, to_api
from ..engine.compare import Difference, Rules, changed_options, laid_over
from ..engine.kind import Kind, Known, Options
from ..engine.plan import Call, Desired, Live
from . import tags

_CREATE = input_shape("ecs", "CreateCluster")
_UPDATE = input_shape("ecs", "UpdateCluster")
_BATCH = 100
_INSIGHTS = "containerInsights"
_PROVIDERS = ("capacity_providers", "default_capacity_provider_strategy")
_SETTINGS = ("configuration", "service_connect_defaults")
# Capacity providers are attached in the background, one change at a time.
_BUSY = frozenset({"UpdateInProgressException", "ResourceInUseException"})
# The first cluster of an account comes with ECS's own role, which IAM does not know of everywhere at once.
_SOON = frozenset({"InvalidParameterException: service linked role"})
_TASKS = frozenset({"ClusterContainsTasksException"})
_EXEC_LOG = "configuration.execute_command_configuration.log_configuration"


class EcsCluster(Kind):
    """A cluster with its Container Insights, capacity providers, ECS Exec, storage keys and tags."""

    name = "ecs_cluster"
    rules = Rules(
        defaults={
            "container_insights": "disabled",
            "configuration.execute_command_configuration.logging": "DEFAULT",
            f"{_EXEC_LOG}.cloud_watch_encryption_enabled": False,
            f"{_EXEC_LOG}.s3_encryption_enabled": False,
            "default_capacity_provider_strategy[].weight": 0,
            "default_capacity_provider_strategy[].base": 0,
        },
        unordered={"capacity_providers": "", "default_capacity_provider_strategy": "capacity_provider"},
        whole=frozenset({"tags", "default_capacity_provider_strategy"}),
    )

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeClusters, a hundred at a time."""
        found: dict[str, Live] = {}
        for names in batched(wanted, _BATCH):
            answer = aws.call(
                "ecs", "DescribeClusters", clusters=list(names), include=["SETTINGS", "CONFIGURATIONS", "TAGS"]
            )
            # The name of a deleted cluster stays INACTIVE for a while, and is free.
            active = [cluster for cluster in answer["clusters"] if cluster.get("status") != "INACTIVE"]
            found.update({cluster["clusterName"]: _live(cluster) for cluster in active})
        return found

    def desired(self, options: Options, known: Known) -> Desired:
        """The fields of CreateCluster, with Container Insights as an option of its own."""
        fields: dict[str, Any] = {key: options[key] for key in (*_PROVIDERS, *_SETTINGS) if key in options}
        typed = {**from_api(_CREATE, to_api(_CREATE, fields)), "tags": options.get("tags")}
        typed["container_insights"] = options.get("container_insights")
        return Desired(options["name"], typed, absent=options.get("state") == "absent")

    def create(self, desired: Desired) -> Sequence[Call]:
        """CreateCluster."""
        fields = {key: value for key, value in desired.fields.items() if value is not None}
        params = to_api(_CREATE, {key: fields[key] for key in (*_PROVIDERS, *_SETTINGS) if key in fields})
        params["clusterName"] = desired.name
        if "container_insights" in fields:
            params["settings"] = _insights(fields["container_insights"])
        if fields.get("tags"):
            params["tags"] = tags.to_pairs(fields["tags"], "key", "value")
        return [Call("ecs", "CreateCluster", params, _collect, retry=_SOON, patience=60)]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """UpdateCluster, PutClusterCapacityProviders (which takes both of its options), and the tags."""
        changed, calls = changed_options(found), []
        if changed & {"container_insights", *_SETTINGS}:
            fields = {key: laid_over(live.fields.get(key), desired.fields[key]) for key in _SETTINGS if key in changed}
            params = {**to_api(_UPDATE, fields), "cluster": desired.name}
            if "container_insights" in changed:
                params["settings"] = _insights(desired.fields["container_insights"])
            calls.append(Call("ecs", "UpdateCluster", params, _collect))
        if changed & set(_PROVIDERS):
            calls.append(_put_providers(desired, live))
        return [*calls, *tags.ecs_calls(found, desired.fields, live.outputs["arn"])]

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeleteCluster; the last tasks of a service that was deleted just now have time to stop."""
        gone, params = frozenset({"ClusterNotFoundException"}), {"cluster": desired.name}
        return [Call("ecs", "DeleteCluster", params, tolerate=gone, retry=_BUSY | _TASKS, patience=120, every=5)]


def _put_providers(desired: Desired, live: Live) -> Call:
    given = {key: value for key, value in desired.fields.items() if value is not None}
    fields = {key: given.get(key, live.fields.get(key) or []) for key in _PROVIDERS}
    params = {**to_api(_CREATE, fields), "cluster": desired.name}
    progress = "attaching capacity providers"
    return Call("ecs", "PutClusterCapacityProviders", params, retry=_BUSY, patience=120, progress=progress)


def _insights(value: str) -> list[dict[str, str]]:
    return [{"name": _INSIGHTS, "value": value}]


def _live(cluster: Mapping[str, Any]) -> Live:
    fields: dict[str, Any] = from_api(_CREATE, {key: value for key, value in cluster.items() if key != "tags"})
    fields["tags"] = tags.from_pairs(cluster.get("tags"), "key", "value")
    settings = {item["name"]: item["value"] for item in cluster.get("settings") or ()}
    fields["container_insights"] = settings.get(_INSIGHTS)
    return Live(fields, _outputs(cluster))


def _collect(answer: Mapping[str, Any]) -> dict[str, Any]:
    return _outputs(answer["cluster"])


def _outputs(cluster: Mapping[str, Any]) -> dict[str, Any]:
    return {"arn": cluster["clusterArn"], "cluster": cluster["clusterName"], "status": cluster.get("status", "")}
