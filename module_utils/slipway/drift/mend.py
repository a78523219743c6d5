"""Putting back what may be put back: the calls of a deploy's own plans, with the locks of the services it touches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ..aws.clients import Aws, Connection
from ..aws.errors import SlipwayError
from ..engine import render
from ..engine.kind import Kind, Lookup, Reference
from ..engine.observe import Request
from ..engine.run import Outcome, make, run
from ..release.holding import hold
from ..step import Report
from .check import Checked, Described, Seen
from .finding import Finding
from .repair import Item, Repair, decide, words
from .under_way import begun

_BUSY = "a deployment of it is going on"


@dataclass
class Mended:
    """What was done, and what was not.

    Attributes:
        done: each resource that was written: its kind, name, verb and fields.
        failed: by label, why it was not put right.
    """

    done: list[dict[str, Any]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    api_calls: int = 0


def mend(
    seen: Seen,
    repair: Repair,
    kinds: Mapping[str, Kind],
    lookups: Mapping[str, Lookup],
    *,
    check: bool,
    report: Report,
    owner: int,
) -> Mended:
    """Do what can be done; what fails keeps nothing else from being put right.

    Args:
        seen: what the check saw.
        repair: what is to be done.
        kinds: every kind of resource.
        lookups: what the kinds only look up.
        check: only plan it.
        report: takes live lines.
        owner: the pid with which the locks end.
    """
    mended = Mended()
    aws = Aws(seen.aws.connection)
    hosts = {one.host: one for one in seen.hosts}
    for group in _groups(repair.items, repair.requests):
        requests = _requests(group, repair.requests)
        owners = [item.services for item in group]
        owners += [seen.wanted[one].services for one in _references(requests) if one in seen.wanted]
        try:
            with _locked(aws, owners, hosts, check, report, owner):
                _refuse_busy(seen, requests)
                _bring(aws, group, requests, {**kinds, **lookups}, mended, check, report)
        except SlipwayError as error:
            mended.failed |= {item.label: str(error) for item in group}
    mended.api_calls = sum(aws.calls.values())
    return mended


def _bring(
    aws: Aws,
    group: Sequence[Item],
    requests: Sequence[Request],
    kinds: Mapping[str, Lookup],
    mended: Mended,
    check: bool,
    report: Report,
) -> None:
    """The calls of the plans, and then those that take away what is no resource of its own."""
    services = {item.reference: item.services for item in group}

    def done(outcome: Outcome) -> None:
        if outcome.plan.changed:
            report(render.summary(outcome, check=check))
            request, plan = outcome.request, outcome.plan
            fields = [item.path for item in plan.found] if plan.verb == "update" else []
            of = services.get((request.kind.name, request.key), ())
            mended.done.append(_told((request.kind.name, request.key), plan.verb, fields, of))

    if requests:
        run(aws, requests, kinds, check=check, report=report, done=done)
    for item in group:
        for call in item.calls:
            if not check:
                make(aws, call, {}, report)
            report(f"{'to take away' if check else 'taken away'}: {call.operation} of {item.label}")
        if item.calls:
            fields = [one.field for one in item.findings]
            mended.done.append(_told(item.reference, "update", fields, item.services))


def _told(reference: Reference, verb: str, fields: Sequence[str], services: Sequence[str]) -> dict[str, Any]:
    kind, name = reference
    return {"kind": kind, "name": name, "verb": verb, "fields": list(fields), "services": list(services)}


def _requests(group: Sequence[Item], along: Mapping[Reference, Request]) -> list[Request]:
    """The resources of a group, each once: what drifted, and what has to follow."""
    found = {item.reference: item.request for item in group if item.request is not None}
    for item in group:
        found |= {name: along[name] for name in item.followers if name in along and name not in found}
    return list(found.values())


def _references(requests: Sequence[Request]) -> list[Reference]:
    return [(one.kind.name, one.key) for one in requests]


def _groups(items: Sequence[Item], along: Mapping[Reference, Request]) -> list[list[Item]]:
    """Items that name each other, or are named by the same one, belong together."""
    groups: list[tuple[set[Reference], list[Item]]] = []
    members = {item.reference for item in items} | along.keys()
    for item in items:
        touched = {item.reference, *item.needs, *item.followers}
        if item.request is not None and item.request.options.get("state") != "absent":
            touched |= {one for one in item.request.kind.references(item.request.options) if one in members}
        joined = [group for group in groups if group[0] & touched]
        groups = [group for group in groups if group not in joined]
        groups.append((touched.union(*(one[0] for one in joined)), [*(i for one in joined for i in one[1]), item]))
    return [group for _, group in groups]


def _refuse_busy(seen: Seen, requests: Sequence[Request]) -> None:
    """A deployment that goes on without a lock is somebody's own, or what a release gave up waiting for."""
    for request in requests:
        live = seen.known.live(request.kind.name, request.key)
        if request.kind.name == "ecs_service" and live is not None and (live.raw or {}).get("under_way"):
            raise SlipwayError(_BUSY, where=request.label, remedy="wait for its end, and run the same command again")


@contextmanager
def _locked(
    aws: Aws,
    owners: Sequence[Sequence[str]],
    hosts: Mapping[str, Described],
    check: bool,
    report: Report,
    owner: int,
) -> Iterator[None]:
    """Keep the releases of services from beginning; refuse where one has begun since the check.

    What several services share is no one's: there, it is only seen to that none of them is being released now.
    """
    known = {name: hosts[name] for names in owners for name in names if name in hosts and hosts[name].table}
    alone = {names[0] for names in owners if len(names) == 1} & known.keys()
    with ExitStack() as locks:
        if not check:
            _refuse_begun(aws, list(known.values()))
            for name in sorted(alone):
                locks.enter_context(_lock(aws.connection, known[name], report, owner))
        _refuse_begun(aws, [one for name, one in known.items() if check or name not in alone])
        _refuse_released(aws, [known[name] for name in alone])
        yield


def _refuse_begun(aws: Aws, hosts: Sequence[Described]) -> None:
    for host, who in begun(aws, hosts).items():
        raise SlipwayError(f"under way is {who}", where=host, remedy="wait for its end, and run the same command again")


def _refuse_released(aws: Aws, hosts: Sequence[Described]) -> None:
    for host, who in begun(aws, hosts, locks=False).items():
        raise SlipwayError(who, where=host, remedy="run the same command again")


@contextmanager
def _lock(connection: Connection, host: Described, report: Report, owner: int) -> Iterator[None]:
    where = {"region": connection.region, "profile": connection.profile, "endpoint_url": connection.endpoint_url}
    cluster, _, service = host.key.partition("/")
    options = {**where, "table": host.table, "cluster": cluster, "service": service}
    taken = {**options, "state": "acquired", "kind": "repair", "ecs": False, "timeout": 0}
    lock = hold(taken, check=False, report=report, owner=owner)["lock"]
    try:
        yield
    finally:
        hold({**options, "state": "released", "lock": lock}, check=False, report=report)


@dataclass
class Repaired:
    """What came of a repair of everything that was checked.

    Attributes:
        notes: what was not put right, and why.
    """

    done: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    api_calls: int = 0


def repaired(
    checked: Checked,
    kinds: Mapping[str, Kind],
    lookups: Mapping[str, Lookup],
    confirmed: Collection[str],
    *,
    check: bool,
    report: Report,
    owner: int,
) -> Repaired:
    """Put right what is safe or confirmed, of each connection.

    Args:
        checked: what was found.
        kinds: every kind of resource.
        lookups: what the kinds only look up.
        confirmed: the labels of what may interrupt a service.
        check: only plan it.
        report: takes live lines.
        owner: the pid with which the locks end.
    """
    result = Repaired()
    asked: set[str] = set()
    for seen in checked.seen:
        decided = decide(seen.findings, seen.wanted, seen.known, kinds, confirmed)
        mended = mend(seen, decided, kinds, lookups, check=check, report=report, owner=owner)
        result.done += mended.done
        result.api_calls += mended.api_calls
        result.notes += [f"{label} was not put right: {why}" for label, why in mended.failed.items()]
        asked |= {label for reasons in decided.held.values() for label, _ in reasons}
    unasked = sorted(set(confirmed) - asked)
    result.notes += [f"confirm names {label}, and nothing of it needs that" for label in unasked]
    return result


def offered(checked: Checked, kinds: Mapping[str, Kind], command: str) -> list[Finding]:
    """The findings, each with the command that puts it right alone, or why none does."""
    found = []
    for seen in checked.seen:
        decided = decide(seen.findings, seen.wanted, seen.known, kinds, ())
        found += [_with_offer(one, decided, command) for one in seen.findings]
    others = [
        one for one in checked.findings if all(one is not other for seen in checked.seen for other in seen.findings)
    ]
    return [*found, *others]


def _with_offer(finding: Finding, decided: Repair, command: str) -> Finding:
    label = decided.of.get(finding.key)
    if finding.state != "drift" or label is None:
        return finding
    if why := decided.by_hand.get(label):
        return replace(finding, reason=f"it can't be put back: {why}")
    asked = decided.held.get(label, ())
    told = " ".join(part for part in (command, words(name for name, _ in asked)) if part)
    return replace(finding, repair=told, interrupts="; ".join(dict.fromkeys(why for _, why in asked)))
