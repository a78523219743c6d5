"""What ECS knows of a service: its revisions, service deployments, deployments, tasks and events, in AWS's own shapes.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
"""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# A deployment ends in one of these.
ENDED = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
_EVENTS = 100
_random = random.SystemRandom()

Json = dict[str, Any]


@dataclass(frozen=True)
class Times:
    """Seconds that the model waits. AWS's own are multiplied by `scale`; those of containers pass as they pass."""

    scale: float = 0.02
    # A task that ends within this time of RUNNING never stood.
    settle: float = 1.5
    # How long a process may take until it listens, whatever the scale.
    start_up: float = 6.0

    def scaled(self, seconds: float) -> float:
        """Turn AWS's seconds into the layer's."""
        return seconds * self.scale


@dataclass(frozen=True)
class Action:
    """What is to be done at the emulator: launch, stop, register, deregister, hook."""

    kind: str
    rollout: str = ""
    task: str = ""
    reason: str = ""
    count: int = 0
    targets: tuple[tuple[str, str, int], ...] = ()


@dataclass
class Task:
    """A task of a service, as the scheduler sees it."""

    arn: str
    deployment: str
    launched_at: float
    status: str = "PROVISIONING"
    address: str = ""
    running_at: float | None = None
    health: str = "UNKNOWN"
    # Why the scheduler stops it; empty while it is wanted.
    stopping: str = ""
    # Since when the targets are draining before the task is stopped.
    draining_since: float | None = None
    stop_sent: bool = False
    stood: bool = False
    registered: bool = False

    @property
    def live(self) -> bool:
        """It takes a place in the service."""
        return self.status != "STOPPED" and not self.stopping


@dataclass
class Rollout:
    """One entry of the service's `deployments`: a revision and its tasks."""

    id: str
    revision_arn: str
    task_definition: str
    desired: int
    created_at: float
    updated_at: float
    fields: Json = field(default_factory=dict)
    status: str = "PRIMARY"
    state: str = "IN_PROGRESS"
    reason: str = ""
    failed: int = 0
    launching: int = 0
    # The next launch waits until then, as ECS throttles tasks that fail.
    not_before: float = 0.0
    # Production traffic in percent, where ECS shifts it.
    weight: float = 0.0
    target_group: str = ""


@dataclass
class ServiceDeployment:
    """What ListServiceDeployments and DescribeServiceDeployments tell."""

    arn: str
    target: str
    sources: list[str]
    configuration: Json
    created_at: float
    updated_at: float
    started_at: float | None = None
    finished_at: float | None = None
    stopped_at: float | None = None
    status: str = "PENDING"
    reason: str = ""
    rollback: Json | None = None
    breaker: str = "DISABLED"
    breaker_failures: int = 0
    alarms: str = "DISABLED"
    triggered: list[str] = field(default_factory=list)
    ignored_alarms: frozenset[str] = frozenset()
    stage: str = ""
    stage_since: float = 0.0

    @property
    def ended(self) -> bool:
        """Nothing more happens to it."""
        return self.status in ENDED

    def move(self, status: str, now: float, reason: str = "") -> None:
        """Change the status."""
        self.status, self.updated_at = status, now
        self.reason = reason or self.reason
        if status in ENDED:
            self.finished_at = now
        if status == "STOPPED":
            self.stopped_at = now


@dataclass
class Service:
    """A service: AWS's record of it, and what the scheduler made of it."""

    record: Json
    rollouts: list[Rollout] = field(default_factory=list)
    deployments: list[ServiceDeployment] = field(default_factory=list)
    revisions: dict[str, Json] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    steady: bool = False
    # The client token that it was created with.
    token: str = ""

    @property
    def name(self) -> str:
        """Its serviceName."""
        return str(self.record["serviceName"])

    @property
    def cluster(self) -> str:
        """The cluster's name."""
        return str(self.record["clusterArn"]).rpartition("/")[2]

    @property
    def region(self) -> str:
        """Where it is."""
        return str(self.record["serviceArn"]).split(":")[3]

    @property
    def configuration(self) -> Json:
        """Its deploymentConfiguration."""
        found: Json = self.record["deploymentConfiguration"]
        return found

    @property
    def strategy(self) -> str:
        """ROLLING, BLUE_GREEN, LINEAR or CANARY."""
        return str(self.configuration.get("strategy") or "ROLLING")

    @property
    def primary(self) -> Rollout:
        """The rollout that the service is to have."""
        return next(one for one in self.rollouts if one.status == "PRIMARY")

    @property
    def current(self) -> ServiceDeployment | None:
        """The newest service deployment while it goes on."""
        return self.deployments[0] if self.deployments and not self.deployments[0].ended else None

    def rollout(self, revision_arn: str) -> Rollout | None:
        """The rollout of a revision, while it is listed."""
        return next((one for one in self.rollouts if one.revision_arn == revision_arn), None)

    def tasks_of(self, rollout: Rollout) -> list[Task]:
        """The live tasks of a rollout, the oldest first."""
        return [task for task in self.tasks.values() if task.deployment == rollout.id and task.live]

    def remaining(self, rollout: Rollout) -> int:
        """How many tasks of a rollout are not gone yet, draining ones included."""
        return sum(task.deployment == rollout.id and task.status != "STOPPED" for task in self.tasks.values())

    def say(self, message: str, now: float) -> None:
        """Add a service event, in AWS's words.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
        """
        event = {"id": str(uuid.uuid4()), "createdAt": now, "message": f"(service {self.name}) {message}"}
        self.events = [event, *self.events][:_EVENTS]

    def threshold(self) -> int:
        """How many failed tasks trip the circuit breaker.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
        """
        wanted = (self.configuration.get("deploymentCircuitBreaker") or {}).get("thresholdConfiguration") or {}
        if wanted.get("type") == "COUNT" and wanted.get("value"):
            return int(wanted["value"])
        return max(3, min(200, math.ceil(0.5 * int(self.record["desiredCount"]))))


class Ecs:
    """All services of all clusters."""

    def __init__(self) -> None:
        self.services: dict[tuple[str, str, str], Service] = {}

    def find(self, region: str, cluster: str, name: str) -> Service | None:
        """A service by region, cluster's name or ARN, and its own name or ARN."""
        return self.services.get((region, cluster.rpartition("/")[2] or "default", name.rpartition("/")[2]))

    def all(self) -> Iterator[Service]:
        """Every service that is not deleted."""
        yield from [one for one in self.services.values() if one.record["status"] != "INACTIVE"]

    def in_cluster(self, region: str, cluster: str) -> list[Service]:
        """The services of a cluster that are there."""
        name = cluster.rpartition("/")[2] or "default"
        return [one for one in self.all() if (one.region, one.cluster) == (region, name)]

    def task(self, arn: str) -> tuple[Service, Task] | None:
        """The task with this ARN, where a service launched it."""
        for service in self.services.values():
            if task := service.tasks.get(arn):
                return service, task
        return None

    def deployment(self, arn: str) -> tuple[Service, ServiceDeployment] | None:
        """The service deployment with this ARN."""
        for service in self.services.values():
            for one in service.deployments:
                if one.arn == arn:
                    return service, one
        return None


def new_number() -> str:
    """The 19 digits that a deployment's id and its revision's ARN share."""
    return str(_random.randint(10**18, 10**19 - 1))


def new_id() -> str:
    """The id at the end of a service deployment's ARN."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
    return "".join(_random.choice(alphabet) for _ in range(21))


def arn_of(service_arn: str, kind: str, last: str) -> str:
    """The ARN of a service's revision or deployment."""
    return f"{service_arn.replace(':service/', f':{kind}/', 1)}/{last}"


def without_none(values: Mapping[str, Any]) -> Json:
    """Leave out what is not there, as AWS does."""
    return {key: value for key, value in values.items() if value is not None}
