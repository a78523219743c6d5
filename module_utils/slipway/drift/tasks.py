"""What a role in check mode would have changed, as a callback saw it in ansible-playbook's own process.

Every fork that begins later has the same list: the task that makes the report is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TaskSeen:
    """One result of one task, or of one item of its loop.

    Attributes:
        changed: what it would change; empty where all is as it should be.
    """

    host: str
    task: str
    changed: Mapping[str, Any]


SEEN: list[TaskSeen] = []
# The parts of a result by which a person sees what would be changed.
_TOLD = ("diff", "state", "enabled", "status", "msg")
_OF_UNITS = ("ActiveState", "UnitFileState")


def note(host: str, task: str, result: Mapping[str, Any]) -> None:
    """Remember a result; of a loop, each item."""
    items = result.get("results")
    found = items if isinstance(items, list) else [result]
    for one in found:
        item = one.get("_ansible_item_label", one.get("item")) if isinstance(items, list) else None
        name = task if item is None else f"{task}[{item}]"
        changed = bool(one.get("changed")) and not one.get("skipped")
        SEEN.append(TaskSeen(host, name, _told(one) if changed else {}))


def _told(result: Mapping[str, Any]) -> dict[str, Any]:
    told = {key: result[key] for key in _TOLD if result.get(key) is not None}
    status = told.pop("status", None)
    if isinstance(status, Mapping):
        told["unit"] = {key: status[key] for key in _OF_UNITS if key in status}
    return {"changed": True, **told}
