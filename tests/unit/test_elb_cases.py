"""Load balancing, case by case: what is sent, what is refused, and that the options cover today's API."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from slipway.aws.errors import AwsError, SlipwayError
from slipway.aws.shapes import shape_of, xform_name
from slipway.engine.kind import Kind, Known
from slipway.engine.options import argument_spec, documentation_of, validated
from slipway.engine.plan import Live
from slipway.resources import elb, elb_listener, elb_load_balancer, elb_target_group
from slipway.resources.elb_listener import ElbListener
from slipway.resources.elb_listener_rule import ElbListenerRule
from slipway.resources.elb_load_balancer import ElbLoadBalancer
from slipway.resources.elb_target_group import ElbTargetGroup
from tests.unit.fake_aws import FakeAws
from tests.unit.fake_elb import ARN, FakeElb, plan

LIBRARY = Path(__file__).resolve().parents[2] / "library"
OIDC = ("issuer", "authorization_endpoint", "token_endpoint", "user_info_endpoint", "client_id")
RULE: dict[str, Any] = {
    "load_balancer": "web",
    "port": 443,
    "priority": 10,
    "conditions": [{"path_pattern": {"values": ["/api/*"]}}],
    "actions": [{"forward": {"target_groups": [{"target_group": f"{ARN}targetgroup/x/1"}]}}],
}
LISTENER: dict[str, Any] = {
    "load_balancer": f"{ARN}loadbalancer/app/web/1",
    "port": 443,
    "protocol": "HTTPS",
    "certificates": ["arn:a", "arn:b"],
    "default_actions": [{"fixed_response": {"status_code": "404"}}],
}


def two_groups(blue: int, green: int) -> list[dict[str, Any]]:
    weights = {"blue": blue, "green": green}
    named = [{"target_group": f"{ARN}targetgroup/{name}/1", "weight": weight} for name, weight in weights.items()]
    return [{"forward": {"target_groups": named}}]


def test_weights_that_ecs_owns_are_neither_found_nor_sent() -> None:
    aws = FakeElb(plan(ElbListenerRule(), {**RULE, "actions": two_groups(0, 100)}, FakeElb()).calls)
    options = {**RULE, "actions": two_groups(100, 0)}
    assert len(plan(ElbListenerRule(), options, aws).found) == 2
    owned = {**options, "manage_weights": False}
    assert plan(ElbListenerRule(), owned, aws).found == ()
    sticky = copy.deepcopy(owned)
    sticky["actions"][0]["forward"]["target_group_stickiness_config"] = {"enabled": True, "duration_seconds": 60}
    [call] = plan(ElbListenerRule(), sticky, aws).calls
    assert [group["Weight"] for group in call.params["Actions"][0]["ForwardConfig"]["TargetGroups"]] == [0, 100]


def test_one_target_group_goes_by_its_arn_alone() -> None:
    [call] = plan(ElbListenerRule(), RULE, FakeElb()).calls
    assert call.params["Actions"] == [{"Type": "forward", "TargetGroupArn": f"{ARN}targetgroup/x/1"}]


def oidc(**more: str) -> list[dict[str, Any]]:
    return [{"authenticate_oidc": {**dict.fromkeys(OIDC, "x"), **more}}, *RULE["actions"]]


def test_a_client_secret_is_sent_and_never_shown() -> None:
    with pytest.raises(SlipwayError, match="needs client_secret"):
        plan(ElbListenerRule(), {**RULE, "actions": oidc()}, FakeElb())
    created = plan(ElbListenerRule(), {**RULE, "actions": oidc(client_secret="hush")}, FakeElb())
    assert created.calls[0].params["Actions"][0]["AuthenticateOidcConfig"]["ClientSecret"] == "hush"
    assert "hush" not in repr(created.found)
    aws = FakeElb(created.calls)
    assert plan(ElbListenerRule(), {**RULE, "actions": oidc(client_secret="other")}, aws).found == ()
    [call] = plan(ElbListenerRule(), {**RULE, "actions": oidc(issuer="y")}, aws).calls
    assert call.params["Actions"][0]["AuthenticateOidcConfig"]["UseExistingClientSecret"] is True


def test_secrets_are_known_to_ansible_at_any_depth() -> None:
    spec = argument_spec(documentation_of(LIBRARY / "elb_listener_rule.py"), ElbListenerRule.secret_options)
    _, secrets = validated("elb_listener_rule", spec, {**RULE, "actions": oidc(client_secret="hush")})
    assert secrets == {"hush"}


@pytest.mark.parametrize(
    ("live", "options", "calls"),
    [
        # others may have added theirs
        (["arn:a", "arn:b", "arn:c"], {}, []),
        (["arn:a", "arn:b", "arn:c"], {"purge_certificates": True}, [("RemoveListenerCertificates", ["arn:c"])]),
        (["arn:a"], {}, [("AddListenerCertificates", ["arn:b"])]),
        (["arn:a", "arn:b"], {"certificates": ["arn:a"]}, []),
        (["arn:x", "arn:b"], {}, [("ModifyListener", ["arn:a"])]),
        # the default one is not among the others, so each is named where it is to be
        (["arn:b", "arn:a"], {}, [("ModifyListener", ["arn:a"]), ("AddListenerCertificates", ["arn:b"])]),
        (["arn:b"], {"certificates": ["arn:a"]}, [("ModifyListener", ["arn:a"])]),
    ],
)
def test_certificates(live: list[str], options: dict[str, Any], calls: list[Any]) -> None:
    aws = FakeElb(plan(ElbListener(), {**LISTENER, "certificates": live}, FakeElb()).calls)
    made = plan(ElbListener(), {**LISTENER, **options}, aws).calls
    assert [(one.operation, [item["CertificateArn"] for item in one.params["Certificates"]]) for one in made] == calls


def test_certificates_and_target_groups_go_by_name() -> None:
    options = {**LISTENER, "certificates": ["api.example.com"]}
    options["default_actions"] = [{"forward": {"target_groups": [{"target_group": "api"}]}}]
    named = [("elb_load_balancer", "web"), ("elb_target_group", "api"), ("acm_certificate", "api.example.com")]
    assert list(ElbListener().references(options)) == named
    assert list(ElbListener().references({**options, "state": "absent"})) == named[:1]
    known = Known(FakeAws())
    for kind, name in named:
        known.put(kind, name, Live({}, {"arn": f"arn:{name}"}))
    fields = ElbListener().desired(options, known).fields
    assert fields["certificates"] == ["arn:api.example.com"]
    assert fields["default_actions"] == [{"forward": {"target_groups": [{"target_group_arn": "arn:api"}]}}]


def test_https_takes_its_certificate_along() -> None:
    plain = {"load_balancer": "web", "port": 443, "protocol": "HTTP", "default_actions": LISTENER["default_actions"]}
    aws = FakeElb(plan(ElbListener(), plain, FakeElb()).calls)
    [call] = plan(ElbListener(), {**LISTENER, "certificates": ["arn:a"], "ssl_policy": "p"}, aws).calls
    assert set(call.params) == {"ListenerArn", "Protocol", "SslPolicy", "Certificates"}


@pytest.mark.parametrize(
    ("kind", "options", "what"),
    [
        (ElbLoadBalancer(), {"name": "a" * 33, "subnets": ["s"]}, "33 characters"),
        (ElbLoadBalancer(), {"name": "internal-web", "subnets": ["s"]}, "no name"),
        (ElbLoadBalancer(), {"name": "web"}, "subnets is needed"),
        (ElbLoadBalancer(), {"name": "web", "subnets": ["s"], "subnet_mappings": [{"subnet_id": "s"}]}, "exclude"),
        (ElbLoadBalancer(), {"name": "web", "subnets": ["s"], "idle_timeout_seconds": 4001}, "idle_timeout_seconds is"),
        (ElbTargetGroup(), {"name": "a_b", "protocol": "HTTP", "port": 80, "vpc_id": "v"}, "no name"),
        (ElbTargetGroup(), {"name": "api", "protocol": "HTTP", "port": 80}, "vpc_id is needed"),
        (ElbTargetGroup(), {"name": "api", "protocol": "HTTP", "port": 65536, "vpc_id": "v"}, "port is 65536"),
        (
            ElbTargetGroup(),
            {"name": "api", "health_check": {"interval_seconds": 5, "timeout_seconds": 6}},
            "longer than",
        ),
        (
            ElbTargetGroup(),
            {"name": "api", "slow_start_duration_seconds": 30, "load_balancing_algorithm_type": "weighted_random"},
            "slow start",
        ),
        (ElbListener(), {**LISTENER, "certificates": []}, "certificates is empty"),
        (ElbListener(), {**LISTENER, "default_actions": []}, "default_actions is empty"),
        (ElbListener(), {**LISTENER, "default_actions": [{"redirect": {}, "forward": {}}]}, "exactly one key"),
        (ElbListenerRule(), {**RULE, "conditions": []}, "conditions is empty"),
        (ElbListenerRule(), {**RULE, "conditions": [{}]}, "this one is empty"),
        (ElbListenerRule(), {**RULE, "priority": 0}, "priority is 0"),
        (ElbListenerRule(), {**RULE, "actions": two_groups(1000, 0)}, "weight is 1000"),
    ],
)
def test_refused_before_anything_is_written(kind: Kind, options: dict[str, Any], what: str) -> None:
    with pytest.raises(SlipwayError, match=what) as refused:
        plan(kind, options, FakeElb())
    assert refused.value.remedy


def test_a_protected_load_balancer_goes_only_when_that_is_said() -> None:
    made = {"name": "web", "type": "application", "subnets": ["s"], "deletion_protection": True}
    aws = FakeElb(plan(ElbLoadBalancer(), made, FakeElb()).calls)
    gone = {"name": "web", "state": "absent"}
    with pytest.raises(SlipwayError, match="protected"):
        plan(ElbLoadBalancer(), gone, aws)
    calls = plan(ElbLoadBalancer(), {**gone, "deletion_protection": False}, aws).calls
    assert [call.operation for call in calls] == ["ModifyLoadBalancerAttributes", "DeleteLoadBalancer"]


def test_one_that_is_missing_does_not_hide_the_others() -> None:
    def describe(params: dict[str, Any]) -> dict[str, Any]:
        there = {"TargetGroupName": "api", "TargetGroupArn": "arn:api"}
        other = {"TargetGroupName": "other", "TargetGroupArn": "arn:other"}
        if set(params.get("Names", ())) - {"api"}:
            raise AwsError("not found", code="TargetGroupNotFound", operation="DescribeTargetGroups")
        return {"TargetGroups": [there] if params else [there, other]}

    aws = FakeAws({"DescribeTargetGroups": describe})
    lives = ElbTargetGroup().observe(aws, {"api": {}, "gone": {}, "a_b": {}}, Known(aws))
    assert {name: live.outputs["arn"] for name, live in lives.items()} == {"api": "arn:api"}
    assert sum(aws.calls.values()) == 2


def test_nothing_is_read_of_listeners_whose_load_balancer_is_not_there() -> None:
    aws = FakeAws()
    assert ElbListener().observe(aws, {"web:443": LISTENER}, Known(aws)) == {}
    assert ElbListenerRule().observe(aws, {"web:443/10": RULE}, Known(aws)) == {}
    assert not aws.calls


def test_the_api_with_and_without_what_it_repeats_is_the_same() -> None:
    group = f"{ARN}targetgroup/x/1"
    forms: list[dict[str, Any]] = [
        {"Type": "forward", "TargetGroupArn": group},
        {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group}]}},
        {
            "Type": "forward",
            "TargetGroupArn": group,
            "Order": 1,
            "ForwardConfig": {
                "TargetGroups": [{"TargetGroupArn": group, "Weight": 1}],
                "TargetGroupStickinessConfig": {"Enabled": False},
            },
        },
    ]
    for form in forms:
        aws = FakeElb(plan(ElbListenerRule(), RULE, FakeElb()).calls)
        aws.found["Rule"]["Actions"] = [form]
        aws.found["Rule"]["Conditions"] = [{"Field": "path-pattern", "Values": ["/api/*"]}]
        assert plan(ElbListenerRule(), RULE, aws).found == ()


# Of Gateway Load Balancers, which are not managed.
GATEWAY = re.compile(r"target_failover\..*|send_tcp_reset\..*")


@pytest.mark.parametrize(
    ("shape", "table"),
    [
        ("LoadBalancerAttribute", elb_load_balancer.ATTRIBUTES),
        ("TargetGroupAttribute", elb_target_group.ATTRIBUTES),
        ("ListenerAttribute", elb_listener.ATTRIBUTES),
    ],
)
def test_every_attribute_of_the_api_is_an_option(shape: str, table: elb.Attributes) -> None:
    text = shape_of("elbv2", shape).members["Key"].documentation  # type: ignore[attr-defined]
    keys = set(re.findall(r"<p>\s*<code>([a-z0-9_]+\.[a-z0-9_.]+)</code>\s*[-–]", text))
    assert len(keys) > 10
    assert {key for key in keys if not GATEWAY.fullmatch(key)} == {key for key, _ in table.values()}


@pytest.mark.parametrize("module", ["elb_load_balancer", "elb_target_group", "elb_listener"])
def test_every_attribute_has_its_option_in_the_module(module: str) -> None:
    tables = {
        "elb_load_balancer": elb_load_balancer,
        "elb_target_group": elb_target_group,
        "elb_listener": elb_listener,
    }
    spec = argument_spec(documentation_of(LIBRARY / f"{module}.py"))
    types = {bool: "bool", int: "int", str: "str"}
    for path, (_, kind) in tables[module].ATTRIBUTES.items():
        group, _, name = path.rpartition(".")
        options = spec[group]["options"] if group else spec
        assert options[name]["type"] == types[kind], path


@pytest.mark.parametrize(
    ("module", "option", "shape", "renamed"),
    [
        ("elb_listener", "default_actions", "Action", {"target_group_arn", "order", "type"}),
        ("elb_listener_rule", "actions", "Action", {"target_group_arn", "order", "type"}),
        ("elb_listener_rule", "conditions", "RuleCondition", {"field", "values", "regex_values"}),
        ("elb_listener_rule", "transforms", "RuleTransform", {"type"}),
    ],
)
def test_every_action_condition_and_transform_is_an_option(
    module: str, option: str, shape: str, renamed: set[str]
) -> None:
    options = argument_spec(documentation_of(LIBRARY / f"{module}.py"))[option]["options"]
    members = {xform_name(name): member for name, member in shape_of("elbv2", shape).members.items()}  # type: ignore[attr-defined]
    assert {name.removesuffix("_config") for name in set(members) - renamed} == set(options)
    for name, config in options.items():
        told = {xform_name(key) for key in members[f"{name}_config"].members}
        assert told - {"use_existing_client_secret"} == set(config["options"]), name
