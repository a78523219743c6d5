"""What somebody added where a description owns the set: it is in no plan, because nobody described it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError
from ..engine.kind import Known
from ..engine.observe import Request
from ..engine.parallel import side_by_side
from ..resources import policy
from .finding import Finding
from .judge import hidden
from .severity import severity

_TASKS = 100
_SERVICES = 10
# A target on its way out was one of ECS's a moment ago.
_LEAVING = frozenset({"draining"})


@dataclass(frozen=True)
class Owner:
    """The described resources of one connection.

    Attributes:
        requests: all of them.
        services: by resource, the hosts that describe it.
        roles: the roles that belong to one service alone: their other policies are nobody else's either.
        released: cluster/name of every described service, also where its last release is not on record.
    """

    aws: Aws
    known: Known
    requests: Sequence[Request]
    services: Mapping[tuple[str, str], tuple[str, ...]]
    roles: Collection[str] = ()
    released: Collection[str] = ()

    def of(self, kind: str) -> dict[str, Request]:
        """The described resources of a kind that are there, by key."""
        found = {one.key: one for one in self.requests if one.kind.name == kind}
        return {key: one for key, one in found.items() if self.known.live(kind, key) is not None}

    def arn(self, kind: str, key: str) -> str:
        """The ARN of a resource that is there."""
        live = self.known.live(kind, key)
        return str(live.outputs["arn"]) if live else ""

    def finding(self, kind: str, key: str, field: str, found: Any, remedy: str) -> Finding:
        """Something that was added to a described resource."""
        return Finding(
            self.services.get((kind, key), ()),
            "drift",
            severity(kind, field, found, None),
            kind,
            key,
            field,
            found=hidden(field, found),
            what=f"{field} was added, and nobody described it",
            remedy=remedy,
        )


# What several services share: whose a member is, is known only where all of them are.
_SHARED = frozenset({"listeners", "rules", "services"})


def added(owned: Owner, *, whole: bool = True) -> list[Finding]:
    """All of it; what may not be looked at is a finding of its own.

    Args:
        owned: what is described.
        whole: whether every service that shares these resources is here.
    """
    looks: dict[str, Callable[[Owner], list[Finding]]] = {
        "listeners": lambda one: list(_listeners(one)),
        "rules": lambda one: list(_rules(one)),
        "policies": lambda one: list(_policies(one)),
        "services": lambda one: list(_services(one)),
        "task sets": lambda one: list(_task_sets(one)),
        "targets": lambda one: list(_targets(one)),
    }

    def look(name: str) -> list[Finding]:
        try:
            return looks[name](owned)
        except AwsError as error:
            if error.is_about_credentials:
                raise
            return [_unreadable(owned, name, error)]

    return [
        finding
        for found in side_by_side(look, [one for one in looks if whole or one not in _SHARED])
        for finding in found
    ]


def _unreadable(owned: Owner, name: str, error: AwsError) -> Finding:
    hosts = tuple(dict.fromkeys(host for hosts in owned.services.values() for host in hosts))
    what = f"whether {name} were added can't be seen"
    return Finding(hosts, "unreadable", "high", "drift_check", name, what=what, remedy=error.remedy, reason=error.what)


def _listeners(owned: Owner) -> Iterator[Finding]:
    described = owned.of("elb_listener")
    for name in owned.of("elb_load_balancer"):
        arn = owned.arn("elb_load_balancer", name)
        for one in owned.aws.pages("elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=arn):
            if f"{name}:{one.get('Port')}" not in described:
                found = {"port": one.get("Port"), "protocol": one.get("Protocol")}
                remedy = f"aws elbv2 delete-listener --listener-arn {one['ListenerArn']}"
                yield owned.finding("elb_load_balancer", name, f"listeners[{one.get('Port')}]", found, remedy)


def _rules(owned: Owner) -> Iterator[Finding]:
    described = owned.of("elb_listener_rule")
    for name in owned.of("elb_listener"):
        arn = owned.arn("elb_listener", name)
        for one in owned.aws.pages("elbv2", "DescribeRules", "Rules", ListenerArn=arn):
            if one.get("IsDefault") or f"{name}/{one['Priority']}" in described:
                continue
            found = {"conditions": [_condition(item) for item in one.get("Conditions") or ()]}
            found |= {"actions": [item.get("Type") for item in one.get("Actions") or ()]}
            remedy = f"aws elbv2 delete-rule --rule-arn {one['RuleArn']}"
            yield owned.finding("elb_listener", name, f"rules[{one['Priority']}]", found, remedy)


def _condition(item: Mapping[str, Any]) -> str:
    values = next((value.get("Values") for value in item.values() if isinstance(value, Mapping)), item.get("Values"))
    return f"{item.get('Field')}: {', '.join(map(str, values or ()))}"


def _policies(owned: Owner) -> Iterator[Finding]:
    """Policies of a role that its plan does not own: what that owns, it finds by itself."""
    for name, request in owned.of("iam_role").items():
        if name not in owned.roles:
            continue
        if not _owns_inline(request):
            yield from _inline_policies(owned, name, request)
        if "managed_policies" not in request.options:
            yield from _managed_policies(owned, name)


def _owns_inline(request: Request) -> bool:
    return "inline_policies" in request.options and bool(request.options.get("purge_inline_policies", True))


def _inline_policies(owned: Owner, name: str, request: Request) -> Iterator[Finding]:
    described = {one["name"] for one in request.options.get("inline_policies") or ()}
    for one in owned.aws.pages("iam", "ListRolePolicies", "PolicyNames", RoleName=name):
        if one not in described:
            answer = owned.aws.call("iam", "GetRolePolicy", RoleName=name, PolicyName=one)
            body = policy.from_document(answer["PolicyDocument"])
            remedy = f"aws iam delete-role-policy --role-name {name} --policy-name {one}"
            yield owned.finding("iam_role", name, f"inline_policies[{one}]", body, remedy)


def _managed_policies(owned: Owner, name: str) -> Iterator[Finding]:
    for item in owned.aws.pages("iam", "ListAttachedRolePolicies", "AttachedPolicies", RoleName=name):
        arn = item["PolicyArn"]
        remedy = f"aws iam detach-role-policy --role-name {name} --policy-arn {arn}"
        yield owned.finding("iam_role", name, f"managed_policies[{item['PolicyName']}]", arn, remedy)


def _services(owned: Owner) -> Iterator[Finding]:
    described = {key for kind, key in owned.services if kind == "ecs_service"} | set(owned.released)
    for cluster in owned.of("ecs_cluster"):
        arns = owned.aws.pages("ecs", "ListServices", "serviceArns", cluster=cluster)
        others = [str(arn) for arn in arns if f"{cluster}/{str(arn).rpartition('/')[2]}" not in described]
        for some in batched(others, _SERVICES):
            answer = owned.aws.call("ecs", "DescribeServices", cluster=cluster, services=list(some))
            # One that was deleted may be listed for a while.
            for one in [one for one in answer["services"] if one.get("status") == "ACTIVE"]:
                name, arn = one["serviceName"], one["serviceArn"]
                remedy = f"aws ecs delete-service --cluster {cluster} --service {name} --force"
                yield owned.finding("ecs_cluster", cluster, f"services[{name}]", arn, remedy)


def _task_sets(owned: Owner) -> Iterator[Finding]:
    """Task sets of services that ECS itself deploys: those have none of their own accord.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html
    """
    for key, request in owned.of("ecs_service").items():
        if ((request.options.get("deployment_controller") or {}).get("type") or "ECS") != "ECS":
            continue
        live = owned.known.live("ecs_service", key)
        cluster, _, service = key.partition("/")
        for one in (live.raw or {}).get("task_sets", ()) if live else ():
            found = {"task_definition": one.get("taskDefinition"), "status": one.get("status")}
            where = f"--cluster {cluster} --service {service} --task-set {one['taskSetArn']}"
            remedy = f"aws ecs delete-task-set {where} --force"
            yield owned.finding("ecs_service", key, f"task_sets[{one['id']}]", found, remedy)


def _targets(owned: Owner) -> Iterator[Finding]:
    """Targets that are no task's: requests go there."""
    # Behind another type of target, a task has no address of its own.
    groups = [name for name, one in owned.of("elb_target_group").items() if one.options.get("target_type") == "ip"]

    def look(name: str) -> list[dict[str, Any]]:
        arn = owned.arn("elb_target_group", name)
        answer = owned.aws.call("elbv2", "DescribeTargetHealth", TargetGroupArn=arn)
        return [one for one in answer["TargetHealthDescriptions"] if one["TargetHealth"]["State"] not in _LEAVING]

    registered = {name: there for name, there in zip(groups, side_by_side(look, groups), strict=True) if there}
    if not registered:
        return
    # After the targets: a task that was started meanwhile is known then.
    addresses = set(_addresses(owned))
    for name, targets in registered.items():
        for one in targets:
            target = one["Target"]
            if target["Id"] in addresses:
                continue
            arn, port = owned.arn("elb_target_group", name), target.get("Port", "")
            command = f"aws elbv2 deregister-targets --target-group-arn {arn} --targets Id={target['Id']},Port={port}"
            at = f"{target['Id']}:{port}"
            yield owned.finding("elb_target_group", name, f"targets[{at}]", at, command)


def _addresses(owned: Owner) -> Iterator[str]:
    """The addresses of every task of the described clusters, whosever it is."""
    for cluster in owned.of("ecs_cluster"):
        arns = owned.aws.pages("ecs", "ListTasks", "taskArns", cluster=cluster)
        for some in batched(arns, _TASKS):
            answer = owned.aws.call("ecs", "DescribeTasks", cluster=cluster, tasks=list(some))
            for task in answer["tasks"]:
                details = [item for one in task.get("attachments") or () for item in one.get("details") or ()]
                yield from (str(item["value"]) for item in details if item.get("name") == "privateIPv4Address")
