"""The events that belong to what is asked about: a service keeps its last hundred, from long ago too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...resources.ecs_deployments import deployment_of
from .facts import Facts
from .rules import rule_for
from .signs import Sign
from .words import sign

_STEADY = re.compile(r"has reached a steady state")
_TROUBLE = re.compile(r"unable to|failed to (launch|register|describe|start)|throttled", re.IGNORECASE)
_HEALTH = re.compile(r"is unhealthy in|failed container health checks|health checks", re.IGNORECASE)
_CONTAINER = re.compile(r"failed container health checks")


def current_events(facts: Facts) -> list[str]:
    """The messages that belong to the deployment, the newest first.

    When it is complete, they are those since the service was steady for the last time.
    """
    events: Sequence[Mapping[str, Any]] = facts.service.get("events") or ()
    if not facts.evidence.deployment_id or facts.is_complete:
        return _messages(events, steady=0)
    since = _since(facts)
    if since is None:
        # After a rollback the service is steady again: what belongs to the deployment stands before that.
        return _messages(events, steady=1)
    return [
        str(one.get("message") or "") for one in events if one.get("createdAt") is None or one["createdAt"] >= since
    ]


def _messages(events: Sequence[Mapping[str, Any]], *, steady: int) -> list[str]:
    found: list[str] = []
    for event in events:
        text = str(event.get("message") or "")
        if _STEADY.search(text):
            if not steady:
                break
            steady -= 1
        found.append(text)
    return found


def _since(facts: Facts) -> Any:
    made = deployment_of(facts.service, facts.evidence.deployment_id).get("createdAt")
    recorded = [facts.record.get("startedAt"), facts.record.get("createdAt")]
    tasks = sorted(one["createdAt"] for one in facts.evidence.tasks if one.get("createdAt"))
    return next((one for one in (made, *recorded, *tasks[:1]) if one is not None), None)


def read_events(facts: Facts, *, unwell: int) -> Iterator[Sign]:
    """What the events say that a rule knows; `unwell` is how many tasks told of a container's health check."""
    for text in current_events(facts):
        if _CONTAINER.search(text) and not unwell:
            yield Sign(
                "container_health_check",
                "the health check inside the container failed",
                text,
                "run the check by hand in the image: its program must be in the image, and exit with 0",
            )
        elif _TROUBLE.search(text) and not _HEALTH.search(text) and (found := rule_for(text)):
            # A task says the same of itself: the event is no further case of it.
            yield sign(found, facts, text, counts=0)
