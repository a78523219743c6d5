"""Observe all, then plan and apply one by one: the same for one resource and for a whole stack."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError, SlipwayError
from ..step import Report
from .kind import Known, Lookup
from .observe import Request, expect_all, observe_all, ordered, planned
from .plan import Call, Live, Plan, resolve

# Seconds between two lines that say that a wait goes on.
_REMIND = 20.0


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
    expect_all(known, requests)
    observe_all(aws, requests, kinds, known)
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
    plan = planned(request, known)
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


def _plan_again(aws: Aws, request: Request, known: Known) -> Plan:
    known.put(
        request.kind.name,
        request.key,
        request.kind.observe(aws, {request.key: request.options}, known).get(request.key),
    )
    plan = planned(request, known)
    _refuse_blocked([request], [plan])
    return plan


def _plan_all(requests: Sequence[Request], known: Known) -> list[Plan]:
    plans = []
    for request in requests:
        plan = planned(request, known)
        known.renew(request.kind.name, request.key, plan.renews)
        plans.append(plan)
    return plans


def _apply(aws: Aws, request: Request, plan: Plan, report: Report) -> dict[str, Any]:
    outputs: dict[str, Any] = dict(plan.outputs)
    for call in plan.calls:
        try:
            response = make(aws, call, outputs, lambda line: report(f"{request.label}: {line}"))
        except SlipwayError as error:
            error.where = request.label
            raise
        if call.collect is not None and response is not None:
            outputs.update(call.collect(response))
    return outputs


def make(aws: Aws, call: Call, outputs: Mapping[str, Any], report: Report) -> dict[str, Any] | None:
    """One call of a plan, as patient as it says; None where what it tolerates was answered.

    Raises:
        SlipwayError: AWS refused it, or it took too long.
    """
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
