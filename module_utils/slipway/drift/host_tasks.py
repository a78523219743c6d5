"""From what the role of a machine would change to findings. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .finding import Finding, State
from .judge import hidden
from .lines import apart
from .severity import severity
from .tasks import TaskSeen

_RUNS = {"active": "started", "inactive": "stopped", "failed": "failed"}


def of_role(host: str, seen: Iterable[TaskSeen], *, state: State, remedy: str) -> Iterator[Finding]:
    """A finding of each task that would change the machine."""
    for one in seen:
        if one.host != host or not one.changed:
            continue
        wanted, found = _told(one.changed)
        yield Finding(
            (host,),
            state,
            severity("machine", one.task, found, wanted),
            "machine",
            host,
            one.task,
            expected=wanted,
            found=found,
            what=f"{one.task}: it is not so",
            remedy=remedy,
        )


def _told(changed: Mapping[str, Any]) -> tuple[Any, Any]:
    """What the task would bring about, and what is there."""
    wanted, found = _unit(changed) if "unit" in changed else ({}, {})
    given = changed.get("diff")
    for diff in given if isinstance(given, list) else [given]:
        if isinstance(diff, Mapping):
            before, after = diff.get("before"), diff.get("after")
            if isinstance(before, Mapping) and isinstance(after, Mapping):
                names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
                wanted |= {name: hidden(str(name), after.get(name)) for name in names}
                found |= {name: hidden(str(name), before.get(name)) for name in names}
            elif isinstance(before, str) or isinstance(after, str):
                lines = apart(str(after or ""), str(before or ""))
                wanted |= {"lines": lines[0].split("\n")} if lines[0] else {}
                found |= {"lines": lines[1].split("\n")} if lines[1] else {}
    if not wanted and not found:
        return hidden("msg", str(changed.get("msg") or "as the role has it")), "something else"
    return wanted or None, found or None


def _unit(changed: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    unit = changed["unit"]
    active = str(unit.get("ActiveState") or "")
    found = {"state": _RUNS.get(active, active), "enabled": unit.get("UnitFileState") == "enabled"}
    wanted = {"state": str(changed.get("state") or found["state"]), "enabled": changed.get("enabled", found["enabled"])}
    names = [name for name in wanted if wanted[name] != found[name]]
    return {name: wanted[name] for name in names}, {name: found[name] for name in names}
