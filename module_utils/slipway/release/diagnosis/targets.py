"""What the load balancer tells of its targets.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html has the reasons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .events import current_events
from .facts import Facts
from .signs import Sign

# What a server says when it has started; a client that is connected is none.
_LISTENS = re.compile(
    r"^(?!.*connect).*?\b(?:listening|running|started|serving)\b.{0,60}?"
    r"(?:(?P<host>127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1?\]|\*)?:|port(?:\(s\))?[ :=]+)(?P<port>80|443|\d{4,5})\b",
    re.IGNORECASE,
)
_LOOPBACK = frozenset({"127.0.0.1", "[::1]"})
_CODES = re.compile(r"codes?: ?\[?(?P<codes>[\d, ]+)\]?")
_EVENT = re.compile(
    r"\(port (?P<port>\d+)\) is unhealthy in \(?target-group \S+?\)? due to \(reason (?P<reason>.+?)\)\.?$"
)


@dataclass(frozen=True)
class _Target:
    """A target's state, in the load balancer's words."""

    state: str
    reason: str
    description: str
    line: str
    port: int = 0


# What a reason means: the class of the cause, its title and its remedy, with `{...}` for what is known of the target.
_UNUSABLE = (
    "target_health_check",
    "a target can't be used ({reason})",
    "check the target group's type (ip) and its health check",
)
_MEANINGS = {
    "Target.ResponseCodeMismatch": (
        "target_health_check",
        "{check} is answered with {codes}, and {expected} is expected",
        "correct the path (service_health_check.path) or the codes, or make the application answer {it} with "
        "{expected} without a login or redirect; try it: curl -i http://localhost:{port}{path}",
    ),
    "Target.Timeout": (
        "target_health_check",
        "{check} gets no answer in time on port {port}",
        "let the load balancer's security group reach port {port} in {security_groups}; check that the application "
        "answers {it} within {seconds} s, or needs more CPU or a longer service_health_check_grace_period",
    ),
    "Target.NotInUse": (
        "load_balancer_detached",
        "the target group is attached to no listener, or its zone is not the load balancer's",
        "run deploy.yml, which makes the listener's rule; check that the load balancer has subnets in the zones of the "
        "tasks",
    ),
    "Target.HealthCheckDisabled": _UNUSABLE,
    "Target.IpUnusable": _UNUSABLE,
    "Target.InvalidState": _UNUSABLE,
    "Target.NotRegistered": _UNUSABLE,
    "Elb.InternalError": (
        "platform",
        "the load balancer failed by an error of its own",
        "run the same command again later",
    ),
}
_UNUSED = (
    "load_balancer_detached",
    "a target is registered and not used",
    "check the listener's rule and the zones of the load balancer",
)
_FAILS = (
    "target_health_check",
    "{check} fails",
    "check that the application answers {it} on port {port} with {expected}, and that it starts within the grace "
    "period{of_grace} (service_health_check_grace_period)",
)
_GOING = frozenset({"Elb.RegistrationInProgress", "Elb.InitialHealthChecking", "Target.DeregistrationInProgress"})


def read_targets(facts: Facts, *, stopped: Sequence[Sign]) -> Iterator[Sign]:
    """What is wrong with the targets; `stopped` has one for each task that ECS stopped for that."""
    seen = [_of_target(one) for one in facts.evidence.targets]
    unwell = [one for one in seen if one.state not in {"healthy", "draining"} and one.reason not in _GOING]
    found = [_sign(one, facts) for one in unwell]
    if not found and (stopped or facts.evidence.deployment_id):
        found = [_sign(one, facts) for one in _of_events(facts)][:1]
        found = [replace(one, counts=max(1, len(stopped))) for one in found]
    if not found and stopped:
        found = [replace(_sign(_Target("unhealthy", "", "", ""), facts), line=one.line) for one in stopped]
    yield from found


def _of_events(facts: Facts) -> Iterator[_Target]:
    for text in current_events(facts):
        if found := _EVENT.search(text):
            yield _Target("unhealthy", _reason(found["reason"]), found["reason"], text, int(found["port"]))


def _of_target(one: Mapping[str, Any]) -> _Target:
    health, target = one.get("TargetHealth") or {}, one.get("Target") or {}
    state, reason, text = (str(health.get(key) or "") for key in ("State", "Reason", "Description"))
    line = f"target {target.get('Id', '')}:{target.get('Port', '')} is {state}"
    line += (f": {reason}" if reason else "") + (f" ({text})" if text else "")
    return _Target(state, reason, text, line, int(target.get("Port") or 0))


def _reason(text: str) -> str:
    if "codes" in text:
        return "Target.ResponseCodeMismatch"
    if "Availability Zone" in text:
        return "Target.NotInUse"
    return "Target.Timeout" if "timed out" in text else "Target.FailedHealthChecks"


def _sign(target: _Target, facts: Facts) -> Sign:
    port = target.port or facts.port
    group = facts.evidence.target_group
    path, matcher = facts.health_path, str((group.get("Matcher") or {}).get("HttpCode") or "200")
    check = f"the health check path {path}" if path else "the health check"
    if target.reason == "Target.FailedHealthChecks":
        return _refused(target.line, check, port, facts)
    found = _CODES.search(target.description)
    grace = facts.service.get("healthCheckGracePeriodSeconds")
    words = {
        "check": check,
        "path": path,
        "it": path or "it",
        "port": port,
        "expected": matcher,
        "codes": found["codes"].strip() if found else "another code",
        "reason": target.reason,
        "seconds": group.get("HealthCheckTimeoutSeconds", 5),
        "security_groups": facts.security_groups,
        "of_grace": f" of {grace} s" if grace is not None else "",
    }
    code, title, remedy = _MEANINGS.get(target.reason) or (_UNUSED if target.state == "unused" else _FAILS)
    return Sign(code, title.format_map(words), target.line, remedy.format_map(words))


def _refused(line: str, check: str, port: int, facts: Facts) -> Sign:
    """A connection that was refused, or an answer that is no HTTP."""
    listens = [found for text in facts.all_logs() if (found := _LISTENS.search(text))]
    on_port = [found for found in listens if int(found["port"]) == port]
    said = tuple(dict.fromkeys(f"| {found.string.strip()}" for found in on_port or listens))[:2]
    if listens and port and not on_port:
        other = listens[0]["port"]
        return Sign(
            "port_mismatch",
            f"the application listens on port {other}, and requests come to port {port}",
            line,
            f"set service_container_port to {other}, or make the application listen on {port}",
            said,
        )
    if on_port and all(found["host"] in _LOOPBACK for found in on_port):
        return Sign(
            "port_mismatch",
            f"the application listens on {on_port[0]['host']} only, where the load balancer can't reach it",
            line,
            f"make it listen on 0.0.0.0:{port}",
            said,
        )
    grace = facts.service.get("healthCheckGracePeriodSeconds")
    slow = f" (now {grace} s)" if grace is not None else ""
    return Sign(
        "port_mismatch",
        f"nothing answers HTTP on port {port} of the container ({check} fails)",
        line,
        f"make the application listen on 0.0.0.0:{port}, or set service_container_port to the port that it listens "
        f"on; if it only starts slowly, raise service_health_check_grace_period{slow}; check its logs "
        f"({facts.follow_logs('')})",
        said,
    )
