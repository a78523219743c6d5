"""The in-process action of machine_description."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from slipway.controller.machine import MachineDescriptionAction as ActionModule

__all__ = ["ActionModule"]
