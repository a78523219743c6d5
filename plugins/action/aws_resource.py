"""The action of every module of one resource: the files beside this one link to it by the module's name."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from slipway.controller.action import ResourceAction as ActionModule

__all__ = ["ActionModule"]
