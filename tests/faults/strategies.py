"""Native blue/green, canary and linear deployments: lifecycle stages, traffic weights, bake times, hooks. No I/O.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.faults.ecs_model import Action, Json, Service, ServiceDeployment, Times

STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
)
# AWS's seconds that a stage with nothing to do takes.
_PASSING = 10.0


def may_stop_old(service: Service) -> bool:
    """Whether the tasks of earlier revisions may go: with a traffic shift, at the very end only."""
    return service.strategy == "ROLLING" or service.current is None or service.current.stage == "CLEAN_UP"


def advance(
    service: Service, current: ServiceDeployment, settled: bool, hooks: Mapping[str, str], times: Times, now: float
) -> bool:
    """Go to the next stage when this one is over; true once only the old tasks are left to be stopped."""
    if not current.stage:
        current.stage, current.stage_since = STAGES[0], now
    if current.stage == STAGES[-1]:
        return True
    if not _over(service, current, settled, times, now):
        return False
    if any(hooks.get(key) != "SUCCEEDED" for key in _keys(current)):
        return False
    current.stage, current.stage_since = STAGES[STAGES.index(current.stage) + 1], now
    current.updated_at = now
    return False


def _over(service: Service, current: ServiceDeployment, settled: bool, times: Times, now: float) -> bool:
    elapsed = now - current.stage_since
    match current.stage:
        case "SCALE_UP":
            return settled
        case "PRODUCTION_TRAFFIC_SHIFT":
            return _shift(service, current, times, elapsed)
        case "BAKE_TIME":
            return elapsed >= times.scaled(60 * float(current.configuration.get("bakeTimeInMinutes") or 0))
    return elapsed >= times.scaled(_PASSING)


def _shift(service: Service, current: ServiceDeployment, times: Times, elapsed: float) -> bool:
    """Move production traffic to the new revision; true once it has all of it."""
    configuration = current.configuration
    if service.strategy == "CANARY":
        canary: Json = configuration.get("canaryConfiguration") or {}
        bake = times.scaled(60 * float(canary.get("canaryBakeTimeInMinutes", 10)))
        weight = 100.0 if elapsed >= bake else float(canary.get("canaryPercent", 5.0))
    elif service.strategy == "LINEAR":
        linear: Json = configuration.get("linearConfiguration") or {}
        bake = times.scaled(60 * float(linear.get("stepBakeTimeInMinutes", 6)))
        steps = 1 + (int(elapsed / bake) if bake else 100)
        weight = min(100.0, steps * float(linear.get("stepPercent", 10.0)))
    else:
        weight = 100.0
    for one in service.rollouts:
        one.weight = 0.0
    others = [one for one in service.rollouts if one is not service.primary]
    service.primary.weight = weight
    if others:
        others[0].weight = 100.0 - weight
    return weight >= 100.0


def _hooks(current: ServiceDeployment) -> Iterator[str]:
    for hook in current.configuration.get("lifecycleHooks") or ():
        if current.stage in (hook.get("lifecycleStages") or ()) and hook.get("hookTargetArn"):
            yield str(hook["hookTargetArn"])


def _keys(current: ServiceDeployment) -> list[str]:
    return [f"{current.arn} {current.stage} {arn}" for arn in _hooks(current)]


def hooks_to_call(service: Service, answered: Mapping[str, str]) -> list[Action]:
    """The lifecycle hooks of the stage that were not called yet, or that asked to be called again."""
    current = service.current
    if current is None or current.status != "IN_PROGRESS":
        return []
    return [
        Action("hook", rollout=key, reason=arn)
        for key, arn in zip(_keys(current), _hooks(current), strict=True)
        if answered.get(key) in (None, "IN_PROGRESS")
    ]


def failed_hook(current: ServiceDeployment, answered: Mapping[str, str]) -> str:
    """Say which lifecycle hook failed the deployment; empty where none did."""
    for key in _keys(current):
        if answered.get(key) == "FAILED":
            return f"the lifecycle hook {key.rpartition(' ')[2]} failed at {current.stage}"
    return ""
