"""How an ECS service has its requests moved from the old version to the new: load balancers and strategies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..aws.errors import SlipwayError
from ..engine.kind import Known, Reference
from ..engine.plan import Call
from .names import is_arn, role_arn, target_group_arn

_RULE = re.compile(r"(?P<listener>(?P<balancer>[^:/]+):\d+)/\d+")
_RULES = ("production_listener_rule", "test_listener_rule")
# What is of one strategy only: AWS refuses it with another.
_OF = {
    "canary_configuration": {"CANARY"},
    "linear_configuration": {"LINEAR"},
    "bake_time_in_minutes": {"BLUE_GREEN", "CANARY", "LINEAR"},
    "early_success_criteria": {"ROLLING"},
}
# Seconds that a deployment may take before its service can change the strategy.
_PATIENCE = 900.0


def references(balancer: Mapping[str, Any]) -> Iterator[Reference]:
    """The target groups and listener rules that a load balancer of a service gives by name."""
    advanced = balancer.get("advanced_configuration") or {}
    for group in (balancer.get("target_group"), advanced.get("alternate_target_group")):
        if group and not is_arn(group):
            yield "elb_target_group", group
    for option in _RULES:
        named = _RULE.fullmatch(advanced.get(option) or "")
        if named:
            yield "elb_load_balancer", named["balancer"]
            yield "elb_listener", named["listener"]
            yield "elb_listener_rule", named[0]


def balancer(known: Known, item: Mapping[str, Any]) -> dict[str, Any]:
    """A load balancer of a service, with names completed to ARNs.

    Raises:
        SlipwayError: a rule is neither an ARN nor LOAD_BALANCER:PORT/PRIORITY, or something named is not there.
    """
    body = {key: value for key, value in item.items() if key not in {"target_group", "advanced_configuration"}}
    if item.get("target_group"):
        body["target_group_arn"] = target_group_arn(known, item["target_group"], "load_balancers.target_group")
    advanced = dict(item.get("advanced_configuration") or {})
    if advanced:
        other = advanced.pop("alternate_target_group", None)
        if other:
            advanced["alternate_target_group_arn"] = target_group_arn(known, other, "alternate_target_group")
        for option in _RULES:
            if advanced.get(option):
                advanced[option] = _rule_arn(known, advanced[option], f"advanced_configuration.{option}")
        if advanced.get("role_arn"):
            advanced["role_arn"] = role_arn(known.aws, advanced["role_arn"])
        body["advanced_configuration"] = advanced
    return body


def with_kept(live: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Load balancers to send: the list replaces all there is, and what was not described stays as it is."""
    there = {one.get("target_group_arn"): one.get("advanced_configuration") for one in live}
    kept = [{"advanced_configuration": there.get(one.get("target_group_arn"))} for one in wanted]
    return [{**old, **one} for old, one in zip(kept, wanted, strict=True)]


def configuration(known: Known, options: Mapping[str, Any]) -> dict[str, Any]:
    """A deployment configuration, with the roles of its hooks completed to ARNs."""
    hooks = options.get("lifecycle_hooks")
    if hooks is None:
        return dict(options)
    completed = [
        {**hook, "role_arn": role_arn(known.aws, hook["role_arn"])} if hook.get("role_arn") else hook for hook in hooks
    ]
    return {**options, "lifecycle_hooks": completed}


def of_strategy(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A deployment configuration without what another strategy has left there."""
    strategy = fields.get("strategy") or "ROLLING"
    return {key: value for key, value in fields.items() if key not in _OF or strategy in _OF[key]}


def before_switch(
    live: Mapping[str, Any], fields: Mapping[str, Any], params: Mapping[str, Any], where: Mapping[str, Any]
) -> list[Call]:
    """What has to happen before the service can take another strategy.

    No deployment may be going on. And a service that is to have its requests shifted needs its second target group and
    its rules from a rolling deployment, which comes first:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-rolling-to-bluegreen.html and
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-bluegreen-to-rolling.html.
    """
    old, new = ((one.get("deployment_configuration") or {}).get("strategy") or "ROLLING" for one in (live, fields))
    if "deployment_configuration" not in fields or old == new:
        return []
    calls = [_settled(where, "waiting until no deployment is going on, to change the strategy")]
    if old == "ROLLING" and "loadBalancers" in params:
        roll = {**where, "loadBalancers": params["loadBalancers"]}
        progress = f"waiting for the rolling deployment that prepares the service for {new}"
        # The role may have been made a moment ago.
        soon = frozenset({"InvalidParameterException"})
        calls += [Call("ecs", "UpdateService", roll, retry=soon), _settled(where, progress)]
    return calls


def _settled(where: Mapping[str, Any], progress: str) -> Call:
    params = {"cluster": where["cluster"], "services": [where["service"]]}
    return Call("ecs", "DescribeServices", params, until=_is_settled, patience=_PATIENCE, every=5.0, progress=progress)


def _is_settled(answer: Mapping[str, Any]) -> bool:
    deployments = [one for service in answer["services"] for one in service.get("deployments") or ()]
    return len(deployments) <= 1 and all(one.get("rolloutState") != "IN_PROGRESS" for one in deployments)


def _rule_arn(known: Known, rule: str, where: str) -> Any:
    if is_arn(rule):
        return rule
    if not _RULE.fullmatch(rule):
        raise SlipwayError(
            f"{rule!r} is no listener rule",
            where=where,
            remedy="write LOAD_BALANCER:PORT/PRIORITY, such as web:443/100, or the rule's ARN",
        )
    return known.output("elb_listener_rule", rule, "arn", where)
