"""From plans to findings: what somebody changed, and what only was not deployed yet. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from ..aws.errors import AwsError
from ..engine.compare import Difference
from ..engine.inspect import Sight
from ..engine.plan import Output
from ..release.redaction import redacted
from .finding import Finding, State
from .severity import severity

_ARN = re.compile(r"arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:\d*:[\w+=,.@:/*-]+")
# Options of AWS's that sound like secrets, and say where to ask for one, or whether one is asked for.
_PLAIN = frozenset({"authorization_endpoint", "http_tokens", "token_endpoint"})
_ELEMENT = re.compile(r"\[([^\[\]]*)\]$")


@dataclass(frozen=True)
class Owned:
    """A described resource, and what is known of it from before.

    Attributes:
        services: the inventory hosts that describe it.
        sight: it, compared with the description of today.
        was: it, compared with what the last release applied; None where that is the same, or nobody knows.
        is_known: whether it is known what the last release applied.
        was_applied: whether the last release applied this resource.
        remedy: the command that brings it to its description.
    """

    services: tuple[str, ...]
    sight: Sight
    was: Sight | None = None
    is_known: bool = False
    was_applied: bool = False
    remedy: str = ""

    def finding(self, state: State, difference: Difference, what: str) -> Finding:
        """A finding of this resource."""
        request, field = self.sight.request, difference.path
        return Finding(
            self.services,
            state,
            severity(request.kind.name, field, difference.before, difference.after),
            request.kind.name,
            request.key,
            field,
            expected=hidden(field, difference.after),
            found=hidden(field, difference.before),
            what=what,
            remedy=self.remedy,
        )


@dataclass(frozen=True)
class Ignore:
    """Drift that a description says to leave alone, and why; `resource` and `field` are patterns with `*`."""

    resource: str
    reason: str
    field: str = "*"
    until: date | None = None


def judge(owned: Owned) -> Iterator[Finding]:
    """Every way in which one resource is not as described."""
    sight = owned.sight
    if sight.error is not None or sight.plan is None:
        yield _unreadable(owned)
        return
    if sight.plan.verb in {"create", "delete"}:
        yield _whole(owned, sight.plan.verb)
        return
    now = [item for item in sight.plan.found if not waits(item.after)]
    drifted, pending = _told_apart(owned, now)
    yield from (owned.finding("drift", item, _said(item)) for item in drifted)
    yield from (owned.finding("pending", item, _said(item)) for item in pending)


def _unreadable(owned: Owned) -> Finding:
    request, error = owned.sight.request, owned.sight.error
    reason = error.what if error else "nobody knows why"
    denied = isinstance(error, AwsError) and error.is_denial
    what = "may not be looked at" if denied else "can't be looked at"
    remedy = (error.remedy if error else "") or owned.remedy
    return Finding(
        owned.services, "unreadable", "high", request.kind.name, request.key, what=what, remedy=remedy, reason=reason
    )


def _whole(owned: Owned, verb: str) -> Finding:
    if verb == "delete":
        return owned.finding("pending", Difference("", "present", None), "is still there, and described as absent")
    if owned.was_applied:
        return owned.finding("drift", Difference("", None, "present"), "is gone")
    return owned.finding("pending", Difference("", None, "present"), "is not made yet")


def _told_apart(owned: Owned, now: Sequence[Difference]) -> tuple[list[Difference], list[Difference]]:
    """What somebody changed, and what waits for a release."""
    # Without a release on record, nobody can say that somebody changed it: a false alarm is worse.
    if not owned.is_known or not owned.was_applied:
        return [], list(now)
    if owned.was is None:
        return list(now), []
    before = owned.was.plan.found if owned.was.plan else ()
    drifted = {item.path: item for item in before if not waits(item.after)}
    return list(drifted.values()), [item for item in now if item.path not in drifted]


def waits(value: Any) -> bool:
    """Whether it is known only once another resource is there: what is said of that one says it all."""
    if isinstance(value, Output):
        return True
    if isinstance(value, Mapping):
        return any(waits(item) for item in value.values())
    return isinstance(value, list | tuple) and any(waits(item) for item in value)


def _said(item: Difference) -> str:
    if item.before in (None, "", [], {}):
        return f"{item.path} is gone" if item.path.endswith("]") else f"{item.path} is not set"
    if item.after in (None, "", [], {}):
        return f"{item.path} was added"
    return f"{item.path} is another one"


def hidden(path: str, value: Any) -> Any:
    """A value as it may be shown: somebody may have written a secret where none belongs."""
    if isinstance(value, Mapping):
        # An environment variable, as APIs write it: {name: ..., value: ...}.
        named = f"[{value['name']}].value" if {"name", "value"} <= value.keys() else ""
        return {key: hidden(named if named and key == "value" else str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [hidden(path, item) for item in value]
    if not isinstance(value, str) or _ARN.fullmatch(value):
        # Where a secret is kept is none.
        return value
    # A value is as telling as its name: NAME=value.
    name = _name_of(path)
    if name in _PLAIN:
        return redacted(value)
    return redacted(f"{name}={value}").removeprefix(f"{name}=")


def _name_of(path: str) -> str:
    """What a value is called: of environment[NAME].value, NAME."""
    whole, _, last = path.rpartition(".")
    element = _ELEMENT.search(whole if last == "value" else path) if last in {"", "value"} or path[-1:] == "]" else None
    return element[1] if element else last


def left_alone(finding: Finding, ignores: Sequence[Ignore], today: date) -> Finding:
    """The finding, ignored where the description says so and its date is not over."""
    if finding.state != "drift":
        return finding
    for ignore in ignores:
        if not fnmatchcase(finding.resource, ignore.resource) or not _field_matches(finding.field, ignore.field):
            continue
        if ignore.until is None or today <= ignore.until:
            until = f" (until {ignore.until})" if ignore.until else ""
            return replace(finding, state="ignored", reason=f"{ignore.reason}{until}")
        finding = replace(finding, what=f"{finding.what} (it was to be left alone until {ignore.until})")
    return finding


def _field_matches(field: str, pattern: str) -> bool:
    # Brackets are part of a path, and no set of characters.
    return fnmatchcase(field.replace("[", "("), pattern.replace("[", "("))
