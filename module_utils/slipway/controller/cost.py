"""The action that says what a service costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..cost.step import estimate
from .action import InProcessAction


class ServiceCostAction(InProcessAction):
    """The action of service_cost."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Show the table as it is: a result that is printed as YAML has quotes around its lines."""
        result = estimate(self.options("service_cost", args), check=self.check(), report=self.report)
        self._display.display(f"{result['table']}\n")
        return result
