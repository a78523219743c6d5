"""The action that shows what serves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..release.status.step import show
from .action import InProcessAction


class ReleaseStatusAction(InProcessAction):
    """The action of release_status."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Show the table as it is: a result that is printed as YAML has quotes around its lines."""
        result = show(self.options("release_status", args), check=self.check(), report=self.report)
        self._display.display(result["table"])
        return result
