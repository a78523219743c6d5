"""What the load balancer tells of its targets.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html has the reasons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .facts import Facts
from .signs import Sign

# What a server says when it has started.
_LISTENS = re.compile(
    r"(?:listening|running|started|serving|ready|bound)\b[^|]{0,60}?"
    r"(?:(?P<host>127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1?\]):|port[ :=]+|:::?)(?P<port>\d{2,5})\b",
    re.IGNORECASE,
)
_CODES = re.compile(r"codes?: ?\[?(?P<codes>[\d, ]+)\]?")
_EVENT = re.compile(
    r"\(port (?P<port>\d+)\) is unhealthy in \(?target-group \S+?\)? due to \(reason (?P<reason>.+?)\)\.?$"
)
_GOING = frozenset({"Elb.RegistrationInProgress", "Elb.InitialHealthChecking", "Target.DeregistrationInProgress"})


def read_targets(facts: Facts, *, stopped: int) -> Iterator[Sign]:
    """What is wrong with the targets; `stopped` is how many tasks ECS stopped for that."""
    seen = [_of_target(one) for one in facts.evidence.targets]
    unwell = [one for one in seen if one[0] not in {"healthy", "draining"} and one[1] not in _GOING]
    for state, reason, description, line in unwell:
        yield _sign(state, reason, description, line, facts)
    if unwell:
        return
    events = [str(one.get("message") or "") for one in facts.service.get("events") or ()]
    told = next(((text, found["reason"]) for text in events if (found := _EVENT.search(text))), None)
    if told and (stopped or facts.evidence.timed_out):
        one = _sign("unhealthy", _reason(told[1]), told[1], told[0], facts)
        yield Sign(one.code, one.title, one.line, one.remedy, one.details, max(1, stopped))
    elif stopped:
        one = _sign("unhealthy", "", "", "", facts)
        yield Sign(one.code, one.title, "Task failed ELB health checks", one.remedy, one.details, stopped)


def _of_target(one: Any) -> tuple[str, str, str, str]:
    health, target = one.get("TargetHealth") or {}, one.get("Target") or {}
    state, reason, text = (
        str(health.get("State") or ""),
        str(health.get("Reason") or ""),
        str(health.get("Description") or ""),
    )
    line = f"target {target.get('Id', '')}:{target.get('Port', '')} is {state}"
    return state, reason, text, line + (f": {reason}" if reason else "") + (f" ({text})" if text else "")


def _reason(text: str) -> str:
    if "codes" in text:
        return "Target.ResponseCodeMismatch"
    return "Target.Timeout" if "timed out" in text else "Target.FailedHealthChecks"


def _sign(state: str, reason: str, description: str, line: str, facts: Facts) -> Sign:
    group = facts.evidence.target_group
    path, matcher = facts.health_path, str((group.get("Matcher") or {}).get("HttpCode") or "200")
    check = f"the health check path {path}" if path else "the health check"
    match reason:
        case "Target.ResponseCodeMismatch":
            found = _CODES.search(description)
            codes = found["codes"].strip() if found else "another code"
            return Sign(
                "target_health_check",
                f"{check} is answered with {codes}, and {matcher} is expected",
                line,
                "correct the path (service_health_check_path) or the codes, or make the application answer "
                f"{path or 'it'} with "
                f"{matcher} without a login or redirect; try it: curl -i "
                f"http://localhost:{facts.port or '<port>'}{path}",
            )
        case "Target.Timeout":
            return Sign(
                "target_health_check",
                f"{check} gets no answer in time on port {facts.port}",
                line,
                f"let the load balancer's security group reach port {facts.port} in {facts.security_groups}; "
                "check that the "
                f"application answers {path or 'it'} within {group.get('HealthCheckTimeoutSeconds', 5)} s, or "
                "needs more CPU or a "
                "longer service_health_check_grace_period",
            )
        case "Target.FailedHealthChecks":
            return _refused(line, check, facts)
        case "Target.NotInUse":
            return Sign(
                "load_balancer_detached",
                "the target group is attached to no listener, or its zone is not the load balancer's",
                line,
                "run deploy.yml, which makes the listener's rule; check that the load balancer has subnets in "
                "the zones of the tasks",
            )
        case "Target.HealthCheckDisabled" | "Target.IpUnusable" | "Target.InvalidState" | "Target.NotRegistered":
            return Sign(
                "target_health_check",
                f"a target can't be used ({reason})",
                line,
                "check the target group's type (ip) and its health check",
            )
        case "Elb.InternalError":
            return Sign(
                "platform", "the load balancer failed by an error of its own", line, "run the same command again later"
            )
    if state == "unused":
        return Sign(
            "load_balancer_detached",
            "a target is registered and not used",
            line,
            "check the listener's rule and the zones of the load balancer",
        )
    grace = facts.service.get("healthCheckGracePeriodSeconds")
    return Sign(
        "target_health_check",
        f"{check} fails",
        line,
        f"check that the application answers {path or 'it'} on port {facts.port} with {matcher}, and that it "
        "starts within the grace "
        f"period{f' of {grace} s' if grace is not None else ''} (service_health_check_grace_period)",
    )


def _refused(line: str, check: str, facts: Facts) -> Sign:
    """A connection that was refused, or an answer that is no HTTP."""
    port = facts.port
    listens = [found for text in facts.all_logs() if (found := _LISTENS.search(text))]
    hosts = {found["host"] for found in listens}
    ports = sorted({int(found["port"]) for found in listens})
    said = tuple(f"| {found.string.strip()}" for found in listens[:2])
    if ports and port and port not in ports:
        return Sign(
            "port_mismatch",
            f"the application listens on port {ports[0]}, and the load balancer asks port {port}",
            line,
            f"set service_container_port to {ports[0]}, or make the application listen on {port}",
            said,
        )
    if hosts & {"127.0.0.1", "localhost", "[::1]"} and "0.0.0.0" not in hosts:  # noqa: S104
        return Sign(
            "port_mismatch",
            "the application listens on 127.0.0.1 only, where the load balancer can't reach it",
            line,
            f"make it listen on 0.0.0.0:{port}",
            said,
        )
    return Sign(
        "port_mismatch",
        f"nothing answers HTTP on port {port} of the container ({check} fails)",
        line,
        f"make the application listen on 0.0.0.0:{port}, or set service_container_port to the port that it "
        "listens on; check its "
        f"logs ({facts.follow_logs('')})",
        said,
    )
