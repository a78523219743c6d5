"""What the container engine knows of a task and the emulator does not tell: its memory, and why it never started."""

from __future__ import annotations

import logging
import re
from typing import Any

import docker

from tests.faults.ecs_api import ApiError
from tests.faults.ecs_model import Json
from tests.faults.upstream import Upstream

_EVENTS = {"type": "container", "event": ["start", "oom"], "label": "com.amazonaws.ecs.task-arn"}
# The emulator tries a second time, and the container that did not start has the name.
_NOT_STARTED = re.compile(r'Conflict\. The container name .* is already in use by container "(?P<id>[0-9a-f]{64})"')
_log = logging.getLogger("faults")


class Containers:
    """Follows the engine's events: the emulator removes a container as soon as it has exited."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        # Task's ARN and container's name.
        self._killed: set[tuple[str, str]] = set()
        self._not_started: dict[str, str] = {}

    def run(self) -> None:
        """Follow them until the layer ends."""
        try:
            for event in self._upstream.docker().events(filters=_EVENTS, decode=True):
                labels = event["Actor"]["Attributes"]
                task, name = labels["com.amazonaws.ecs.task-arn"], labels["com.amazonaws.ecs.container-name"]
                if event["Action"] == "oom":
                    self._killed.add((task, name))
                else:
                    self._limit(event["Actor"]["ID"], task, labels)
        except (docker.errors.DockerException, OSError) as error:
            _log.warning("the memory of tasks is not limited: %r", error)

    def _limit(self, container: str, task: str, labels: dict[str, Any]) -> None:
        """Give a container the memory of its task.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
        """
        region, family = task.split(":")[3], labels["com.amazonaws.ecs.task-definition-family"]
        revision = f"{family}:{labels['com.amazonaws.ecs.task-definition-version']}"
        cluster = labels["com.amazonaws.ecs.cluster"]
        try:
            # Another emulator's containers may run beside those of this one.
            if not self._upstream.ecs(region, "DescribeTasks", {"cluster": cluster, "tasks": [task]})["tasks"]:
                return
            answer = self._upstream.ecs(region, "DescribeTaskDefinition", {"taskDefinition": revision})
            if memory := answer["taskDefinition"].get("memory"):
                limit = f"{memory}m"
                self._upstream.docker().containers.get(container).update(mem_limit=limit, memswap_limit=limit)
        except (ApiError, docker.errors.DockerException) as error:
            _log.warning("the memory of %s is not limited: %r", task, error)

    def correct(self, task: Json) -> None:
        """Say of a stopped task what AWS says of it."""
        for container in task.get("containers") or ():
            if (task["taskArn"], container.get("name")) in self._killed:
                # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/out-of-memory.html
                container |= {"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}
        if found := _NOT_STARTED.search(task.get("stoppedReason") or ""):
            # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cannot-start-container.html
            task["stoppedReason"] = f"CannotStartContainerError: {self._why_not(found['id'])}"

    def _why_not(self, identity: str) -> str:
        if identity not in self._not_started:
            try:
                container = self._upstream.docker().containers.get(identity)
                why = str(container.attrs["State"]["Error"])
                container.remove(force=True)
            except docker.errors.DockerException as error:
                why = str(error)
            known = f"ResourceInitializationError: failed to create new container runtime task: {why}"
            self._not_started[identity] = known
        return self._not_started[identity]
