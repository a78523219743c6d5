"""Planning without ever applying, and without stopping at what cannot be read: for drift checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from ..aws.clients import Aws
from ..aws.errors import AwsError, SlipwayError
from .kind import Kind, Known, Lookup, Options, Reference
from .observe import Request, expect_all, observe_all, ordered, planned
from .plan import Call, Live, Plan

_CALLS = ("create", "update", "delete")


@dataclass(frozen=True)
class Sight:
    """What was seen of one resource.

    Attributes:
        plan: what bringing it to its description would take; None where that cannot be known.
        error: why not.
    """

    request: Request
    plan: Plan | None = None
    error: SlipwayError | None = None


def inspect(aws: Aws, requests: Sequence[Request], kinds: Mapping[str, Lookup]) -> tuple[list[Sight], Known]:
    """Plan every resource by itself; what AWS refuses to show costs only the resources that it hides.

    Returns:
        A sight of each request, and what is known of every resource that was looked at.

    Raises:
        AwsError: AWS does not know who calls, or does not answer at all.
    """
    requests = ordered(requests, kinds)
    aws.identity()
    known = Known(aws)
    expect_all(known, requests)
    patient = _Patient(aws, known)
    observe_all(aws, requests, kinds, known, patient.look)
    for request in requests:
        _refuse_behind(request, patient.refused)
    for name, key in patient.refused:
        # Others then see a placeholder in its place, and not that it is absent.
        known.expect(name, key)
    # What a plan renews is no finding of those that refer to it; what is there stays known as it is.
    seen, sights = known.copy(), []
    for request in requests:
        sight = _sight(request, seen, patient.refused)
        if sight.plan is not None:
            seen.renew(request.kind.name, request.key, sight.plan.renews)
        sights.append(sight)
    return sights, known


def _refuse_behind(request: Request, refused: dict[Reference, SlipwayError]) -> None:
    """Refuse what can't be looked for, because what it is in was refused: nobody knows whether it is there."""
    kind = request.kind
    behind = [refused[one] for one in kind.references(request.options) if one[0] in kind.through and one in refused]
    if behind:
        refused[kind.name, request.key] = behind[0]


def _sight(request: Request, known: Known, refused: Mapping[Reference, SlipwayError]) -> Sight:
    error = refused.get((request.kind.name, request.key))
    if error is not None:
        return Sight(request, error=error)
    try:
        return Sight(request, planned(request, known))
    except SlipwayError:
        # What could not be put right can differ all the same.
        compared = Request(_only_compared(request.kind), request.options)
    try:
        return Sight(request, planned(compared, known))
    except SlipwayError as problem:
        return Sight(request, error=problem)


def _only_compared(kind: Kind) -> Kind:
    """The same kind, which plans no calls: a refusal to make them is no answer to what differs."""

    def nothing(*_: object) -> tuple[Call, ...]:
        return ()

    made: type[Kind] = type(f"Compared{type(kind).__name__}", (type(kind),), dict.fromkeys(_CALLS, nothing))
    return made()


class _Patient:
    """Looks at resources one by one where AWS refuses to show them together."""

    def __init__(self, aws: Aws, known: Known) -> None:
        self.refused: dict[Reference, SlipwayError] = {}
        self._aws = aws
        self._known = known
        self._lock = Lock()

    def look(self, kind: Lookup, wanted: Mapping[str, Options]) -> Mapping[str, Live]:
        try:
            return kind.observe(self._aws, wanted, self._known)
        except SlipwayError as error:
            if isinstance(error, AwsError) and error.is_about_credentials:
                raise
            if len(wanted) == 1 or (isinstance(error, AwsError) and error.is_passing):
                with self._lock:
                    self.refused |= {(kind.name, key): error for key in wanted}
                return {}
        return {key: live for one, options in wanted.items() for key, live in self.look(kind, {one: options}).items()}
