"""Clusters: every field counts, what is left out stays, and one call says all that changed."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.aws.shapes import input_shape
from slipway.engine.kind import Known
from slipway.engine.plan import Plan
from slipway.resources.ecs_cluster import EcsCluster
from tests.unit.documents import Path, full, leaves, parts, with_other
from tests.unit.fake_aws import FakeAws

KIND = EcsCluster()
ARN = "arn:aws:ecs:ap-northeast-2:123456789012:cluster/c"


def whole() -> dict[str, Any]:
    """Every option that there is."""
    document = full(input_shape("ecs", "CreateCluster"))
    del document["cluster_name"], document["settings"]
    return {**document, "name": "c", "container_insights": "enhanced", "tags": {"a": "1", "empty": ""}}


WHOLE = whole()
KEPT = frozenset({"name", "capacity_provider", "namespace"})


def planned(options: dict[str, Any], made: Plan | None = None, shuffle: Any = None) -> Plan:
    """The plan for a description, where another one was created before."""
    aws = FakeAws({"DescribeClusters": {"clusters": [as_aws_returns(made, shuffle)] if made else []}})
    live = KIND.observe(aws, {"c": options}, Known(aws)).get("c")
    assert aws.calls == {"ecs:DescribeClusters": 1}
    return KIND.plan(KIND.desired(options, Known(aws)), live)


def as_aws_returns(made: Plan, shuffle: Any) -> dict[str, Any]:
    (call,) = made.calls
    cluster = copy.deepcopy(dict(call.params))
    cluster.setdefault("settings", [{"name": "containerInsights", "value": "disabled"}])
    for one in cluster.setdefault("defaultCapacityProviderStrategy", []):
        one.setdefault("weight", 0)
        one.setdefault("base", 0)
    if shuffle:
        shuffle(cluster.setdefault("capacityProviders", []))
        shuffle(cluster["defaultCapacityProviderStrategy"])
    return {**cluster, "clusterArn": ARN, "status": "ACTIVE", "activeServicesCount": 1, "statistics": []}


@given(parts(WHOLE, KEPT), st.randoms(use_true_random=False))
def test_what_aws_returns_is_no_difference(options: dict[str, Any], random: Any) -> None:
    plan = planned(options, planned(options), random.shuffle)
    assert (list(plan.found), plan.verb) == ([], "none")


@pytest.mark.parametrize("path", [path for path in leaves(WHOLE) if path != ("name",)], ids=str)
def test_every_field_counts_and_its_call_says_it(path: Path) -> None:
    plan = planned(with_other(WHOLE, path), planned(WHOLE))
    assert plan.found
    operation = {"capacity_providers": "PutClusterCapacityProviders", "tags": "TagResource"}
    operation["default_capacity_provider_strategy"] = "PutClusterCapacityProviders"
    (call,) = plan.calls
    assert call.operation == operation.get(path[0], "UpdateCluster")
    assert set(call.params) - {"cluster", "resourceArn"} == {
        "PutClusterCapacityProviders": {"capacityProviders", "defaultCapacityProviderStrategy"},
        "TagResource": {"tags"},
        "UpdateCluster": {
            {"container_insights": "settings", "service_connect_defaults": "serviceConnectDefaults"}.get(
                path[0], "configuration"
            )
        },
    }.get(call.operation)


@pytest.mark.parametrize("member", sorted(set(WHOLE) - {"name"}))
def test_an_option_that_is_left_out_is_not_managed(member: str) -> None:
    less = {name: value for name, value in WHOLE.items() if name != member}
    assert planned(less, planned(WHOLE)).verb == "none"


def test_a_strategy_is_one_document_and_keeps_the_providers() -> None:
    strategy = [{"capacity_provider": "FARGATE", "weight": 1, "base": 2}]
    there = {"name": "c", "capacity_providers": ["FARGATE"], "default_capacity_provider_strategy": strategy}
    less = {"name": "c", "default_capacity_provider_strategy": [{"capacity_provider": "FARGATE", "weight": 1}]}
    plan = planned(less, planned(there))
    assert [(item.path, item.before, item.after) for item in plan.found] == [
        ("default_capacity_provider_strategy[FARGATE].base", 2, 0)
    ]
    (call,) = plan.calls
    assert call.params["capacityProviders"] == ["FARGATE"]
    assert "UpdateInProgressException" in call.retry


def test_what_is_not_described_of_a_structure_is_sent_as_it_is() -> None:
    there = WHOLE["configuration"]["execute_command_configuration"]["logging"]
    other = "OVERRIDE" if there == "NONE" else "NONE"
    execution = {"execute_command_configuration": {"logging": other}}
    plan = planned({"name": "c", "configuration": execution}, planned(WHOLE))
    (call,) = plan.calls
    kept = WHOLE["configuration"]["managed_storage_configuration"]["kms_key_id"]
    assert call.params["configuration"]["managedStorageConfiguration"]["kmsKeyId"] == kept
    assert call.params["configuration"]["executeCommandConfiguration"]["logging"] == other


def test_a_deleted_cluster_is_absent_and_its_name_free() -> None:
    cluster = {"clusterName": "c", "clusterArn": ARN, "status": "INACTIVE"}
    aws = FakeAws({"DescribeClusters": {"clusters": [cluster], "failures": []}})
    assert KIND.observe(aws, {"c": {}}, Known(aws)) == {}
    assert planned({"name": "c", "state": "absent"}).verb == "none"
    assert [call.operation for call in planned({"name": "c", "state": "absent"}, planned(WHOLE)).calls] == [
        "DeleteCluster"
    ]


def test_a_hundred_clusters_are_one_call() -> None:
    aws = FakeAws({"DescribeClusters": {"clusters": []}})
    KIND.observe(aws, {str(number): {} for number in range(101)}, Known(aws))
    assert aws.calls == {"ecs:DescribeClusters": 2}
