"""One check of the preflight, and how all of them are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...service.findings import Finding, Path

Status = Literal["OK", "WARN", "FAIL", "SKIP"]
Locate = Callable[[Path], str | None]


@dataclass(frozen=True)
class Check:
    """What one check came to.

    Attributes:
        status: FAIL stops the deploy before anything is touched; SKIP is what could not be looked at here.
        what: what was found, without any value that could be a secret.
        remedy: what to do about it; every FAIL and WARN has one.
        path: the variable that says what is wrong, then the keys below it.
        group: the branch of the tree.
    """

    status: Status
    what: str
    remedy: str = ""
    path: Path = ()
    group: str = ""

    def text(self, locate: Locate) -> str:
        """The check as a person reads it, with the variable and where it was written."""
        if not self.path:
            return self.what
        where = locate(self.path)
        return f"{Finding(self.path, '').variable}: {self.what}" + (f"  ({where})" if where else "")

    def result(self, locate: Locate) -> dict[str, str]:
        """The check as part of an Ansible result."""
        return {
            "group": self.group,
            "status": self.status,
            "what": self.what,
            "remedy": self.remedy,
            "variable": Finding(self.path, "").variable if self.path else "",
            "where": (locate(self.path) if self.path else None) or "",
        }


def ok(what: str) -> Check:
    """What is as it should be, or is made by this deploy."""
    return Check("OK", what)


def warn(what: str, remedy: str, *path: str | int) -> Check:
    """What may go wrong, or could not be seen."""
    return Check("WARN", what, remedy, path)


def fail(what: str, remedy: str, *path: str | int) -> Check:
    """What would make the deploy fail."""
    return Check("FAIL", what, remedy, path)


def skip(what: str) -> Check:
    """What cannot be looked at here."""
    return Check("SKIP", what)


def worst(checks: Sequence[Check]) -> Status:
    """The status of a branch; what was left out counts only where nothing else is there."""
    statuses = {check.status for check in checks}
    order: tuple[Status, ...] = ("FAIL", "WARN", "OK")
    return next((status for status in order if status in statuses), "SKIP")


def render(checks: Sequence[Check], locate: Locate, *, whole: bool) -> str:
    """The tree, a branch a line; of those that are not all OK what is wrong with them, or with `whole` every check."""
    lines = []
    for group in dict.fromkeys(check.group for check in checks):
        own = [check for check in checks if check.group == group]
        left_out = sum(check.status == "SKIP" for check in own)
        status = worst(own)
        note = f"  ({left_out} not checked)" if left_out and not whole and status != "SKIP" else ""
        lines.append(f"{status:<5} {group}{note}")
        for check in own:
            if whole or check.status in {"FAIL", "WARN"}:
                lines.append(f"  {check.status:<5} {check.text(locate)}")
                lines += [f"        -> {check.remedy}"] if check.remedy else []
    return "\n".join(f"    {line}" for line in lines)


def counts(checks: Sequence[Check]) -> str:
    """How many there are of each: `34 OK, 1 WARN, 2 FAIL`."""
    numbers = {status: sum(check.status == status for check in checks) for status in ("OK", "WARN", "FAIL", "SKIP")}
    return ", ".join(f"{number} {status}" for status, number in numbers.items() if number or status == "OK")


def results(checks: Sequence[Check], locate: Locate) -> list[dict[str, Any]]:
    """All checks as data."""
    return [check.result(locate) for check in checks]
