"""Two texts as a person compares them: the lines that differ, without what looks like a secret. Pure."""

from __future__ import annotations

import difflib

from .judge import hidden

_LINES = 20


def apart(wanted: str, found: str) -> tuple[str, str]:
    """The lines that are only in the one, and those that are only in the other."""
    # The first two lines are the names of the files.
    changed = list(difflib.unified_diff(wanted.splitlines(), found.splitlines(), lineterm="", n=0))[2:]
    gone, new = ([line[1:].strip() for line in changed if line.startswith(sign)] for sign in "-+")
    return shown(gone), shown(new)


def shown(lines: list[str]) -> str:
    """Some lines as one value."""
    told = [str(hidden("line", line)) for line in lines[:_LINES]]
    return "\n".join([*told, *(["..."] if len(lines) > _LINES else [])])
