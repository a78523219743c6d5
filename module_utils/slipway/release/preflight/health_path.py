"""A health check that is changed where it is: the tasks that serve must answer the new one already.

A target group's health check is changed at once, for all its targets. What serves and does not answer the new one
becomes unhealthy, and ECS stops it, before the new version is there:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/load-balancer-healthcheck.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from urllib3.exceptions import HTTPError

from ...aws.clients import Aws
from ...aws.errors import SlipwayError
from ...engine.parallel import side_by_side
from ..http_check import request
from ..observe import target_group_arns
from .check import Check, fail, ok, warn
from .seen import Seen

Service = Mapping[str, Any]
_VARIABLE = "service_health_check"


@dataclass(frozen=True)
class Answered:
    """What the service answered to the new path; `problem` where it did not."""

    status: int = 0
    problem: str = ""


def observe(aws: Aws, service: Service, seen: Seen) -> None:
    """One request through the load balancer, only where a health check is to change under tasks that serve."""
    if not _changes(service, seen):
        return
    # Where ECS shifts requests, either target group may have the tasks that serve.
    groups = target_group_arns(seen["service"])
    seen.read("targets", lambda: [one for found in side_by_side(partial(_health, aws), groups) for one in found])
    seen.put("answered", _ask(service, seen["load_balancer"]))


def _health(aws: Aws, group: str) -> list[Mapping[str, Any]]:
    return list(aws.call("elbv2", "DescribeTargetHealth", TargetGroupArn=group)["TargetHealthDescriptions"])


def check_health_path(service: Service, seen: Seen) -> Iterator[Check]:
    """The tasks that serve would pass the new health check."""
    if not _changes(service, seen):
        return
    path, codes = service["health_check"]["path"], service["health_check"]["matcher"]
    states = {(one.get("TargetHealth") or {}).get("State") for one in seen.get("targets") or ()}
    if states and "healthy" not in states:
        yield ok("no task passes the health check that is there now: changing it takes nothing away")
        return
    answered: Answered = seen["answered"]
    if answered.problem:
        remedy = f"ask it by hand before you deploy: {path} has to be answered with {codes} by the version that serves"
        yield warn(f"cannot see whether what serves now answers {path}: {answered.problem}", remedy, _VARIABLE)
    elif accepts(codes, answered.status):
        yield ok(f"what serves now answers {path} with {answered.status} already")
    else:
        there = seen["target_group"].get("HealthCheckPath") or path
        yield fail(*_harmful(service, answered.status, there), _VARIABLE, "path" if there != path else "matcher")


def _harmful(service: Service, status: int, there: str) -> tuple[str, str]:
    path, codes = service["health_check"]["path"], service["health_check"]["matcher"]
    what = (
        f"what serves now answers {path} with {status}, and {codes} is expected: with this health check the load "
        "balancer would find the tasks that serve unhealthy, and ECS would stop them"
    )
    first = f"path {there}" if there != path else "codes"
    remedy = (
        f"correct it; or go in two steps: first release a version that answers {path} with {codes}, with the old "
        f"{first} here, then change it"
    )
    return what, remedy


def accepts(matcher: str, status: int) -> bool:
    """Whether a status is among `200`, `200,202` or `200-299`."""
    for part in str(matcher).split(","):
        low, _, high = part.strip().partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False


def _changes(service: Service, seen: Seen) -> bool:
    """Whether the health check of a target group that a running service uses is to be another one."""
    group, running = seen.get("target_group"), seen.get("service") or {}
    if not group or not running.get("runningCount") or seen.get("load_balancer") is None:
        return False
    if group["TargetGroupArn"] not in target_group_arns(running):
        return False
    wanted = (service["health_check"]["path"], str(service["health_check"]["matcher"]))
    return wanted != _there(group, wanted)


def _there(group: Mapping[str, Any], wanted: tuple[str, str]) -> tuple[str, str]:
    codes = (group.get("Matcher") or {}).get("HttpCode")
    return str(group.get("HealthCheckPath") or wanted[0]), str(codes or wanted[1])


def _ask(service: Service, balancer: Mapping[str, Any]) -> Answered:
    path = service["health_check"]["path"]
    if not service.get("http_check"):
        return Answered(problem="service_http_check is false, so it is not asked from here")
    if not any(fnmatchcase(path.partition("?")[0], pattern) for pattern in service["path_patterns"]):
        # Health checks go to the tasks, past the listener's rules.
        return Answered(problem="service_path_patterns does not lead there")
    name = str(balancer.get("DNSName") or "")
    scheme = "https" if service.get("domain") or service.get("certificate_arn") else "http"
    url = f"{scheme}://{service.get('domain') or name}{path}"
    try:
        return Answered(status=request(url, service.get("http_check_base_url") or name or None).status)
    except HTTPError as error:
        return Answered(problem=f"no answer from {url} ({type(getattr(error, 'reason', None) or error).__name__})")
    except SlipwayError as error:
        return Answered(problem=error.what)
