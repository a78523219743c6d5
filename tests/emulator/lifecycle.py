"""The order in which every kind is tested, on every emulator that has its service.

create -> again (no change) -> check mode of a change (nothing written) -> change -> again -> delete -> again,
with the API calls counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from slipway.aws.clients import Aws, Connection
from slipway.engine.observe import Request
from slipway.engine.options import argument_spec, documentation_of, validated
from slipway.engine.run import Outcome, run
from slipway.resources import KINDS, LOOKUPS

LIBRARY = Path(__file__).resolve().parents[2] / "library"
REGION = "ap-northeast-2"
_READS = ("Describe", "List", "Get", "BatchGet", "Lookup")

Resource = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Change:
    """One change of the description.

    Attributes:
        options: laid over the options of the case.
        found: the paths that must differ, exactly.
        not_on: emulator -> which fault of it makes this change impossible there.
    """

    options: Mapping[str, Any]
    found: frozenset[str]
    not_on: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One resource's life.

    Attributes:
        kind: the module's name.
        options: how it is first described.
        changes: made one after the other, each on top of the one before.
        no_op_calls: how many calls an unchanged run makes, besides asking who the caller is.
        before: what has to exist; removed again afterwards.
        removal: options that a removal needs besides the key (force).
        not_on: emulator -> which fault or gap of it makes the case impossible there.
        without: emulator -> options that it drops or refuses, with the fault told beside them in the test.
    """

    kind: str
    options: Mapping[str, Any]
    changes: Sequence[Change]
    no_op_calls: int
    before: Sequence[Resource] = ()
    removal: Mapping[str, Any] = field(default_factory=dict)
    not_on: Mapping[str, str] = field(default_factory=dict)
    without: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.kind


@cache
def _spec(kind: str) -> dict[str, Any]:
    return argument_spec(documentation_of(LIBRARY / f"{kind}.py"), KINDS[kind].secret_options)


def apply(
    endpoint: str, resources: Sequence[Resource], *, check: bool = False
) -> tuple[list[Outcome], Mapping[str, int]]:
    """Bring resources to their description as a task would; the calls made, without the question who calls."""
    aws = Aws(Connection(REGION, endpoint_url=endpoint))
    requests = [Request(KINDS[kind], validated(kind, _spec(kind), options)[0]) for kind, options in resources]
    outcomes = run(aws, requests, {**KINDS, **LOOKUPS}, check=check, report=lambda _: None)
    calls = {name: count for name, count in aws.calls.items() if name != "sts:GetCallerIdentity"}
    return outcomes, calls


def writes(calls: Mapping[str, int]) -> dict[str, int]:
    """The calls that are not reads."""
    return {name: count for name, count in calls.items() if not name.partition(":")[2].startswith(_READS)}


def walk(case: Case, emulator: str, endpoint: str) -> None:
    """Lead one resource through its life."""
    if case.before:
        apply(endpoint, case.before)
    dropped = case.without.get(emulator, ())
    options = {key: value for key, value in case.options.items() if key not in dropped}
    outcome = _once(case, endpoint, options, verb="create")
    assert outcome.outputs.get("name")
    _unchanged(case, endpoint, options)
    for change in case.changes:
        if emulator in change.not_on:
            continue
        options = {**options, **{key: value for key, value in change.options.items() if key not in dropped}}
        _checked(case, endpoint, options, change)
        _once(case, endpoint, options, verb="update")
        _unchanged(case, endpoint, options)
    gone = {**options, **case.removal, "state": "absent"}
    _, calls = apply(endpoint, [(case.kind, gone)], check=True)
    assert not writes(calls), "check mode of a removal wrote"
    _once(case, endpoint, gone, verb="delete")
    ([outcome], calls) = apply(endpoint, [(case.kind, gone)])
    assert (outcome.plan.verb, writes(calls)) == ("none", {}), "removing what is gone"
    if case.before:
        apply(endpoint, [(kind, {**what, "state": "absent"}) for kind, what in case.before])


def _once(case: Case, endpoint: str, options: Mapping[str, Any], *, verb: str) -> Outcome:
    ([outcome], calls) = apply(endpoint, [(case.kind, options)])
    assert outcome.plan.verb == verb, (outcome.plan.verb, outcome.plan.found)
    assert outcome.plan.changed
    assert writes(calls), f"{verb} wrote nothing"
    return outcome


def _unchanged(case: Case, endpoint: str, options: Mapping[str, Any]) -> None:
    ([outcome], calls) = apply(endpoint, [(case.kind, options)])
    assert not outcome.plan.found, f"false change: {outcome.plan.found}"
    assert outcome.plan.verb == "none"
    assert not writes(calls)
    assert sum(calls.values()) == case.no_op_calls, calls


def _checked(case: Case, endpoint: str, options: Mapping[str, Any], change: Change) -> None:
    ([outcome], calls) = apply(endpoint, [(case.kind, options)], check=True)
    assert {item.path for item in outcome.plan.found} == change.found
    assert outcome.plan.changed
    assert not writes(calls), "check mode wrote"
