"""How a release that failed is told: what broke, and what serves now. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .record import Outcome

# What a rollback did -> what became of the release.
_VERDICTS: dict[str, Outcome] = {"already": "rolled_back", "rolled_back": "rolled_back"}
_SHOWN = 200


def verdict_of(rollback: Mapping[str, Any]) -> Outcome:
    """The verdict of a release that failed, from the result of its rollback."""
    return _VERDICTS.get(str(rollback.get("action")), "failed")


def cause_of(failure: Mapping[str, Any]) -> dict[str, str]:
    """Code and one line of the first cause of a failed task; without causes, the first line of its message."""
    causes = failure.get("causes") or ()
    if causes:
        return {"code": str(causes[0]["code"]), "title": str(causes[0]["title"])[:_SHOWN]}
    lines = _message(failure).splitlines()
    return {"code": str(failure.get("cause_code") or ""), "title": lines[0][:_SHOWN]}


def closing(name: str, tag: str, failure: Mapping[str, Any], rollback: Mapping[str, Any]) -> str:
    """Both facts: what broke, and what serves now. The evidence was shown where it broke."""
    lines = [f"the release{f' of {tag}' if tag else ''} of {name} failed"]
    causes = failure.get("causes") or ()
    if causes:
        lines += [f"what broke: {failure.get('reason') or _message(failure).splitlines()[0]}"]
        for cause in causes:
            lines.append(f"  cause: {cause['title']}")
            lines += [f"  -> {cause['remedy']}"] if cause.get("remedy") else []
    else:
        lines += [f"what broke: {_message(failure)}"]
    return "\n".join([*lines, f"what serves now: {_serves(rollback)}"])


def _message(failure: Mapping[str, Any]) -> str:
    return str(failure.get("msg") or "").strip() or "no reason was given"


def _serves(rollback: Mapping[str, Any]) -> str:
    said = str(rollback.get("msg") or "").strip()
    if rollback.get("action"):
        return said
    if not rollback or rollback.get("skipped"):
        return "whatever served when it failed: nothing was gone back to (service_rollback is false)"
    return f"unknown: the rollback failed, too: {said or 'no reason was given'}"
