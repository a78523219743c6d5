"""The model's state as AWS's API answers it."""

from __future__ import annotations

from typing import Any

from tests.faults.ecs_model import Json, Rollout, Service, ServiceDeployment, without_none


def service_view(service: Service) -> Json:
    """As DescribeServices has it."""
    rollouts = [rollout_view(service, one) for one in service.rollouts]
    current = service.current
    return without_none(
        service.record
        | {
            "deployments": rollouts,
            "runningCount": sum(one["runningCount"] for one in rollouts),
            "pendingCount": sum(one["pendingCount"] for one in rollouts),
            "events": list(service.events),
            "currentServiceDeployment": current.arn if current else None,
            "currentServiceRevisions": [{"arn": one.revision_arn, **_counts(service, one)} for one in service.rollouts],
        }
    )


def _counts(service: Service, rollout: Rollout) -> Json:
    tasks = [task for task in service.tasks.values() if task.deployment == rollout.id]
    return {
        "requestedTaskCount": rollout.desired,
        "runningTaskCount": sum(task.status == "RUNNING" for task in tasks),
        "pendingTaskCount": sum(task.status in ("PROVISIONING", "PENDING", "ACTIVATING") for task in tasks),
    }


def rollout_view(service: Service, rollout: Rollout) -> Json:
    """As an entry of `deployments`."""
    counts = _counts(service, rollout)
    return without_none(
        rollout.fields
        | {
            "id": rollout.id,
            "status": rollout.status,
            "taskDefinition": rollout.task_definition,
            "desiredCount": rollout.desired,
            "pendingCount": counts["pendingTaskCount"],
            "runningCount": counts["runningTaskCount"],
            "failedTasks": rollout.failed,
            "createdAt": rollout.created_at,
            "updatedAt": rollout.updated_at,
            "rolloutState": rollout.state,
            "rolloutStateReason": rollout.reason,
        }
    )


def brief_view(service: Service, one: ServiceDeployment) -> Json:
    """As ListServiceDeployments has it."""
    return without_none(
        {
            "serviceDeploymentArn": one.arn,
            "serviceArn": service.record["serviceArn"],
            "clusterArn": service.record["clusterArn"],
            "createdAt": one.created_at,
            "startedAt": one.started_at,
            "finishedAt": one.finished_at,
            "targetServiceRevisionArn": one.target,
            "status": one.status,
            "statusReason": one.reason or None,
        }
    )


def deployment_view(service: Service, one: ServiceDeployment) -> Json:
    """As DescribeServiceDeployments has it."""
    view: dict[str, Any] = brief_view(service, one)
    del view["targetServiceRevisionArn"]
    alarms = one.configuration.get("alarms") or {}
    return without_none(
        view
        | {
            "stoppedAt": one.stopped_at,
            "updatedAt": one.updated_at,
            "sourceServiceRevisions": [revision_summary(service, arn) for arn in one.sources],
            "targetServiceRevision": revision_summary(service, one.target),
            "lifecycleStage": one.stage or None,
            "deploymentConfiguration": one.configuration,
            "rollback": one.rollback,
            "deploymentCircuitBreaker": {
                "status": one.breaker,
                "failureCount": one.breaker_failures,
                "threshold": service.threshold(),
            },
            "alarms": {
                "status": one.alarms,
                "alarmNames": list(alarms.get("alarmNames") or ()),
                "triggeredAlarmNames": one.triggered,
            },
        }
    )


def revision_summary(service: Service, arn: str) -> Json:
    """A revision's task counts and, where ECS shifts traffic, its weight."""
    rollout = service.rollout(arn)
    counts = (
        _counts(service, rollout)
        if rollout
        else {"requestedTaskCount": 0, "runningTaskCount": 0, "pendingTaskCount": 0}
    )
    weights = {}
    if service.strategy != "ROLLING":
        weights = {"requestedProductionTrafficWeight": rollout.weight if rollout else 0.0}
    return {"arn": arn, **counts, **weights}
