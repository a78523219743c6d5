"""Where a value was written: ansible-core tags what it reads from YAML and from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

try:
    from ansible._internal._datatag._tags import Origin
except ImportError:  # Not a public interface: without it, messages have no file and line.
    Origin = None


def place_of(value: Any) -> str | None:
    """`file:line`, relative to the working directory where that is shorter, or the command line's option."""
    origin = Origin.get_tag(value) if Origin is not None else None
    if origin is None:
        return None
    if not origin.path:
        return str(origin.description) if origin.description else None
    path = Path(origin.path)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{shown}:{origin.line_num}" if origin.line_num else str(shown)
