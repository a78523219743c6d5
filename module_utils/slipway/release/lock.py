"""One release of a service at a time: a lock that needs no person when its release was killed.

The lock is an item of the table of releases with a number that its holder keeps raising. Whoever waits takes it over
when that number has stood still for a whole lease by its own clock, so that no two clocks are compared:
https://aws.amazon.com/blogs/database/building-distributed-locks-with-the-dynamodb-lock-client/
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from ..aws.clients import Aws
from ..aws.errors import AwsError, SlipwayError
from ..step import Report
from .history import NO_TABLE, NOT_SO, plain, stored, with_table, write
from .process import Process
from .record import Record

LEASE = 60.0
# How often its holder renews it.
RENEW = LEASE / 4
ITEM = "lock"
_EVERY = 1.0
# Seconds between two lines that say that a wait goes on.
_REMIND = 30.0
_OURS = {"ConditionExpression": "#token = :token", "ExpressionAttributeNames": {"#token": "token"}}
_KILLED = "the release was killed before its end"
_TEXTS = ("who", "kind", "started_at", "tag", "digest", "revision", "commit")


@dataclass(frozen=True)
class Lock:
    """A lock as it is in the table.

    Attributes:
        record: what its release leaves behind where it is killed.
        process: the ansible-playbook; without a pid where nobody can tell.
        taken_at: when, by its holder's clock, in seconds since 1970; 0 where nobody knows.
    """

    table: str
    token: str
    record: Record
    process: Process
    renewal: int = 1
    taken_at: int = 0

    def __str__(self) -> str:
        of = self.record
        what = of.tag or of.revision or of.digest
        doing = f"the {of.kind}{f' of {what}' if what else ''}"
        where = f" (process {self.process.pid} on {_host(self.process)})" if self.process.pid else ""
        return f"{doing} by {of.who or 'nobody known'}, since {of.started_at or 'nobody knows when'}{where}"

    @property
    def key(self) -> dict[str, Any]:
        """Its item's key."""
        return item_key(self.record.service)

    def item(self) -> dict[str, Any]:
        """Its item."""
        values = {
            "service": self.record.service,
            "item": ITEM,
            "token": self.token,
            "renewal": self.renewal,
            "taken_at": self.taken_at,
            "host": _host(self.process),
            "pid": self.process.pid,
            "place": self.process.place,
            "born": self.process.born,
            **{name: getattr(self.record, name) for name in _TEXTS},
        }
        return stored({key: value for key, value in values.items() if value != ""})

    @classmethod
    def of(cls, table: str, values: Mapping[str, Any]) -> Lock:
        """A lock from its item."""
        process = Process(int(values.get("pid", 0)), str(values.get("place", "")), str(values.get("born", "")))
        texts = {name: str(values.get(name, "")) for name in _TEXTS}
        record = Record.of({"service": str(values["service"]), **texts})
        renewal, taken_at = int(values.get("renewal", 0)), int(values.get("taken_at", 0))
        return cls(table, str(values.get("token", "")), record, process, renewal, taken_at)

    @property
    def leaves_record(self) -> bool:
        """Whether what it was taken for is kept in the history, where that was killed."""
        return bool(self.record.started_at) and self.record.kind != "repair"

    def interrupted(self) -> Record:
        """The record of its release, where that was killed."""
        return replace(self.record, verdict="interrupted", cause=_KILLED, cause_code="interrupted")


@dataclass
class _Watched:
    """What a waiter has seen of another's lock."""

    token: str
    renewal: int
    since: float
    moved: bool = False
    told: float = field(default=0.0)


def _host(process: Process) -> str:
    return process.place.partition("/")[0] or socket.gethostname()


def item_key(service: str) -> dict[str, Any]:
    """The key of a service's lock in the table."""
    return stored({"service": service, "item": ITEM})


def look(aws: Aws, table: str, service: str) -> Lock | None:
    """The lock as it is; None where nobody holds it.

    Raises:
        AwsError: AWS refused the question.
    """
    try:
        answer = aws.call("dynamodb", "GetItem", TableName=table, Key=item_key(service), ConsistentRead=True)
    except AwsError as error:
        if error.code == NO_TABLE:
            return None
        raise
    if not answer.get("Item"):
        return None
    return Lock.of(table, plain(answer["Item"]))


def acquire(aws: Aws, table: str, record: Record, process: Process, *, timeout: float, report: Report) -> Lock:
    """Take the lock, after whoever has it, or in the place of a release that is no more.

    Raises:
        SlipwayError: another release holds it, and did not end in time; or AWS refused a call.
    """
    mine = Lock(table, uuid4().hex, record, process, taken_at=int(datetime.now(UTC).timestamp()))
    started = time.monotonic()
    watched: _Watched | None = None
    while True:
        if _put(aws, mine, "attribute_not_exists(#token)", {}):
            return mine
        other = look(aws, table, record.service)
        now = time.monotonic()
        if other is None:
            time.sleep(_EVERY / 10)
            continue
        if other.token == mine.token:
            # The answer to our own write was lost, and a repetition was refused.
            return mine
        if watched is None or watched.token != other.token:
            watched = _Watched(other.token, other.renewal, now)
        elif watched.renewal != other.renewal:
            watched.renewal, watched.since, watched.moved = other.renewal, now, True
        if _is_stale(other, watched, now):
            report(f"the lock of a release that is no more is taken over: {other}")
            if _take_over(aws, mine, other):
                return mine
            continue
        # A holder that was never seen to live is given the rest of its lease: it may be dead, and then nobody else
        # would ever take its place.
        if now - started >= timeout and (watched.moved or timeout + LEASE < now - started):
            raise _refusal(other, timeout)
        if not watched.told or now - watched.told >= _REMIND:
            watched.told = now
            report(f"waiting for {other}; {now - started:.0f} of {timeout:.0f} s")
        time.sleep(_EVERY)


def renew(aws: Aws, lock: Lock) -> bool:
    """Raise the lock's number; False when it is somebody else's, or gone.

    Raises:
        AwsError: AWS refused it for another reason.
    """
    names = {"#token": "token", "#renewal": "renewal"}
    return _done(
        aws,
        "UpdateItem",
        TableName=lock.table,
        Key=lock.key,
        UpdateExpression="SET #renewal = #renewal + :one",
        ConditionExpression="#token = :token",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=stored({":token": lock.token, ":one": 1}),
    )


def release(aws: Aws, table: str, service: str, token: str) -> bool:
    """Give the lock back; False when it is somebody else's, or gone.

    Raises:
        AwsError: AWS refused it for another reason.
    """
    values = {"ExpressionAttributeValues": stored({":token": token})}
    return _done(aws, "DeleteItem", TableName=table, Key=item_key(service), **_OURS, **values)


def _put(aws: Aws, lock: Lock, condition: str, values: Mapping[str, Any]) -> bool:
    names = {"#token": "token"} | ({"#renewal": "renewal"} if "#renewal" in condition else {})
    params: dict[str, Any] = {"ConditionExpression": condition, "ExpressionAttributeNames": names}
    if values:
        params["ExpressionAttributeValues"] = stored(values)
    try:
        with_table(aws, lock.table, "PutItem", Item=lock.item(), **params)
    except AwsError as error:
        if error.code == NOT_SO:
            return False
        raise
    return True


def _done(aws: Aws, operation: str, **params: Any) -> bool:
    try:
        aws.call("dynamodb", operation, **params)
    except AwsError as error:
        if error.code in (NOT_SO, NO_TABLE):
            return False
        raise
    return True


def _is_stale(other: Lock, watched: _Watched, now: float) -> bool:
    return other.process.is_gone() or now - watched.since >= LEASE


def _take_over(aws: Aws, mine: Lock, other: Lock) -> bool:
    condition = "#token = :token AND #renewal = :renewal"
    if not _put(aws, mine, condition, {":token": other.token, ":renewal": other.renewal}):
        return False
    if other.leaves_record:
        write(aws, mine.table, other.interrupted(), only_new=True)
    return True


def _refusal(other: Lock, timeout: float) -> SlipwayError:
    remedy = "wait for its end and run the same command again; a release that is killed gives its lock back by itself"
    return SlipwayError(
        f"another release holds it, and did not end within {timeout:.0f} s: {other}",
        where=other.record.service,
        remedy=remedy,
    )
