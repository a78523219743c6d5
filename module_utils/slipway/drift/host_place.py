"""Whose findings of a machine are whose, and how they are said. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..engine.compare import Difference
from .finding import Finding, State
from .judge import hidden
from .severity import severity


@dataclass(frozen=True)
class Place:
    """Whose findings they are, and what puts them right.

    Attributes:
        host: the inventory host.
        machine: the inventory's name of the machine.
        apply: the command that brings it to its description.
    """

    kind: str
    name: str
    host: str
    machine: str
    apply: str

    def finding(self, state: State, item: Difference, what: str, remedy: str) -> Finding:
        """A finding of this place."""
        return Finding(
            (self.host,),
            state,
            severity(self.kind, item.path, item.before, item.after),
            self.kind,
            self.name,
            item.path,
            expected=_plain(item.path, item.after),
            found=_plain(item.path, item.before),
            what=what,
            remedy=remedy,
        )


def said(item: Difference) -> str:
    """A difference in words."""
    if item.before is None:
        return f"{item.path} is gone"
    if item.after is None or item.after == []:
        return f"{item.path} was added, and nobody described it"
    return f"{item.path} is another one"


def between(path: str) -> str:
    """The name of an element: what is in the brackets of a path."""
    return path.partition("[")[2].rpartition("]")[0]


def _plain(path: str, value: Any) -> Any:
    if isinstance(value, Mapping) and "name" in value:
        value = {key: one for key, one in value.items() if key != "name" and one is not None}
    # Several lines are shown as such.
    return hidden(path, value.split("\n") if isinstance(value, str) and "\n" in value else value)
