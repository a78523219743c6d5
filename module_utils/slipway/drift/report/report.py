"""One drift check, whole. Data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..finding import SEVERITIES, Finding, State, rank


@dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes:
        environment: the inventory's deployment_environment.
        started_at: ISO 8601 in UTC.
        seconds: how long it took.
        services: every inventory host that was checked.
        resources: how many resources were looked at.
        api_calls: how many calls of AWS that took.
        errors: by host, why it could not be checked.
        notes: what else a person should know.
        repaired: what was put right before this was found: kind, name, verb and fields.
        is_planned: whether that was only planned.
    """

    environment: str
    started_at: str
    seconds: float
    services: Sequence[str]
    resources: int
    api_calls: int
    findings: Sequence[Finding] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    repaired: Sequence[Mapping[str, Any]] = ()
    is_planned: bool = False

    @property
    def repairs(self) -> list[str]:
        """What was put right, a line each."""
        verbs = (
            ("to put right", "to make again", "to remove")
            if self.is_planned
            else ("put right", "made again", "removed")
        )
        told = dict(zip(("update", "create", "delete"), verbs, strict=True))
        return [
            f"{told[one['verb']]}: {one['kind']} {one['name']}{': ' if one['fields'] else ''}{', '.join(one['fields'])}"
            for one in self.repaired
        ]

    @property
    def ordered(self) -> list[Finding]:
        """The findings, what is worst first."""
        return sorted(self.findings, key=rank)

    @property
    def drifted(self) -> list[Finding]:
        """Those that somebody has to do something about."""
        return [one for one in self.ordered if one.state == "drift"]

    @property
    def is_complete(self) -> bool:
        """Whether everything could be looked at."""
        return not self.errors and not any(one.state == "unreadable" for one in self.findings)

    @property
    def status(self) -> str:
        """In one word how it ended."""
        if not self.is_complete:
            return "incomplete"
        return "drift" if self.drifted else "clean"

    @property
    def summary(self) -> str:
        """It in one line."""
        states = Counter(one.state for one in self.findings)
        worst = Counter(one.severity for one in self.drifted)
        told = ", ".join(f"{worst[one]} {one}" for one in SEVERITIES if worst[one])
        parts = [f"{states['drift']} drifted{f' ({told})' if told else ''}"]
        parts += [f"{states[one]} {word}" for one, word in _WORDS.items() if states[one]]
        parts += [f"{len(self.errors)} not checked"] if self.errors else []
        return ", ".join(parts) if self.findings or self.errors else "all is as described"

    def result(self) -> dict[str, Any]:
        """It as part of an Ansible result, or a JSON file."""
        return {
            "environment": self.environment,
            "status": self.status,
            "summary": self.summary,
            "started_at": self.started_at,
            "seconds": self.seconds,
            "services": list(self.services),
            "resources": self.resources,
            "api_calls": self.api_calls,
            "findings": [one.result() for one in self.ordered],
            "errors": dict(self.errors),
            "notes": list(self.notes),
            "repaired": [dict(one) for one in self.repaired],
        }


MARKS = {"critical": "🔴", "high": "🟠", "medium": "🟡", "low": "⚪"}
_WORDS: dict[State, str] = {"unreadable": "unreadable", "pending": "not deployed yet", "ignored": "ignored"}


def shown(value: Any) -> str:
    """A value in one line, as a person reads it."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
