"""One check of everything that is described: looked at in batches, planned, and judged. It writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from ..aws.clients import Aws, Connection
from ..aws.errors import AwsError, SlipwayError
from ..engine.inspect import Sight, inspect
from ..engine.kind import Kind, Known, Lookup, Options, Reference
from ..engine.observe import Request
from .applied import Applied
from .as_applied import compared
from .extras import Owner, added
from .finding import Finding
from .judge import Ignore, Owned, judge, left_alone
from .severity import severity
from .shared import agree, joined
from .trail import told
from .under_way import begun


@dataclass(frozen=True)
class Described:
    """What one host of the inventory describes.

    Attributes:
        resources: kind and validated options of each resource.
        applied: what its last release applied; None where nobody knows.
        under_way: who releases it at this moment; empty where nobody does.
        roles: the IAM roles that belong to it alone.
        remedy: the command that brings it to its description.
        table: where its releases are kept; empty where it has none.
        key: what names it there.
    """

    host: str
    connection: Connection
    resources: Sequence[tuple[str, Options]]
    applied: Applied | None = None
    ignores: Sequence[Ignore] = ()
    roles: Sequence[str] = ()
    remedy: str = ""
    under_way: str = ""
    table: str = ""
    key: str = ""


@dataclass(frozen=True)
class Wanted:
    """A resource as the last release applied it, and what putting that back takes."""

    services: tuple[str, ...]
    sight: Sight
    was_applied: bool


@dataclass(frozen=True)
class Seen:
    """What was seen through one connection."""

    aws: Aws
    known: Known
    hosts: Sequence[Described]
    wanted: Mapping[Reference, Wanted]
    findings: Sequence[Finding]


@dataclass
class Checked:
    """What came of a check.

    Attributes:
        resources: how many were looked at.
        errors: what kept parts of it from being checked, by host.
        notes: what else a person should know.
        seen: all of it, by connection.
        settled: whether no release was under way.
    """

    findings: list[Finding] = field(default_factory=list)
    resources: int = 0
    api_calls: int = 0
    errors: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    settled: bool = True


@dataclass
class _Resource:
    """A resource that one or several hosts describe."""

    request: Request
    hosts: list[Described]
    applied: list[Request] = field(default_factory=list)
    serving: list[str] = field(default_factory=list)
    was_applied: bool = False
    differently: tuple[str, str] | None = None

    @property
    def services(self) -> tuple[str, ...]:
        # A service that moves is described twice by one host.
        return tuple(dict.fromkeys(one.host for one in self.hosts))


def check(
    described: Sequence[Described], kinds: Mapping[str, Kind], lookups: Mapping[str, Lookup], *, whole: bool = True
) -> Checked:
    """Look at all that is described, each connection by itself.

    Args:
        described: by whom, and what.
        kinds: every kind of resource.
        lookups: what the kinds only look up.
        whole: whether these are all that share load balancers and clusters; otherwise nobody can say what was added.
    """
    checked = Checked()
    by_connection: dict[Connection, list[Described]] = defaultdict(list)
    for one in described:
        by_connection[one.connection].append(one)
    for connection, hosts in by_connection.items():
        aws = Aws(connection)
        try:
            _check(aws, hosts, kinds, lookups, checked, whole)
        except AwsError as error:
            # Nobody knows who calls, or nothing answers: that is no finding of any resource.
            checked.errors |= {one.host: str(error) for one in hosts}
        checked.api_calls += sum(aws.calls.values())
    return checked


def _check(
    aws: Aws,
    hosts: Sequence[Described],
    kinds: Mapping[str, Kind],
    lookups: Mapping[str, Lookup],
    checked: Checked,
    whole: bool,
) -> None:
    resources = list(_distinct(hosts, kinds).values())
    every: dict[str, Lookup] = {**kinds, **lookups}
    sights, known = inspect(aws, [one.request for one in resources], every)
    seen = {_reference(sight.request): sight for sight in sights}
    applied = {_reference(one.request): one.applied for one in resources}
    serving = {_reference(one.request): one.serving for one in resources}
    was = compared(aws, seen, applied, serving, known, every)
    found: list[Finding] = []
    wanted: dict[Reference, Wanted] = {}
    for one in resources:
        reference = _reference(one.request)
        sight = seen[reference]
        found += _of_resource(one, sight, was.get(reference))
        wanted[reference] = Wanted(one.services, was.get(reference) or sight, one.was_applied)
    found += _left_over(aws, hosts, kinds, every)
    requests = [one.request for one in resources]
    services = {_reference(one.request): one.services for one in resources}
    roles = {role for host in hosts for role in host.roles}
    ignores = [ignore for host in hosts for ignore in host.ignores]
    released = {host.key for host in hosts if host.key}
    extras = added(Owner(aws, known, requests, services, roles, released), whole=whole)
    found += [left_alone(one, ignores, date.today()) for one in extras]
    found = _settled(aws, found, hosts, checked)
    found, problem = told(aws, known, found)
    checked.findings += found
    checked.notes += [problem] if problem else []
    checked.resources += len(resources)
    checked.seen.append(Seen(aws, known, hosts, wanted, found))


def _settled(aws: Aws, found: Sequence[Finding], hosts: Sequence[Described], checked: Checked) -> list[Finding]:
    """The findings without those of services that are being released: there, a release is changing it all."""
    under_way = {one.host: one.under_way for one in hosts if one.under_way}
    drifted = {name for one in found if one.state == "drift" for name in one.services}
    # One that has begun since looks like drift.
    with suppress(SlipwayError):
        under_way |= begun(aws, [one for one in hosts if one.host in drifted - under_way.keys()])
    checked.notes += [f"{host} was not judged: under way is {who}" for host, who in under_way.items()]
    checked.settled = checked.settled and not under_way
    return [one for one in found if not under_way.keys() & set(one.services)]


def _distinct(hosts: Sequence[Described], kinds: Mapping[str, Kind]) -> dict[Reference, _Resource]:
    found: dict[Reference, _Resource] = {}
    for host in hosts:
        applied = [_by_reference(resources, kinds) for resources in host.applied.tried] if host.applied else []
        for kind, options in host.resources:
            request = Request(kinds[kind], options)
            reference = _reference(request)
            one = found.setdefault(reference, _Resource(request, []))
            if one.hosts and not agree(one.request.options, options):
                one.differently = (one.hosts[0].host, host.host)
            elif one.hosts:
                one.request = Request(kinds[kind], joined(one.request.options, options))
            one.hosts.append(host)
            one.was_applied = one.was_applied or bool(applied and reference in applied[0])
            one.applied += [was[reference] for was in applied if reference in was]
            if kind == "ecs_service" and host.applied and host.applied.serving:
                one.serving.append(host.applied.serving)
    for one in found.values():
        one.applied = _completed(one.applied)
    return found


def _completed(applied: Sequence[Request]) -> list[Request]:
    """What was applied, each different way once; of parts, each with all the others."""
    whole = applied[0].options if applied else {}
    for one in applied[1:]:
        whole = joined(whole, one.options) if agree(whole, one.options) else whole
    completed = [replace(one, options=joined(whole, one.options)) for one in applied]
    return [
        one for index, one in enumerate(completed) if one.options not in [same.options for same in completed[:index]]
    ]


def _by_reference(resources: Iterable[tuple[str, Options]], kinds: Mapping[str, Kind]) -> dict[Reference, Request]:
    # A kind that this version does not know any more can't be looked at.
    requests = [Request(kinds[kind], options) for kind, options in resources if kind in kinds]
    return {_reference(request): request for request in requests}


def _reference(request: Request) -> Reference:
    return request.kind.name, request.key


def _of_resource(one: _Resource, sight: Sight, was: Sight | None) -> Iterator[Finding]:
    owned = Owned(
        one.services,
        sight,
        was,
        is_known=any(host.applied is not None for host in one.hosts),
        was_applied=one.was_applied,
        remedy=one.hosts[0].remedy,
    )
    ignores = [ignore for host in one.hosts for ignore in host.ignores]
    for finding in judge(owned):
        yield left_alone(finding, ignores, date.today())
    if one.differently:
        yield _told_differently(one, one.differently)


def _told_differently(one: _Resource, hosts: tuple[str, str]) -> Finding:
    first, second = hosts
    return Finding(
        one.services,
        "pending",
        "medium",
        one.request.kind.name,
        one.request.key,
        "(description)",
        what=f"is described in one way by {first} and in another by {second}: each deploy undoes the other's",
        remedy="describe it once, in the group_vars of both",
    )


def _left_over(
    aws: Aws, hosts: Sequence[Described], kinds: Mapping[str, Kind], every: Mapping[str, Lookup]
) -> Iterator[Finding]:
    """What a release made, and the description names no longer; it stays until somebody removes it."""
    named = {_reference(Request(kinds[kind], options)) for host in hosts for kind, options in host.resources}
    gone: dict[Reference, tuple[Request, Described]] = {}
    for host in hosts:
        for reference, request in _by_reference(host.applied.resources if host.applied else (), kinds).items():
            if reference not in named:
                gone[reference] = (request, host)
    if not gone:
        return
    sights, _ = inspect(aws, [request for request, _ in gone.values()], every)
    for sight in sights:
        if sight.plan is None or sight.plan.verb == "create":
            continue
        request, host = sight.request, gone[_reference(sight.request)][1]
        yield Finding(
            (host.host,),
            "pending",
            severity(request.kind.name, "tags", None, None),
            request.kind.name,
            request.key,
            found="present",
            what="is there, and no longer described",
            remedy=f"remove it: a task of {request.kind.name} with state: absent",
        )


def ignores_of(entries: Iterable[Mapping[str, Any]]) -> list[Ignore]:
    """The option `drift_ignore` of a completed description.

    Raises:
        SlipwayError: one of its dates is none.
    """
    return [
        Ignore(str(one["resource"]), str(one["reason"]), str(one.get("field") or "*"), _day(one.get("until")))
        for one in entries
    ]


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text)) if text else None
    except ValueError:
        remedy = "write it such as 2027-01-31"
        raise SlipwayError(f"until is {text!r}, which is no date", where="drift_ignore", remedy=remedy) from None
