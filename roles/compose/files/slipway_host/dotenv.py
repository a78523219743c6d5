r"""The file .env: values of any content, and the same values hidden from what is told.

In double quotes, Compose reads \n \r \" \\ and \$ as a shell would, and every other character as itself; of single
quotes there is no way to write a backslash before one. The same holds for each version from 2.20 on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from slipway_host.errors import HostError

Hide = Callable[[str], str]
MASK = "********"
# Shorter ones would hide what everybody may read.
SHORTEST = 4
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r"}
_PLAIN = {escaped: plain for plain, escaped in _ESCAPES.items()}


def encode(values: Mapping[str, str]) -> str:
    """Write the values as a file."""
    lines = []
    for name, value in sorted(values.items()):
        if not is_name(name):
            raise HostError("bad_request", f"{name!r} is no name of an environment variable", "Rename it.")
        if "\0" in value:
            raise HostError("bad_request", f"the value of {name} has a NUL character", "No environment can hold one.")
        escaped = re.sub(r'[\\"$\n\r]', lambda found: _ESCAPES[found.group()], value)
        lines.append(f'{name}="{escaped}"\n')
    return "".join(lines)


def is_name(text: str) -> bool:
    """Say whether it can be the name of a variable."""
    return bool(_NAME.fullmatch(text))


def decode(text: str) -> dict[str, str]:
    """Read what `encode` wrote."""
    values = {}
    for line in text.split("\n"):
        name, _, quoted = line.partition("=")
        if quoted:
            values[name] = re.sub(r'\\[\\"$nr]', lambda found: _PLAIN[found.group()], quoted[1:-1])
    return values


def hider(values: Mapping[str, str]) -> Hide:
    """Answer what replaces the values in a text, also line by line."""
    secrets = set()
    for value in values.values():
        secrets |= {value, *value.splitlines()}
    ordered = sorted((secret for secret in secrets if len(secret.strip()) >= SHORTEST), key=len, reverse=True)
    if not ordered:
        return lambda text: text
    pattern = re.compile("|".join(re.escape(secret) for secret in ordered))
    return lambda text: pattern.sub(MASK, text)


def hider_of(folder: Path) -> Hide:
    """Answer what hides the values of a folder's .env."""
    try:
        return hider(decode((folder / ".env").read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return lambda text: text
