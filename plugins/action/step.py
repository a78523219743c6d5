"""The action of every step of a release: the files beside this one link to it by the module's name."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from slipway.controller.action import StepAction as ActionModule
from slipway.step import step_of

__all__ = ["ActionModule"]

# Once, for all workers that fork from here.
if (_name := Path(__file__).stem) != "step":
    step_of(_name)
