"""Observe all, then plan and apply one by one: the same for one resource and for a whole stack."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError, SlipwayError
from ..step import Report
from .kind import Kind, Known, Lookup, Options
from .parallel import side_by_side
from .plan import Call, Live, Plan, resolve

# Seconds between two lines that say that a wait goes on.
_REMIND = 20.0


@dataclass(frozen=True)
class Request:
    """One resource to bring to its description."""

    kind: Kind
    options: Options

    @property
    def key(self) -> str:
        """What identifies it among its kind."""
        return self.kind.key(self.options)

    @property
    def label(self) -> str:
        """Kind and name, for a person."""
        return f"{self.kind.name} {self.key}"


@dataclass(frozen=True)
class Outcome:
    """What was found and done for one request."""

    request: Request
    plan: Plan
    outputs: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


def run(
    aws: Aws,
    requests: Sequence[Request],
    kinds: Mapping[str, Lookup],
    *,
    check: bool,
    report: Report,
    done: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Bring every resource to its description; in check mode only plan it.

    Args:
        aws: whom to call.
        requests: what is wanted.
        kinds: every kind, and what is only looked up.
        check: plan only.
        report: takes lines about long waits.
        done: is told of each outcome as soon as there is one.

    Raises:
        SlipwayError: bad options (before anything is written), or AWS refused a call.
    """
    _refuse_twins(requests)
    requests = ordered(requests, kinds)
    aws.identity()
    known = Known(aws)
    _expect_all(known, requests)
    _observe_all(aws, requests, kinds, known)
    # Planned once before anything is written, so that one bad description stops the run while nothing is half done.
    plans = _plan_all(requests, known.copy())
    _refuse_blocked(requests, plans)
    outcomes = []
    for request, plan in zip(requests, plans, strict=True):
        outcome = _outcome(request, plan, plan.outputs, 0.0) if check else _bring(aws, request, known, report)
        done(outcome)
        outcomes.append(outcome)
    return outcomes


def _bring(aws: Aws, request: Request, known: Known, report: Report) -> Outcome:
    """Plan with what is known by now, and apply."""
    started = time.monotonic()
    plan = _plan(request, known)
    try:
        outputs = _apply(aws, request, plan, report)
    except AwsError as error:
        if plan.verb != "create" or error.code not in request.kind.exists:
            raise
        # Another service's deploy, side by side with this one, was quicker: it is shared, so it is brought on.
        plan = _plan_again(aws, request, known)
        outputs = _apply(aws, request, plan, report)
    if plan.verb == "delete":
        known.put(request.kind.name, request.key, None)
    elif plan.changed:
        known.put(request.kind.name, request.key, Live({}, outputs))
    return _outcome(request, plan, outputs, time.monotonic() - started)


def ordered(requests: Sequence[Request], kinds: Mapping[str, Lookup]) -> list[Request]:
    """What others refer to comes first; what is removed goes last, and in the opposite order."""

    def rank(name: str) -> int:
        return 1 + max((rank(before) for before in kinds[name].after if before in kinds and before != name), default=0)

    gone = [request for request in reversed(requests) if request.options.get("state") == "absent"]
    kept = [request for request in requests if request.options.get("state") != "absent"]
    kept.sort(key=lambda request: rank(request.kind.name))
    gone.sort(key=lambda request: -rank(request.kind.name))
    return kept + gone


def _outcome(request: Request, plan: Plan, outputs: Mapping[str, Any], seconds: float) -> Outcome:
    return Outcome(request, plan, {"name": request.key, **outputs}, seconds)


def _refuse_twins(requests: Sequence[Request]) -> None:
    seen: set[str] = set()
    for request in requests:
        if request.label in seen:
            raise SlipwayError("it is described twice in one task", where=request.label, remedy="remove one of the two")
        seen.add(request.label)


def _refuse_blocked(requests: Sequence[Request], plans: Sequence[Plan]) -> None:
    for request, plan in zip(requests, plans, strict=True):
        if plan.blocked:
            fields = "; ".join(f"{item.path}: {item.before} -> {item.after}" for item in plan.found)
            raise SlipwayError(
                f"{plan.blocked} ({fields})",
                where=request.label,
                remedy="put the old value back, or choose a new name so that a second one is made beside it",
            )


def _expect_all(known: Known, requests: Iterable[Request]) -> None:
    for request in requests:
        if request.options.get("state") != "absent":
            known.expect(request.kind.name, request.key)


def _plan_again(aws: Aws, request: Request, known: Known) -> Plan:
    known.put(
        request.kind.name,
        request.key,
        request.kind.observe(aws, {request.key: request.options}, known).get(request.key),
    )
    plan = _plan(request, known)
    _refuse_blocked([request], [plan])
    return plan


def _plan_all(requests: Sequence[Request], known: Known) -> list[Plan]:
    plans = []
    for request in requests:
        plan = _plan(request, known)
        known.renew(request.kind.name, request.key, plan.renews)
        plans.append(plan)
    return plans


def _plan(request: Request, known: Known) -> Plan:
    try:
        desired = request.kind.desired(request.options, known)
        return request.kind.plan(desired, known.live(request.kind.name, request.key))
    except SlipwayError as error:
        error.where = error.where or request.label
        raise


def _observe_all(aws: Aws, requests: Sequence[Request], kinds: Mapping[str, Lookup], known: Known) -> None:
    """Level by level along `after`, each kind once for all its resources, the kinds of a level side by side."""
    wanted = _wanted(requests, kinds)
    done: set[str] = set()
    waiting = dict(wanted)
    while waiting:
        level = [name for name in waiting if not _pending_before(kinds[name], waiting, done)]
        found = side_by_side(lambda name: kinds[name].observe(aws, waiting[name], known), level)
        for name, seen in zip(level, found, strict=True):
            for key in waiting.pop(name):
                live = seen.get(key)
                if live is not None or not _is_request(requests, name, key):
                    known.put(name, key, live)
        done.update(level)


def _pending_before(kind: Lookup, waiting: Mapping[str, Any], done: set[str]) -> bool:
    return any(name in waiting and name not in done and name != kind.name for name in kind.after)


def _is_request(requests: Sequence[Request], kind: str, key: str) -> bool:
    return any(request.kind.name == kind and request.key == key for request in requests)


def _wanted(requests: Sequence[Request], kinds: Mapping[str, Lookup]) -> dict[str, dict[str, Options]]:
    """Every resource to look up: those of the run, and those that they name."""
    wanted: dict[str, dict[str, Options]] = defaultdict(dict)
    for request in requests:
        wanted[request.kind.name][request.key] = request.options
    for request in requests:
        for name, key in request.kind.references(request.options):
            wanted[name].setdefault(key, {})
    return {name: dict(found) for name, found in wanted.items()}


def _apply(aws: Aws, request: Request, plan: Plan, report: Report) -> dict[str, Any]:
    outputs: dict[str, Any] = dict(plan.outputs)
    for call in plan.calls:
        try:
            response = _make(aws, call, outputs, lambda line: report(f"{request.label}: {line}"))
        except SlipwayError as error:
            error.where = request.label
            raise
        if call.collect is not None and response is not None:
            outputs.update(call.collect(response))
    return outputs


def _make(aws: Aws, call: Call, outputs: Mapping[str, Any], report: Report) -> dict[str, Any] | None:
    params = resolve(call.params, outputs)
    started = told = time.monotonic()
    deadline = started + call.patience
    if call.progress:
        report(call.progress)
    while True:
        try:
            response = aws.call(call.service, call.operation, **params)
        except AwsError as error:
            if error.among(call.tolerate):
                return None
            if not error.among(call.retry) or time.monotonic() >= deadline:
                raise
        else:
            if call.until is None or call.until(response):
                return response
            if time.monotonic() >= deadline:
                raise SlipwayError(
                    f"still not done after {call.patience:.0f} s: {call.progress or call.operation}",
                    remedy="look at it in the AWS console, then run the same command again",
                )
        time.sleep(min(call.every, max(0.0, deadline - time.monotonic())))
        if call.progress and time.monotonic() >= told + _REMIND:
            told = time.monotonic()
            report(f"{call.progress} ({told - started:.0f} s so far)")
