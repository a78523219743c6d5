"""What the service, its deployments, the alarms and our own checks tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..verdict import service_deployment
from .facts import Facts
from .rules import rule_for
from .signs import Sign
from .words import sign

_HOOK_FAILED = frozenset({"FAILED", "TIMED_OUT"})
_TELLING = re.compile(r"unable to place|failed to launch|was unable to|is unable to|throttled", re.IGNORECASE)
_HEALTH = re.compile(r"is unhealthy in|failed container health checks|deregistered|health checks", re.IGNORECASE)


def read_events(facts: Facts) -> Iterator[Sign]:
    """Events since the deployment began that a rule knows."""
    for event in current_events(facts):
        text = str(event.get("message") or "")
        if _TELLING.search(text) and not _HEALTH.search(text) and (found := rule_for(text)):
            yield sign(found, facts, text, counts=0)


def current_events(facts: Facts) -> list[Mapping[str, Any]]:
    """The service's events from when the deployment was made; all of them where that is not known."""
    events = list(facts.service.get("events") or ())
    deployments = facts.service.get("deployments") or ()
    since = next((one.get("createdAt") for one in deployments if one.get("id") == facts.evidence.deployment_id), None)
    if since is None:
        return events
    return [one for one in events if one.get("createdAt") is None or one["createdAt"] >= since]


def mine(facts: Facts) -> Mapping[str, Any]:
    """AWS's record of the deployment; of the newest one where none is named."""
    records = facts.evidence.service_deployments
    if facts.evidence.deployment_id:
        return service_deployment(facts.evidence.deployment_id, records) or {}
    return next(iter(records), {})


def read_deployment(facts: Facts) -> Iterator[Sign]:
    """Hooks, alarms, and who stopped it."""
    record = mine(facts)
    reason = str(record.get("statusReason") or "")
    for hook in record.get("lifecycleHookDetails") or ():
        if hook.get("status") in _HOOK_FAILED:
            yield _hook(str(hook.get("targetArn") or hook.get("hookId") or ""), str(hook["status"]), record, reason)
    if not record.get("lifecycleHookDetails") and re.search(r"lifecycle hook|hook", reason, re.IGNORECASE):
        yield _hook("", "", record, reason)
    yield from _alarms(record, facts)
    if record.get("status") in {"STOPPED", "STOP_REQUESTED"} or re.search(
        r"StopServiceDeployment|stopped by|user", reason, re.IGNORECASE
    ):
        yield Sign(
            "stopped_by_hand",
            "somebody stopped the deployment",
            f"service deployment {record.get('status')}: {reason}".rstrip(": "),
            "look in CloudTrail for StopServiceDeployment; deploy again when that is settled",
        )


def _hook(target: str, status: str, record: Mapping[str, Any], reason: str) -> Sign:
    stage = str(record.get("lifecycleStage") or "")
    name = target.rpartition(":")[2]
    words = [f"lifecycle hook {target} {status}".strip()] if target else []
    words += [f"at the stage {stage}"] if stage else []
    words += [reason] if reason else []
    logs = f" (aws logs tail /aws/lambda/{name} --since 1h)" if ":function:" in target else ""
    return Sign(
        "hook_failed",
        f"a lifecycle hook{f' ({name})' if name else ''} did not let the deployment go on",
        ", ".join(words),
        f"look at the hook's own logs{logs}: it must answer hookStatus SUCCEEDED; check that the infrastructure "
        "role may invoke it",
    )


def _alarms(record: Mapping[str, Any], facts: Facts) -> Iterator[Sign]:
    guard = record.get("alarms") or {}
    triggered = set(guard.get("triggeredAlarmNames") or ())
    if guard.get("status") not in {None, "TRIGGERED"}:
        return
    known = {str(one.get("AlarmName")): one for one in facts.evidence.alarms}
    names = triggered or {name for name, one in known.items() if one.get("StateValue") == "ALARM"}
    for name in sorted(names):
        why = str(known.get(name, {}).get("StateReason") or "")
        yield Sign(
            "alarm",
            f"the alarm {name} went off",
            f"{name} is in ALARM{f': {why}' if why else ''}",
            f"look at what it measures (aws cloudwatch describe-alarms --alarm-names {name}{facts.in_region}) and "
            "at the logs; an alarm "
            "that is always on guards nothing: correct it, or take it out of service_alarms",
        )


def read_answer(facts: Facts) -> Iterator[Sign]:
    """What our own check through the load balancer got."""
    answer = facts.evidence.answer
    if not answer or not answer.get("problem"):
        return
    url, body = answer.get("url", ""), str(answer.get("body") or "").strip()
    status = f"status {answer['status']}" if answer.get("status") else "no answer"
    yield Sign(
        "http_check",
        f"{url} {answer['problem']}",
        f"GET {url}: {status}",
        str(
            answer.get("remedy")
            or "check the path, the listener's rule and the logs; what a good answer is: service_http_check_*"
        ),
        tuple(f"| {line}" for line in body[:500].splitlines()[:5]),
    )


def read_digests(facts: Facts) -> Iterator[Sign]:
    """Running containers whose image is not the one that was asked for."""
    for task in facts.evidence.tasks:
        if task.get("lastStatus") != "RUNNING":
            continue
        for container in task.get("containers") or ():
            name, has = str(container.get("name")), str(container.get("imageDigest") or "")
            wanted = facts.evidence.digests.get(name, "")
            if wanted and has and has != wanted:
                yield Sign(
                    "digest_mismatch",
                    f"the container {name} runs another image than the one asked for",
                    f"runs {has}, asked for {wanted}",
                    "a tag was moved while the deployment began: deploy again by digest (service_image_digest)",
                )
