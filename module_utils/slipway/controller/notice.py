"""The actions that tell of releases, in ansible-playbook's own process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ..release.notify.send import notify
from ..release.status.step import show
from ..step import Step
from .action import StepAction


class ReleaseNotifyAction(StepAction):
    """The action of release_notify."""

    step: ClassVar[Step] = staticmethod(notify)


class ReleaseStatusAction(StepAction):
    """The action of release_status."""

    step: ClassVar[Step] = staticmethod(show)

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Show the table as it is: a result that is printed as YAML has quotes around its lines."""
        result = super().work(args, task_vars)
        self._display.display(result["table"])
        return result
