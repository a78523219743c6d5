"""The in-process action of drift_baseline_info."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from slipway.controller.drift import DriftBaselineInfoAction as ActionModule

__all__ = ["ActionModule"]
