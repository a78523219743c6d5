"""The argument spec of a service, as the role declares it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[3]
ARGUMENT_SPECS = PROJECT / "roles" / "service" / "meta" / "argument_specs.yml"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@lru_cache
def _declared() -> dict[str, dict[str, dict[str, Any]]]:
    loaded = yaml.load(ARGUMENT_SPECS.read_text(), Loader=_Loader)  # noqa: S506 - a safe loader, the C one if there is one
    return {name: entry["options"] for name, entry in loaded["argument_specs"].items()}


def service_options() -> dict[str, dict[str, Any]]:
    """The options of roles/service, from its argument_specs.yml."""
    return _declared()["main"]


def part_options(part: str) -> dict[str, dict[str, Any]]:
    """The options of a `sidecar`, a `worker` or a `job`, from the same file."""
    return _declared()[part]
