"""The ECS service scheduler: from what is seen of a service's tasks to what is done next. No I/O.

Rolling updates: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
Circuit breaker: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.faults import strategies
from tests.faults.deploying import fail, roll_back, succeed
from tests.faults.ecs_model import Action, Json, Rollout, Service, ServiceDeployment, Task, Times
from tests.faults.targets import Health

TargetHealth = Callable[[str, str, int], Health | None]


@dataclass(frozen=True)
class Seen:
    """What was observed since the last step.

    Attributes:
        tasks: by ARN: `status`, `address`, `health` (of the container health check).
        health: of a target: target group's ARN, address, port.
        alarms: names of the alarms in ALARM.
        drain: scaled seconds from a target's deregistration until its task is stopped.
        hooks: what a lifecycle hook answered, by `<stage> <ARN>`: SUCCEEDED, FAILED or IN_PROGRESS.
    """

    tasks: Mapping[str, Json]
    health: TargetHealth = lambda *_: None
    alarms: frozenset[str] = frozenset()
    drain: float = 0.0
    hooks: Mapping[str, str] = field(default_factory=dict)


def targets_of(service: Service, rollout: Rollout, task: Task) -> tuple[tuple[str, str, int], ...]:
    """Where a task is registered: target group, address, port."""
    if not task.address:
        return ()
    balancers = service.revisions[rollout.revision_arn].get("loadBalancers") or ()
    return tuple(
        (rollout.target_group or one["targetGroupArn"], task.address, int(one["containerPort"]))
        for one in balancers
        if one.get("targetGroupArn")
    )


def step(service: Service, seen: Seen, times: Times, now: float) -> list[Action]:
    """Take one look at a service and say what is to be done."""
    actions = _look(service, seen, times, now)
    ready = {task.arn for task in service.tasks.values() if task.live and _stands(service, task, seen, times, now)}
    for arn in ready:
        _first_stand(service, service.tasks[arn])
    _judge(service, ready, seen, times, now)
    actions += strategies.hooks_to_call(service, seen.hooks)
    actions += _scale(service, ready, times, now)
    actions += _retire(service, seen, now)
    _forget(service, ready, now)
    return actions


def _rollout_of(service: Service, task: Task) -> Rollout | None:
    return next((one for one in service.rollouts if one.id == task.deployment), None)


def _look(service: Service, seen: Seen, times: Times, now: float) -> list[Action]:
    actions: list[Action] = []
    for task in service.tasks.values():
        found = seen.tasks.get(task.arn)
        rollout = _rollout_of(service, task)
        if found is None or task.status == "STOPPED" or rollout is None:
            continue
        task.address, task.health = found.get("address") or task.address, found.get("health") or "UNKNOWN"
        task.status = found["status"]
        if task.status == "RUNNING" and task.running_at is None:
            task.running_at = now
        new = task.status == "RUNNING" and not task.registered and not task.stopping
        if new and (targets := targets_of(service, rollout, task)):
            task.registered = True
            service.say(f"registered 1 targets in (target-group {targets[0][0]})", now)
            actions.append(Action("register", task=task.arn, targets=targets))
        if task.status == "STOPPED":
            if task.registered:
                actions.append(Action("deregister", task=task.arn, targets=targets_of(service, rollout, task)))
            if not task.stopping:
                _count_failure(rollout, task, times, now)
        elif not task.stopping and (reason := _sick(service, rollout, task, seen, times, now)):
            task.stopping = reason
            _count_failure(rollout, task, times, now)
    return actions


def _count_failure(rollout: Rollout, task: Task, times: Times, now: float) -> None:
    rollout.not_before = now + times.scaled(10)
    if not task.stood:
        rollout.failed += 1
        rollout.updated_at = now


def _first_stand(service: Service, task: Task) -> None:
    """A task that stands for the first time clears the count of failures, where that is asked for."""
    breaker = service.configuration.get("deploymentCircuitBreaker") or {}
    rollout = _rollout_of(service, task)
    if not task.stood and rollout and rollout.state == "IN_PROGRESS" and breaker.get("resetOnHealthyTask"):
        rollout.failed = 0
    task.stood = True


def _sick(service: Service, rollout: Rollout, task: Task, seen: Seen, times: Times, now: float) -> str:
    """Why a running task is to be replaced, after the grace period."""
    grace = times.scaled(float(service.record.get("healthCheckGracePeriodSeconds") or 0))
    if task.running_at is None or now - task.running_at < grace:
        return ""
    if task.health == "UNHEALTHY":
        service.say(f"(task {task.arn.rpartition('/')[2]}) failed container health checks.", now)
        return "Task failed container health checks"
    for group, address, port in targets_of(service, rollout, task):
        health = seen.health(group, address, port)
        if health and health.state == "unhealthy":
            why = health.description or health.reason
            service.say(f"(port {port}) is unhealthy in (target-group {group}) due to (reason {why})", now)
            return f"Task failed ELB health checks in (target-group {group})"
    return ""


def _stands(service: Service, task: Task, seen: Seen, times: Times, now: float) -> bool:
    rollout = _rollout_of(service, task)
    if rollout is None or task.status != "RUNNING" or task.running_at is None:
        return False
    if now - task.running_at < times.settle or task.health not in ("UNKNOWN", "HEALTHY"):
        return False
    if service.revisions[rollout.revision_arn].get("healthChecks") and task.health != "HEALTHY":
        return False
    healths = [seen.health(*target) for target in targets_of(service, rollout, task)]
    return all(one is not None and one.state in ("healthy", "unused") for one in healths)


def _judge(service: Service, ready: set[str], seen: Seen, times: Times, now: float) -> None:
    """Bring the service deployment on: start, fail, roll back, complete."""
    current = service.current
    if current is None:
        return
    if current.status == "PENDING":
        _begin(service, current, seen, now)
    if current.status == "STOP_REQUESTED":
        fail(service, current, "Service deployment was stopped by the user.", "ECS deployment was stopped.", now)
    elif current.status == "ROLLBACK_REQUESTED":
        roll_back(service, current, "Service deployment was rolled back by the user.", "rolled back by the user.", now)
    elif current.status == "IN_PROGRESS" and (broken := _broken(service, current, seen, now)):
        why, short, wants_rollback = broken
        if wants_rollback:
            roll_back(service, current, why, short, now)
        else:
            fail(service, current, why, short, now)
    elif current.status == "ROLLBACK_IN_PROGRESS" and service.primary.failed >= service.threshold():
        service.primary.state = "FAILED"
        current.move("ROLLBACK_FAILED", now, "Service deployment rollback failed: tasks failed to start.")
    if current.ended:
        return
    settled = _settled(service, ready)
    if service.strategy != "ROLLING" and not strategies.advance(service, current, settled, seen.hooks, times, now):
        return
    only = all(one is service.primary or not service.remaining(one) for one in service.rollouts)
    if settled and only and _baked(service, current, times, now):
        succeed(service, current, now)


def _begin(service: Service, current: ServiceDeployment, seen: Seen, now: float) -> None:
    current.move("IN_PROGRESS", now)
    current.started_at = current.stage_since = now
    if (current.configuration.get("deploymentCircuitBreaker") or {}).get("enable"):
        current.breaker = "MONITORING"
    if (current.configuration.get("alarms") or {}).get("enable"):
        current.alarms = "MONITORING"
        # Alarms that are in ALARM already are ignored for this deployment.
        current.ignored_alarms = seen.alarms


def _broken(service: Service, current: ServiceDeployment, seen: Seen, now: float) -> tuple[str, str, bool] | None:
    """Why a deployment fails, and whether it is to be rolled back."""
    primary = service.primary
    current.breaker_failures = primary.failed
    breaker = current.configuration.get("deploymentCircuitBreaker") or {}
    if breaker.get("enable") and primary.failed >= service.threshold():
        current.breaker = "TRIGGERED"
        return "circuit breaker", "ECS deployment circuit breaker: tasks failed to start.", bool(breaker["rollback"])
    alarms = current.configuration.get("alarms") or {}
    names = set(alarms.get("alarmNames") or ()) & (seen.alarms - current.ignored_alarms)
    if alarms.get("enable") and names:
        current.alarms, current.triggered = "TRIGGERED", sorted(names)
        service.say(f"(deployment {primary.id}) deployment failed: alarm detected.", now)
        return "alarms", "ECS deployment failed: alarm detected.", bool(alarms.get("rollback"))
    if hook := strategies.failed_hook(current, seen.hooks):
        return hook, "ECS deployment failed: lifecycle hook.", True
    return None


def _settled(service: Service, ready: set[str]) -> bool:
    primary = service.primary
    tasks = service.tasks_of(primary)
    return len(tasks) == primary.desired and not primary.launching and all(task.arn in ready for task in tasks)


def _baked(service: Service, current: ServiceDeployment, times: Times, now: float) -> bool:
    """Alarms are watched for the bake time, counted from the moment that all is in place."""
    minutes = float(current.configuration.get("bakeTimeInMinutes") or 0)
    if service.strategy != "ROLLING" or current.status != "IN_PROGRESS" or not minutes:
        return True
    if current.stage != "BAKE_TIME":
        current.stage, current.stage_since = "BAKE_TIME", now
    return now - current.stage_since >= times.scaled(60 * minutes)


def _scale(service: Service, ready: set[str], times: Times, now: float) -> list[Action]:
    """Start and stop tasks within minimumHealthyPercent and maximumPercent."""
    active = service.record["status"] == "ACTIVE"
    desired = int(service.record["desiredCount"]) if active else 0
    primary = service.primary
    others = [one for one in service.rollouts if one is not primary]
    # A deployment that failed starts nothing and leaves what was there.
    stands_still = primary.state == "FAILED" and desired > 0
    primary.desired = desired
    if not stands_still:
        old_tasks = [task for one in others for task in service.tasks_of(one)]
        _stop_surplus(service, primary, old_tasks, ready, desired, now)
    for task in service.tasks_of(primary)[desired:]:
        _end(service, task, f"Scaling activity initiated by (deployment {primary.id})", now)
    if stands_still or now < primary.not_before:
        return []
    live = sum(len(service.tasks_of(one)) + one.launching for one in service.rollouts)
    missing = desired - len(service.tasks_of(primary)) - primary.launching
    room = _most(service, desired) - live
    count = min(missing, room)
    if count <= 0:
        return []
    primary.launching += count
    return [Action("launch", rollout=primary.id, count=count)]


def _most(service: Service, desired: int) -> int:
    if service.strategy != "ROLLING":
        return 2 * desired
    percent = int(service.configuration.get("maximumPercent") or 200)
    return max(math.floor(desired * percent / 100), 1)


def _stop_surplus(
    service: Service, primary: Rollout, old: list[Task], ready: set[str], desired: int, now: float
) -> None:
    if not strategies.may_stop_old(service) and desired:
        return
    percent = int(service.configuration.get("minimumHealthyPercent", 100))
    least = math.ceil(desired * percent / 100)
    standing = sum(task.live and task.arn in ready for task in service.tasks.values())
    reason = f"Scaling activity initiated by (deployment {primary.id})"
    for task in old:
        if task.arn not in ready:
            _end(service, task, reason, now)
        elif standing - 1 >= least:
            standing -= 1
            _end(service, task, reason, now)


def _end(service: Service, task: Task, reason: str, now: float) -> None:
    task.stopping = reason
    if task.registered:
        service.say("has begun draining connections on 1 tasks.", now)
    else:
        service.say(f"has stopped 1 running tasks: (task {task.arn.rpartition('/')[2]}).", now)


def _retire(service: Service, seen: Seen, now: float) -> list[Action]:
    """Take tasks that are to go out of their target groups, then stop them."""
    actions = []
    for task in service.tasks.values():
        rollout = _rollout_of(service, task)
        if not task.stopping or task.stop_sent or task.status == "STOPPED" or rollout is None:
            continue
        if task.registered and task.draining_since is None:
            task.draining_since = now
            targets = targets_of(service, rollout, task)
            service.say(f"deregistered 1 targets in (target-group {targets[0][0]})", now)
            actions.append(Action("deregister", task=task.arn, targets=targets))
        # A sick target has no connections worth waiting for.
        wait = seen.drain if task.draining_since is not None and task.stopping.startswith("Scaling") else 0.0
        if task.draining_since is None or now - task.draining_since >= wait:
            task.stop_sent = True
            actions.append(Action("stop", task=task.arn, reason=task.stopping))
    return actions


def _forget(service: Service, ready: set[str], now: float) -> None:
    """Drop deployments whose tasks are gone, and say when the service is steady."""
    primary = service.primary
    for one in service.rollouts:
        if one is not primary and primary.state != "FAILED":
            one.desired = 0 if strategies.may_stop_old(service) else one.desired
    waits_for_shift = service.strategy != "ROLLING" and not strategies.may_stop_old(service)
    service.rollouts = [
        one for one in service.rollouts if one is primary or service.remaining(one) or one.launching or waits_for_shift
    ]
    if service.record["status"] == "DRAINING" and not any(service.remaining(one) for one in service.rollouts):
        service.record["status"] = "INACTIVE"
        service.rollouts = [primary]
        return
    steady = service.current is None and primary.state != "FAILED" and _settled(service, ready)
    if steady and not service.steady:
        service.say("has reached a steady state.", now)
    service.steady = steady
