"""What is wrong with a service, at any time: its deployment as it is now, and the one that failed before, if any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ..aws.clients import Aws, Connection
from ..resources.ecs_deployments import deployment_of, primary
from ..resources.names import last_part
from ..step import Report
from .diagnosis import diagnose
from .evidence import Cause, Evidence, render
from .observe import Deployment, Observer, describe
from .verdict import Verdict, revision_arn, service_deployment, verdict
from .wait import serving
from .watch import progress, targets

# AWS describes a stopped task for about an hour; older events are no part of how the service is now.
_RECENT = timedelta(hours=1)
_FAILED = frozenset({"STOPPED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})


@dataclass(frozen=True)
class State:
    """How a service is: what was seen of a deployment, and what it comes to."""

    evidence: Evidence
    found: Verdict
    causes: list[Cause]

    @property
    def own(self) -> Mapping[str, Any]:
        """The deployment as DescribeServices has it."""
        return deployment_of(self.evidence.service, self.evidence.deployment_id)

    @property
    def is_healthy(self) -> bool:
        """Whether all of it stands, and nothing went wrong lately."""
        return self.found.state == "succeeded" and bool(self.own.get("runningCount")) and not self.causes

    @property
    def summary(self) -> str:
        """The state in one line."""
        own = self.own
        if self.evidence.service is None:
            return "is not there"
        if self.found.state == "failed":
            return f"is not healthy: {self.found.reason}"
        if self.found.state == "going_on":
            return f"has a deployment under way: {progress(own).removeprefix('deployment ')}"
        counts = f"{last_part(own.get('taskDefinition', ''))}, {own.get('runningCount', 0)} of "
        counts += f"{own.get('desiredCount', 0)} tasks running"
        if not own.get("desiredCount"):
            return f"serves nothing: it is scaled to 0 tasks ({counts})"
        seen = targets(self.evidence)
        counts += f", {seen}" if seen else ""
        return f"is healthy: {counts}" if self.is_healthy else f"stands, and is not well: {counts}"


def diagnose_service(options: Mapping[str, Any], /, *, check: bool, report: Report) -> dict[str, Any]:
    """The step of ecs_diagnosis; it only reads, so check mode is the same.

    Raises:
        AwsError: AWS does not answer, or the service may not be described.
    """
    aws = Aws(Connection.of(options))
    # An AWS that can't be reached says so at once.
    aws.identity()
    cluster, name = options["cluster"], options["service"]
    service = describe(aws, cluster, name)
    now = _state(aws, cluster, name, service, options.get("deployment_id") or primary(service).get("id", ""))
    lines = [f"{cluster}/{name} {now.summary}", *_told(now.causes)]
    causes = list(now.causes)
    failed = "" if options.get("deployment_id") else _failed_before(now.evidence)
    if failed:
        before = _state(aws, cluster, name, service, failed)
        lines += [f"its last deployment ({failed}) failed: {before.found.reason}", *_told(before.causes)]
        causes += before.causes
    lines += [f"could not be read: {line}" for line in now.evidence.unread]
    serves = _serves(now)
    if not now.is_healthy:
        lines.append(f"what serves now: {serves or 'nothing'}")
    for line in lines:
        report(line)
    return {
        "changed": False,
        "healthy": now.is_healthy,
        "causes": [cause.result() for cause in causes],
        "serving": serves.partition(" ")[0],
        "deployment_id": now.evidence.deployment_id,
        "last_failed_deployment_id": failed,
        "msg": "\n".join(lines),
        "api_calls": sum(aws.calls.values()),
    }


def _told(causes: list[Cause]) -> list[str]:
    return render(causes).splitlines()


def _state(aws: Aws, cluster: str, name: str, service: Mapping[str, Any] | None, identity: str) -> State:
    if service is None:
        evidence = Evidence()
        return State(evidence, verdict("", None), diagnose(evidence))
    own = deployment_of(service, identity)
    deployment = Deployment(aws, cluster, name, identity, own.get("createdAt"), own.get("taskDefinition", ""))
    observer = Observer(deployment, service, earlier=True)
    observer.look()
    found = verdict(identity, service, observer.records)
    if found.state != "succeeded":
        observer.look_at_logs_of_the_living()
    evidence = recent(observer.evidence(), datetime.now(tz=UTC))
    causes = diagnose(evidence)
    return State(evidence, found, causes)


def recent(evidence: Evidence, now: datetime) -> Evidence:
    """The evidence without the events and the stopped tasks of long ago."""
    since = now - _RECENT
    service = dict(evidence.service or {})
    service["events"] = [one for one in service.get("events") or () if one.get("createdAt", now) >= since]
    tasks = [task for task in evidence.tasks if task.get("stoppedAt", now) >= since]
    return replace(evidence, service=service, tasks=tasks)


def _failed_before(evidence: Evidence) -> str:
    """The id of the last deployment, if it failed and another one serves: after a rollback, for example."""
    deployments = (evidence.service or {}).get("deployments") or ()
    made = deployment_of(evidence.service, evidence.deployment_id).get("createdAt")
    for one in deployments:
        if one.get("rolloutState") == "FAILED" and made and one["createdAt"] > made:
            return str(one["id"])
    last = next(iter(evidence.service_deployments), {})
    if last.get("status") in _FAILED and last is not service_deployment(evidence.deployment_id, [last]):
        return f"ecs-svc/{last_part(revision_arn(last))}"
    return ""


def _serves(now: State) -> str:
    running = now.own.get("runningCount")
    if running and now.found.state == "succeeded":
        return f"{last_part(now.own.get('taskDefinition', ''))} ({running} tasks)"
    return serving(now.evidence)
