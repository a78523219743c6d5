"""Filters by which the roles tell how a release ended."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from slipway.release.outcome import cause_of, closing, verdict_of


class FilterModule:
    """What is said of a release, from the results of its tasks."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"cause_of": cause_of, "closing": closing, "verdict_of": verdict_of}
