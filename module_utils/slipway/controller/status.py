"""The action that shows what serves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..release.status.step import show
from .action import InProcessAction
from .compose_seen import seen_on_machines


class ReleaseStatusAction(InProcessAction):
    """The action of release_status."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Show the table as it is: a result that is printed as YAML has quotes around its lines."""
        options = self.options("release_status", args)
        services = options["services"]
        seen = seen_on_machines(self, services, task_vars)
        on_ecs = {str(service.get("name")) for service in services if service.get("target") != "compose"}
        services = [_shown(service, on_ecs) for service in services]
        result = show({**options, "services": services, "on_machines": seen}, check=self.check(), report=self.report)
        self._display.display(result["table"])
        return result


def _shown(service: Mapping[str, Any], on_ecs: Collection[str]) -> Mapping[str, Any]:
    """A service as the table has it: of one that is being moved there are two rows."""
    if service.get("target") != "compose":
        return service
    twice = service.get("name") in on_ecs
    # Alarms guard deployments of ECS.
    return {**service, "alarms": [], "name": f"{service['name']} (machine)" if twice else service.get("name")}
