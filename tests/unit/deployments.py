"""Shapes of ECS as DescribeServices, DescribeTasks and their like give them, for the tests of a release."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from slipway.aws.errors import AwsError
from tests.unit.fake_aws import FakeAws

NOW = datetime(2026, 11, 21, tzinfo=UTC)
MINE, OLD = "ecs-svc/0000000000000000002", "ecs-svc/0000000000000000001"
ARN = "arn:aws:ecs:ap-northeast-2:123456789012"
GROUP = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/voj/0123456789abcdef"
LOG = {"awslogs-group": "/ecs/voj", "awslogs-region": "ap-northeast-2", "awslogs-stream-prefix": "ecs"}
DEFINITION = {
    "taskDefinitionArn": f"{ARN}:task-definition/voj:2",
    "containerDefinitions": [{"name": "api", "logConfiguration": {"logDriver": "awslogs", "options": LOG}}],
}


def deployment(identity: str = MINE, **more: Any) -> dict[str, Any]:
    """One of a service's deployments; its revision is the last digit of its id."""
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
    """A service with these deployments."""
    return {"status": "ACTIVE", "deployments": list(deployments), "events": [], **more}


def old(**more: Any) -> dict[str, Any]:
    """The deployment before."""
    return deployment(OLD, status="ACTIVE", rolloutState="COMPLETED", runningCount=2, **more)


def task(number: int, reason: str = "", *, by: str = MINE, **more: Any) -> dict[str, Any]:
    """A task: one that stopped for a reason, or one that runs."""
    states = {"lastStatus": "STOPPED", "stoppedReason": reason} if reason else {"lastStatus": "RUNNING"}
    address = {"name": "privateIPv4Address", "value": f"10.0.0.{number}"}
    return {
        "taskArn": f"{ARN}:task/c/{number}",
        "startedBy": by,
        "taskDefinitionArn": f"{ARN}:task-definition/voj:{by[-1]}",
        "createdAt": NOW + timedelta(minutes=3),
        "startedAt": NOW + timedelta(minutes=3),
        "attachments": [{"type": "ElasticNetworkInterface", "details": [address]}],
        **states,
        **more,
    }


def target(number: int, state: str = "healthy", **health: str) -> dict[str, Any]:
    """A target with its health; its address is that of the task of this number."""
    return {"Target": {"Id": f"10.0.0.{number}", "Port": 8000}, "TargetHealth": {"State": state, **health}}


def record(status: str, identity: str = MINE, **more: Any) -> dict[str, Any]:
    """A service deployment as ListServiceDeployments has it."""
    number = identity.rpartition("/")[2]
    return {
        "serviceDeploymentArn": f"{ARN}:service-deployment/c/s/{number}",
        "targetServiceRevisionArn": f"{ARN}:service-revision/c/s/{number}",
        "status": status,
        **more,
    }


def refused(code: str) -> Callable[[Any], Any]:
    """An operation that is refused."""

    def answer(_: Any) -> Any:
        raise AwsError(f"was refused with {code}", code=code, operation="Any", remedy="allow it")

    return answer


def ecs(tasks: list[dict[str, Any]] | None = None, **answers: Any) -> FakeAws:
    """An AWS with these tasks; `answers` are other operations' answers."""
    by_arn = {one["taskArn"]: one for one in tasks or []}

    def listed(params: Mapping[str, Any]) -> dict[str, Any]:
        stopped = params["desiredStatus"] == "STOPPED"
        return {"taskArns": [arn for arn, one in by_arn.items() if (one["lastStatus"] != "RUNNING") == stopped]}

    def described(params: Mapping[str, Any]) -> dict[str, Any]:
        assert len(params["tasks"]) <= 100
        return {"tasks": [by_arn[arn] for arn in params["tasks"]]}

    return FakeAws(
        {
            "ListServiceDeployments": refused("UnknownOperationException"),
            "ListTasks": listed,
            "DescribeTasks": described,
            "DescribeTaskDefinition": {"taskDefinition": DEFINITION},
            "DescribeTargetHealth": {"TargetHealthDescriptions": []},
            "DescribeTargetGroups": {"TargetGroups": [{"TargetGroupArn": GROUP, "HealthCheckPath": "/health"}]},
            "FilterLogEvents": {"events": []},
            "GetLogEvents": {"events": []},
            **answers,
        }
    )
