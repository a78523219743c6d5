"""Builders of what DescribeServices, DescribeTasks and their kin answer: whole shapes, short to write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from slipway.release.evidence import Evidence
from slipway.release.verdict import State

REGION = "ap-northeast-2"
ACCOUNT = "123456789012"
ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}:"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ID = "ecs-svc/0000000000000000002"
OLD = "ecs-svc/0000000000000000001"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
IMAGE = f"{HOST}/voj-backend:sha-1a2b3c4"
GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/voj-backend-prod/6d0ecf831eec9f09"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:voj/prod-AbCdEf"
EXECUTION_ROLE = "voj-backend-execution"
TASK = "4f1e2d3c4b5a69788796a5b4c3d2e1f0"

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
STOPPED = _GUIDE + "stopped-task-error-codes.html"
PULL = _GUIDE + "task_cannot_pull_image.html"
INIT = _GUIDE + "resource-initialization-error.html"
EVENTS = _GUIDE + "service-event-messages-list.html"
RUN_TASK = _GUIDE + "api_failures_messages.html"
BREAKER = _GUIDE + "deployment-circuit-breaker.html"
GREEN = _GUIDE + "troubleshooting-blue-green.html"
MEMORY = _GUIDE + "out-of-memory.html"
HEALTH = (
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"
    "#target-health-reason-codes"
)
RECORD = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html"


@dataclass(frozen=True)
class Case:
    """One observation: what the verdict and the diagnosis must make of it.

    Attributes:
        source: where the text or the shape is documented or was seen.
        codes: of the causes, in their order.
        title: a part of the first cause's title.
        remedy: a part of its remedy.
        shows: a part of its evidence.
    """

    source: str
    evidence: Evidence
    state: State
    codes: tuple[str, ...]
    title: str = ""
    remedy: str = ""
    shows: str = ""
    count: int = 1


def definition(**container: Any) -> dict[str, Any]:
    """As DescribeTaskDefinition has it."""
    secrets = [
        {"name": "JWT_SECRET", "valueFrom": f"{SECRET}:jwt_secret::"},
        {"name": "S3_BUCKET_NAME", "valueFrom": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/voj/prod/S3_BUCKET_NAME"},
        {"name": "OPENAI_API_KEY", "valueFrom": "/voj/prod/OPENAI_API_KEY"},
    ]
    api = {
        "name": "api",
        "image": IMAGE,
        "essential": True,
        "portMappings": [{"containerPort": 8000, "hostPort": 8000, "protocol": "tcp"}],
        "environment": [{"name": "MODE", "value": "never-to-be-shown"}],
        "secrets": secrets,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": "/ecs/voj-backend", "awslogs-region": REGION, "awslogs-stream-prefix": "ecs"},
        },
    }
    return {
        "taskDefinitionArn": f"{ARN}task-definition/voj-backend-prod:12",
        "family": "voj-backend-prod",
        "revision": 12,
        "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/{EXECUTION_ROLE}",
        "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/voj-backend-task",
        "cpu": "512",
        "memory": "1024",
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "containerDefinitions": [{**api, **container}],
    }


def task(reason: str = "", code: str = "TaskFailedToStart", identity: str = TASK, **more: Any) -> dict[str, Any]:
    """A stopped task as DescribeTasks has it; `containers` replaces its one container."""
    return {
        "taskArn": f"{ARN}task/prod/{identity}",
        "clusterArn": f"{ARN}cluster/prod",
        "taskDefinitionArn": f"{ARN}task-definition/voj-backend-prod:12",
        "startedBy": ID,
        "group": "service:voj-backend",
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "createdAt": NOW,
        "stoppedAt": NOW + timedelta(seconds=40),
        "desiredStatus": "STOPPED",
        "lastStatus": "STOPPED",
        "healthStatus": "UNKNOWN",
        "stopCode": code,
        "stoppedReason": reason,
        "containers": [{"name": "api", "image": IMAGE, "lastStatus": "STOPPED"}],
        **more,
    }


def exited(code: int, reason: str = "", identity: str = TASK, **more: Any) -> dict[str, Any]:
    """A task whose essential container exited."""
    container = {"name": "api", "image": IMAGE, "lastStatus": "STOPPED", "exitCode": code}
    if reason:
        container["reason"] = reason
    words = "Essential container in task exited"
    return task(words, "EssentialContainerExited", identity, containers=[container], **more)


def running(identity: str = TASK, digest: str = "sha256:" + "a" * 64) -> dict[str, Any]:
    """A running task."""
    container = {"name": "api", "image": IMAGE, "lastStatus": "RUNNING", "imageDigest": digest}
    whole = task("", "", identity, lastStatus="RUNNING", desiredStatus="RUNNING", containers=[container])
    return {key: value for key, value in whole.items() if key not in {"stoppedAt", "stopCode", "stoppedReason"}}


def deployment(identity: str = ID, status: str = "PRIMARY", **more: Any) -> dict[str, Any]:
    """One of a service's deployments."""
    whole = {
        "id": identity,
        "status": status,
        "taskDefinition": f"{ARN}task-definition/voj-backend-prod:{12 if identity == ID else 11}",
        "desiredCount": 2,
        "pendingCount": 0,
        "runningCount": 2,
        "failedTasks": 0,
        "createdAt": NOW,
        "launchType": "FARGATE",
        "rolloutState": "COMPLETED",
        "rolloutStateReason": f"ECS deployment {identity} completed.",
    }
    return {**whole, **more}


GOING = deployment(rolloutState="IN_PROGRESS", rolloutStateReason=f"ECS deployment {ID} in progress.", runningCount=0)
FAILED = deployment(
    rolloutState="FAILED", rolloutStateReason="ECS deployment circuit breaker: tasks failed to start.", runningCount=0
)
BEFORE = deployment(OLD, "ACTIVE", createdAt=NOW - timedelta(days=3))
AFTER_ROLLBACK = deployment(OLD, "PRIMARY", createdAt=NOW + timedelta(minutes=5))


def service(*deployments: dict[str, Any], events: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """As DescribeServices has it; the events are the newest first."""
    return {
        "serviceArn": f"{ARN}service/prod/voj-backend",
        "serviceName": "voj-backend",
        "clusterArn": f"{ARN}cluster/prod",
        "status": "ACTIVE",
        "desiredCount": 2,
        "runningCount": 2,
        "pendingCount": 0,
        "launchType": "FARGATE",
        "healthCheckGracePeriodSeconds": 60,
        "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "api", "containerPort": 8000}],
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": ["subnet-0a1", "subnet-0b2"],
                "securityGroups": ["sg-0c3"],
                "assignPublicIp": "DISABLED",
            }
        },
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        "deployments": list(deployments),
        "events": [
            {"id": f"event-{number}", "createdAt": NOW + timedelta(minutes=4 - number), "message": text}
            for number, text in enumerate(events)
        ],
        **more,
    }


def record(status: str, reason: str = "", identity: str = ID, **more: Any) -> dict[str, Any]:
    """As DescribeServiceDeployments has it."""
    number = identity.rpartition("/")[2]
    return {
        "serviceDeploymentArn": f"{ARN}service-deployment/prod/voj-backend/NCWGC2ZR-taawPAYrIaU5",
        "serviceArn": f"{ARN}service/prod/voj-backend",
        "clusterArn": f"{ARN}cluster/prod",
        "createdAt": NOW,
        "startedAt": NOW,
        "targetServiceRevision": {"arn": f"{ARN}service-revision/prod/voj-backend/{number}", "requestedTaskCount": 2},
        "status": status,
        "statusReason": reason,
        **more,
    }


BREAKER_REASON = "Service deployment rolled back because the circuit breaker threshold was exceeded."
ROLLED_BACK = record(
    "ROLLBACK_SUCCESSFUL",
    BREAKER_REASON,
    deploymentCircuitBreaker={"status": "TRIGGERED", "failureCount": 3, "threshold": 3},
)


def target(
    state: str, reason: str = "", description: str = "", port: int = 8000, ip: str = "10.0.1.8"
) -> dict[str, Any]:
    """As DescribeTargetHealth has it."""
    health = {"State": state, "Reason": reason, "Description": description}
    return {
        "Target": {"Id": ip, "Port": port, "AvailabilityZone": f"{REGION}a"},
        "HealthCheckPort": str(port),
        "TargetHealth": {key: value for key, value in health.items() if value},
    }


TARGET_GROUP = {
    "TargetGroupArn": GROUP,
    "TargetGroupName": "voj-backend-prod",
    "Protocol": "HTTP",
    "Port": 8000,
    "TargetType": "ip",
    "HealthCheckPath": "/healthz",
    "HealthCheckTimeoutSeconds": 5,
    "Matcher": {"HttpCode": "200"},
}


def failed(*tasks: dict[str, Any], events: tuple[str, ...] = (), **more: Any) -> Evidence:
    """A deployment that the circuit breaker has rolled back, with these tasks."""
    given: dict[str, Any] = {
        "deployment_id": ID,
        "service": service(AFTER_ROLLBACK, events=events),
        "service_deployments": [ROLLED_BACK],
        "task_definition": definition(),
        "tasks": tasks,
        "target_group": TARGET_GROUP,
    }
    return Evidence(**{**given, **more})


def going(*tasks: dict[str, Any], events: tuple[str, ...] = (), **more: Any) -> Evidence:
    """A deployment that is under way beside the old one."""
    return failed(
        *tasks,
        **{"service": service(GOING, BEFORE, events=events), "service_deployments": [record("IN_PROGRESS")], **more},
    )


def as_it_is(*tasks: dict[str, Any], events: tuple[str, ...] = (), **more: Any) -> Evidence:
    """A service that nobody deploys just now."""
    return failed(*tasks, **{"deployment_id": "", "service": service(deployment(), events=events), **more})
