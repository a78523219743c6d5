"""The in-process action of service_cost."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from slipway.controller.cost import ServiceCostAction as ActionModule

__all__ = ["ActionModule"]
