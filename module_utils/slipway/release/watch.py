"""The live lines of a wait: whatever is new in the evidence, each thing once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from ..resources.ecs_deployments import deployment_of
from .diagnosis import diagnose
from .evidence import Evidence
from .verdict import service_deployment

# What is no cause while the deployment still goes on.
_NO_CAUSE = frozenset({"unknown", "timeout", "replaced", "service_gone"})


class Watch:
    """Remembers what was told of a deployment that was made at `since`."""

    def __init__(self, since: datetime | None) -> None:
        self._since = since
        self._last: dict[str, str] = {}
        self._told: set[Any] = set()

    def news(self, evidence: Evidence, errors: Iterable[str] = (), *, going_on: bool = True) -> Iterator[str]:
        """What is new: the deployment's state, tasks, targets, events, error lines, and what they come to."""
        own = deployment_of(evidence.service, evidence.deployment_id)
        yield from self._changed("progress", progress(own))
        yield from self._changed("stage", stage(evidence))
        yield from self._changed("targets", targets(evidence))
        yield from self._once("target", unhealthy(evidence))
        reasons = [stopped_reason(task) for task in evidence.tasks if task.get("lastStatus") == "STOPPED"]
        yield from self._once("task", (f"a task stopped: {reason}" for reason in reasons if reason))
        yield from self._events(evidence)
        yield from (f"log: {line}" for line in errors)
        yield from self._once("unread", (f"can't be read: {line}" for line in evidence.unread))
        if going_on and any(reasons):
            for cause in diagnose(evidence):
                if cause.code not in _NO_CAUSE and self._is_new(("cause", cause.code)):
                    yield f"likely cause: {cause.title}"
                    yield from [f"  -> {cause.remedy}"] if cause.remedy else []

    def _changed(self, what: str, line: str) -> Iterator[str]:
        if line and self._last.get(what) != line:
            self._last[what] = line
            yield line

    def _once(self, what: str, lines: Iterable[str]) -> Iterator[str]:
        yield from (line for line in lines if self._is_new((what, line)))

    def _is_new(self, thing: Any) -> bool:
        is_new = thing not in self._told
        self._told.add(thing)
        return is_new

    def _events(self, evidence: Evidence) -> Iterator[str]:
        new: Counter[str] = Counter()
        for event in reversed((evidence.service or {}).get("events") or ()):
            is_new = self._is_new(("event", event["id"]))
            if is_new and self._since is not None and event["createdAt"] >= self._since:
                new[str(event["message"])] += 1
        # Each of several tasks may have the same words.
        yield from (f"event: {message}{f' ({count} times)' if count > 1 else ''}" for message, count in new.items())


def progress(mine: Mapping[str, Any]) -> str:
    """State and counts of a deployment, as DescribeServices has it."""
    counts = f"{mine.get('runningCount', 0)} of {mine.get('desiredCount', 0)} tasks running"
    pending = f", {mine['pendingCount']} pending" if mine.get("pendingCount") else ""
    failed = f", {mine['failedTasks']} failed" if mine.get("failedTasks") else ""
    state = str(mine.get("rolloutState") or "IN_PROGRESS").lower().replace("_", " ")
    return f"deployment {state}: {counts}{pending}{failed}" if mine else "the deployment is gone"


def stage(evidence: Evidence) -> str:
    """Where a blue/green, canary or linear deployment stands, and its share of the requests."""
    record = service_deployment(evidence.deployment_id, evidence.service_deployments) or {}
    name = str(record.get("lifecycleStage") or "")
    if not name:
        return ""
    weight = (record.get("targetServiceRevision") or {}).get("requestedProductionTrafficWeight")
    share = f", {weight:g} % of the requests go to the new version" if weight is not None else ""
    waiting = [
        f", a hook waits for somebody ({hook.get('hookId') or hook.get('targetArn')})"
        for hook in record.get("lifecycleHookDetails") or ()
        if hook.get("status") == "AWAITING_ACTION"
    ]
    return f"stage {name.lower().replace('_', ' ')}{share}{''.join(waiting)}"


def targets(evidence: Evidence) -> str:
    """How many targets are in which state."""
    states = Counter(str(one["TargetHealth"].get("State") or "unknown") for one in evidence.targets)
    counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    return f"targets: {counts}" if counts else ""


def unhealthy(evidence: Evidence) -> Iterator[str]:
    """Each unhealthy target with its reason."""
    for one in evidence.targets:
        health, target = one["TargetHealth"], one.get("Target") or {}
        if health.get("State") in {"unhealthy", "unavailable"}:
            why = ": ".join(str(health[key]) for key in ("Reason", "Description") if health.get(key))
            port = f":{target['Port']}" if target.get("Port") else ""
            yield f"target {target.get('Id')}{port} is {health['State']}{f' ({why})' if why else ''}"


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
