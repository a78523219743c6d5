"""Target groups."""

from __future__ import annotations

from typing import Any

from tests.emulator.drift_cases.elb import KEYS, NAME, attribute, attributes_of, group_arn, network, tags, values
from tests.emulator.drift_cases.model import Document, Scene, To, World

GROUP = "elb_target_group"
GROUP_ATTRIBUTES: dict[str, To] = {
    "deregistration_delay_timeout_seconds": attribute("deregistration_delay.timeout_seconds", "30", "300", 300),
    "deregistration_delay_connection_termination": attribute(
        "deregistration_delay.connection_termination.enabled", "false", "true", True
    ),
    "slow_start_duration_seconds": attribute("slow_start.duration_seconds", "30", "60", 60),
    "load_balancing_algorithm_type": attribute(
        "load_balancing.algorithm.type", "round_robin", "least_outstanding_requests"
    ),
    "load_balancing_anomaly_mitigation": attribute("load_balancing.algorithm.anomaly_mitigation", "off", "on"),
    "cross_zone": attribute("load_balancing.cross_zone.enabled", "use_load_balancer_configuration", "false"),
    "stickiness.enabled": attribute("stickiness.enabled", "true", "false", False),
    "stickiness.type": attribute("stickiness.type", "lb_cookie", "app_cookie"),
    "stickiness.lb_cookie_duration_seconds": attribute("stickiness.lb_cookie.duration_seconds", "60", "90", 90),
    "stickiness.app_cookie_name": attribute("stickiness.app_cookie.cookie_name", "one", "two"),
    "stickiness.app_cookie_duration_seconds": attribute("stickiness.app_cookie.duration_seconds", "60", "90", 90),
    "preserve_client_ip": attribute("preserve_client_ip.enabled", "false", "true", True),
    "proxy_protocol_v2": attribute("proxy_protocol_v2.enabled", "false", "true", True),
    "lambda_multi_value_headers": attribute("lambda.multi_value_headers.enabled", "false", "true", True),
    "unhealthy_connection_termination": attribute(
        "target_health_state.unhealthy.connection_termination.enabled", "true", "false", False
    ),
    "unhealthy_draining_interval_seconds": attribute(
        "target_health_state.unhealthy.draining_interval_seconds", "10", "20", 20
    ),
    **{
        f"target_group_health.{what}_minimum_healthy_targets_{unit}": attribute(
            f"target_group_health.{what}.minimum_healthy_targets.{unit}", "1", "2"
        )
        for what in ("dns_failover", "unhealthy_state_routing")
        for unit in ("count", "percentage")
    },
}
KEYS[GROUP] = {option: str(to.api[0]) for option, to in GROUP_ATTRIBUTES.items()}


def _group(world: World) -> dict[str, Any]:
    return {"name": NAME, "protocol": "HTTP", "port": 8000, "vpc_id": network(world)["vpc"]}


def _another_group(world: World, document: Document) -> None:
    """What AWS fixes at creation: somebody made another one of the same name."""
    world.elbv2.delete_target_group(TargetGroupArn=group_arn(world))
    del world.ids[f"group {NAME}"]
    world.elbv2.create_target_group(**document)


def _modify_group(world: World, document: Document) -> None:
    world.elbv2.modify_target_group(TargetGroupArn=group_arn(world), **document)


def _with_attributes(world: World) -> dict[str, Any]:
    world.ids["managed"] = set(KEYS[GROUP].values())
    return {**_group(world), **values(GROUP_ATTRIBUTES), "tags": {"Service": "drift"}}


def _check(option: str, value: Any, api: str, place: tuple[str, ...] = ()) -> tuple[str, To]:
    return f"health_check.{option}", To(value, api=place or (api,))


_HEALTH = dict(
    [
        _check("protocol", "HTTPS", "HealthCheckProtocol"),
        _check("port", "9000", "HealthCheckPort"),
        _check("path", "/other", "HealthCheckPath"),
        _check("interval_seconds", 60, "HealthCheckIntervalSeconds"),
        _check("timeout_seconds", 8, "HealthCheckTimeoutSeconds"),
        _check("healthy_threshold_count", 4, "HealthyThresholdCount"),
        _check("unhealthy_threshold_count", 6, "UnhealthyThresholdCount"),
        _check("matcher.http_code", "200-499", "", ("Matcher", "HttpCode")),
    ]
)
GROUPS = (
    Scene(
        GROUP,
        lambda world: {
            **_group(world),
            "protocol_version": "HTTP1",
            "target_type": "ip",
            "ip_address_type": "ipv4",
            "target_control_port": 9000,
        },
        {
            "protocol": "HTTPS",
            "port": 8001,
            "vpc_id": To(lambda world: world.ids["other_vpc"]),
            "protocol_version": "HTTP2",
            "target_type": "instance",
            "ip_address_type": "ipv6",
            "target_control_port": 9001,
        },
        read=lambda world: {
            "Name": NAME,
            "Protocol": "HTTP",
            "Port": 8000,
            "VpcId": world.ids["vpc"],
            "ProtocolVersion": "HTTP1",
            "TargetType": "ip",
            "IpAddressType": "ipv4",
        },
        put=_another_group,
        pascal=True,
        answer=("DescribeTargetGroups", ("TargetGroups", 0)),
        unkept={
            "ministack": dict.fromkeys(("target_control_port", "protocol_version", "ip_address_type"), "drops it"),
            "moto": {"target_control_port": "drops it"},
        },
        title="fixed",
    ),
    Scene(
        GROUP,
        lambda world: {
            **_group(world),
            "health_check": {
                "enabled": True,
                "protocol": "HTTP",
                "port": "traffic-port",
                "path": "/health",
                "interval_seconds": 30,
                "timeout_seconds": 5,
                "healthy_threshold_count": 2,
                "unhealthy_threshold_count": 3,
                "matcher": {"http_code": "200"},
            },
        },
        {"health_check.enabled": To(False, api=("HealthCheckEnabled",)), **_HEALTH},
        read=lambda world: {
            "HealthCheckEnabled": True,
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": "traffic-port",
            "HealthCheckPath": "/health",
            "HealthCheckIntervalSeconds": 30,
            "HealthCheckTimeoutSeconds": 5,
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 3,
            "Matcher": {"HttpCode": "200"},
        },
        put=_modify_group,
        pascal=True,
        answer=("DescribeTargetGroups", ("TargetGroups", 0)),
        title="health",
    ),
    Scene(
        GROUP,
        lambda world: {
            **_group(world),
            "protocol_version": "GRPC",
            "health_check": {"matcher": {"grpc_code": "12"}},
        },
        {"health_check.matcher.grpc_code": To("0-99", api=("Matcher", "GrpcCode"))},
        read=lambda _: {"Matcher": {"GrpcCode": "12"}},
        put=_modify_group,
        pascal=True,
        answer=("DescribeTargetGroups", ("TargetGroups", 0)),
        unkept={
            "ministack": {"": "knows no gRPC"},
            "moto": {"*grpc_code": "does not take it in ModifyTargetGroup"},
        },
        title="grpc",
    ),
    Scene(
        GROUP,
        _with_attributes,
        {**GROUP_ATTRIBUTES, "tags": tags(group_arn)},
        title="attributes",
        **attributes_of("TargetGroupAttributes", "TargetGroupArn", group_arn, GROUP),
    ),
)
SCENES = GROUPS
NO_FIELDS = {GROUP: {"name": "its name: another name is another resource"}}
