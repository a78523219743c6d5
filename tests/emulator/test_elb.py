"""Load balancers, target groups, listeners and rules through their lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.emulator.lifecycle import Case, Change, Resource, apply, walk
from tests.emulators.emulator import Emulator

pytestmark = pytest.mark.aws("elbv2", "ec2", "acm")


@dataclass(frozen=True)
class Network:
    """What a load balancer stands in."""

    vpc: str
    subnets: list[str]
    security_groups: list[str]
    certificates: list[str]


@pytest.fixture
def network(emulator: Emulator) -> Network:
    return network_of(emulator)


def network_of(emulator: Emulator) -> Network:
    ec2, acm = emulator.client("ec2"), emulator.client("acm")
    vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.40.{index}.0/24", AvailabilityZone=f"ap-northeast-2{zone}")
        for index, zone in enumerate("abc")
    ]
    groups = [ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc) for name in ("one", "two")]
    certificates = [acm.request_certificate(DomainName=f"{name}.example.com") for name in ("one", "two", "three")]
    return Network(
        vpc,
        [subnet["Subnet"]["SubnetId"] for subnet in subnets],
        [group["GroupId"] for group in groups],
        [certificate["CertificateArn"] for certificate in certificates],
    )


def balancer(network: Network) -> Resource:
    return "elb_load_balancer", {
        "name": "life",
        "subnets": network.subnets[:2],
        "security_groups": network.security_groups[:1],
    }


def group(network: Network, name: str) -> Resource:
    return "elb_target_group", {"name": name, "protocol": "HTTP", "port": 8000, "vpc_id": network.vpc}


def forward(weights: Mapping[str, int]) -> list[dict[str, Any]]:
    groups = [{"target_group": name, "weight": weight} for name, weight in weights.items()]
    return [{"forward": {"target_groups": groups}}]


def respond(status: str) -> list[dict[str, Any]]:
    return [{"fixed_response": {"status_code": status, "content_type": "text/plain", "message_body": "nothing"}}]


def arn_of(emulator: Emulator, resource: Resource) -> str:
    """The ARN of a resource that is made now."""
    [outcome], _ = apply(emulator.endpoint, [resource])
    return str(outcome.outputs["arn"])


LISTENER: dict[str, Any] = {"load_balancer": "life", "port": 80, "protocol": "HTTP", "default_actions": respond("404")}
WEIGHTS = {"ministack": "it drops weighted forward actions"}


def test_load_balancer(emulator: Emulator, network: Network) -> None:
    one, two, three = network.subnets
    walk(
        Case(
            "elb_load_balancer",
            {
                "name": "life",
                "scheme": "internal",
                "subnets": [one, two],
                "security_groups": [network.security_groups[0]],
                "ip_address_type": "ipv4",
                "deletion_protection": True,
                "idle_timeout_seconds": 90,
                "http2": False,
                "desync_mitigation_mode": "strictest",
                "access_logs": {"enabled": True, "bucket": "logs", "prefix": "alb"},
                "tags": {"Service": "life"},
            },
            changes=[
                Change({"idle_timeout_seconds": 120}, frozenset({"idle_timeout_seconds"})),
                Change({"access_logs": {"enabled": False}, "http2": True}, frozenset({"access_logs.enabled", "http2"})),
                Change({"security_groups": network.security_groups}, frozenset({"security_groups"})),
                Change({"subnets": [three, one, two]}, frozenset({"subnets"})),
                Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Owner"})),
                Change({"deletion_protection": False}, frozenset({"deletion_protection"})),
            ],
            no_op_calls=3,
        ),
        *emulator,
    )


def test_target_group(emulator: Emulator, network: Network) -> None:
    walk(
        Case(
            "elb_target_group",
            {
                "name": "life",
                "protocol": "HTTP",
                "port": 8000,
                "vpc_id": network.vpc,
                "protocol_version": "HTTP1",
                "health_check": {
                    "protocol": "HTTP",
                    "port": "traffic-port",
                    "path": "/api/v1/health",
                    "interval_seconds": 15,
                    "timeout_seconds": 5,
                    "healthy_threshold_count": 2,
                    "unhealthy_threshold_count": 3,
                    "matcher": {"http_code": "200"},
                },
                "deregistration_delay_timeout_seconds": 30,
                "stickiness": {"enabled": True, "type": "lb_cookie", "lb_cookie_duration_seconds": 60},
                "tags": {"Service": "life"},
            },
            changes=[
                Change(
                    {"health_check": {"path": "/health", "matcher": {"http_code": "200-299"}}},
                    frozenset({"health_check.path", "health_check.matcher.http_code"}),
                ),
                Change({"slow_start_duration_seconds": 30}, frozenset({"slow_start_duration_seconds"})),
                Change(
                    {"deregistration_delay_timeout_seconds": 0}, frozenset({"deregistration_delay_timeout_seconds"})
                ),
                Change({"stickiness": {"enabled": False}}, frozenset({"stickiness.enabled"})),
                Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Owner"})),
            ],
            no_op_calls=3,
        ),
        *emulator,
    )


def test_targets_are_never_touched(emulator: Emulator, network: Network) -> None:
    kind, options = group(network, "life")
    [outcome], _ = apply(emulator.endpoint, [(kind, options)])
    elb, arn = emulator.client("elbv2"), outcome.outputs["arn"]
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.40.0.9", "Port": 8000}])
    apply(
        emulator.endpoint, [(kind, {**options, "health_check": {"path": "/other"}, "slow_start_duration_seconds": 30})]
    )
    health = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert [item["Target"]["Id"] for item in health] == ["10.40.0.9"]


def test_listener(emulator: Emulator, network: Network) -> None:
    blue, green = (arn_of(emulator, group(network, name)) for name in ("blue", "green"))
    walk(
        Case(
            "elb_listener",
            {
                **LISTENER,
                "default_actions": [{"redirect": {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}}],
                "tags": {"Service": "life"},
            },
            changes=[
                Change(
                    {"default_actions": [{"redirect": {"host": "example.com", "status_code": "HTTP_302"}}]},
                    frozenset(
                        f"default_actions[0].redirect.{key}" for key in ("protocol", "port", "host", "status_code")
                    ),
                ),
                Change(
                    {"default_actions": respond("404")},
                    frozenset(
                        f"default_actions[0].{path}"
                        for path in (
                            "fixed_response.status_code",
                            "fixed_response.message_body",
                            "redirect.host",
                            "redirect.status_code",
                        )
                    ),
                ),
                Change(
                    {"default_actions": respond("503")}, frozenset({"default_actions[0].fixed_response.status_code"})
                ),
                Change(
                    {"default_actions": forward({blue: 1})},
                    frozenset(
                        {
                            f"default_actions[0].forward.target_groups[{blue}]",
                            "default_actions[0].fixed_response.status_code",
                            "default_actions[0].fixed_response.message_body",
                        }
                    ),
                ),
                Change(
                    {"default_actions": forward({blue: 90, green: 10})},
                    frozenset(
                        {
                            f"default_actions[0].forward.target_groups[{blue}].weight",
                            f"default_actions[0].forward.target_groups[{green}]",
                        }
                    ),
                    not_on=WEIGHTS,
                ),
                Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Owner"})),
            ],
            no_op_calls=3,
            before=[balancer(network)],
        ),
        *emulator,
    )


def test_https_listener(emulator: Emulator, network: Network) -> None:
    walk(
        Case(
            "elb_listener",
            {
                **LISTENER,
                "port": 443,
                "protocol": "HTTPS",
                "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
                "certificates": network.certificates[:1],
                "response_headers": {"strict_transport_security": "max-age=1"},
            },
            changes=[
                Change({"ssl_policy": "ELBSecurityPolicy-2016-08"}, frozenset({"ssl_policy"})),
                Change({"certificates": network.certificates[1:2]}, frozenset({"certificates[0]"})),
                Change(
                    {"response_headers": {"strict_transport_security": "max-age=2"}},
                    frozenset({"response_headers.strict_transport_security"}),
                ),
            ],
            no_op_calls=3,
            before=[balancer(network)],
        ),
        *emulator,
    )


def test_certificates_by_name_of_the_client(emulator: Emulator, network: Network) -> None:
    one, two, three = network.certificates
    case = Case(
        "elb_listener",
        {**LISTENER, "port": 443, "protocol": "HTTPS", "certificates": [one, two]},
        changes=[
            Change({"certificates": [one, two, three]}, frozenset({"certificates"})),
            Change({"certificates": [one, two], "purge_certificates": True}, frozenset({"certificates"})),
            Change(
                {"certificates": [three, two]},
                frozenset({"certificates[0]"}),
                not_on={"moto": "with the default certificate it forgets the others"},
            ),
        ],
        no_op_calls=3,
        before=[balancer(network)],
        not_on={"ministack": "it has no AddListenerCertificates"},
    )
    if emulator.name in case.not_on:
        pytest.skip(case.not_on[emulator.name])
    walk(case, *emulator)


def test_rule(emulator: Emulator, network: Network) -> None:
    blue, green = (arn_of(emulator, group(network, name)) for name in ("blue", "green"))
    groups = "actions[0].forward.target_groups"
    # ministack forgets the values of a query-string condition.
    query = [{"query_string": {"values": [{"key": "a", "value": "b"}, {"value": "c"}]}}]
    query = [] if emulator.name == "ministack" else query
    walk(
        Case(
            "elb_listener_rule",
            {
                "load_balancer": "life",
                "port": 80,
                "priority": 10,
                "conditions": [
                    {"path_pattern": {"values": ["/api/*", "/v2/*"]}},
                    {"host_header": {"values": ["api.example.com"]}},
                    {"http_header": {"http_header_name": "X-Version", "values": ["2"]}},
                    {"http_request_method": {"values": ["GET", "POST"]}},
                    {"source_ip": {"values": ["10.0.0.0/8"]}},
                    *query,
                ],
                "actions": forward({blue: 1}),
                "tags": {"Service": "life"},
            },
            changes=[
                Change({"conditions": [{"host_header": {"values": ["a.example.com"]}}]}, frozenset({"conditions"})),
                Change(
                    {"conditions": [{"host_header": {"values": ["b.example.com"]}}]},
                    frozenset({"conditions[0].host_header.values"}),
                ),
                Change({"actions": forward({green: 1})}, frozenset({f"{groups}[{blue}]", f"{groups}[{green}]"})),
                Change(
                    {"actions": forward({blue: 90, green: 10})},
                    frozenset({f"{groups}[{blue}]", f"{groups}[{green}].weight"}),
                    not_on=WEIGHTS,
                ),
                Change(
                    {"actions": forward({blue: 50, green: 10})}, frozenset({f"{groups}[{blue}].weight"}), not_on=WEIGHTS
                ),
                Change(
                    {"actions": respond("503")},
                    frozenset(
                        {"actions[0].fixed_response.status_code", "actions[0].fixed_response.message_body"}
                        | {f"{groups}[{arn}]" for arn in ([green] if emulator.name == "ministack" else [blue, green])}
                    ),
                ),
                Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Owner"})),
            ],
            no_op_calls=4,
            before=[balancer(network), ("elb_listener", LISTENER)],
        ),
        *emulator,
    )


def test_whole_stack_in_one_run(emulator: Emulator, network: Network) -> None:
    rule = {
        "load_balancer": "life",
        "port": 80,
        "priority": 1,
        "conditions": [{"path_pattern": {"values": ["/*"]}}],
        "actions": forward({"blue": 1}),
    }
    stack = [("elb_listener_rule", rule), ("elb_listener", LISTENER), group(network, "blue"), balancer(network)]
    outcomes, calls = apply(emulator.endpoint, stack, check=True)
    assert [outcome.plan.verb for outcome in outcomes] == ["create"] * 4
    apply(emulator.endpoint, stack)
    outcomes, calls = apply(emulator.endpoint, stack)
    assert [outcome.plan.verb for outcome in outcomes] == ["none"] * 4
    assert sum(calls.values()) == 4
    gone = [(kind, {**options, "state": "absent"}) for kind, options in stack]
    outcomes, _ = apply(emulator.endpoint, gone)
    assert [outcome.plan.verb for outcome in outcomes] == ["delete"] * 4


def test_weights_of_ecs_are_left_alone(moto: Emulator) -> None:
    place = network_of(moto)
    rule = {
        "load_balancer": "life",
        "port": 80,
        "priority": 1,
        "manage_weights": False,
        "conditions": [{"path_pattern": {"values": ["/*"]}}],
        "actions": forward({"blue": 100, "green": 0}),
    }
    stack = [balancer(place), group(place, "blue"), group(place, "green"), ("elb_listener", LISTENER)]
    outcomes, _ = apply(moto.endpoint, [*stack, ("elb_listener_rule", rule)])
    arns = {outcome.request.label: outcome.outputs["arn"] for outcome in outcomes}
    weights = {"elb_target_group blue": 0, "elb_target_group green": 100}
    groups = [{"TargetGroupArn": arns[label], "Weight": weight} for label, weight in weights.items()]
    elb = moto.client("elbv2")
    rule_arn = arns["elb_listener_rule life:80/1"]
    elb.modify_rule(RuleArn=rule_arn, Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}])
    [outcome], _ = apply(moto.endpoint, [("elb_listener_rule", rule)])
    assert not outcome.plan.found
    moved = {**rule, "conditions": [{"path_pattern": {"values": ["/api/*"]}}]}
    [outcome], _ = apply(moto.endpoint, [("elb_listener_rule", moved)])
    assert [item.path for item in outcome.plan.found] == ["conditions[0].path_pattern.values"]
    [live] = elb.describe_rules(RuleArns=[rule_arn])["Rules"]
    assert {item["Weight"] for item in live["Actions"][0]["ForwardConfig"]["TargetGroups"]} == {0, 100}
