"""Why a release failed: the causes in what was observed, each with its evidence and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..evidence import Cause, Evidence
from ..verdict import verdict
from .deployment import current_events, mine, read_answer, read_deployment, read_digests, read_events
from .facts import Facts
from .signs import Sign, causes
from .targets import read_targets
from .tasks import read_tasks, role_signs

# A task that does not live explains why its target has no connection, and why the deployment did not end.
_TASK_DIES = frozenset(
    {"image_not_found", "image_architecture", "image_pull_denied", "image_rate_limit", "secret_key_not_found",
     "secret_not_found", "kms_denied", "secret_denied", "execution_role", "log_group_missing", "network_configuration",
     "network_to_endpoints", "storage_full", "volume", "command_not_found", "out_of_memory", "exit_code",
     "container_start"}
)  # fmt: skip


def diagnose(evidence: Evidence) -> list[Cause]:
    """The causes of a failure, the most telling first; empty where nothing is wrong.

    What was observed and is understood by no rule is the cause `unknown`, with AWS's own words.
    """
    facts = Facts(evidence)
    if gone := list(_gone(facts)):
        return causes(gone)
    signs = list(read_tasks(facts))
    stopped = sum(1 for sign in signs if sign.code == "target_health_check")
    signs = [sign for sign in signs if sign.code != "target_health_check"]
    signs += role_signs(facts)
    dying = any(sign.code in _TASK_DIES for sign in signs)
    signs += (sign for sign in read_targets(facts, stopped=stopped) if not (dying and sign.code == "port_mismatch"))
    signs += [*read_events(facts), *read_deployment(facts), *read_answer(facts), *read_digests(facts)]
    signs += _rest(facts, signs)
    return causes(signs)


def _gone(facts: Facts) -> Iterator[Sign]:
    evidence = facts.evidence
    if evidence.service is None:
        told = evidence.tasks or evidence.targets or evidence.alarms or evidence.answer or evidence.unread
        missing = evidence.deployment_id or not told
        status = "DescribeServices has no such service"
    else:
        missing = evidence.service.get("status") in {"DRAINING", "INACTIVE"}
        status = f"the service's status is {evidence.service.get('status')}"
    if missing and not evidence.unread:
        yield Sign(
            "service_gone",
            "the ECS service is not there: it was deleted, or never made",
            status,
            "run deploy.yml, which makes it; look in CloudTrail for DeleteService if nobody knows of it",
        )


def _rest(facts: Facts, signs: list[Sign]) -> Iterator[Sign]:
    """What is left to say where nothing tells the cause."""
    evidence = facts.evidence
    telling = [sign for sign in signs if sign.code != "unknown"]
    if evidence.timed_out is not None:
        if not telling:
            yield _timeout(facts)
        return
    if signs:
        return
    found = (
        verdict(evidence.deployment_id, evidence.service, evidence.service_deployments)
        if evidence.deployment_id
        else None
    )
    if found is not None and "another deployment" in found.reason:
        yield Sign(
            "replaced",
            "another deployment has taken this one's place",
            found.reason,
            "see who deployed (status.yml, CloudTrail: UpdateService), and run the same command again",
        )
    elif (found is not None and found.state == "failed") or evidence.unread or _failed_task(facts):
        words = [found.reason] if found is not None and found.state == "failed" else []
        words += [str(event.get("message") or "") for event in current_events(facts)[:5]]
        words += [f"could not be read: {line}" for line in evidence.unread]
        yield Sign(
            "unknown",
            "the cause is not known",
            "",
            f"read AWS's words above and the logs ({facts.follow_logs('')})",
            tuple(words),
        )


def _failed_task(facts: Facts) -> bool:
    return mine(facts).get("status") in {"ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}


def _timeout(facts: Facts) -> Sign:
    evidence = facts.evidence
    deployments = facts.service.get("deployments") or ()
    own: Mapping[str, Any] = next((one for one in deployments if one.get("id") == evidence.deployment_id), {})
    pending = [
        f"{own.get('runningCount', 0)} of {own.get('desiredCount', 0)} tasks running, "
        f"{own.get('pendingCount', 0)} pending"
    ]
    if stage := mine(facts).get("lifecycleStage"):
        pending.append(f"the deployment is at the stage {stage}")
    pending += [
        f"task {str(task.get('taskArn')).rpartition('/')[2]} is {task.get('lastStatus')}"
        for task in evidence.tasks
        if task.get("lastStatus") not in {"RUNNING", "STOPPED", None}
    ]
    pending += [f"target {one['Target'].get('Id')} is {one['TargetHealth'].get('State')}" for one in evidence.targets]
    pending += [str(event.get("message") or "") for event in current_events(facts)[:3]]
    return Sign(
        "timeout",
        f"the deployment did not end within {evidence.timed_out:.0f} s",
        "",
        "a service that is slow to start needs a longer service_wait_timeout; what was still pending stands above",
        tuple(pending),
    )
