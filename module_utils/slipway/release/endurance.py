"""Whether what stands keeps standing, where tasks of the same deployment have ended by themselves. No I/O.

To ECS a task that was healthy and then exits is no failure of the deployment, and the deployment is complete at the
first moment in which enough tasks stand at once: a version that crashes after 20 seconds can be SUCCESSFUL.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html (failedTasks)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..resources.ecs_deployments import deployment_of
from .evidence import Evidence
from .verdict import Verdict

# As many failures as trip ECS's own circuit breaker at least.
_MOST = 3
# Nobody is kept waiting for longer than this by a task that ran for hours.
_LONGEST = 120.0
# Two looks are some seconds apart.
_SLACK = 5.0


class Endurance:
    """Judges a deployment that ECS has found good, look by look."""

    def __init__(self) -> None:
        # How many tasks had ended when ECS found the deployment good; None before that.
        self._at_first: int | None = None
        self._ended = 0
        self._since = 0.0

    def judge(self, evidence: Evidence, found: Verdict, now: float) -> Verdict:
        """Whether a success is one.

        Args:
            evidence: what is known.
            found: what ECS says.
            now: seconds on a clock that only goes on.
        """
        ended = [lived for task in evidence.tasks if (lived := lifetime(task)) is not None]
        if found.state != "succeeded" or not ended:
            return found
        longest = min(max(ended), _LONGEST)
        if self._at_first is None:
            self._at_first = len(ended)
        if len(ended) != self._ended or not _stands(evidence):
            self._ended, self._since = len(ended), now
        how = f"{len(ended)} of its tasks ended by {'themselves' if len(ended) > 1 else 'itself'}"
        if len(ended) >= _MOST and len(ended) > self._at_first:
            return Verdict("failed", f"to ECS the deployment is complete, but its tasks do not last: {how}")
        if now - self._since > longest + _SLACK:
            return found
        return Verdict("going_on", f"{how}: waiting for the others to last longer than {longest:.0f} s")


def lifetime(task: Mapping[str, Any]) -> float | None:
    """How many seconds a task ran that ended by itself; None for every other one."""
    began, ended = task.get("startedAt"), task.get("executionStoppedAt") or task.get("stoppedAt")
    if task.get("stopCode") != "EssentialContainerExited" or task.get("lastStatus") != "STOPPED":
        return None
    if not isinstance(began, datetime) or not isinstance(ended, datetime):
        return None
    return max(0.0, (ended - began).total_seconds())


def _stands(evidence: Evidence) -> bool:
    mine = deployment_of(evidence.service, evidence.deployment_id)
    return bool(mine.get("runningCount", 0) >= mine.get("desiredCount", 0))
