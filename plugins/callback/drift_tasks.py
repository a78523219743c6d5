"""Remembers what the roles of a drift check would change, whatever shows the run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ansible.playbook.handler import Handler
from ansible.plugins.callback import CallbackBase

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from slipway.drift import tasks

DOCUMENTATION = r"""
name: drift_tasks
type: aggregate
author: Slipway contributors (@slipway)
short_description: What the roles of a drift check would change
description:
  - In a play whose variable C(_drift_observes) is true, each task that would change something is remembered for
    M(drift_check). It shows nothing, and does nothing in other plays.
"""


class CallbackModule(CallbackBase):
    """Ansible's entry point."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "drift_tasks"
    CALLBACK_NEEDS_ENABLED = False

    _observes = False

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Only a drift check's own play is of interest."""
        self._observes = bool(play.get_vars().get("_drift_observes"))

    def v2_runner_on_ok(self, result: Any) -> None:
        """A task of the role that ended; what its handlers would do then follows from it."""
        if self._observes and result.task._role is not None and not isinstance(result.task, Handler):
            tasks.note(result.host.get_name(), result.task.name, result.result)
