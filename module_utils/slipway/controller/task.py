"""The action that runs a one-off task, in ansible-playbook's own process."""

from __future__ import annotations

from typing import ClassVar

from ..release.one_off_task import run_task
from ..step import Step
from .action import StepAction


class EcsRunTaskAction(StepAction):
    """The action of ecs_run_task."""

    step: ClassVar[Step] = staticmethod(run_task)
