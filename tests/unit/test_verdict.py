"""The verdict as a table: what was observed, and where the deployment stands."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.release.verdict import State, verdict
from slipway.release.watch import stopped_reason

ID = "ecs-svc/0000000000000000002"


def deployment(number: int = 2, **more: Any) -> dict[str, Any]:
    whole = {"id": f"ecs-svc/{number:019}", "status": "PRIMARY", "runningCount": 2, "desiredCount": 2}
    return {**whole, "rolloutState": "COMPLETED", **more}


def service(*deployments: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"status": "ACTIVE", "deployments": list(deployments), **more}


def service_deployment(status: str, number: int = 2, reason: str = "") -> dict[str, Any]:
    arn = f"arn:aws:ecs:ap-northeast-2:000000000000:service-revision/c/s/{number:019}"
    return {"targetServiceRevisionArn": arn, "status": status, "statusReason": reason}


def described(status: str, number: int = 2, **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:ecs:ap-northeast-2:000000000000:service-revision/c/s/{number:019}"
    return {"targetServiceRevision": {"arn": arn}, "status": status, **more}


ROLLBACK = {"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}}

# Every case: the service, its service deployments, the state, and a part of the reason.
CASES: dict[str, tuple[dict[str, Any] | None, list[dict[str, Any]], State, str]] = {
    # without service deployments
    "complete": (service(deployment()), [], "succeeded", ""),
    "in progress": (service(deployment(rolloutState="IN_PROGRESS", runningCount=0)), [], "going_on", ""),
    "complete, but tasks are missing": (service(deployment(runningCount=1)), [], "going_on", ""),
    "no rollout state": (service(deployment(rolloutState=None)), [], "going_on", ""),
    "failed": (service(deployment(rolloutState="FAILED", rolloutStateReason="breaker")), [], "failed", "breaker"),
    "rolled back": (service(deployment(1)), [], "failed", "rolled back"),
    "rolled back and stable": (service(deployment(3)), [], "failed", "rolled back"),
    "overtaken": (service(deployment(3), deployment(status="ACTIVE")), [], "failed", "another deployment"),
    "nothing desired": (service(deployment(runningCount=0, desiredCount=0)), [], "succeeded", ""),
    "draining": (service(deployment(), status="DRAINING"), [], "failed", "not there"),
    "gone": (None, [], "failed", "not there"),
    # with service deployments
    "successful": (service(deployment()), [service_deployment("SUCCESSFUL")], "succeeded", ""),
    "successful beside an older failure": (
        service(deployment()),
        [service_deployment("ROLLBACK_SUCCESSFUL", 1), service_deployment("SUCCESSFUL")],
        "succeeded",
        "",
    ),
    "pending": (service(deployment()), [service_deployment("PENDING")], "going_on", ""),
    "shifting": (service(deployment()), [service_deployment("IN_PROGRESS")], "going_on", ""),
    "asked to stop": (service(deployment()), [service_deployment("STOP_REQUESTED")], "going_on", ""),
    "rollback asked": (service(deployment(1)), [service_deployment("ROLLBACK_REQUESTED")], "going_on", ""),
    "rolling back": (service(deployment(1)), [service_deployment("ROLLBACK_IN_PROGRESS")], "going_on", ""),
    "rolled back by AWS": (
        service(deployment(1)),
        [service_deployment("ROLLBACK_SUCCESSFUL", reason="tasks failed to start")],
        "failed",
        "rolled back: tasks failed to start",
    ),
    "rollback failed": (service(deployment(1)), [service_deployment("ROLLBACK_FAILED")], "failed", "so did"),
    "stopped": (service(deployment()), [service_deployment("STOPPED")], "failed", "stopped"),
    "a state of tomorrow": (service(deployment()), [service_deployment("PONDERING")], "going_on", "PONDERING"),
    "stopped, with a reason": (service(deployment()), [service_deployment("STOPPED", reason="so")], "failed", ": so"),
    "stopped by another one": (
        service(deployment(3), deployment(status="ACTIVE")),
        [service_deployment("PENDING", 3), service_deployment("STOPPED")],
        "failed",
        "another deployment has taken its place",
    ),
    "as DescribeServiceDeployments has it": (
        service(deployment(1)),
        [described("ROLLBACK_SUCCESSFUL", rollback={"reason": "alarm"})],
        "failed",
        "rolled back: alarm",
    ),
    "a first deployment that stalls": (
        service(deployment(rolloutState="FAILED", rolloutStateReason="breaker"), **ROLLBACK),
        [described("IN_PROGRESS")],
        "failed",
        "failed: breaker",
    ),
    "failed, and its rollback is about to start": (
        service(deployment(rolloutState="FAILED"), deployment(1, status="ACTIVE"), **ROLLBACK),
        [described("IN_PROGRESS")],
        "going_on",
        "IN_PROGRESS",
    ),
    "failed, and rollback is off": (
        service(deployment(rolloutState="FAILED"), deployment(1, status="ACTIVE")),
        [described("IN_PROGRESS")],
        "failed",
        "the deployment failed",
    ),
    "failed, and rolling back": (
        service(deployment(rolloutState="FAILED")),
        [described("ROLLBACK_IN_PROGRESS")],
        "going_on",
        "ROLLBACK_IN_PROGRESS",
    ),
    "complete, but it bakes": (service(deployment()), [described("IN_PROGRESS")], "going_on", "IN_PROGRESS"),
    "successful, and overtaken since": (
        service(deployment(3), deployment(status="ACTIVE")),
        [described("PENDING", 3), described("SUCCESSFUL")],
        "succeeded",
        "",
    ),
    "inactive": (service(status="INACTIVE"), [described("SUCCESSFUL")], "failed", "not there"),
    "a record without a status": (service(deployment()), [described("")], "going_on", ""),
    "a record without a revision": (service(deployment()), [{"status": "STOPPED"}], "succeeded", ""),
    "no deployments": (service(), [], "failed", "rolled back or replaced"),
    "more run than desired": (service(deployment(runningCount=3)), [], "succeeded", ""),
    "only another one's": (service(deployment()), [service_deployment("STOPPED", 1)], "succeeded", ""),
}


@pytest.mark.parametrize("name", CASES)
def test_verdict(name: str) -> None:
    seen, service_deployments, state, reason = CASES[name]
    found = verdict(ID, seen, service_deployments)
    assert found.state == state
    assert reason in found.reason


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ({"stoppedReason": "Scaling activity initiated by (deployment ecs-svc/1)"}, ""),
        ({"stoppedReason": "Task failed ELB health checks"}, "Task failed ELB health checks"),
        (
            {
                "stoppedReason": "Essential container in task exited",
                "containers": [{"name": "api", "exitCode": 137, "reason": "OutOfMemoryError"}],
            },
            "Essential container in task exited (api: exit code 137, OutOfMemoryError)",
        ),
        ({}, "no reason given"),
    ],
)
def test_why_a_task_stopped(task: dict[str, Any], reason: str) -> None:
    assert stopped_reason(task) == reason
