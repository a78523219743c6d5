"""The actions that tell of releases, in ansible-playbook's own process."""

from __future__ import annotations

from typing import ClassVar

from ..release.notify.send import notify
from ..step import Step
from .action import StepAction


class ReleaseNotifyAction(StepAction):
    """The action of release_notify."""

    step: ClassVar[Step] = staticmethod(notify)
