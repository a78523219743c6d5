"""What was read of a service, as a row of the table. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from ...resources.ecs_deployments import primary
from ...resources.names import last_part
from ..record import Record
from ..rollback_target import VERSION_LABEL
from .table import WIDTH, table, width_of, wrapped

_HEADER = ("SERVICE", "VERSION", "DIGEST", "REVISION", "TASKS", "TARGETS", "VERDICT", "AGE", "WHO", "ALARMS")
_RELEASES = ("STARTED (UTC)", "KIND", "VERDICT", "VERSION", "REVISION", "TOOK", "WHO", "CAUSE")
_DIGEST = 12
_NONE = "-"


@dataclass
class Seen:
    """What was read of one service.

    Attributes:
        description: the completed description.
        service: as DescribeServices has it; None where there is none, or it could not be read.
        task_definition: of what serves, as DescribeTaskDefinition has it.
        targets: TargetHealthDescriptions; None where there is no target group, or it could not be read.
        records: the last releases, the newest first.
        lock: who releases now; empty where nobody does.
        alarms: as DescribeAlarms has them.
        notes: what else is to be told.
        problems: what could not be read, and why.
    """

    description: Mapping[str, Any]
    service: Mapping[str, Any] | None = None
    task_definition: Mapping[str, Any] = field(default_factory=dict)
    targets: Sequence[Mapping[str, Any]] | None = None
    records: Sequence[Record] = ()
    lock: Mapping[str, Any] = field(default_factory=dict)
    alarms: list[Mapping[str, Any]] = field(default_factory=list)
    notes: Sequence[str] = ()
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """One service, as data; what is None is not known."""

    name: str
    cluster: str
    ecs_service: str
    deployed: bool | None
    version: str
    digest: str
    revision: str
    running_count: int | None
    desired_count: int | None
    healthy_targets: int | None
    targets: int | None
    verdict: str
    kind: str
    released_at: str
    who: str
    alarms: int
    alarms_in_alarm: int
    notes: tuple[str, ...]
    releases: tuple[Record, ...]

    def result(self) -> dict[str, Any]:
        """The row as part of an Ansible result."""
        return {**asdict(self), "notes": list(self.notes), "releases": [one.result() for one in self.releases]}


def row(seen: Seen, now: datetime) -> Row:
    """The row of a service."""
    description = seen.description
    service = seen.service if seen.service and seen.service.get("status") != "INACTIVE" else None
    serves = serving(service)
    version, digest = _image(seen.task_definition, str(description.get("container_name") or ""))
    last = seen.records[0] if seen.records else None
    targets = None if seen.targets is None else [one for one in seen.targets if _state(one) != "draining"]
    return Row(
        name=str(description["name"]),
        cluster=str(description["cluster"]),
        ecs_service=str(description["ecs_service"]),
        deployed=None if service is None and seen.problems else service is not None,
        version=version,
        digest=digest,
        revision=last_part(str(serves.get("taskDefinition") or "")),
        running_count=service.get("runningCount", 0) if service else None,
        desired_count=service.get("desiredCount", 0) if service else None,
        healthy_targets=None if targets is None else sum(1 for one in targets if _state(one) == "healthy"),
        targets=None if targets is None else len(targets),
        verdict=last.verdict if last else "",
        kind=last.kind if last else "",
        # A service that was deployed by other means has no record, and yet an age.
        released_at=last.started_at if last else _iso(serves.get("createdAt")),
        who=last.who if last else "",
        alarms=len(description.get("alarms") or ()),
        alarms_in_alarm=sum(1 for one in seen.alarms if one.get("StateValue") == "ALARM"),
        notes=tuple(_notes(seen, service, now)),
        releases=tuple(seen.records),
    )


def serving(service: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The deployment whose tasks serve: not the PRIMARY one while that is not complete, and another one runs."""
    deployments: list[Mapping[str, Any]] = list((service or {}).get("deployments") or ())
    newest = primary(service)
    if newest.get("rolloutState", "COMPLETED") == "COMPLETED":
        return newest
    others = [one for one in deployments if one.get("status") != "PRIMARY" and one.get("runningCount")]
    complete = [one for one in others if one.get("rolloutState", "COMPLETED") == "COMPLETED"]
    return next(iter([*complete, *others]), newest)


def _state(target: Mapping[str, Any]) -> str:
    return str((target.get("TargetHealth") or {}).get("State") or "")


def _image(task_definition: Mapping[str, Any], container: str) -> tuple[str, str]:
    """Version and digest of the service's own container."""
    containers = task_definition.get("containerDefinitions") or [{}]
    own = next((one for one in containers if one.get("name") == container), containers[0])
    named, _, digest = str(own.get("image") or "").partition("@")
    # A registry's port is no tag.
    tag = last_part(named).partition(":")[2]
    return str((own.get("dockerLabels") or {}).get(VERSION_LABEL) or tag), digest


def _notes(seen: Seen, service: Mapping[str, Any] | None, now: datetime) -> Iterator[str]:
    if service is None and not seen.problems:
        yield "not deployed yet"
    if service is not None and service.get("status") == "DRAINING":
        yield "the ECS service is being deleted (DRAINING)"
    if seen.lock:
        yield _holder(seen.lock, now)
    yield from _deployment_notes(primary(service), now)
    yield from seen.notes
    firing = [str(one["AlarmName"]) for one in seen.alarms if one.get("StateValue") == "ALARM"]
    if firing:
        yield f"in ALARM: {', '.join(firing)}"
    known = {str(one["AlarmName"]) for one in seen.alarms}
    missing = [name for name in seen.description.get("alarms") or () if name not in known]
    # What could not be read may be there.
    if missing and not seen.problems:
        yield f"no such alarm: {', '.join(missing)}"
    yield from seen.problems


def _holder(lock: Mapping[str, Any], now: datetime) -> str:
    doing = "rollback to" if lock.get("kind") == "rollback" else "release of"
    what = f"the {doing} {lock.get('tag') or lock.get('revision') or 'an unknown version'}"
    where = f" on {lock['host']}" if lock.get("host") else ""
    since = age(str(lock.get("started_at") or ""), now)
    lasting = "" if since == _NONE else f", for {since}"
    return f"{what} is under way: {lock.get('who') or 'nobody known'}{where}{lasting}"


def _deployment_notes(newest: Mapping[str, Any], now: datetime) -> Iterator[str]:
    revision, state = last_part(str(newest.get("taskDefinition") or "")), newest.get("rolloutState")
    if state == "IN_PROGRESS":
        tasks = f"{newest.get('runningCount', 0)} of {newest.get('desiredCount', 0)} tasks running"
        since = age(_iso(newest.get("createdAt")), now)
        yield f"the deployment of {revision} is under way for {since}: {tasks}"
    if state == "FAILED":
        reason = newest.get("rolloutStateReason")
        yield f"the deployment of {revision} failed{f': {reason}' if reason else ''}"


def _iso(time: Any) -> str:
    return time.isoformat() if isinstance(time, datetime) else ""


def age(started_at: str, now: datetime) -> str:
    """How long ago it was, in the one unit that fits."""
    try:
        seconds = (now - datetime.fromisoformat(started_at)).total_seconds()
    except (TypeError, ValueError):
        return _NONE
    # Below two days, hours say more.
    for unit, size, least in (("d", 86_400, 2 * 86_400), ("h", 3_600, 3_600), ("min", 60, 60)):
        if seconds >= least:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def rendered(rows: Sequence[Row], now: datetime, width: int = WIDTH) -> str:
    """The table, the notes below it, and the last releases where they were asked for."""
    lines = table(_HEADER, [_cells(one, now) for one in rows], {"SERVICE", "VERSION", "WHO"}, width)
    noted = [one for one in rows if one.notes]
    if noted:
        indent = min(30, max(width_of(one.name) for one in noted))
        lines.append("")
        for one in noted:
            for index, note in enumerate(one.notes):
                lines += wrapped("" if index else one.name, note, indent, width)
    return "\n".join(lines)


def rendered_releases(one: Row, width: int = WIDTH) -> str:
    """The last releases of one service."""
    if not one.releases:
        return f"{one.name}: no release is recorded"
    cells = [_release_cells(record) for record in one.releases]
    return "\n".join([f"{one.name}:", *table(_RELEASES, cells, {"VERSION", "WHO", "CAUSE"}, width)])


def _cells(one: Row, now: datetime) -> tuple[str, ...]:
    return (
        one.name,
        one.version or _NONE,
        one.digest.removeprefix("sha256:")[:_DIGEST] or _NONE,
        one.revision.rpartition(":")[2] or _NONE,
        _share(one.running_count, one.desired_count),
        _share(one.healthy_targets, one.targets),
        _verdict(one.kind, one.verdict) if one.verdict else _NONE,
        age(one.released_at, now),
        _person(one.who),
        _share(one.alarms_in_alarm, one.alarms) if one.alarms else _NONE,
    )


def _release_cells(record: Record) -> tuple[str, ...]:
    return (
        record.started_at[:19].replace("T", " "),
        record.kind,
        record.verdict.replace("_", " "),
        record.tag or _NONE,
        record.revision.rpartition(":")[2] or _NONE,
        f"{record.seconds:.0f} s",
        _person(record.who),
        " ".join(record.cause.split()) or _NONE,
    )


def _verdict(kind: str, verdict: str) -> str:
    said = verdict.replace("_", " ")
    return f"rollback {said}" if kind == "rollback" else said


def _share(some: int | None, all_: int | None) -> str:
    return _NONE if some is None or all_ is None else f"{some}/{all_}"


def _person(who: str) -> str:
    # The address of the CI run is for a record, and too long for a table.
    return " ".join(word for word in who.split() if "://" not in word) or _NONE
