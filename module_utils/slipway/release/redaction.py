"""An application's log lines are shown when a release fails: what looks like a secret in them is not. Pure.

A line that names a secret only by what it is called cannot be told from any other text; what is written as a URL's
password, or as a value after a telling name, can.
"""

from __future__ import annotations

import re

_HIDDEN = "********"
_NAME = r"[\w.-]*(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|authorization)[\w.-]*"
_VALUE = r"\"[^\"]*\"|'[^']*'|[^\s,;}\]]+"
# Longer lines are cut: they tell no more, and patterns are slow on them.
_LONGEST = 500
_PATTERNS = (
    # scheme://user:password@host
    (re.compile(r"(?<=://)([^\s:/@]*):([^\s/@]+)(?=@)"), rf"\1:{_HIDDEN}"),
    # Authorization: Bearer ... and the like
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\1 {_HIDDEN}"),
    # NAME=value, "name": "value", name: value
    (re.compile(rf"({_NAME})([\"']?\s*[=:]\s*)({_VALUE})", re.IGNORECASE), rf"\1\2{_HIDDEN}"),
    # AWS access keys, JSON Web Tokens
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), _HIDDEN),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), _HIDDEN),
)


def redacted(line: str) -> str:
    """The line without what looks like a secret."""
    line = line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ..."
    for pattern, instead in _PATTERNS:
        line = pattern.sub(instead, line)
    return line
