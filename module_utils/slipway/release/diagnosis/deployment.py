"""What AWS's record of the deployment and its alarms tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from .events import current_events
from .facts import Facts
from .rules import rule_for
from .signs import Sign
from .words import sign

_GONE_BACK = frozenset({"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
_BY_HAND = frozenset({"STOPPED", "STOP_REQUESTED"}) | _GONE_BACK
_FAILED = frozenset({"FAILED", "TIMED_OUT"})
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-blue-green.html has these texts.
_HOOK = re.compile(r"(?P<stage>[A-Z_]+) lifecycle hook\(s\) failed|lifecycle hook", re.IGNORECASE)
_HOOK_REMEDIES = (
    (r"unable to assume role (?P<what>\S+)", "let ecs.amazonaws.com assume {what} (the role's trust policy)"),
    (r"lambda:InvokeFunction", "allow lambda:InvokeFunction on the hook to the infrastructure role"),
    (
        r"unable to parse|must not be null",
        'the hook must answer {{"hookStatus": "SUCCEEDED"}}, and within its time-out',
    ),
)
_PAUSED = "nobody let the deployment go on in time: do so (ContinueServiceDeployment), or give the pause longer"
_TARGET = re.compile(r"arn:aws[\w-]*:lambda:\S+?:function:(?P<name>[\w-]+)")
_STOPPED_BY = re.compile(r"StopServiceDeployment|user[- ]?(initiated|request)|stop(ped)? request", re.IGNORECASE)
_ALARM = re.compile(r"alarm", re.IGNORECASE)
_AUTOMATIC = re.compile(r"circuit breaker|alarm|lifecycle hook|networking configuration", re.IGNORECASE)


def read_deployment(facts: Facts) -> Iterator[Sign]:
    """Hooks, permissions, alarms, and who stopped it."""
    reason = facts.status_reason
    if (hooks := list(_hooks(facts.record, reason))) and "elasticloadbalancing:" not in reason:
        yield from hooks
    elif reason and (found := rule_for(reason)):
        yield sign(found, facts, reason)
    yield from _alarms(facts, reason)
    status = str(facts.record.get("status") or "")
    by_hand = status in _BY_HAND and not _is_automatic(facts, reason) and not facts.is_replaced
    if status in _GONE_BACK:
        # ECS tells its own reasons, in the record's details.
        by_hand &= "deploymentCircuitBreaker" in facts.record and not hooks and rule_for(reason) is None
    if by_hand or _STOPPED_BY.search(reason):
        yield Sign(
            "stopped_by_hand",
            "somebody stopped the deployment",
            f"service deployment {status}: {reason}".rstrip(": "),
            "look in CloudTrail for StopServiceDeployment, and deploy again when that is settled",
        )


def _is_automatic(facts: Facts, reason: str) -> bool:
    """Whether ECS itself ended the deployment."""
    guards = (facts.record.get("deploymentCircuitBreaker") or {}, facts.record.get("alarms") or {})
    return bool(_AUTOMATIC.search(reason)) or any(one.get("status") == "TRIGGERED" for one in guards)


def _hooks(record: Mapping[str, Any], reason: str) -> Iterator[Sign]:
    details = [one for one in record.get("lifecycleHookDetails") or () if one.get("status") in _FAILED]
    for hook in details:
        target = str(hook.get("targetArn") or hook.get("hookId") or "")
        found = _hook(target, f"lifecycle hook {target} {hook['status']}", record, reason)
        yield replace(found, remedy=_PAUSED) if hook.get("targetType") == "PAUSE" else found
    if not details and _HOOK.search(reason):
        named = _TARGET.search(reason)
        yield _hook(named[0] if named else "", "", record, reason)


def _hook(target: str, words: str, record: Mapping[str, Any], reason: str) -> Sign:
    told = _HOOK.search(reason)
    stage = (told["stage"] if told else "") or str(record.get("lifecycleStage") or "")
    named = _TARGET.search(target)
    name = named["name"] if named else target.rpartition("/")[2]
    logs = f" (aws logs tail /aws/lambda/{name} --since 1h)" if named else ""
    remedy = f"look at the hook's own logs{logs}: it must answer hookStatus SUCCEEDED"
    for pattern, text in _HOOK_REMEDIES:
        if found := re.search(pattern, reason):
            remedy = text.format_map(found.groupdict())
    title = f"the lifecycle hook{f' {name}' if name else ''} failed{f' at the stage {stage}' if stage else ''}"
    return Sign("hook_failed", title, reason or words, remedy, (words,) if reason and words else ())


def _alarms(facts: Facts, reason: str) -> Iterator[Sign]:
    guard = facts.record.get("alarms") or {}
    known = {str(one.get("AlarmName")): one for one in facts.evidence.alarms}
    told = [text for text in (reason, *current_events(facts)) if _ALARM.search(text)]
    # Alarms that were on when the deployment began are not the reason: AWS says MONITORING of them.
    if guard.get("status") not in {None, "TRIGGERED"} and not told:
        return
    names = set(guard.get("triggeredAlarmNames") or ())
    names = names or {name for name, one in known.items() if one.get("StateValue") == "ALARM"}
    for name in sorted(names):
        why = str(known.get(name, {}).get("StateReason") or "")
        yield Sign(
            "alarm",
            f"the alarm {name} went off",
            f"{name} is in ALARM{f': {why}' if why else ''}",
            f"look at what it measures (aws cloudwatch describe-alarms --alarm-names {name}{facts.in_region}) and at "
            f"the logs ({facts.follow_logs('')}); an alarm that is always on guards nothing: correct it",
            tuple(told[:1]),
        )
    if told and not names:
        remedy = "look at the alarms in service_alarms and at the logs"
        yield Sign("alarm", "an alarm of the deployment went off", told[0], remedy)
