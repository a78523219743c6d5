"""Following a deployment, against answers as AWS gives them one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from slipway.aws.errors import AwsError, SlipwayError
from slipway.release import wait as waiting
from tests.unit.fake_aws import FakeAws

NOW = datetime(2026, 11, 21, tzinfo=UTC)
MINE, OLD = "ecs-svc/0000000000000000002", "ecs-svc/0000000000000000001"
ARN = "arn:aws:ecs:ap-northeast-2:123456789012"
Follow = Callable[..., tuple[dict[str, Any], list[str], FakeAws]]


def deployment(identity: str = MINE, **more: Any) -> dict[str, Any]:
    revision = int(identity[-1])
    return {
        "id": identity,
        "status": "PRIMARY",
        "rolloutState": "IN_PROGRESS",
        "taskDefinition": f"{ARN}:task-definition/voj:{revision}",
        "createdAt": NOW + timedelta(minutes=revision),
        "runningCount": 0,
        "pendingCount": 0,
        "desiredCount": 2,
        **more,
    }


def service(*deployments: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"status": "ACTIVE", "deployments": list(deployments), "events": [], **more}


def old(**more: Any) -> dict[str, Any]:
    return deployment(OLD, status="ACTIVE", rolloutState="COMPLETED", runningCount=2, **more)


DONE = service(deployment(rolloutState="COMPLETED", runningCount=2))


def task(number: int, reason: str, *, by: str = MINE, **more: Any) -> dict[str, Any]:
    return {
        "taskArn": f"{ARN}:task/c/{number}",
        "startedBy": by,
        "lastStatus": "STOPPED",
        "stoppedReason": reason,
        "taskDefinitionArn": f"{ARN}:task-definition/voj:2",
        "createdAt": NOW + timedelta(minutes=3),
        **more,
    }


def no_service_deployments(_: Any) -> Any:
    raise AwsError("not here", code="UnknownOperationException", operation="ListServiceDeployments")


@pytest.fixture
def follow(monkeypatch: pytest.MonkeyPatch) -> Follow:
    """Follow a deployment through these looks at the service; the last one stays."""
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    monkeypatch.setattr("slipway.release.wait.time", SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep))

    def run(
        *looks: dict[str, Any] | None,
        tasks: list[dict[str, Any]] | None = None,
        listed: Any = no_service_deployments,
        check: bool = False,
        told: list[str] | None = None,
        **options: Any,
    ) -> tuple[dict[str, Any], list[str], FakeAws]:
        left = list(looks)

        def describe(_: Any) -> dict[str, Any]:
            look = left.pop(0) if len(left) > 1 else left[0]
            return {"services": [look] if look else []}

        by_arn = {item["taskArn"]: item for item in tasks or []}
        aws = FakeAws(
            {
                "DescribeServices": describe,
                "ListServiceDeployments": listed,
                "ListTasks": {"taskArns": list(by_arn)},
                "DescribeTasks": lambda params: {"tasks": [by_arn[arn] for arn in params["tasks"]]},
                "DescribeTaskDefinition": {"taskDefinition": {}},
            }
        )
        monkeypatch.setattr(waiting, "Aws", lambda _: aws)
        lines = [] if told is None else told
        given = {"cluster": "c", "service": "s", "region": "ap-northeast-2", "timeout": 60, **options}
        return waiting.wait(given, check=check, report=lines.append), lines, aws

    return run


def test_nothing_was_deployed_so_nothing_is_waited_for(follow: Follow) -> None:
    result, _, aws = follow(DONE, deployment_id=MINE)
    assert (result["state"], result["changed"], result["seconds"]) == ("succeeded", False, 0.0)
    assert dict(aws.calls) == {"ecs:DescribeServices": 1}


def test_each_thing_is_told_once(follow: Follow) -> None:
    event = {"id": "e1", "createdAt": NOW + timedelta(minutes=3), "message": "(service s) has started 2 tasks."}
    before = {"id": "e0", "createdAt": NOW, "message": "(service s) has reached a steady state."}
    looks = [
        service(deployment(), old()),
        service(deployment(pendingCount=2), old(), events=[event, before]),
        service(deployment(pendingCount=2), old(), events=[event, before]),
        service(deployment(runningCount=2), old(), events=[event, before]),
        service(deployment(runningCount=2, rolloutState="COMPLETED"), events=[event, before]),
    ]
    result, lines, _ = follow(*looks)
    assert lines == [
        "deployment in progress: 0 of 2 tasks running",
        "deployment in progress: 0 of 2 tasks running, 2 pending",
        "event: (service s) has started 2 tasks.",
        "deployment in progress: 2 of 2 tasks running",
        "deployment completed: 2 of 2 tasks running",
    ]
    assert result["task_definition"].endswith("voj:2")


def test_a_rollback_is_no_success(follow: Follow) -> None:
    rolled_back = service(deployment(OLD, rolloutState="COMPLETED", runningCount=2))
    result, _, _ = follow(service(deployment(), old()), rolled_back, deployment_id=MINE)
    assert (result["failed"], result["state"], result["changed"]) == (True, "failed", False)
    assert "rolled back or replaced" in result["reason"]
    assert (result["serving"], result["task_definition"]) == ("voj:1", f"{ARN}:task-definition/voj:2")
    assert result["msg"].endswith("what serves now: voj:1 (2 tasks)")


def test_the_api_of_service_deployments_has_the_last_word(follow: Follow) -> None:
    def listed(params: Mapping[str, Any]) -> dict[str, Any]:
        assert params["createdAt"]["after"] == NOW + timedelta(minutes=1)
        arn = f"{ARN}:service-revision/c/s/{MINE.rpartition('/')[2]}"
        return {
            "serviceDeployments": [
                {"targetServiceRevisionArn": arn, "status": "ROLLBACK_SUCCESSFUL", "statusReason": "breaker tripped"}
            ]
        }

    result, _, _ = follow(service(deployment(), old()), listed=listed)
    assert result["reason"] == "the deployment failed and was rolled back: breaker tripped"


def test_a_blue_green_deployment_asks_it_though_complete(follow: Follow) -> None:
    blue_green = {**DONE, "deploymentConfiguration": {"strategy": "BLUE_GREEN"}}
    arn = f"{ARN}:service-revision/c/s/{MINE.rpartition('/')[2]}"
    statuses = iter(["IN_PROGRESS", "IN_PROGRESS", "SUCCESSFUL"])

    def listed(_: Any) -> dict[str, Any]:
        return {"serviceDeployments": [{"targetServiceRevisionArn": arn, "status": next(statuses)}]}

    _, _, aws = follow(blue_green, listed=listed)
    assert aws.calls["ecs:ListServiceDeployments"] == 3


def test_one_that_is_gone_is_looked_for_without_its_time(follow: Follow) -> None:
    def listed(params: Mapping[str, Any]) -> dict[str, Any]:
        assert "createdAt" not in params
        return {"serviceDeployments": []}

    result, _, _ = follow(service(deployment(OLD)), deployment_id=MINE, listed=listed)
    assert "rolled back or replaced" in result["reason"]


def test_why_tasks_stopped_is_told_at_once_and_at_the_end(follow: Follow) -> None:
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
    secret = (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
        "unable to retrieve secret from asm: service call has been retried 1 time(s): ResourceNotFoundException: "
        "Secrets Manager can't find the specified secret."
    )
    tasks = [
        *(task(number, secret) for number in range(3)),
        task(3, "Scaling activity initiated by (deployment ecs-svc/2)"),
        task(4, "of the old deployment", by=OLD),
        task(5, "", lastStatus="DEPROVISIONING"),
    ]
    failed = service(deployment(rolloutState="FAILED", rolloutStateReason="circuit breaker", status="ACTIVE"), old())
    told: list[str] = []
    result, _, _ = follow(service(deployment(), old()), failed, tasks=tasks, told=told)
    assert [line for line in told if "stopped" in line] == [f"a task stopped: {secret}"]
    text = result["msg"]
    assert text.startswith("c/s: the deployment failed: circuit breaker")
    assert [(cause["code"], cause["count"]) for cause in result["causes"]] == [("secret_not_found", 3)]
    assert secret in text
    assert "of the old deployment" not in text
    assert "Scaling" not in text


def test_a_task_whose_scheduler_names_no_deployment_is_known_by_its_revision(follow: Follow) -> None:
    tasks = [
        task(1, "exited", by="s"),
        task(2, "another revision", by="s", taskDefinitionArn=f"{ARN}:task-definition/voj:1"),
        task(3, "older", by="s", createdAt=NOW - timedelta(hours=1)),
    ]
    result, _, _ = follow(service(deployment(), old()), timeout=3, tasks=tasks)
    assert "exited" in result["msg"]
    assert "another revision" not in result["msg"]
    assert "older" not in result["msg"]


def test_a_wait_has_an_end(follow: Follow) -> None:
    result, _, _ = follow(service(deployment()))
    assert result["reason"] == "the deployment did not end within 60 s"
    assert [cause["code"] for cause in result["causes"]] == ["timeout"]
    assert result["serving"] == ""
    assert result["msg"].endswith("what serves now: nothing that was there before")


def test_a_service_that_is_not_there_is_no_success(follow: Follow) -> None:
    with pytest.raises(SlipwayError, match="there is no service s in the cluster c"):
        follow(None)
    result, _, _ = follow(service(deployment()), None)
    assert result["reason"] == "the service is not there any more"


def test_check_mode_waits_for_nothing(follow: Follow) -> None:
    for look in (None, service(deployment())):
        result, lines, _ = follow(look, check=True)
        assert (result["state"], lines) == ("planned", [])
