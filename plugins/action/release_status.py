"""The action of release_status."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from slipway.controller.status import ReleaseStatusAction as ActionModule

__all__ = ["ActionModule"]
