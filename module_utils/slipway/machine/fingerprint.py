"""What was brought to a machine, as one word: the role, and what the description says to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..service.spec import PROJECT

_ROLE = PROJECT / "roles" / "machine"
_PARTS = ("defaults", "files", "handlers", "tasks", "templates", "vars")


def fingerprint(machine: Mapping[str, Any]) -> str:
    """The same for the same role and the same description; by it, drift is told from a role that moved on."""
    told = {name: machine.get(name) for name in _options()}
    text = json.dumps([_role(), told], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _role(folder: Path = _ROLE) -> str:
    digest = hashlib.sha256()
    for file in sorted(one for part in _PARTS for one in (folder / part).rglob("*") if one.is_file()):
        digest.update(f"{file.relative_to(folder)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


@cache
def _options() -> tuple[str, ...]:
    declared = yaml.safe_load((_ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return tuple(name.removeprefix("machine_") for name in declared["argument_specs"]["main"]["options"])
