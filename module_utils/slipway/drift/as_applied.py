"""What is there, compared with what releases applied: of several, the one that is nearest to it counts.

A shared resource was applied by each service that describes it. A release that failed half-way has applied a part. And
a rollback leaves an older revision running than the newest one of its family. Nobody changed anything in any of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..aws.clients import Aws
from ..aws.errors import SlipwayError
from ..engine.inspect import Sight, inspect
from ..engine.kind import Known, Lookup, Reference
from ..engine.observe import Request, planned
from .shared import same


def compared(
    aws: Aws,
    now: Mapping[Reference, Sight],
    applied: Mapping[Reference, Sequence[Request]],
    serving: Mapping[Reference, Sequence[str]],
    known: Known,
    kinds: Mapping[str, Lookup],
) -> dict[Reference, Sight]:
    """By resource, the sight of it as it was applied; nothing where that is what is described now, or nobody knows.

    Args:
        aws: whom to ask.
        now: each resource as it is described now.
        applied: what releases applied.
        serving: of services, the revision that the last release or rollback left.
        known: what was seen for `now`.
        kinds: every kind, and what is only looked up.
    """
    candidates = {reference: [one] for reference, one in now.items() if _is_among(one.request, applied[reference])}
    others = {
        reference: [one for one in requests if not same(one.options, now[reference].request.options)]
        for reference, requests in applied.items()
    }
    while waiting := [requests.pop(0) for requests in others.values() if requests]:
        # Each looks at its own fields, and there is one resource of a name in a look.
        sights, then = inspect(aws, waiting, kinds)
        for sight in sights:
            reference = (sight.request.kind.name, sight.request.key)
            pinned = _pinned(sight, serving.get(reference, ()), then)
            candidates.setdefault(reference, []).extend([sight, *pinned])
    for reference, sights in candidates.items():
        if sights[0] is now[reference]:
            sights += _pinned(sights[0], serving.get(reference, ()), known)
    nearest = {reference: min(sights, key=_distance) for reference, sights in candidates.items()}
    return {reference: sight for reference, sight in nearest.items() if sight is not now[reference]}


def _is_among(request: Request, applied: Sequence[Request]) -> bool:
    return any(same(one.options, request.options) for one in applied)


def _distance(sight: Sight) -> int:
    return len(sight.plan.found) if sight.plan else 1_000_000


def _pinned(sight: Sight, revisions: Sequence[str], known: Known) -> Iterator[Sight]:
    """A service with the revision that was left running, where it does not run the newest of its family."""
    if sight.plan is None or all(item.path != "task_definition" for item in sight.plan.found):
        return
    for revision in revisions:
        request = Request(sight.request.kind, {**sight.request.options, "task_definition": revision})
        try:
            yield Sight(request, planned(request, known))
        except SlipwayError:
            continue
