"""What is left to say where nothing tells the cause."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..verdict import verdict
from .events import current_events
from .facts import Facts
from .signs import Sign

_EVENTS = 5
# They go with a wait that gave up, and don't explain it.
_MISSING = re.compile(r"-> allow the action (\S+) to ")
_WEAK = frozenset({"unknown", "stopped_by_hand", "spot_interruption"})


def gone(facts: Facts) -> Sign | None:
    """The service is not there."""
    evidence = facts.evidence
    if evidence.service is not None:
        status = evidence.service.get("status")
        words = f"the service's status is {status}" if status in {"DRAINING", "INACTIVE"} else ""
    else:
        told = evidence.tasks or evidence.targets or evidence.alarms or evidence.answer
        words = "" if told and not evidence.deployment_id else "DescribeServices has no such service"
    if not words or (evidence.service is None and evidence.unread):
        return None
    return Sign(
        "service_gone",
        "the ECS service is not there: it was deleted, or never made",
        words,
        "run deploy.yml, which makes it; if nobody knows of it, look in CloudTrail for DeleteService",
    )


def rest(facts: Facts, signs: Sequence[Sign]) -> Iterator[Sign]:
    """That a wait gave up, that another deployment came, or that the cause is not known."""
    if facts.evidence.timed_out is not None:
        if all(sign.code in _WEAK for sign in signs):
            yield _timeout(facts, facts.evidence.timed_out)
        return
    if signs:
        return
    if facts.is_replaced:
        yield Sign(
            "replaced",
            "another deployment has taken this one's place",
            _verdict(facts),
            "see who deployed (status.yml; CloudTrail: UpdateService), and run the same command again",
        )
    elif words := _unexplained(facts):
        unread = [line.partition(":")[0] for line in facts.evidence.unread]
        title = f"the cause is not known: {', '.join(unread)} could not be read" if unread else "the cause is not known"
        remedy = f"read AWS's words and the logs ({facts.follow_logs('')})"
        if denied := _permissions(facts):
            remedy = f"allow {denied} to the role or user that runs Slipway, and run diagnose.yml"
        yield Sign("unknown", title, "", remedy, tuple(dict.fromkeys(words)))


def _permissions(facts: Facts) -> str:
    """What was missing to see more."""
    found = [one[1] for line in facts.evidence.unread if (one := _MISSING.search(line))]
    return ", ".join(dict.fromkeys(found))


def _verdict(facts: Facts) -> str:
    evidence = facts.evidence
    found = verdict(facts.deployment_id, evidence.service, evidence.service_deployments)
    return found.reason if found.state == "failed" else ""


def _unexplained(facts: Facts) -> list[str]:
    """What is known of a failure that no rule explains; nothing where nothing failed."""
    evidence = facts.evidence
    words = [_verdict(facts)] if facts.is_service and facts.deployment_id else []
    if facts.record.get("status") in {"ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}:
        words += [] if facts.status_reason in "".join(words) else [facts.status_reason]
    running, desired = facts.service.get("runningCount"), facts.service.get("desiredCount")
    if facts.is_complete and running is not None and desired is not None and running < desired:
        words.append(f"{running} of {desired} tasks are running")
    words = [word for word in words if word]
    # That something could not be read is no failure by itself.
    if not words and (evidence.service is not None or evidence.tasks):
        return []
    words += [f"could not be read: {line}" for line in evidence.unread]
    if words and facts.is_service:
        words[1:1] = current_events(facts)[:_EVENTS]
    return words


def _timeout(facts: Facts, seconds: float) -> Sign:
    return Sign(
        "timeout",
        f"the {'deployment' if facts.is_service else 'task'} did not end within {seconds:.0f} s",
        "",
        f"see above what was still pending, and the logs ({facts.follow_logs('')}); what is only slow needs a longer "
        + ("service_wait_timeout" if facts.is_service else "time-out (service_migration.timeout)"),
        tuple(_pending(facts)),
    )


def _pending(facts: Facts) -> Iterator[str]:
    own = facts.deployment
    if own:
        counts = f"{own.get('runningCount', 0)} of {own.get('desiredCount', 0)} tasks running"
        yield f"{counts}, {own.get('pendingCount', 0)} pending"
    if stage := facts.record.get("lifecycleStage"):
        yield f"the deployment is at the stage {stage}"
    yield from (
        f"task {_short(task)} is {task.get('lastStatus')}"
        for task in facts.evidence.tasks
        if task.get("lastStatus") not in {"RUNNING", "STOPPED", None}
    )
    for target in facts.evidence.targets:
        health = target.get("TargetHealth") or {}
        if health.get("State") not in {"healthy", "draining"}:
            why = f" ({health['Description']})" if health.get("Description") else ""
            yield f"target {(target.get('Target') or {}).get('Id')} is {health.get('State')}{why}"
    yield from current_events(facts)[:_EVENTS]
    if not facts.is_service:
        for task in facts.evidence.tasks:
            for container in task.get("containers") or ():
                yield from (f"| {line}" for line in facts.logs(str(container.get("name")), _short(task)))


def _short(task: Mapping[str, Any]) -> str:
    return str(task.get("taskArn") or "").rpartition("/")[2]
