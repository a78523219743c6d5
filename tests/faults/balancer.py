"""The data plane: requests go to healthy targets only, by the listener's rules and the weights of the deployment.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-update-rules.html
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

import botocore.exceptions
from mitmproxy import http

from tests.faults.targets import Target
from tests.faults.world import World

_PREFIX = "/_alb/"
# The emulator tells load balancers apart by name, whatever the region: the first that has it.
_REGION = "ap-northeast-2"
_SECONDS = 2.0
# AWS gives a connection 10 s: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
# Tried twice: a loop that was late finds the time past, whether it was heard or not.
_TRIES, _CONNECTED_WITHIN = 2, 2.0
_log = logging.getLogger("faults")
_chance = random.SystemRandom()
_HEADERS = {"Content-Type": "text/html", "Server": "awselb/2.0"}


def _page(title: str) -> bytes:
    body = f"<body>\r\n<center><h1>{title}</h1></center>\r\n</body>"
    return f"<html>\r\n<head><title>{title}</title></head>\r\n{body}\r\n</html>\r\n".encode()


def matches(conditions: Sequence[dict[str, Any]], host: str, path: str, method: str) -> bool | None:
    """Whether a request meets a rule's conditions; None where the layer cannot tell."""
    for one in conditions:
        values: list[str] = one.get("Values") or next(
            (value["Values"] for key, value in one.items() if key.endswith("Config") and "Values" in value), []
        )
        match one.get("Field"):
            case "host-header":
                met = any(fnmatchcase(host.lower(), value.lower()) for value in values)
            case "path-pattern":
                met = any(fnmatchcase(path, value) for value in values)
            case "http-request-method":
                met = method in values
            case _:
                return None
        if not met:
            return False
    return True


class Balancer:
    """Every load balancer of the emulator."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._read: dict[str, tuple[float, list[dict[str, Any]]]] = {}

    def forget(self) -> None:
        """Something was changed: read listeners and rules anew."""
        self._read.clear()

    def is_for(self, path: str, _: str) -> bool:
        """Whether a request is a client's of a load balancer, and no API call."""
        return path.startswith(_PREFIX)

    async def route(self, flow: http.HTTPFlow) -> None:
        """Send a request to a healthy target; what is no forward to targets is the emulator's to answer."""
        name, _, rest = flow.request.path.removeprefix(_PREFIX).partition("/")
        host = flow.request.headers.get("host", "")
        try:
            listeners = await asyncio.to_thread(self._listeners, name)
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
            return
        action = _action(listeners, host, f"/{rest}", flow.request.method)
        if action is None:
            return
        groups = self._groups(action)
        if not any(arn in self._world.targets.groups for arn, _ in groups) and not self._is_for_service(groups):
            return
        target = self._choose(groups)
        if target is None:
            flow.response = http.Response.make(503, _page("503 Service Temporarily Unavailable"), _HEADERS)
            return
        if not await _connects(target):
            _log.warning("not connected: %r", target)
            flow.response = http.Response.make(504, _page("504 Gateway Time-out"), _HEADERS)
            return
        flow.request.host, flow.request.port = target.address, target.port
        flow.request.path = f"/{rest}"
        flow.request.headers["host"] = host

    def _listeners(self, name: str) -> list[dict[str, Any]]:
        at, known = self._read.get(name, (0.0, []))
        if time.time() - at < _SECONDS:
            return known
        client = self._world.upstream.client("elbv2", _REGION)
        balancer = client.describe_load_balancers(Names=[name])["LoadBalancers"][0]
        found: list[dict[str, Any]] = client.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])[
            "Listeners"
        ]
        for one in found:
            one["Rules"] = client.describe_rules(ListenerArn=one["ListenerArn"])["Rules"]
            for rule in one["Rules"]:
                arn = one["ListenerArn"] if rule.get("IsDefault") else rule["RuleArn"]
                if weights := self._world.weights.get(arn):
                    groups = [{"TargetGroupArn": group, "Weight": weight} for group, weight in weights]
                    rule["Actions"] = [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
        self._read[name] = (time.time(), found)
        return found

    def _groups(self, action: dict[str, Any]) -> list[tuple[str, float]]:
        """Target groups with their weights: those of a deployment that shifts traffic come from ECS."""
        forward = action.get("ForwardConfig") or {}
        groups = [(one["TargetGroupArn"], float(one.get("Weight", 1))) for one in forward.get("TargetGroups") or ()]
        groups = groups or [(action["TargetGroupArn"], 1.0)]
        named = {arn for arn, _ in groups}
        with self._world.lock:
            for service in self._world.ecs.all():
                weighted = [(one.target_group, one.weight) for one in service.rollouts if one.target_group]
                if service.strategy != "ROLLING" and named & _of(service.record):
                    return weighted or groups
        return groups

    def _is_for_service(self, groups: list[tuple[str, float]]) -> bool:
        with self._world.lock:
            services = [_of(service.record) for service in self._world.ecs.all()]
        return any(arn in one for arn, _ in groups for one in services)

    def _choose(self, groups: list[tuple[str, float]]) -> Target | None:
        with self._world.lock:
            usable = [(arn, weight) for arn, weight in groups if weight > 0]
            if not usable:
                return None
            arn = _chance.choices([arn for arn, _ in usable], [weight for _, weight in usable])[0]
            # Without a healthy target, an ALB tries the unhealthy ones.
            registered = list(self._world.targets.groups.get(arn, {}).values())
            targets = self._world.targets.healthy(arn) or [
                one for one in registered if one.shown().state == "unhealthy"
            ]
        return _chance.choice(targets) if targets else None


async def _connects(target: Target) -> bool:
    """Whether a target takes a connection, or refuses it: of one whose network is gone nothing is heard."""
    for _ in range(_TRIES):
        try:
            async with asyncio.timeout(_CONNECTED_WITHIN):
                _, writer = await asyncio.open_connection(target.address, target.port)
        except TimeoutError:
            continue
        except OSError:
            # The proxy finds the same, and answers 502.
            return True
        writer.close()
        return True
    return False


def _of(record: dict[str, Any]) -> set[str]:
    arns = set()
    for one in record.get("loadBalancers") or ():
        arns |= {one.get("targetGroupArn"), (one.get("advancedConfiguration") or {}).get("alternateTargetGroupArn")}
    return arns - {None}


def _action(listeners: list[dict[str, Any]], host: str, target: str, method: str) -> dict[str, Any] | None:
    """The forward that a request comes to; None where it is something else."""
    name, _, port = host.partition(":")
    wanted = int(port) if port.isdigit() else 80
    listener = next((one for one in listeners if one.get("Port") == wanted), listeners[0] if listeners else None)
    if listener is None:
        return None
    rules = sorted(listener["Rules"], key=lambda one: int(one["Priority"]) if one["Priority"].isdigit() else 10**9)
    for rule in rules:
        met = matches(rule.get("Conditions") or (), name, urlsplit(target).path, method)
        if met is None:
            return None
        if met:
            actions: list[dict[str, Any]] = rule.get("Actions") or listener.get("DefaultActions") or []
            return actions[0] if len(actions) == 1 and actions[0].get("Type") == "forward" else None
    return None
