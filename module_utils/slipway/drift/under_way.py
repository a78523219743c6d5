"""What the table of releases says of many services at once: what was applied, and whose release is under way."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..aws.clients import Aws
from ..aws.errors import SlipwayError
from ..release.history import plain
from ..release.lock import ITEM as LOCK
from ..release.lock import LEASE, RENEW, Lock
from .applied import ITEM as APPLIED
from .applied import Applied, items

# Clocks of two machines may differ, and a renewal may come late: a lock counts as held for so much longer.
_CLOCKS = 600.0
_LATE = 1.25


@dataclass
class Looked:
    """By service, what its last release applied, and who holds its lock."""

    applied: dict[str, Applied] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)


def look(aws: Aws, table: str, services: Sequence[str]) -> Looked:
    """Both of each service, with few calls; nothing of one that was never released.

    Raises:
        SlipwayError: AWS refused it, or what is kept there can't be read.
    """
    looked = Looked()
    names = sorted(set(services))
    for item in items(aws, table, [(name, kept) for name in names for kept in (APPLIED, LOCK)]):
        values = plain(item)
        if values.get("item") == LOCK:
            lock = Lock.of(table, values)
            if is_held(lock, time.time()):
                looked.held[str(values["service"])] = str(lock)
            continue
        try:
            looked.applied[str(values["service"])] = Applied.of(str(values["document"]))
        except (KeyError, TypeError, ValueError, OSError, EOFError) as error:
            raise SlipwayError(
                f"what was kept of the last release of {values.get('service')} can't be read",
                where=f"DynamoDB table {table}",
                remedy="deploy the service again: that writes it anew",
            ) from error
    return looked


class Service(Protocol):
    """A service as its last release is known."""

    @property
    def host(self) -> str:
        """The inventory host."""

    @property
    def table(self) -> str:
        """Where its releases are kept; empty where it has none."""

    @property
    def key(self) -> str:
        """What names it there."""

    @property
    def applied(self) -> Applied | None:
        """What its last release applied, when that was last looked at."""


def begun(aws: Aws, services: Sequence[Service], *, locks: bool = True) -> dict[str, str]:
    """By host, what has begun, or come to its end, since its last release was looked at.

    Args:
        aws: whom to ask.
        services: which ones.
        locks: whether a lock counts, too.

    Raises:
        SlipwayError: AWS refused it, or what is kept there can't be read.
    """
    found: dict[str, str] = {}
    for table in {one.table for one in services if one.table}:
        mine = [one for one in services if one.table == table]
        looked = look(aws, table, [one.key for one in mine])
        for one in mine:
            if locks and one.key in looked.held:
                found[one.host] = looked.held[one.key]
            elif looked.applied.get(one.key) != one.applied:
                found[one.host] = "a release, which ended a moment ago"
    return found


def is_held(lock: Lock, now: float) -> bool:
    """Whether its holder seems to live: one that was killed long ago must not keep anybody from looking."""
    if lock.process.is_gone():
        return False
    return not lock.taken_at or now < lock.taken_at + lock.renewal * RENEW * _LATE + LEASE + _CLOCKS
