"""ECS services: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from ..aws.clients import Aws
from ..aws.errors import AwsError, SlipwayError
from ..aws.shapes import from_api, input_shape, to_api
from ..engine.compare import Difference, Rules, changed_options, laid_over
from ..engine.kind import Kind, Known, Options, Reference
from ..engine.plan import Call, Desired, Live, Plan
from . import ecs_traffic, tags
from .ecs_deployments import newest_first, primary
from .names import arn, is_arn, last_part, role_arn, security_group_id

_CREATE = input_shape("ecs", "CreateService")
_UPDATE = input_shape("ecs", "UpdateService")
_BATCH = 10
# DescribeServices reports these with the deployment, not with the service.
_OF_DEPLOYMENT = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
# Options of ours that are no parameter of CreateService, or are written differently there.
_NOT_FIELDS = frozenset(
    {"name", "state", "cluster", "force", "force_new_deployment", "region", "profile", "endpoint_url", "tags"}
)
# AWS takes a new capacity provider strategy only together with a new deployment.
_ANEW = frozenset({"force_new_deployment", "capacity_provider_strategy", "rollout_state"})
# A service is created while IAM and ELB may not know of its new role, listener or cluster everywhere yet.
_SOON = frozenset({"InvalidParameterException", "ClusterNotFoundException"})


class EcsService(Kind):
    """A service: how many tasks of which task definition run where, and how a new version replaces the old."""

    name = "ecs_service"
    after = ("ecs_cluster", "ecs_task_definition", "elb_target_group", "elb_listener_rule", "security_group")
    create_only = frozenset({"scheduling_strategy", "role"})
    rules = Rules(
        defaults={
            "capacity_provider_strategy[].base": 0,
            "capacity_provider_strategy[].weight": 0,
            "network_configuration.awsvpc_configuration.assign_public_ip": "DISABLED",
            "platform_version": "LATEST",
            "deployment_configuration.strategy": "ROLLING",
            "deployment_configuration.bake_time_in_minutes": 0,
            "deployment_configuration.alarms.enable": False,
            "deployment_configuration.alarms.rollback": False,
            "deployment_configuration.deployment_circuit_breaker.enable": False,
            "deployment_configuration.deployment_circuit_breaker.rollback": False,
        },
        unordered={
            "capacity_provider_strategy": "capacity_provider",
            "load_balancers": "target_group_arn+container_name+container_port",
            "service_registries": "registry_arn",
            "network_configuration.awsvpc_configuration.subnets": "",
            "network_configuration.awsvpc_configuration.security_groups": "",
            "deployment_configuration.alarms.alarm_names": "",
            "deployment_configuration.lifecycle_hooks": "hook_target_arn",
            "deployment_configuration.lifecycle_hooks[].lifecycle_stages": "",
            "service_connect_configuration.services": "port_name",
            "volume_configurations": "name",
        },
        whole=frozenset({"tags"}),
    )

    def key(self, options: Options) -> str:
        """cluster/name: service names are unique within a cluster only."""
        return f"{last_part(options.get('cluster') or 'default')}/{options['name']}"

    def references(self, options: Options) -> Iterable[Reference]:
        """Target groups, listener rules, security groups and the task definition's family, where given by name."""
        for balancer in options.get("load_balancers") or ():
            yield from ecs_traffic.references(balancer)
        for group in _awsvpc(options).get("security_groups") or ():
            if not group.startswith("sg-"):
                yield "security_group", group
        family = options.get("task_definition") or ""
        if family and not is_arn(family) and ":" not in family:
            yield "ecs_task_definition", family

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeServices, ten of a cluster at a time."""
        by_cluster: dict[str, list[str]] = defaultdict(list)
        for key in wanted:
            cluster, _, name = key.partition("/")
            by_cluster[cluster].append(name)
        found: dict[str, Live] = {}
        for cluster, names in by_cluster.items():
            for start in range(0, len(names), _BATCH):
                for service in _describe(aws, cluster, names[start : start + _BATCH]):
                    key = f"{cluster}/{service['serviceName']}"
                    found[key] = _live(aws, service, wanted[key])
        return found

    def desired(self, options: Options, known: Known) -> Desired:
        """The fields of CreateService, with names completed to ARNs and ids."""
        fields = {key: value for key, value in options.items() if key not in _NOT_FIELDS}
        if fields.get("launch_type") and fields.get("capacity_provider_strategy"):
            raise SlipwayError(
                "launch_type and capacity_provider_strategy exclude each other",
                where=f"ecs_service {options['name']}",
                remedy="remove launch_type: FARGATE and FARGATE_SPOT are capacity providers",
            )
        if fields.get("role"):
            fields["role"] = role_arn(known.aws, fields["role"])
        if "task_definition" in fields:
            fields["task_definition"] = _task_definition_arn(known, fields["task_definition"])
        if "load_balancers" in fields:
            fields["load_balancers"] = [ecs_traffic.balancer(known, item) for item in fields["load_balancers"]]
        if "deployment_configuration" in fields:
            fields["deployment_configuration"] = ecs_traffic.configuration(known, fields["deployment_configuration"])
        if "network_configuration" in fields:
            fields["network_configuration"] = {"awsvpc_configuration": _network(known, _awsvpc(options))}
        fields["tags"] = options.get("tags")
        settings = {
            "cluster": last_part(options.get("cluster") or "default"),
            "force": options.get("force"),
            "force_new_deployment": options.get("force_new_deployment"),
        }
        # Cast by the model, so that "2" and 2 are one value.
        typed = {**to_fields(fields), "tags": fields["tags"]}
        return Desired(options["name"], typed, settings, absent=options.get("state") == "absent")

    def plan(self, desired: Desired, live: Live | None) -> Plan:
        """Desired count is left alone when a scalable target owns it, or every deploy would fight autoscaling."""
        if live is not None and live.outputs.get("scalable"):
            fields = {key: value for key, value in desired.fields.items() if key != "desired_count"}
            desired = Desired(desired.name, fields, desired.settings, desired.absent)
        plan = super().plan(desired, live)
        if live is None or desired.absent or plan.blocked:
            return plan
        found = list(plan.found)
        if live.raw["failed"]:
            # Whatever made it fail may be gone: without a new deployment the same description would change nothing.
            found.append(Difference("rollout_state", "FAILED", "COMPLETED"))
        elif not found and desired.settings["force_new_deployment"]:
            found.append(Difference("force_new_deployment", None, True))
        if len(found) == len(plan.found):
            return plan
        return Plan("update", found, self.update(desired, live, found), live.outputs)

    def create(self, desired: Desired) -> Sequence[Call]:
        """CreateService, patient with what was made a moment ago."""
        params = {
            **to_api(_CREATE, {key: value for key, value in desired.fields.items() if key != "tags"}),
            "cluster": desired.settings["cluster"],
            "serviceName": desired.name,
            # An answer that is lost is asked for again, and must not be refused then:
            # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
            "clientToken": str(uuid4()),
        }
        if desired.fields.get("tags"):
            params["tags"] = tags.to_pairs(desired.fields["tags"], "key", "value")
        return [Call("ecs", "CreateService", params, lambda answer: outputs(answer["service"]), retry=_SOON)]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """One UpdateService with the changed options alone (it decides what triggers a deployment), then the tags."""
        changed = changed_options(found)
        calls = []
        fields = {
            key: laid_over(live.fields.get(key), desired.fields[key])
            for key in changed - {"tags"}
            if key in desired.fields
        }
        if fields or changed & _ANEW:
            if "deployment_configuration" in fields:
                fields["deployment_configuration"] = ecs_traffic.of_strategy(fields["deployment_configuration"])
            if "load_balancers" in fields:
                there = live.fields.get("load_balancers") or []
                fields["load_balancers"] = ecs_traffic.with_kept(there, fields["load_balancers"])
            where = {"cluster": desired.settings["cluster"], "service": desired.name}
            params = {**to_api(_UPDATE, fields), **where}
            calls += ecs_traffic.before_switch(live.fields, fields, params, where)
            # A failed release may have left it without tasks, and its deployment can't succeed any more.
            from_none = "desired_count" in fields and not live.fields.get("desired_count")
            if desired.settings["force_new_deployment"] or changed & _ANEW or from_none:
                params["forceNewDeployment"] = True
            # A role, target group or rule of its load balancer may have been made a moment ago.
            soon = _SOON if "load_balancers" in fields else frozenset[str]()
            calls.append(Call("ecs", "UpdateService", params, lambda answer: outputs(answer["service"]), retry=soon))
        return [*calls, *tags.ecs_calls(found, desired.fields, live.outputs["arn"])]

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeleteService; a service that still has tasks needs force."""
        params = {
            "cluster": desired.settings["cluster"],
            "service": desired.name,
            "force": bool(desired.settings["force"]),
        }
        return [Call("ecs", "DeleteService", params, tolerate=frozenset({"ServiceNotFoundException"}))]


def to_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields in the types of the API's model."""
    typed: dict[str, Any] = from_api(_CREATE, to_api(_CREATE, fields))
    return typed


def outputs(service: Mapping[str, Any]) -> dict[str, Any]:
    """What others may ask of a service, from any response that holds it."""
    return {
        "arn": service["serviceArn"],
        "service": service["serviceName"],
        "cluster": last_part(service.get("clusterArn", "")),
        "status": service.get("status", ""),
        "task_definition": service.get("taskDefinition", ""),
        "desired_count": service.get("desiredCount", 0),
        "deployment_id": primary(service).get("id", ""),
    }


def _describe(aws: Aws, cluster: str, names: list[str]) -> Iterator[dict[str, Any]]:
    try:
        answer = aws.call("ecs", "DescribeServices", cluster=cluster, services=names, include=["TAGS"])
    except AwsError as error:
        if error.code == "ClusterNotFoundException":
            return
        raise
    # A deleted service is INACTIVE for a while, and its name is free; a DRAINING one is on its way there.
    yield from (service for service in answer["services"] if service.get("status") == "ACTIVE")


def _live(aws: Aws, service: dict[str, Any], options: Options) -> Live:
    newest = primary(service)
    whole = {**service, **{key: newest[key] for key in _OF_DEPLOYMENT if newest.get(key)}}
    fields: dict[str, Any] = from_api(_CREATE, {key: value for key, value in whole.items() if key != "tags"})
    fields["tags"] = tags.from_pairs(service.get("tags"), "key", "value")
    fields["role"] = service.get("roleArn")
    if options.get("monitoring") is not None:
        fields["monitoring"] = _monitoring(aws, service)
    known = outputs(service)
    wanted = options.get("desired_count")
    if wanted is not None and int(wanted) != service.get("desiredCount"):
        minimum = _least_tasks(aws, known["cluster"], service["serviceName"])
        # Below its minimum, a scalable target leaves the count alone: no tasks at all is then nobody's choice.
        known["scalable"] = minimum is not None and (bool(service.get("desiredCount")) or minimum == 0)
    under_way = any(one.get("rolloutState") == "IN_PROGRESS" for one in service.get("deployments") or ())
    # What failed is no matter where something is being deployed in its place, or it was rolled back.
    failed = primary(service).get("rolloutState") == "FAILED" and not under_way
    raw = {"failed": failed, "under_way": under_way, "task_sets": service.get("taskSets") or []}
    return Live(fields, known, raw)


def _monitoring(aws: Aws, service: Mapping[str, Any]) -> dict[str, Any] | None:
    """What only the newest revision tells.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html
    """
    arns = [one["arn"] for one in service.get("currentServiceRevisions") or ()]
    if not arns:
        return None
    revisions = aws.call("ecs", "DescribeServiceRevisions", serviceRevisionArns=arns).get("serviceRevisions") or []
    newest: Mapping[str, Any] = next(iter(newest_first(revisions)), {})
    found: dict[str, Any] = from_api(_CREATE, {"monitoring": newest.get("monitoring")})
    return found.get("monitoring")


def _least_tasks(aws: Aws, cluster: str, name: str) -> int | None:
    """The minimum of the service's scalable target; None where it has none."""
    try:
        answer = aws.call(
            "application-autoscaling",
            "DescribeScalableTargets",
            ServiceNamespace="ecs",
            ResourceIds=[f"service/{cluster}/{name}"],
        )
    except AwsError as error:
        # An emulator without this service: AWS itself never answers so.
        if aws.lacks(error):
            return None
        raise
    return next((int(one["MinCapacity"]) for one in answer["ScalableTargets"]), None)


def _awsvpc(options: Options) -> Mapping[str, Any]:
    return (options.get("network_configuration") or {}).get("awsvpc_configuration") or {}


def _network(known: Known, item: Mapping[str, Any]) -> dict[str, Any]:
    body = dict(item)
    if body.get("assign_public_ip") is not None:
        body["assign_public_ip"] = "ENABLED" if body["assign_public_ip"] else "DISABLED"
    if "security_groups" in body:
        where = "network_configuration.awsvpc_configuration.security_groups"
        body["security_groups"] = [security_group_id(known, group, where) for group in body["security_groups"]]
    return body


def _task_definition_arn(known: Known, text: str) -> Any:
    if is_arn(text):
        return text
    if ":" in text:
        return arn(known.aws, "ecs", f"task-definition/{text}")
    return known.output("ecs_task_definition", text, "arn", "task_definition")
