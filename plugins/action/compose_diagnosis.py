"""The in-process action of compose_diagnosis."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from slipway.controller.compose_seen import ComposeDiagnosisAction as ActionModule

__all__ = ["ActionModule"]
