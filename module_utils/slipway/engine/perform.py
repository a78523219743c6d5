"""From validated options to an Ansible result: what the modules and the action plugins share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..aws.clients import Aws, Connection
from ..step import Report
from . import render
from .kind import Kind, Lookup, Options
from .observe import Request
from .run import Outcome, run


def perform(
    kinds: Mapping[str, Kind],
    lookups: Mapping[str, Lookup],
    wanted: Sequence[tuple[str, Options]],
    connection: Mapping[str, Any],
    *,
    check: bool,
    report: Report,
) -> dict[str, Any]:
    """Bring the wanted resources to their description.

    Args:
        kinds: every kind that can be wanted.
        lookups: what the kinds only look up.
        wanted: kind and options of each resource.
        connection: where the options for region, profile and endpoint are.
        check: plan only.
        report: takes live lines.

    Returns:
        An Ansible result: changed, diff, `resources` (kind, name, changed, verb, and the resource's outputs), and
        `api_calls`, how many calls were made.

    Raises:
        SlipwayError: bad options, or AWS refused a call.
    """
    aws = Aws(Connection.of(connection))
    requests = [Request(kinds[name], options) for name, options in wanted]

    def done(outcome: Outcome) -> None:
        if outcome.plan.changed:
            report(render.summary(outcome, check=check))

    outcomes = run(aws, requests, {**kinds, **lookups}, check=check, report=report, done=done)
    return {
        "changed": any(outcome.plan.changed for outcome in outcomes),
        "diff": [render.diff(outcome) for outcome in outcomes if outcome.plan.changed],
        "resources": [_resource(outcome) for outcome in outcomes],
        "api_calls": sum(aws.calls.values()),
    }


def _resource(outcome: Outcome) -> dict[str, Any]:
    return {
        "kind": outcome.request.kind.name,
        "changed": outcome.plan.changed,
        "verb": outcome.plan.verb,
        "seconds": round(outcome.seconds, 3),
        **{
            key: value
            for key, value in outcome.outputs.items()
            if isinstance(value, str | int | float | bool | list | dict)
        },
    }
