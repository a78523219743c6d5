"""Looking at every resource of a run, and at those that they name, before any of them is planned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..aws.clients import Aws
from ..aws.errors import SlipwayError
from .compare import left_as_is
from .kind import Kind, Known, Lookup, Options
from .parallel import side_by_side
from .plan import Live, Plan

# Looks at some resources of one kind, by key.
Look = Callable[[Lookup, Mapping[str, Options]], Mapping[str, Live]]


@dataclass(frozen=True)
class Request:
    """One resource to bring to its description.

    Attributes:
        leave: paths of differences that stay as they are.
    """

    kind: Kind
    options: Options
    leave: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """What identifies it among its kind."""
        return self.kind.key(self.options)

    @property
    def label(self) -> str:
        """Kind and name, for a person."""
        return f"{self.kind.name} {self.key}"


def ordered(requests: Sequence[Request], kinds: Mapping[str, Lookup]) -> list[Request]:
    """What others refer to comes first; what is removed goes last, and in the opposite order."""

    def rank(name: str) -> int:
        return 1 + max((rank(before) for before in kinds[name].after if before in kinds and before != name), default=0)

    gone = [request for request in reversed(requests) if request.options.get("state") == "absent"]
    kept = [request for request in requests if request.options.get("state") != "absent"]
    kept.sort(key=lambda request: rank(request.kind.name))
    gone.sort(key=lambda request: -rank(request.kind.name))
    return kept + gone


def expect_all(known: Known, requests: Iterable[Request]) -> None:
    """Let those that are not there yet be known as what this run makes."""
    for request in requests:
        if request.options.get("state") != "absent":
            known.expect(request.kind.name, request.key)


def observe_all(
    aws: Aws, requests: Sequence[Request], kinds: Mapping[str, Lookup], known: Known, look: Look | None = None
) -> None:
    """Level by level along `after`, each kind once for all its resources, the kinds of a level side by side.

    `look` does it in the place of `Lookup.observe`.
    """
    waiting = _wanted(requests, kinds)
    requested = {(request.kind.name, request.key) for request in requests}
    done: set[str] = set()

    def seen(name: str) -> Mapping[str, Live]:
        return look(kinds[name], waiting[name]) if look else kinds[name].observe(aws, waiting[name], known)

    while waiting:
        level = [name for name in waiting if not _pending_before(kinds[name], waiting, done)]
        for name, found in zip(level, side_by_side(seen, level), strict=True):
            for key in waiting.pop(name):
                live = found.get(key)
                if live is not None or (name, key) not in requested:
                    known.put(name, key, live)
        done.update(level)


def _pending_before(kind: Lookup, waiting: Mapping[str, object], done: set[str]) -> bool:
    return any(name in waiting and name not in done and name != kind.name for name in kind.after)


def _wanted(requests: Sequence[Request], kinds: Mapping[str, Lookup]) -> dict[str, dict[str, Options]]:
    """Every resource to look up: those of the run, and those that they name."""
    wanted: dict[str, dict[str, Options]] = defaultdict(dict)
    for request in requests:
        wanted[request.kind.name][request.key] = request.options
    for request in requests:
        for name, key in request.kind.references(request.options):
            wanted[name].setdefault(key, {})
    return {name: dict(found) for name, found in wanted.items()}


def planned(request: Request, known: Known) -> Plan:
    """The plan of one resource, with what is known by now.

    Raises:
        SlipwayError: the options contradict each other, or name what is not there.
    """
    try:
        desired = request.kind.desired(request.options, known)
        live = known.live(request.kind.name, request.key)
        for path in sorted(request.leave):
            if live is not None:
                desired = replace(desired, fields=left_as_is(desired.fields, live.fields, path, request.kind.rules))
        return request.kind.plan(desired, live)
    except SlipwayError as error:
        error.where = error.where or request.label
        raise
