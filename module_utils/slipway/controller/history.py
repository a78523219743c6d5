"""The actions around a release: its lock, its record, and going back from it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar

from ..release.holding import hold
from ..release.recording import record
from ..release.rollback import roll_back
from ..step import Step
from .action import StepAction


class ReleaseLockAction(StepAction):
    """The action of release_lock: a small process keeps the lock while ansible-playbook lives."""

    step: ClassVar[Step] = staticmethod(hold)

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Take or give back the lock for the ansible-playbook whose worker this is."""
        options = self.options("release_lock", args)
        return hold(options, check=self.check(), report=self.report, owner=os.getppid())


class ReleaseRecordAction(StepAction):
    """The action of release_record."""

    step: ClassVar[Step] = staticmethod(record)


class EcsRollbackAction(StepAction):
    """The action of ecs_rollback."""

    step: ClassVar[Step] = staticmethod(roll_back)
