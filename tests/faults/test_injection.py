"""What is done to single calls, seen by a boto client. No container runs."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.session import get_session

from demo.embedded_aws import REGION
from tests.faults.layer import Faults
from tests.faults.service import until

pytestmark = [pytest.mark.ministack, pytest.mark.timeout(60)]


def impatient(faults: Faults, service: str) -> Any:
    """A client that never tries twice."""
    session = get_session()
    session.set_credentials("test", "test")
    once = Config(retries={"total_max_attempts": 1})
    return session.create_client(service, REGION, endpoint_url=faults.endpoint, config=once)


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("ecs", "list_clusters", "ThrottlingException", 400),
        ("elbv2", "describe_load_balancers", "Throttling", 400),
        ("ec2", "describe_vpcs", "RequestLimitExceeded", 503),
        ("iam", "list_roles", "Throttling", 400),
        ("logs", "describe_log_groups", "ThrottlingException", 400),
        ("cloudwatch", "describe_alarms", "ThrottlingException", 400),
    ],
)
def test_every_service_is_throttled_in_its_own_words(
    faults: Faults, service: str, operation: str, code: str, status: int
) -> None:
    faults.play({"name": "x", "rules": [{"fault": "throttle", "calls": {"to": 1}}]})
    client = impatient(faults, service)
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)()
    assert caught.value.response["Error"]["Code"].startswith(code)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    getattr(client, operation)()


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("ecs", "list_clusters", "AccessDeniedException"),
        ("elbv2", "describe_load_balancers", "AccessDenied"),
        ("ec2", "describe_vpcs", "UnauthorizedOperation"),
    ],
)
def test_access_is_denied_in_the_service_s_own_words(faults: Faults, service: str, operation: str, code: str) -> None:
    faults.play({"name": "x", "rules": [{"fault": "deny"}]})
    with pytest.raises(ClientError, match="is not authorized to perform") as caught:
        getattr(impatient(faults, service), operation)()
    assert caught.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(("after", "made"), [(False, 0), (True, 1)])
def test_a_connection_is_reset_before_or_after_the_call(faults: Faults, after: bool, made: int) -> None:
    faults.play({"name": "x", "rules": [{"match": "ecs:CreateCluster", "fault": "reset", "after": after}]})
    ecs = impatient(faults, "ecs")
    with pytest.raises(ConnectionClosedError):
        ecs.create_cluster(clusterName="c")
    assert len(ecs.list_clusters()["clusterArns"]) == made


def test_a_slow_answer_comes_late(faults: Faults) -> None:
    faults.play({"name": "x", "rules": [{"fault": "slow", "delay": 0.5}]})
    started = time.monotonic()
    impatient(faults, "ecs").list_clusters()
    assert time.monotonic() - started >= 0.5


def test_a_stale_read_tells_what_was_true_before(faults: Faults) -> None:
    ecs = impatient(faults, "ecs")
    assert ecs.list_clusters()["clusterArns"] == []
    faults.play({"name": "x", "rules": [{"match": "ecs:ListClusters", "fault": "stale", "age": 60, "missing": {}}]})
    ecs.create_cluster(clusterName="c")
    assert ecs.list_clusters().get("clusterArns", []) == []
    faults.play({"name": "x", "rules": [{"match": "ecs:ListClusters", "fault": "stale", "age": 1}]})
    # It is behind, but it does not stand still.
    assert len(until(lambda: ecs.list_clusters()["clusterArns"], bool)) == 1
    faults.stop()
    assert len(ecs.list_clusters()["clusterArns"]) == 1


def test_short_pages_tell_everything_in_the_end(faults: Faults) -> None:
    ecs = impatient(faults, "ecs")
    for name in "abc":
        ecs.create_cluster(clusterName=name)
    faults.play("short-pages")
    pages = list(ecs.get_paginator("list_clusters").paginate())
    assert [len(one["clusterArns"]) for one in pages] == [1, 1, 1]


def test_calls_are_counted_with_what_was_done_to_them(faults: Faults) -> None:
    faults.forget_calls()
    faults.play("throttled")
    ecs = impatient(faults, "ecs")
    for _ in range(50):
        try:
            ecs.list_clusters()
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ThrottlingException"  # noqa: PT017
    assert faults.calls() == {"ecs:ListClusters": 50}
    throttled = [one for one in faults.log() if one["faults"] == ["throttle"]]
    assert {one["status"] for one in throttled} == {400}
    assert 8 <= len(throttled) <= 22


def test_a_service_is_refused_as_aws_refuses_it(faults: Faults) -> None:
    ecs = impatient(faults, "ecs")
    with pytest.raises(ClientError, match="ClusterNotFoundException"):
        ecs.create_service(cluster="nowhere", serviceName="s", taskDefinition="t:1")
    ecs.create_cluster(clusterName="c")
    with pytest.raises(ClientError, match="TaskDefinition not found"):
        ecs.create_service(cluster="c", serviceName="s", taskDefinition="t:1")
    with pytest.raises(ClientError, match="ServiceNotFoundException"):
        ecs.update_service(cluster="c", service="s", desiredCount=1)
    answer = ecs.describe_services(cluster="c", services=["s"])
    assert (answer["services"], answer["failures"][0]["reason"]) == ([], "MISSING")
