"""Waiting for a deployment: a line for whatever happens, a true verdict, and on failure why and what serves now."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..aws.clients import Aws, Connection
from ..aws.errors import AwsError, SlipwayError
from ..resources.ecs_deployments import deployment_of, primary, serving_deployments
from ..resources.names import last_part
from ..step import Report
from .diagnosis import diagnose
from .endurance import Endurance
from .evidence import Cause, Evidence, other_digests, render
from .observe import Deployment, Observer, describe
from .patience import patiently
from .verdict import Verdict, verdict
from .watch import Watch, stopped_reason

# Seconds between two looks: short at first, when most deploys of a healthy service are seen to start.
_FIRST, _LATER = 1.0, 5.0
# An answer may be older than the call that made the deployment:
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
_OLDER = 10.0
# A screen holds the causes that tell most.
_CAUSES = 3


@dataclass(frozen=True)
class End:
    """How a wait ended.

    Attributes:
        timed_out: seconds after which it gave up; None where it did not.
        silent: whether AWS did not answer any more: it is not asked again then.
    """

    found: Verdict
    timed_out: float | None = None
    silent: bool = False


def wait(options: Mapping[str, Any], /, *, check: bool, report: Report) -> dict[str, Any]:
    """The step of ecs_deployment_wait; a deployment that failed is a result with `failed`, and why.

    Raises:
        SlipwayError: there is no such service, or AWS does not answer.
    """
    aws = Aws(Connection.of(options), impatient=True)
    started = time.monotonic()
    service = _described(aws, options, started, report)
    asked = str(options.get("deployment_id") or "")
    while asked and not check and not deployment_of(service, asked) and time.monotonic() - started < _OLDER:
        time.sleep(_FIRST)
        service = _described(aws, options, started, report)
    if service is None and not check:
        raise SlipwayError(
            f"there is no service {options['service']} in the cluster {options['cluster']}",
            where="ecs_deployment_wait",
            remedy="create it first (a task ecs_service), or correct the name",
        )
    if check or service is None:
        return {"changed": False, "state": "planned", "seconds": 0.0, "api_calls": sum(aws.calls.values())}
    wanted = asked or str(primary(service).get("id", ""))
    own = deployment_of(service, wanted)
    mine = Deployment(
        aws, options["cluster"], options["service"], wanted, own.get("createdAt"), own.get("taskDefinition", "")
    )
    observer = Observer(mine, service, options.get("digests"))
    end = _follow(observer, options, started, report)
    result = _success(observer) if end.found.state == "succeeded" else _failure(observer, end)
    return {
        "changed": False,
        "deployment_id": wanted,
        **result,
        "seconds": round(time.monotonic() - started, 1),
        "api_calls": sum(aws.calls.values()),
    }


def _follow(observer: Observer, options: Mapping[str, Any], started: float, report: Report) -> End:
    mine, watch = observer.deployment, Watch(observer.deployment.since)
    # A task that crashes at once is seen running for a moment: whatever was not standing all along is looked at twice.
    settled, stood_with = not mine.is_young(), -1
    endurance, told = Endurance(), ""
    while True:
        # A complete rolling deployment needs no second opinion: that keeps a run without changes at one call.
        found, looked = verdict(mine.id, observer.service, observer.records), False
        if found.state != "succeeded" or not _is_rolling(observer.service) or not settled:
            observer.look()
            found, looked = verdict(mine.id, observer.service, observer.records), True
        for line in watch.news(observer.evidence(), observer.logs.errors(), going_on=found.state == "going_on"):
            report(line)
        lasting = endurance.judge(observer.evidence(), found, time.monotonic())
        if found.state == "succeeded" and lasting.state == "going_on":
            if told != lasting.reason:
                told = lasting.reason
                report(told)
            settled, stood_with = False, -1
        elif lasting.state == "succeeded":
            stopped = _stopped(observer)
            if settled or found.recorded or stopped == stood_with:
                return _right_digests(observer, found) if looked else End(found)
            stood_with = stopped
        else:
            settled, stood_with = False, -1
        if lasting.state == "failed":
            return End(lasting)
        elapsed = time.monotonic() - started
        if elapsed > options["timeout"]:
            return End(lasting, options["timeout"], silent=observer.is_disturbed)
        time.sleep(_FIRST if elapsed < 2 * _LATER else _LATER)
        try:
            observer.service = _described(mine.aws, options, started, report)
        except AwsError as error:
            if not error.is_passing:
                raise
            return End(found, options["timeout"], silent=True)


def _described(aws: Aws, options: Mapping[str, Any], started: float, report: Report) -> dict[str, Any] | None:
    """The service, after however many bad moments there are within the time of the wait."""
    deadline = started + float(options["timeout"])
    return patiently(lambda: describe(aws, options["cluster"], options["service"]), time, deadline, report)


def _is_rolling(service: Mapping[str, Any] | None) -> bool:
    configuration = (service or {}).get("deploymentConfiguration") or {}
    return bool(configuration.get("strategy", "ROLLING") == "ROLLING")


def _stopped(observer: Observer) -> int:
    tasks = observer.evidence().tasks
    return sum(1 for task in tasks if task.get("lastStatus") == "STOPPED" and stopped_reason(task))


def _right_digests(observer: Observer, found: Verdict) -> End:
    if not observer.evidence().digests:
        return End(found)
    # Since the last look a task may have been replaced.
    observer.look_at_tasks()
    wrong = sorted({f"{name} has {has}" for name, has, _ in other_digests(observer.evidence())})
    return End(Verdict("failed", f"it runs another image than was asked for: {'; '.join(wrong)}") if wrong else found)


def _success(observer: Observer) -> dict[str, Any]:
    mine = observer.deployment
    reached = deployment_of(observer.service, mine.id)
    return {
        "state": "succeeded",
        "task_definition": reached.get("taskDefinition", "") or mine.task_definition,
        "running_count": reached.get("runningCount", 0),
        "desired_count": reached.get("desiredCount", 0),
    }


def _failure(observer: Observer, end: End) -> dict[str, Any]:
    if not end.silent:
        # The last look: a service that the record knows more of than was seen of it, a task that stopped meanwhile, and
        # the last lines of the logs.
        if end.found.recorded:
            observer.look_at_service()
        observer.look()
        observer.look_at_logs_of_the_living()
    evidence = observer.evidence(timed_out=end.timed_out)
    late = f"the deployment did not end within {end.timed_out:.0f} s" if end.timed_out is not None else ""
    late += ", as far as is known: AWS does not answer" if late and end.silent else ""
    reason = late or end.found.reason
    causes, serves = diagnose(evidence), serving(evidence)
    where = f"{observer.deployment.cluster}/{observer.deployment.service}"
    task_definition = observer.deployment.task_definition or evidence.task_definition.get("taskDefinitionArn", "")
    return {
        "failed": True,
        "msg": told(f"{where}: {reason}", causes, serves),
        "state": "failed",
        "task_definition": task_definition,
        "reason": reason,
        "causes": [cause.result() for cause in causes],
        "serving": serves.partition(" ")[0],
    }


def serving(evidence: Evidence) -> str:
    """What served before and still runs: `voj-backend-prod:11 (2 tasks)`; empty where nothing does."""
    others = [one for one in serving_deployments(evidence.service) if one.get("id") != evidence.deployment_id]
    most = max(others, key=lambda one: int(one["runningCount"]), default=None)
    return f"{last_part(most.get('taskDefinition', ''))} ({most['runningCount']} tasks)" if most else ""


def told(headline: str, causes: list[Cause], serves: str) -> str:
    """A failure on one screen: what failed, why, and what serves now."""
    lines = [headline, render(causes[:_CAUSES])]
    if more := causes[_CAUSES:]:
        lines.append(f"and also: {'; '.join(cause.title for cause in more)}")
    lines.append(f"what serves now: {serves or 'nothing that was there before'}")
    return "\n".join(line for line in lines if line)
