"""How a service deployment begins and ends: new revision, success, failure, rollback.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
"""

from __future__ import annotations

from tests.faults.ecs_model import Json, Rollout, Service, ServiceDeployment, arn_of, new_id, new_number

_OF_REVISION = (
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "platformFamily",
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
)
_OF_ROLLOUT = ("launchType", "capacityProviderStrategy", "platformVersion", "platformFamily", "networkConfiguration")


def deploy(service: Service, definition: Json, now: float) -> ServiceDeployment:
    """Start a deployment of the service as its record describes it."""
    record = service.record
    if going := service.current:
        going.move("STOPPED", now, "Service deployment was stopped because a new service deployment was started.")
    sources = [one.revision_arn for one in service.rollouts if service.tasks_of(one)]
    previous = service.rollouts[0] if service.rollouts else None
    for one in service.rollouts:
        one.status = "ACTIVE"
    number = new_number()
    revision_arn = arn_of(record["serviceArn"], "service-revision", number)
    checks = {
        one["name"]: one["healthCheck"]
        for one in definition.get("containerDefinitions") or ()
        if one.get("healthCheck")
    }
    service.revisions[revision_arn] = {
        "serviceRevisionArn": revision_arn,
        "serviceArn": record["serviceArn"],
        "clusterArn": record["clusterArn"],
        "taskDefinition": definition["taskDefinitionArn"],
        **{key: record[key] for key in _OF_REVISION if record.get(key)},
        "containerImages": _images(definition),
        "guardDutyEnabled": False,
        "createdAt": now,
        "healthChecks": checks,
    }
    rollout = Rollout(
        id=f"ecs-svc/{number}",
        revision_arn=revision_arn,
        task_definition=definition["taskDefinitionArn"],
        desired=int(record["desiredCount"]),
        created_at=now,
        updated_at=now,
        fields={key: record[key] for key in _OF_ROLLOUT if record.get(key)},
    )
    rollout.reason = f"ECS deployment {rollout.id} in progress."
    rollout.target_group, rollout.weight = _place(service, previous)
    service.rollouts.insert(0, rollout)
    started = ServiceDeployment(
        arn=arn_of(record["serviceArn"], "service-deployment", new_id()),
        target=revision_arn,
        sources=sources,
        configuration=dict(service.configuration),
        created_at=now,
        updated_at=now,
    )
    service.deployments.insert(0, started)
    service.steady = False
    return started


def _images(definition: Json) -> list[Json]:
    images = []
    for one in definition.get("containerDefinitions") or ():
        digest = one["image"].partition("@")[2]
        images.append(
            {"containerName": one["name"], "image": one["image"]} | ({"imageDigest": digest} if digest else {})
        )
    return images


def _place(service: Service, previous: Rollout | None) -> tuple[str, float]:
    """The target group of a new revision, and its first share of the traffic: the other one than what serves now."""
    if service.strategy == "ROLLING" or not service.record.get("loadBalancers"):
        return "", 0.0
    balancer = service.record["loadBalancers"][0]
    first = balancer["targetGroupArn"]
    other = (balancer.get("advancedConfiguration") or {}).get("alternateTargetGroupArn", first)
    if previous is None or not service.tasks_of(previous):
        return first, 100.0
    if not previous.target_group:
        previous.target_group, previous.weight = first, 100.0
    return (other if previous.target_group == first else first), 0.0


def succeed(service: Service, current: ServiceDeployment, now: float) -> None:
    """All tasks stand and nothing of what was before is left."""
    primary = service.primary
    primary.state, primary.updated_at = "COMPLETED", now
    primary.reason = f"ECS deployment {primary.id} completed."
    primary.weight = 100.0
    service.say(f"(deployment {primary.id}) deployment completed.", now)
    if current.breaker == "MONITORING":
        current.breaker = "MONITORING_COMPLETE"
    if current.alarms == "MONITORING":
        current.alarms = "MONITORING_COMPLETE"
    current.move("ROLLBACK_SUCCESSFUL" if current.status == "ROLLBACK_IN_PROGRESS" else "SUCCESSFUL", now)
    current.stage = ""


def _because(service: Service, current: ServiceDeployment, why: str) -> str:
    match why:
        case "circuit breaker":
            return "because the circuit breaker threshold was exceeded"
        case "alarms":
            return f"because alarms were triggered: {', '.join(current.triggered)}"
    return f"because {why}"


def fail(service: Service, current: ServiceDeployment, why: str, short: str, now: float) -> None:
    """End a deployment without a rollback: nothing more is launched, what stands stays."""
    primary = service.primary
    _give_up(service, primary, short, now)
    reason = why if why.endswith(".") else f"Service deployment was stopped {_because(service, current, why)}."
    current.move("STOPPED", now, reason)


def _give_up(service: Service, primary: Rollout, short: str, now: float) -> None:
    primary.state, primary.reason, primary.updated_at = "FAILED", short, now
    if "circuit breaker" in short:
        service.say(f"(deployment {primary.id}) deployment failed: tasks failed to start.", now)


def last_good(service: Service) -> str:
    """The revision that a rollback goes back to: the last one whose deployment was completed."""
    for one in service.deployments:
        if one.status == "SUCCESSFUL":
            return one.target
        if one.status == "ROLLBACK_SUCCESSFUL" and one.rollback:
            return str(one.rollback["serviceRevisionArn"])
    return ""


def roll_back(service: Service, current: ServiceDeployment, why: str, short: str, now: float) -> None:
    """Go back to the last revision whose deployment was completed; without one, the deployment just fails."""
    failed = service.primary
    because = why if why.endswith(".") else f"Service deployment rolled back {_because(service, current, why)}."
    _give_up(service, failed, short, now)
    revision_arn = last_good(service)
    if not revision_arn or revision_arn == failed.revision_arn:
        # AWS: the deployment stalls; which of the failed states it shows then is inferred.
        current.move("ROLLBACK_FAILED", now, f"{because} No rollback candidate was found to run the rollback.")
        return
    current.move("ROLLBACK_IN_PROGRESS", now, because)
    current.rollback = {"reason": because, "startedAt": now, "serviceRevisionArn": revision_arn}
    failed.status = "ACTIVE"
    back = service.rollout(revision_arn) or _again(service, revision_arn, failed, now)
    back.status, back.state, back.updated_at, back.failed = "PRIMARY", "IN_PROGRESS", now, 0
    by = "ECS deployment circuit breaker" if current.breaker == "TRIGGERED" else "ECS deployment"
    back.reason = f"{by}: rolling back to deploymentId {back.id}."
    back.desired = int(service.record["desiredCount"])
    service.rollouts = [back, *(one for one in service.rollouts if one is not back)]
    service.record["taskDefinition"] = back.task_definition
    service.say(f"rolling back to deployment {back.id}.", now)
    if service.strategy != "ROLLING":
        # Traffic goes back at once: the old tasks still stand.
        back.weight, failed.weight = 100.0, 0.0
        current.stage, current.stage_since = "CLEAN_UP", now


def _again(service: Service, revision_arn: str, failed: Rollout, now: float) -> Rollout:
    """A deployment of a revision whose tasks are all gone."""
    revision = service.revisions[revision_arn]
    back = Rollout(
        id=f"ecs-svc/{revision_arn.rpartition('/')[2]}",
        revision_arn=revision_arn,
        task_definition=revision["taskDefinition"],
        desired=int(service.record["desiredCount"]),
        created_at=now,
        updated_at=now,
        fields={key: revision[key] for key in _OF_ROLLOUT if key in revision},
    )
    back.target_group, back.weight = _place(service, failed)
    return back
