"""Did this deployment succeed? A pure function over what was observed.

That a service is stable is no verdict: it is stable after a rollback, too. The states are those of
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..resources.ecs_deployments import deployment_of, primary
from ..resources.names import last_part

State = Literal["going_on", "succeeded", "failed"]
_FAILED = {
    "STOPPED": "was stopped",
    "ROLLBACK_SUCCESSFUL": "failed and was rolled back",
    "ROLLBACK_FAILED": "failed, and so did its rollback",
}


@dataclass(frozen=True)
class Verdict:
    """Where a deployment stands, and why.

    Attributes:
        recorded: whether AWS's own record of the deployment says so, which is final.
    """

    state: State
    reason: str = ""
    recorded: bool = False


def verdict(
    deployment_id: str, service: Mapping[str, Any] | None, service_deployments: Sequence[Mapping[str, Any]] = ()
) -> Verdict:
    """Where the deployment stands.

    Args:
        deployment_id: as DescribeServices named the PRIMARY deployment after it was started (`ecs-svc/...`).
        service: the service as DescribeServices has it now; None when it is gone.
        service_deployments: what ListServiceDeployments has, where the API is there.
    """
    if service is None or service.get("status") != "ACTIVE":
        return Verdict("failed", "the service is not there any more")
    by_rollout = _by_rollout_state(deployment_id, service)
    record = service_deployment(deployment_id, service_deployments)
    if record is None:
        return by_rollout
    by_record = _by_service_deployment(record, service, deployment_id)
    if by_record.state == "going_on" and _stalled(deployment_id, service, record):
        return by_rollout
    return by_record


def revision_arn(deployment: Mapping[str, Any]) -> str:
    """The service revision that a service deployment is of, from either of the two forms."""
    return str(
        deployment.get("targetServiceRevisionArn") or (deployment.get("targetServiceRevision") or {}).get("arn") or ""
    )


def service_deployment(
    deployment_id: str, service_deployments: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The record of a deployment, as ListServiceDeployments or DescribeServiceDeployments has it."""
    # Both end in the number of the revision: ecs-svc/123 and service-revision/cluster/service/123.
    number = last_part(deployment_id)
    for one in service_deployments:
        if number and last_part(revision_arn(one)) == number:
            return one
    return None


def _by_service_deployment(one: Mapping[str, Any], service: Mapping[str, Any], deployment_id: str) -> Verdict:
    status = str(one.get("status") or "")
    reason = str(one.get("statusReason") or (one.get("rollback") or {}).get("reason") or "")
    if status == "SUCCESSFUL":
        return Verdict("succeeded", recorded=True)
    if status == "STOPPED" and not reason and primary(service).get("id", "") not in {deployment_id, ""}:
        # A deployment that is started in the middle of another one stops it.
        return Verdict("failed", "the deployment was stopped: another deployment has taken its place", recorded=True)
    if status in _FAILED:
        return Verdict("failed", f"the deployment {_FAILED[status]}{': ' if reason else ''}{reason}", recorded=True)
    # PENDING, IN_PROGRESS, the requested ones, and whatever AWS may add.
    return Verdict("going_on", status)


def _stalled(deployment_id: str, service: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Whether the deployment has failed, and ECS will not roll it back: its record then stays as it is.

    That is so where rollback is off, and for a first deployment, which has nothing to go back to:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html.
    """
    state = deployment_of(service, deployment_id).get("rolloutState")
    if state != "FAILED" or record.get("status") not in {"PENDING", "IN_PROGRESS"}:
        return False
    configuration = service.get("deploymentConfiguration") or {}
    guards = [configuration.get("deploymentCircuitBreaker") or {}, configuration.get("alarms") or {}]
    return len(service.get("deployments") or ()) == 1 or not any(one.get("rollback") for one in guards)


def _by_rollout_state(deployment_id: str, service: Mapping[str, Any]) -> Verdict:
    mine = deployment_of(service, deployment_id)
    if not mine:
        return Verdict("failed", "the deployment was rolled back or replaced by another one")
    state, reason = mine.get("rolloutState"), mine.get("rolloutStateReason") or ""
    if state == "FAILED":
        return Verdict("failed", f"the deployment failed{': ' if reason else ''}{reason}")
    if mine.get("status") != "PRIMARY":
        return Verdict("failed", "another deployment has taken its place")
    if state == "COMPLETED" and mine.get("runningCount", 0) >= mine.get("desiredCount", 0):
        return Verdict("succeeded")
    return Verdict("going_on", state or "IN_PROGRESS")
