"""Target groups: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html.

Which targets are registered is never read and never written: under ECS it belongs to ECS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import SlipwayError
from ..aws.shapes import from_api, input_shape, to_api
from ..engine.compare import Difference, Rules, changed_options
from ..engine.kind import Kind, Known, Options
from ..engine.parallel import side_by_side
from ..engine.plan import Call, Desired, Live, Output
from . import elb, tags

_CREATE = input_shape("elbv2", "CreateTargetGroup")
_MODIFY = input_shape("elbv2", "ModifyTargetGroup")
ATTRIBUTES: elb.Attributes = {
    "deregistration_delay_timeout_seconds": ("deregistration_delay.timeout_seconds", int),
    "deregistration_delay_connection_termination": ("deregistration_delay.connection_termination.enabled", bool),
    "slow_start_duration_seconds": ("slow_start.duration_seconds", int),
    "load_balancing_algorithm_type": ("load_balancing.algorithm.type", str),
    "load_balancing_anomaly_mitigation": ("load_balancing.algorithm.anomaly_mitigation", str),
    "cross_zone": ("load_balancing.cross_zone.enabled", str),
    "stickiness.enabled": ("stickiness.enabled", bool),
    "stickiness.type": ("stickiness.type", str),
    "stickiness.lb_cookie_duration_seconds": ("stickiness.lb_cookie.duration_seconds", int),
    "stickiness.app_cookie_name": ("stickiness.app_cookie.cookie_name", str),
    "stickiness.app_cookie_duration_seconds": ("stickiness.app_cookie.duration_seconds", int),
    "preserve_client_ip": ("preserve_client_ip.enabled", bool),
    "proxy_protocol_v2": ("proxy_protocol_v2.enabled", bool),
    "lambda_multi_value_headers": ("lambda.multi_value_headers.enabled", bool),
    "unhealthy_connection_termination": ("target_health_state.unhealthy.connection_termination.enabled", bool),
    "unhealthy_draining_interval_seconds": ("target_health_state.unhealthy.draining_interval_seconds", int),
    **{
        f"target_group_health.{what}_minimum_healthy_targets_{unit}": (
            f"target_group_health.{what}.minimum_healthy_targets.{unit}",
            str,
        )
        for what in ("dns_failover", "unhealthy_state_routing")
        for unit in ("count", "percentage")
    },
}
_RANGES: elb.Ranges = {
    "port": (1, 65535),
    "target_control_port": (1, 65535),
    "health_check.interval_seconds": (5, 300),
    "health_check.timeout_seconds": (2, 120),
    "health_check.healthy_threshold_count": (2, 10),
    "health_check.unhealthy_threshold_count": (2, 10),
    "deregistration_delay_timeout_seconds": (0, 3600),
    "slow_start_duration_seconds": (0, 900),
    "stickiness.lb_cookie_duration_seconds": (1, 604800),
    "stickiness.app_cookie_duration_seconds": (1, 604800),
    "unhealthy_draining_interval_seconds": (0, 360000),
}
_ATTRIBUTE_OPTIONS = elb.attribute_options(ATTRIBUTES)
# Option of health_check -> parameter; the API gives only some of them the prefix.
_HEALTH_CHECK = {
    **{
        key: f"health_check_{key}"
        for key in ("enabled", "protocol", "port", "path", "interval_seconds", "timeout_seconds")
    },
    **{key: key for key in ("healthy_threshold_count", "unhealthy_threshold_count", "matcher")},
}
_FIXED = ("protocol", "protocol_version", "port", "vpc_id", "target_type", "ip_address_type", "target_control_port")


class ElbTargetGroup(Kind):
    """A target group with its health check, attributes and tags; never its targets."""

    name = "elb_target_group"
    exists = frozenset({"DuplicateTargetGroupName"})
    create_only = frozenset(_FIXED)
    rules = Rules(defaults={"protocol_version": "HTTP1", "ip_address_type": "ipv4"}, whole=frozenset({"tags"}))

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeTargetGroups and DescribeTags for all at once; attributes have no batch, so only where managed."""
        found = elb.describe_named(
            aws, "DescribeTargetGroups", "TargetGroups", "TargetGroupName", "TargetGroupNotFound", list(wanted)
        )
        items = {item["TargetGroupName"]: item for item in found}
        lives = side_by_side(lambda name: _live(aws, items[name], wanted[name]), list(items))
        return elb.with_tags(aws, dict(zip(items, lives, strict=True)), wanted)

    def desired(self, options: Options, known: Known) -> Desired:
        """The fields of CreateTargetGroup, the health check together, and the attributes beside them."""
        name = options["name"]
        if options.get("state") == "absent":
            return Desired(name, absent=True)
        elb.refuse_bad_name(self.name, name)
        elb.refuse_out_of_range(f"{self.name} {name}", options, _RANGES)
        _refuse_contradictions(options)
        keys = (*_FIXED, "health_check", "tags", *sorted(_ATTRIBUTE_OPTIONS))
        return Desired(name, {key: options[key] for key in keys if options.get(key) is not None})

    def create(self, desired: Desired) -> Sequence[Call]:
        """CreateTargetGroup, then the attributes."""
        fields = desired.fields
        needed = [] if fields.get("target_type") == "lambda" else ["protocol", "port", "vpc_id"]
        elb.refuse_empty(f"{self.name} {desired.name}", fields, needed, new=True)
        own = {key: fields[key] for key in _FIXED if key in fields}
        params = to_api(_CREATE, {**own, **_health_check(fields), "name": desired.name})
        if fields.get("tags"):
            params["Tags"] = tags.to_pairs(fields["tags"])
        create = Call("elbv2", "CreateTargetGroup", params, lambda answer: _outputs(answer["TargetGroups"][0]))
        return [create, *_attribute_calls(Output("arn"), fields)]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """ModifyTargetGroup is the health check; attributes and tags have calls of their own."""
        changed, arn, calls = changed_options(found), live.outputs["arn"], []
        if "health_check" in changed:
            params = to_api(_MODIFY, _health_check(desired.fields))
            calls.append(Call("elbv2", "ModifyTargetGroup", {"TargetGroupArn": arn, **params}))
        calls += _attribute_calls(arn, {key: desired.fields.get(key) for key in changed})
        return [*calls, *elb.tag_calls(arn, found, desired.fields)]

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeleteTargetGroup, patient while a listener or rule that used it is still going away."""
        return [
            Call(
                "elbv2",
                "DeleteTargetGroup",
                {"TargetGroupArn": live.outputs["arn"]},
                tolerate=frozenset({"TargetGroupNotFound"}),
                retry=frozenset({"ResourceInUse"}),
                patience=20,
            )
        ]


def _refuse_contradictions(options: Options) -> None:
    where, algorithm = f"elb_target_group {options['name']}", options.get("load_balancing_algorithm_type")
    if options.get("slow_start_duration_seconds") and algorithm in {"least_outstanding_requests", "weighted_random"}:
        raise SlipwayError(
            f"slow start does not work with load_balancing_algorithm_type {algorithm}",
            where=where,
            remedy="set slow_start_duration_seconds to 0, or the algorithm to round_robin",
        )
    if options.get("load_balancing_anomaly_mitigation") == "on" and algorithm not in {None, "weighted_random"}:
        raise SlipwayError(
            f"anomaly mitigation does not work with load_balancing_algorithm_type {algorithm}",
            where=where,
            remedy="set load_balancing_algorithm_type to weighted_random",
        )
    check = options.get("health_check") or {}
    interval, timeout = check.get("interval_seconds"), check.get("timeout_seconds")
    if interval is not None and timeout is not None and timeout > interval:
        raise SlipwayError(
            f"health_check.timeout_seconds ({timeout}) is longer than interval_seconds ({interval})",
            where=where,
            remedy="make the interval longer than the timeout",
        )


def _health_check(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {_HEALTH_CHECK[key]: value for key, value in (fields.get("health_check") or {}).items()}


def _live(aws: Aws, group: dict[str, Any], options: Options) -> Live:
    flat = from_api(_CREATE, group)
    fields: dict[str, Any] = {key: flat[key] for key in _FIXED if key in flat}
    fields["health_check"] = {option: flat[key] for option, key in _HEALTH_CHECK.items() if key in flat}
    if _ATTRIBUTE_OPTIONS & set(options) and options.get("state") != "absent":
        answer = aws.call("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=group["TargetGroupArn"])
        fields.update(elb.attribute_fields(ATTRIBUTES, answer["Attributes"]))
    return Live(fields, _outputs(group))


def _outputs(group: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "arn": group["TargetGroupArn"],
        "full_name": group["TargetGroupArn"].rpartition(":")[2],
        "load_balancer_arns": list(group.get("LoadBalancerArns") or []),
    }


def _attribute_calls(arn: str | Output, fields: Mapping[str, Any]) -> list[Call]:
    return elb.attribute_call("ModifyTargetGroupAttributes", ("TargetGroupArn", arn), ATTRIBUTES, fields)
