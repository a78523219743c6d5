"""What runs now: the size, the cluster, the service and its deployments, its alarms, and stacks that own any of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...aws.clients import Aws
from ...engine.parallel import side_by_side
from ...resources.cloudwatch_alarm import described
from ...resources.ecs_deployments import primary
from .check import Check, fail, ok, warn
from .seen import Seen, absent

Service = Mapping[str, Any]
# Of more stacks than these nobody asks what they own.
_STACKS = 10
# Status -> the way out: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html and
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackStack.html
_DELETE = "aws cloudformation delete-stack --stack-name {0}"
_FORCE = "aws cloudformation delete-stack --stack-name {0} --deletion-mode FORCE_DELETE_STACK"
_CONTINUE = "aws cloudformation continue-update-rollback --stack-name {0}"
_BACK = "aws cloudformation rollback-stack --stack-name {0}"
_LOOK = "aws cloudformation describe-stack-events --stack-name {0}"
_BROKEN = {
    "CREATE_FAILED": _DELETE,
    "ROLLBACK_COMPLETE": _DELETE,
    "ROLLBACK_FAILED": _DELETE,
    "DELETE_FAILED": _FORCE,
    "UPDATE_FAILED": _BACK,
    "UPDATE_ROLLBACK_FAILED": _CONTINUE,
    "IMPORT_ROLLBACK_FAILED": _LOOK,
}
_DELETES = frozenset({_DELETE, _FORCE})


def observe(aws: Aws, service: Service, seen: Seen) -> None:
    """DescribeClusters and DescribeServices."""
    cluster, name = service["cluster"], service["ecs_service"]
    looks = {
        "cluster": lambda: _first(aws.call("ecs", "DescribeClusters", clusters=[cluster])["clusters"]),
        "service": lambda: _service(aws, cluster, name),
    }
    side_by_side(lambda one: seen.read(one, looks[one]), list(looks))


def observe_alarms(aws: Aws, service: Service, seen: Seen) -> None:
    """DescribeAlarms of those that the description names."""
    names = service.get("alarms") or ()
    if names:
        seen.read("alarms", lambda: described(aws, names))


def observe_stacks(aws: Aws, service: Service, seen: Seen) -> None:
    """DescribeStacks; and what the broken ones own, which mostly are none."""
    stacks = seen.read("stacks", lambda: aws.pages("cloudformation", "DescribeStacks", "Stacks")) or ()
    suspects = [one["StackName"] for one in stacks if _is_suspect(one["StackStatus"])][:_STACKS]
    owned = side_by_side(lambda name: seen.attempt(lambda: _owned(aws, name)), suspects)
    seen.put("owned", {name: own for name, own in zip(suspects, owned, strict=True) if isinstance(own, list)})


def check_size(service: Service, seen: Seen) -> Iterator[Check]:
    """The description's own check has refused every other pair."""
    yield ok(f"{service['cpu']} CPU units and {service['memory']} MiB are a size of Fargate")


def check_cluster(service: Service, seen: Seen) -> Iterator[Check]:
    """A cluster that was deleted is listed as INACTIVE for a while; its name is free."""
    cluster, name = seen["cluster"], service["cluster"]
    status = cluster.get("status", "ACTIVE") if cluster else "INACTIVE"
    if status == "INACTIVE":
        yield ok(f"the cluster {name} is made by this deploy")
    elif status == "DEPROVISIONING":
        remedy = "wait until it is gone, and run the same command again; or set service_cluster to another one"
        yield fail(f"the cluster {name} is being deleted", remedy, "service_cluster")
    elif status == "FAILED":
        remedy = "look at its capacity providers (aws ecs describe-clusters --include ATTACHMENTS)"
        yield warn(f"the cluster {name} is FAILED", remedy, "service_cluster")
    else:
        yield ok(f"the cluster {name} is there")


def check_service(service: Service, seen: Seen) -> Iterator[Check]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html has the states of a service."""
    found, name = seen["service"], service["ecs_service"]
    at = f"--cluster {service['cluster']} --service{{}} {name} --region {seen.region}"
    status = found.get("status") if found else "INACTIVE"
    if found is None or status == "INACTIVE":
        yield ok(f"the service {name} is made by this deploy")
    elif status == "DRAINING":
        remedy = (
            f"wait until it is gone (aws ecs wait services-inactive {at.format('s')}), "
            f"or end it now (aws ecs delete-service {at.format('')} --force)"
        )
        yield fail(f"the service {name} is being deleted (DRAINING)", remedy, "service_ecs_service")
    else:
        yield ok(f"the service {name} is {status} with {found.get('runningCount', 0)} running tasks")
        yield from _controller(found, name)


def _controller(found: Mapping[str, Any], name: str) -> Iterator[Check]:
    controller = (found.get("deploymentController") or {}).get("type", "ECS")
    if controller != "ECS":
        what = f"the service {name} is deployed by {controller}, and its task definition cannot be changed here"
        remedy = "set service_ecs_service to a new name, so that one with ECS's own deployments is made beside it"
        yield fail(what, remedy, "service_ecs_service")


def check_deployment(service: Service, seen: Seen) -> Iterator[Check]:
    """A deployment under way is no fault, but somebody should know of it."""
    found = seen["service"]
    if found is None or found.get("status") != "ACTIVE":
        return
    one = primary(found)
    if one.get("rolloutState") != "IN_PROGRESS":
        yield ok("no deployment is under way")
        return
    since = f"since {one['createdAt']:%Y-%m-%d %H:%M:%S %Z}" if one.get("createdAt") else "already"
    tasks = f"{one.get('runningCount', 0)} of {one.get('desiredCount', 0)} tasks"
    task_definition = str(one.get("taskDefinition", "")).rpartition("/")[2]
    remedy = "a release from here is waited for; any other deployment is replaced by this one: stop now to let it end"
    yield warn(f"a deployment of {task_definition} is under way {since} ({tasks})", remedy, "service_ecs_service")


def check_alarms(service: Service, seen: Seen) -> Iterator[Check]:
    """ECS ignores an alarm that is in ALARM when a deployment starts.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
    """
    for index, name in enumerate(service.get("alarms") or ()):
        state = {one["AlarmName"]: one.get("StateValue") for one in seen["alarms"]}.get(name)
        where = ("service_alarms", index)
        if state is None:
            yield fail(f"there is no alarm {name} in {seen.region}", "create it, or correct the name", *where)
        elif state == "ALARM":
            remedy = "end what it tells of first; until then this deployment goes without it"
            yield warn(f"{name} is in ALARM already, so ECS ignores it for this deployment", remedy, *where)
        else:
            yield ok(f"the alarm {name} is {state}")


def check_stacks(service: Service, seen: Seen) -> Iterator[Check]:
    """A stack that broke and owns one of our resources, or has its name, stands in the way or takes it back."""
    ours = _names(service)
    found = False
    for stack in seen["stacks"]:
        name, status = stack["StackName"], stack["StackStatus"]
        if not _is_suspect(status):
            continue
        own = sorted(ours & _short(seen["owned"].get(name, ())))
        out = _BROKEN.get(status, "").format(name) + f" --region {seen.region}"
        if own and status in _BROKEN:
            found = True
            what = f"the CloudFormation stack {name} is {status} and owns {', '.join(own)}"
            loss = ", which deletes what it owns" if _BROKEN[status] in _DELETES else ""
            yield fail(what, f"{out}{loss}; or choose other names")
        elif own:
            found = True
            what = f"the CloudFormation stack {name} is {status} and owns {', '.join(own)}"
            yield warn(what, f"wait: aws cloudformation describe-stacks --stack-name {name} --region {seen.region}")
        elif name in ours and status in _BROKEN:
            found = True
            yield warn(f"a CloudFormation stack of this name, {name}, is {status}", out)
    if not found:
        yield ok("no broken CloudFormation stack owns any of it")


def _is_suspect(status: str) -> bool:
    return status in _BROKEN or (status.endswith("_IN_PROGRESS") and "CLEANUP" not in status)


def _names(service: Service) -> set[str]:
    """The names that resources of this service have."""
    keys = (
        "name",
        "repository",
        "cluster",
        "ecs_service",
        "task_family",
        "execution_role",
        "task_role",
        "log_group",
        "security_group",
        "load_balancer",
        "load_balancer_security_group",
        "target_group",
    )
    return {str(service[key]) for key in keys if service.get(key)}


def _short(identities: Any) -> set[str]:
    """Physical ids are names or ARNs: of an ARN, every part of its last field."""
    return {part for one in identities for part in (one, *one.rpartition(":")[2].split("/"))}


def _owned(aws: Aws, name: str) -> list[str]:
    answer = aws.call("cloudformation", "DescribeStackResources", StackName=name)
    return [
        one["PhysicalResourceId"]
        for one in answer["StackResources"]
        if one.get("PhysicalResourceId") and one.get("ResourceStatus") != "DELETE_COMPLETE"
    ]


def _service(aws: Aws, cluster: str, name: str) -> Any:
    answer = absent(
        lambda: aws.call("ecs", "DescribeServices", cluster=cluster, services=[name]), "ClusterNotFoundException"
    )
    return _first((answer or {}).get("services") or ())


def _first(items: Any) -> Any:
    return items[0] if items else None
