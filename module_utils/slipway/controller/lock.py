"""The action that takes and gives back the lock of a release."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ..release.holding import hold
from .action import InProcessAction


class ReleaseLockAction(InProcessAction):
    """The action of release_lock: a small process keeps the lock while ansible-playbook lives."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Take or give back the lock for the ansible-playbook whose worker this is."""
        options = self.options("release_lock", args)
        return hold(options, check=self.check(), report=self.report, owner=os.getppid())
