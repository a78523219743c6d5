"""Waiting for a deployment, with a line for whatever happens, and what stopped collected before AWS forgets it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

from ..aws.clients import Aws, Connection
from ..aws.errors import AwsError, SlipwayError
from ..resources.names import last_part
from .verdict import Verdict, verdict

Report = Callable[[str], None]
_TASKS = 100
# Seconds between two looks: short at first, when most deploys of a healthy service are seen to start.
_FIRST, _LATER = 1.0, 5.0
_SLACK = timedelta(minutes=1)
_YOUNG = timedelta(seconds=5)
# What an emulator without service deployments answers.
_NO_SUCH_API = frozenset({"400", "404", "500", "501", "UnknownOperationException", "InvalidAction"})


@dataclass
class Seen:
    """What was reported or collected already."""

    progress: str = ""
    events: set[str] = field(default_factory=set)
    tasks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Deployment:
    """The deployment that is waited for.

    Attributes:
        since: when it was made; None where it is gone already, and nobody tells.
        task_definition: what it is to run, likewise.
    """

    aws: Aws
    cluster: str
    service: str
    id: str
    since: datetime | None = None
    task_definition: str = ""

    def is_young(self) -> bool:
        """Whether it was made a moment ago."""
        return self.since is not None and datetime.now(tz=UTC) - self.since < _YOUNG

    def owns(self, task: Mapping[str, Any]) -> bool:
        """Whether a task is of this deployment."""
        by = str(task.get("startedBy") or "")
        if by.startswith("ecs-svc/"):
            return by == self.id
        # A scheduler that names no deployment: the same task definition, and no older.
        created = task.get("createdAt")
        young = self.since is not None and created is not None and created >= self.since - _SLACK
        return young and task.get("taskDefinitionArn") == self.task_definition


def wait(options: Mapping[str, Any], /, *, check: bool, report: Report) -> dict[str, Any]:
    """The step of ecs_deployment_wait.

    Raises:
        SlipwayError: the deployment failed, or did not end within `timeout` seconds.
    """
    aws = Aws(Connection.of(options))
    started = time.monotonic()
    service = _describe(aws, options["cluster"], options["service"])
    if service is None and not check:
        raise SlipwayError(
            f"there is no service {options['service']} in the cluster {options['cluster']}",
            where="ecs_deployment_wait",
            remedy="create it first (a task ecs_service), or correct the name",
        )
    if check or service is None:
        return {"changed": False, "state": "planned", "seconds": 0.0, "api_calls": sum(aws.calls.values())}
    wanted = options.get("deployment_id") or _primary(service).get("id", "")
    own = _deployment(service, wanted)
    mine = Deployment(
        aws, options["cluster"], options["service"], wanted, own.get("createdAt"), own.get("taskDefinition", "")
    )
    reached = _primary(_follow(mine, service, options["timeout"], report))
    return {
        "changed": False,
        "state": "succeeded",
        "deployment_id": wanted,
        "task_definition": reached.get("taskDefinition", ""),
        "running_count": reached.get("runningCount", 0),
        "desired_count": reached.get("desiredCount", 0),
        "seconds": round(time.monotonic() - started, 1),
        "api_calls": sum(aws.calls.values()),
    }


def _primary(service: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((one for one in service["deployments"] if one.get("status") == "PRIMARY"), {})


def _deployment(service: Mapping[str, Any] | None, identity: str) -> Mapping[str, Any]:
    deployments: list[Mapping[str, Any]] = (service or {}).get("deployments") or []
    return next((one for one in deployments if one.get("id") == identity), {})


def _is_rolling(service: Mapping[str, Any] | None) -> bool:
    configuration = (service or {}).get("deploymentConfiguration") or {}
    return bool(configuration.get("strategy", "ROLLING") == "ROLLING")


def _follow(mine: Deployment, service: Mapping[str, Any] | None, timeout: float, report: Report) -> Mapping[str, Any]:
    started, seen = time.monotonic(), Seen()
    # A task that crashes at once is seen running for a moment: whatever was not standing all along is looked at twice.
    settled, stood_with = not mine.is_young(), -1
    while True:
        # A complete rolling deployment needs no second opinion: that keeps a run without changes at one call.
        found = verdict(mine.id, service)
        if found.state != "succeeded" or not _is_rolling(service):
            found = verdict(mine.id, service, _service_deployments(mine))
            _collect(mine, seen, report)
        for line in _news(service, mine, seen):
            report(line)
        if found.state == "succeeded" and service is not None:
            if settled or found.recorded:
                return service
            _collect(mine, seen, report)
            stopped = sum(1 for reason in seen.tasks.values() if reason)
            settled, stood_with = stopped == stood_with, stopped
            if settled:
                return service
        else:
            settled, stood_with = False, -1
        elapsed = time.monotonic() - started
        if found.state == "failed" or elapsed > timeout:
            raise _failure(mine, found, service, seen, timeout)
        time.sleep(_FIRST if elapsed < 2 * _LATER else _LATER)
        service = _describe(mine.aws, mine.cluster, mine.service)


def _describe(aws: Aws, cluster: str, name: str) -> dict[str, Any] | None:
    try:
        services = aws.call("ecs", "DescribeServices", cluster=cluster, services=[name])["services"]
    except AwsError as error:
        if error.code == "ClusterNotFoundException":
            return None
        raise
    return services[0] if services and services[0].get("status") != "INACTIVE" else None


def _service_deployments(mine: Deployment) -> list[Mapping[str, Any]]:
    # The two clocks of one deployment differ by moments.
    since = {} if mine.since is None else {"createdAt": {"after": mine.since - _SLACK}}
    try:
        answer = mine.aws.call(
            "ecs",
            "ListServiceDeployments",
            cluster=mine.cluster,
            service=mine.service,
            maxResults=_TASKS,
            **since,
        )
        return list(answer.get("serviceDeployments") or ())
    except AwsError as error:
        if error.code in _NO_SUCH_API:
            return []
        raise


def _collect(mine: Deployment, seen: Seen, report: Report) -> None:
    """Tasks of this deployment that stopped: AWS describes them for about an hour only."""
    stopped = mine.aws.pages(
        "ecs", "ListTasks", "taskArns", cluster=mine.cluster, serviceName=mine.service, desiredStatus="STOPPED"
    )
    for arns in batched([arn for arn in stopped if arn not in seen.tasks], _TASKS):
        for task in mine.aws.call("ecs", "DescribeTasks", cluster=mine.cluster, tasks=list(arns))["tasks"]:
            ours = mine.owns(task)
            # A task on its way down has no reason yet: look again.
            if ours and task.get("lastStatus") != "STOPPED":
                continue
            reason = stopped_reason(task) if ours else ""
            seen.tasks[task["taskArn"]] = reason
            if reason and list(seen.tasks.values()).count(reason) == 1:
                report(f"a task stopped: {reason}")


def stopped_reason(task: Mapping[str, Any]) -> str:
    """Why a task stopped, with each container's exit code; empty for a task that scaling stopped."""
    reason = str(task.get("stoppedReason") or "no reason given")
    if reason.startswith("Scaling activity initiated by"):
        return ""
    details = []
    for container in task.get("containers") or ():
        parts = [str(container["reason"])] if container.get("reason") else []
        if container.get("exitCode") is not None:
            parts.insert(0, f"exit code {container['exitCode']}")
        if parts and not all(part in reason for part in parts):
            details.append(f"{container.get('name', 'container')}: {', '.join(parts)}")
    return f"{reason} ({'; '.join(details)})" if details else reason


def _news(service: Mapping[str, Any] | None, mine: Deployment, seen: Seen) -> Iterator[str]:
    progress = _progress(_deployment(service, mine.id))
    if progress != seen.progress:
        seen.progress = progress
        yield progress
    for event in reversed((service or {}).get("events") or ()):
        is_new = event["id"] not in seen.events and mine.since is not None and event["createdAt"] >= mine.since
        seen.events.add(event["id"])
        if is_new:
            yield f"event: {event['message']}"


def _progress(mine: Mapping[str, Any]) -> str:
    counts = f"{mine.get('runningCount', 0)} of {mine.get('desiredCount', 0)} tasks running"
    pending = f", {mine['pendingCount']} pending" if mine.get("pendingCount") else ""
    failed = f", {mine['failedTasks']} failed" if mine.get("failedTasks") else ""
    state = str(mine.get("rolloutState") or "IN_PROGRESS").lower().replace("_", " ")
    return f"deployment {state}: {counts}{pending}{failed}" if mine else "the deployment is gone"


def _failure(
    mine: Deployment, found: Verdict, service: Mapping[str, Any] | None, seen: Seen, timeout: float
) -> SlipwayError:
    what = found.reason if found.state == "failed" else f"the deployment did not end within {timeout:.0f} s"
    lines = [what]
    reasons = Counter(reason for reason in seen.tasks.values() if reason)
    lines += [f"  {count} x {reason}" for reason, count in reasons.most_common(5)]
    serving = [
        f"{last_part(one.get('taskDefinition', ''))} ({one['runningCount']} tasks)"
        for one in (service or {}).get("deployments") or ()
        if one.get("runningCount") and one.get("id") != mine.id
    ]
    lines.append(f"  what serves now: {', '.join(serving) or 'nothing that was there before'}")
    remedy = "look at its logs and events, correct the description or the image, and run the same command again"
    return SlipwayError("\n".join(lines), where=f"{mine.cluster}/{mine.service}", remedy=remedy)
