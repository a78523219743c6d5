"""What a person reads: the before and after of a plan, and its one-line summary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .compare import SENSITIVE, Difference
from .plan import Output
from .run import Outcome

_DONE = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted", "none": "ok"}
_TO_DO = {
    "create": "to create",
    "update": "to update",
    "replace": "to replace",
    "delete": "to delete",
    "none": "ok",
}


def diff(outcome: Outcome) -> dict[str, str]:
    """The changed fields as Ansible's --diff shows them, one field a line."""
    label = outcome.request.label
    plan = outcome.plan
    if plan.verb == "delete":
        return {
            "before_header": label,
            "after_header": f"{label} (absent)",
            "before": f"{label}\n",
            "after": "",
        }
    before = "" if plan.verb == "create" else _lines(plan.found, after=False)
    heading = {"create": " (absent)", "replace": ""}.get(plan.verb, "")
    return {
        "before_header": f"{label}{heading}",
        "after_header": f"{label} ({_TO_DO[plan.verb]})",
        "before": before,
        "after": _lines(plan.found, after=True),
    }


def summary(outcome: Outcome, *, check: bool) -> str:
    """One line: the verb, the resource and the fields."""
    plan = outcome.plan
    verb = (_TO_DO if check else _DONE)[plan.verb]
    fields = ", ".join(item.path for item in plan.found) if plan.verb in {"update", "replace"} else ""
    took = "" if check or not plan.changed else f" ({outcome.seconds:.1f} s)"
    return f"{verb}: {outcome.request.label}{': ' + fields if fields else ''}{took}"


def _lines(found: Sequence[Difference], *, after: bool) -> str:
    lines: list[str] = []
    for item in found:
        value = item.after if after else item.before
        if after and value == item.before == SENSITIVE:
            value = f"{SENSITIVE}, another value"
        if value is not None:
            lines.extend(_flat(item.path, value))
    return "".join(f"{line}\n" for line in lines)


def _flat(path: str, value: Any) -> list[str]:
    """One line a leaf, so that a diff shows the leaf that changed and not the document around it."""
    if isinstance(value, dict) and value:
        return [line for key, item in value.items() for line in _flat(f"{path}.{key}", item)]
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return [line for index, item in enumerate(value) for line in _flat(f"{path}[{index}]", item)]
    if isinstance(value, Output):
        return [f"{path}: {value}"]
    return [f"{path}: {value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)}"]
