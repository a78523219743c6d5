"""What a rollback has to do next: a pure function over what was observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ..resources.ecs_deployments import deployment_of, primary
from ..resources.names import last_part
from .rollback_target import Sighting, Target, choose, pasts
from .verdict import service_deployment

Act = Literal["none", "follow", "stop", "update", "empty", "refuse"]
State = Literal["stands", "going_on", "failed"]
_ROLLING_BACK = frozenset({"STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})
BY_ECS = "ECS rolls it back itself"
_UNDER_WAY = frozenset({"PENDING", "IN_PROGRESS"})


@dataclass(frozen=True)
class Asked:
    """What was asked for.

    Attributes:
        failed_id: the deployment that failed; empty where none was made.
        before: the PRIMARY deployment before the release; None for a rollback by hand.
        to: what a person named.
    """

    failed_id: str = ""
    before: Mapping[str, Any] | None = None
    to: str = ""

    @property
    def by_hand(self) -> bool:
        """Whether a person asked, and no release failed."""
        return self.before is None and not self.failed_id


@dataclass(frozen=True)
class Decision:
    """What to do.

    Attributes:
        act: leave it; follow ECS's own rollback; stop the deployment so that ECS goes back; update the service to the
            target; leave it without tasks; or refuse, because a person asked for what can't be done.
        why: for a person.
        failed_id: the deployment that is gone back from.
        arn: the service deployment to stop.
    """

    act: Act
    why: str
    target: Target | None = None
    failed_id: str = ""
    arn: str = ""


def decide(sighting: Sighting, asked: Asked) -> Decision:
    """What to do next."""
    if sighting.service.get("status") != "ACTIVE":
        why = "there is no service"
        return Decision("refuse" if asked.by_hand else "none", why)
    return _by_hand(sighting, asked.to) if asked.by_hand else _after_failure(sighting, asked)


def standing(service: Mapping[str, Any], failed: Mapping[str, Any] | None = None) -> State:
    """Whether what is PRIMARY now stands; `failed` is the service deployment that it was gone back from."""
    mine, status = primary(service), (failed or {}).get("status")
    if status == "ROLLBACK_FAILED" or mine.get("rolloutState") == "FAILED":
        return "failed"
    if status in _ROLLING_BACK | _UNDER_WAY or mine.get("runningCount", 0) < mine.get("desiredCount", 0):
        return "going_on"
    ended = status == "ROLLBACK_SUCCESSFUL" or mine.get("rolloutState", "COMPLETED") == "COMPLETED"
    return "stands" if ended else "going_on"


def _after_failure(sighting: Sighting, asked: Asked) -> Decision:
    before, service = asked.before or {}, sighting.service
    mine = primary(service)
    if not asked.failed_id and mine.get("id") == (before.get("deployment_id") or None):
        return Decision("none", "nothing was switched")
    failed_id = asked.failed_id or str(mine.get("id", ""))
    if failed_id == before.get("deployment_id") and before.get("rollout_state") == "COMPLETED" and _judged(sighting):
        return Decision("none", "this release switched nothing")
    failed = service_deployment(failed_id, sighting.service_deployments)
    status = (failed or {}).get("status")
    if status in _ROLLING_BACK or status == "ROLLBACK_SUCCESSFUL":
        return Decision("follow", BY_ECS, failed_id=failed_id)
    if mine.get("id") != failed_id and status != "ROLLBACK_FAILED" and standing(service) != "failed":
        same = bool(before.get("task_definition")) and mine.get("taskDefinition") == before.get("task_definition")
        # ECS stops a deployment for another one, and rolls none back that it has stopped.
        why = BY_ECS if same and status != "STOPPED" else "another deployment has taken its place"
        return Decision("follow", why, failed_id=failed_id)
    return _go_back(sighting, failed_id, asked.before)


def _go_back(sighting: Sighting, failed_id: str, before: Mapping[str, Any] | None) -> Decision:
    failed = service_deployment(failed_id, sighting.service_deployments) or {}
    under_way = failed.get("status") in _UNDER_WAY
    target = choose(sighting, failed_id, before)
    if isinstance(target, str):
        # Whoever was there before this release is not left without tasks on a guess.
        if before and before.get("task_definition") and (before.get("rollout_state") or "COMPLETED") == "COMPLETED":
            return Decision("none", f"there is nothing to go back to: {target}", failed_id=failed_id)
        return Decision("empty", f"there is nothing to go back to: {target}", failed_id=failed_id)
    if under_way and primary(sighting.service).get("id") == failed_id:
        return Decision("stop", target.why, target, failed_id, str(failed.get("serviceDeploymentArn", "")))
    if target.same and not target.fields:
        why = f"{target} is what succeeded last, too: there is nothing else to go back to"
        return Decision("none", why, target, failed_id)
    return Decision("update", target.why, target, failed_id)


def _judged(sighting: Sighting) -> bool:
    """Whether the last release came to an end: what an interrupted one left was never found good."""
    return not sighting.records or sighting.records[0].verdict != "interrupted"


def _by_hand(sighting: Sighting, to: str) -> Decision:
    mine = primary(sighting.service)
    identity, name = str(mine.get("id", "")), last_part(str(mine.get("taskDefinition", "")))
    if to:
        target = choose(sighting, to=to)
        if isinstance(target, str):
            return Decision("refuse", target)
        if target.name != name or mine.get("rolloutState") == "FAILED":
            return Decision("update", target.why, target)
        if standing(sighting.service) == "stands":
            return Decision("none", f"{target} is what is deployed already", target)
        return Decision("follow", f"{target} is being deployed already", target)
    if any(one.get("status") in _ROLLING_BACK for one in sighting.service_deployments[:1]):
        # Its id is of no use: the PRIMARY deployment may be the one before already.
        return Decision("follow", BY_ECS)
    way_back = _is_way_back(sighting, identity, name)
    if _unfinished(sighting, mine, way_back) or (mine.get("rolloutState") == "IN_PROGRESS" and way_back):
        return Decision("follow", "a rollback that was interrupted is finished")
    failed_id = identity if mine.get("rolloutState") in ("FAILED", "IN_PROGRESS") else ""
    if failed_id:
        decision = _go_back(sighting, failed_id, None)
        # A person decides about a service that has nothing to go back to.
        return Decision("refuse", decision.why) if decision.act in ("empty", "none") else decision
    target = choose(sighting)
    if isinstance(target, str):
        return Decision("refuse", f"there is nothing to go back to: {target}")
    return Decision("update", target.why, target)


def _unfinished(sighting: Sighting, mine: Mapping[str, Any], way_back: bool) -> bool:
    """Whether the last thing was a rollback, by hand or of a release, that was killed after it had switched."""
    if not sighting.records or not isinstance(mine.get("createdAt"), datetime):
        return False
    last = sighting.records[0]
    if last.verdict != "interrupted" or mine.get("rolloutState") == "FAILED":
        return False
    if last.kind != "rollback" and not way_back:
        return False
    return bool(mine["createdAt"] >= datetime.fromisoformat(last.started_at))


def _is_way_back(sighting: Sighting, identity: str, name: str) -> bool:
    """Whether what is being deployed was good before, and something else came in between."""
    others = [past for past in pasts(sighting, identity) if past.name]
    succeeded = any(past.name == name and past.outcome == "good" for past in others)
    return succeeded and others[0].name != name


def failed_deployment(sighting: Sighting, failed_id: str) -> Mapping[str, Any] | None:
    """The service deployment whose rollback is followed."""
    if failed_id:
        return service_deployment(failed_id, sighting.service_deployments)
    newest = next(iter(sighting.service_deployments), None)
    return newest if newest and newest.get("status") in _ROLLING_BACK | {"ROLLBACK_FAILED"} else None


def soon_rolled_back(sighting: Sighting, failed_id: str) -> bool:
    """Whether ECS is about to go back by itself: without service deployments there is a moment when nothing says so."""
    mine = deployment_of(sighting.service, failed_id)
    breaker = (sighting.service.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker") or {}
    others = [one for one in sighting.service.get("deployments") or () if one is not mine]
    return bool(
        mine.get("status") == "PRIMARY"
        and mine.get("rolloutState") == "FAILED"
        and breaker.get("rollback")
        and others
        and not sighting.service_deployments
    )
