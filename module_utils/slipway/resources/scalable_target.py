"""Autoscaling of ECS services.

Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import batched
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import SlipwayError
from ..engine.compare import Difference, Rules, changed_options
from ..engine.kind import Kind, Known, Options, Reference
from ..engine.parallel import side_by_side
from ..engine.plan import Call, Desired, Live

_API = "application-autoscaling"
_COUNT = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
_BATCH = 50
_REQUESTS = "ALBRequestCountPerTarget"
_SETTINGS = {
    "target_value": "TargetValue",
    "scale_in_cooldown": "ScaleInCooldown",
    "scale_out_cooldown": "ScaleOutCooldown",
    "disable_scale_in": "DisableScaleIn",
}


class ScalableTarget(Kind):
    """How far the desired count of a service may go, and what drives it."""

    name = "scalable_target"
    after = ("ecs_service", "elb_load_balancer", "elb_target_group")
    rules = Rules(
        defaults={"target_tracking[].disable_scale_in": False},
        unordered={"target_tracking": "predefined_metric_type"},
    )

    def key(self, options: Options) -> str:
        """cluster/service."""
        return f"{options['cluster']}/{options['service']}"

    def references(self, options: Options) -> Iterable[Reference]:
        """The load balancer and target group whose requests are counted."""
        for policy in options.get("target_tracking") or ():
            if policy.get("target_group"):
                yield "elb_load_balancer", policy["load_balancer"]
                yield "elb_target_group", policy["target_group"]

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeScalableTargets, fifty at a time; policies only of those whose options manage them."""
        found: dict[str, Any] = {}
        for keys in batched(wanted, _BATCH):
            ids = [f"service/{key}" for key in keys]
            for target in aws.pages(_API, "DescribeScalableTargets", "ScalableTargets", **_COUNT, ResourceIds=ids):
                found[target["ResourceId"].removeprefix("service/")] = target
        managed = [key for key in found if "target_tracking" in wanted[key]]
        policies = dict(zip(managed, side_by_side(lambda key: _policies(aws, key), managed), strict=True))
        return {key: _live(target, policies.get(key, [])) for key, target in found.items()}

    def desired(self, options: Options, known: Known) -> Desired:
        """Bounds, and one policy for each metric."""
        low, high = options.get("min_capacity"), options.get("max_capacity")
        absent = options.get("state") == "absent"
        if not absent and (low is None or high is None):
            raise SlipwayError("needs min_capacity and max_capacity", remedy="give both")
        if low is not None and high is not None and low > high:
            raise SlipwayError(f"min_capacity {low} is more than max_capacity {high}", remedy="exchange them")
        fields: dict[str, Any] = {"min_capacity": low, "max_capacity": high}
        if "target_tracking" in options:
            fields["target_tracking"] = [_policy(known, policy) for policy in options["target_tracking"]]
        return Desired(self.key(options), fields, absent=absent)

    def create(self, desired: Desired) -> Sequence[Call]:
        """RegisterScalableTarget, then the policies."""
        policies = [_put(desired.name, policy) for policy in desired.fields.get("target_tracking") or ()]
        return [_register(desired), *policies]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """The bounds, the policies that differ, and those that nobody described."""
        changed = changed_options(found)
        calls = [_register(desired)] if changed & {"min_capacity", "max_capacity"} else []
        if "target_tracking" in changed:
            metrics = {item.path.partition("[")[2].partition("]")[0] for item in found if "[" in item.path}
            wanted = {policy["predefined_metric_type"]: policy for policy in desired.fields["target_tracking"]}
            calls += [_put(desired.name, policy) for metric, policy in wanted.items() if metric in metrics]
            calls += [_drop(desired.name, live.raw[metric]) for metric in sorted(metrics - set(wanted))]
        return calls

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeregisterScalableTarget, which takes the policies with it."""
        gone = frozenset({"ObjectNotFoundException"})
        params = {**_COUNT, "ResourceId": f"service/{desired.name}"}
        return [Call(_API, "DeregisterScalableTarget", params, tolerate=gone)]


def _policy(known: Known, policy: Mapping[str, Any]) -> dict[str, Any]:
    whole = {key: policy[key] for key in ("predefined_metric_type", *_SETTINGS) if key in policy}
    if policy["predefined_metric_type"] == _REQUESTS:
        if not policy.get("load_balancer") or not policy.get("target_group"):
            raise SlipwayError(
                f"{_REQUESTS} needs load_balancer and target_group", remedy="name them: their requests are counted"
            )
        balancer = known.output("elb_load_balancer", policy["load_balancer"], "full_name", "target_tracking")
        group = known.output("elb_target_group", policy["target_group"], "full_name", "target_tracking")
        # Until both are made, the label is known as little as they are.
        parts = isinstance(balancer, str) and isinstance(group, str)
        whole["resource_label"] = f"{balancer}/{group}" if parts else balancer
    return whole


def _register(desired: Desired) -> Call:
    bounds = {"MinCapacity": desired.fields["min_capacity"], "MaxCapacity": desired.fields["max_capacity"]}
    params = {**_COUNT, "ResourceId": f"service/{desired.name}", **bounds}
    resource = {"resource_id": params["ResourceId"]}
    # The service may have been created a moment ago.
    soon = frozenset({"ValidationException", "ObjectNotFoundException"})
    return Call(_API, "RegisterScalableTarget", params, lambda _: dict(resource), retry=soon)


def _put(name: str, policy: Mapping[str, Any]) -> Call:
    metric = {"PredefinedMetricType": policy["predefined_metric_type"]}
    if policy.get("resource_label"):
        metric["ResourceLabel"] = policy["resource_label"]
    tracking: dict[str, Any] = {api: policy[key] for key, api in _SETTINGS.items() if policy.get(key) is not None}
    tracking["PredefinedMetricSpecification"] = metric
    params = {
        **_COUNT,
        "ResourceId": f"service/{name}",
        "PolicyName": policy["predefined_metric_type"],
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
    }
    return Call(_API, "PutScalingPolicy", params)


def _drop(name: str, policy_name: str) -> Call:
    params = {**_COUNT, "ResourceId": f"service/{name}", "PolicyName": policy_name}
    return Call(_API, "DeleteScalingPolicy", params, tolerate=frozenset({"ObjectNotFoundException"}))


def _policies(aws: Aws, key: str) -> list[dict[str, Any]]:
    return aws.pages(_API, "DescribeScalingPolicies", "ScalingPolicies", **_COUNT, ResourceId=f"service/{key}")


def _live(target: Mapping[str, Any], policies: Sequence[Mapping[str, Any]]) -> Live:
    tracking, names = [], {}
    for policy in policies:
        configuration = policy.get("TargetTrackingScalingPolicyConfiguration") or {}
        metric = configuration.get("PredefinedMetricSpecification") or {}
        if not metric:
            continue  # Step scaling and custom metrics are not described here, and left alone.
        names[metric["PredefinedMetricType"]] = policy["PolicyName"]
        tracking.append(
            {
                "predefined_metric_type": metric["PredefinedMetricType"],
                "resource_label": metric.get("ResourceLabel"),
                **{key: configuration[api] for key, api in _SETTINGS.items() if api in configuration},
            }
        )
    fields = {"min_capacity": target["MinCapacity"], "max_capacity": target["MaxCapacity"], "target_tracking": tracking}
    return Live(fields, {"resource_id": target["ResourceId"]}, names)
