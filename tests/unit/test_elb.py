"""Load balancing: what AWS returns for a description is no difference, any change is found, one update ends it."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from slipway.engine.kind import Kind
from slipway.resources import elb, elb_listener, elb_load_balancer, elb_target_group
from slipway.resources.elb_listener import ElbListener
from slipway.resources.elb_listener_rule import ElbListenerRule
from slipway.resources.elb_load_balancer import ElbLoadBalancer
from slipway.resources.elb_target_group import ElbTargetGroup
from tests.unit.fake_elb import ARN, FakeElb, plan
from tests.unit.test_compare import leaf_paths

texts = st.text("abc/*", min_size=1, max_size=5)
lists = st.lists(texts, min_size=1, max_size=3, unique=True)
tags = st.dictionaries(texts, texts, max_size=2)
groups = st.fixed_dictionaries(
    {"target_group": st.sampled_from("xyz").map(f"{ARN}targetgroup/{{}}/1".format)},
    optional={"weight": st.integers(0, 999)},
)
sessions = {
    "scope": texts,
    "session_timeout": st.integers(1, 604800),
    "session_cookie_name": texts,
    "on_unauthenticated_request": st.sampled_from(["deny", "allow", "authenticate"]),
    "authentication_request_extra_params": st.dictionaries(texts, texts, max_size=2),
}
claims = st.fixed_dictionaries({"name": texts, "format": st.just("single-string"), "values": lists})
OIDC = ("issuer", "authorization_endpoint", "token_endpoint", "user_info_endpoint", "client_id", "client_secret")
configs: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "forward": st.fixed_dictionaries(
        {"target_groups": st.lists(groups, min_size=1, max_size=3, unique_by=lambda item: str(item["target_group"]))},
        optional={
            "target_group_stickiness_config": st.one_of(
                st.just({"enabled": False}), st.just({"enabled": True, "duration_seconds": 60})
            )
        },
    ),
    "redirect": st.fixed_dictionaries(
        {"status_code": st.sampled_from(["HTTP_301", "HTTP_302"])},
        optional=dict.fromkeys(("protocol", "port", "host", "path", "query"), texts),
    ),
    "fixed_response": st.fixed_dictionaries(
        {"status_code": st.sampled_from(["404", "503"])}, optional={"content_type": texts, "message_body": texts}
    ),
    "authenticate_oidc": st.fixed_dictionaries(dict.fromkeys(OIDC, texts), optional=sessions),
    "authenticate_cognito": st.fixed_dictionaries(
        dict.fromkeys(("user_pool_arn", "user_pool_client_id", "user_pool_domain"), texts), optional=sessions
    ),
    "jwt_validation": st.fixed_dictionaries(
        {"jwks_endpoint": texts, "issuer": texts},
        optional={"additional_claims": st.lists(claims, max_size=2, unique_by=lambda item: str(item["name"]))},
    ),
}
patterns = st.fixed_dictionaries({}, optional={"values": lists, "regex_values": lists}).filter(bool)
queries = st.fixed_dictionaries({"value": texts}, optional={"key": texts})
fields: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "host_header": patterns,
    "path_pattern": patterns,
    "http_header": st.fixed_dictionaries(
        {"http_header_name": texts}, optional={"values": lists, "regex_values": lists}
    ),
    "http_request_method": st.fixed_dictionaries({"values": lists}),
    "query_string": st.fixed_dictionaries({"values": st.lists(queries, min_size=1, max_size=3, unique_by=repr)}),
    "source_ip": st.fixed_dictionaries({"values": lists}),
}
rewrites = st.fixed_dictionaries(
    {"rewrites": st.lists(st.fixed_dictionaries({"regex": texts, "replace": texts}), min_size=1, max_size=1)}
)
transforms = st.lists(
    st.sampled_from(["host_header_rewrite", "url_rewrite"]).flatmap(lambda name: rewrites.map(lambda one: {name: one})),
    max_size=2,
    unique_by=lambda item: next(iter(item)),
)


def elements(kinds: Mapping[str, st.SearchStrategy[Any]], most: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.sampled_from(sorted(kinds)).flatmap(lambda name: kinds[name].map(lambda config: {name: config}))
    return st.lists(one, min_size=1, max_size=most)


def attributes(table: elb.Attributes) -> dict[str, st.SearchStrategy[Any]]:
    """A value for each option of the table; numbers and words that every range and choice has."""
    values: dict[type, st.SearchStrategy[Any]] = {bool: st.booleans(), int: st.integers(61, 70), str: texts}
    flat: dict[str, st.SearchStrategy[Any]] = {}
    grouped: dict[str, dict[str, st.SearchStrategy[Any]]] = {}
    for path, (_, kind) in table.items():
        group, _, name = path.rpartition(".")
        (grouped.setdefault(group, {}) if group else flat)[name] = values[kind]
    return flat | {name: st.fixed_dictionaries({}, optional=members) for name, members in grouped.items()}


AT: dict[str, Any] = {"load_balancer": st.just("web"), "port": st.just(443)}
certificates = st.lists(st.sampled_from("abcd").map("arn:{}".format), min_size=1, max_size=4, unique=True)
BALANCER = attributes({k: v for k, v in elb_load_balancer.ATTRIBUTES.items() if "secondary" not in k})
GROUP = {
    key: value
    for key, value in attributes(elb_target_group.ATTRIBUTES).items()
    if key not in {"load_balancing_algorithm_type", "load_balancing_anomaly_mitigation"}
}
subnets = st.lists(st.sampled_from(["subnet-1", "subnet-2", "subnet-3"]), min_size=2, unique=True)
security_groups = st.lists(st.sampled_from(["sg-1", "sg-2", "sg-3"]), min_size=1, unique=True)
RESOURCES: list[tuple[Kind, st.SearchStrategy[dict[str, Any]]]] = [
    (
        ElbListenerRule(),
        st.fixed_dictionaries(
            {**AT, "priority": st.just(10), "conditions": elements(fields, 4), "actions": elements(configs, 3)},
            optional={"transforms": transforms, "tags": tags},
        ),
    ),
    (
        ElbListener(),
        st.fixed_dictionaries(
            {**AT, "protocol": st.just("HTTPS"), "certificates": certificates, "default_actions": elements(configs, 2)},
            optional={
                "ssl_policy": texts,
                "purge_certificates": st.booleans(),
                "mutual_authentication": st.fixed_dictionaries(
                    {"mode": texts},
                    optional={"trust_store_arn": texts, "ignore_client_certificate_expiry": st.booleans()},
                ),
                "tags": tags,
                **{k: v for k, v in attributes(elb_listener.ATTRIBUTES).items() if k != "tcp_idle_timeout_seconds"},
            },
        ),
    ),
    (
        ElbTargetGroup(),
        st.fixed_dictionaries(
            {"name": st.just("api"), "protocol": st.just("HTTP"), "port": st.just(80), "vpc_id": st.just("vpc-1")},
            optional={
                "health_check": st.fixed_dictionaries(
                    {},
                    optional={
                        "path": texts,
                        "timeout_seconds": st.integers(3, 9),
                        "matcher": st.just({"http_code": "200"}),
                    },
                ),
                "tags": tags,
                **GROUP,
            },
        ),
    ),
    (
        ElbLoadBalancer(),
        st.fixed_dictionaries(
            {
                "name": st.just("web"),
                "type": st.just("application"),
                "subnets": subnets,
                "security_groups": security_groups,
            },
            optional={
                "ip_address_type": st.sampled_from(["ipv4", "dualstack"]),
                "tags": tags,
                **BALANCER,
            },
        ),
    ),
]
every_kind = pytest.mark.parametrize(("kind", "options"), RESOURCES, ids=[kind.name for kind, _ in RESOURCES])


@every_kind
@given(st.data())
def test_what_was_made_is_no_difference(kind: Kind, options: Any, data: st.DataObject) -> None:
    given_options = data.draw(options)
    created = plan(kind, given_options, FakeElb())
    assert created.verb == "create"
    assert plan(kind, given_options, FakeElb(created.calls)).found == ()


@every_kind
@given(st.data())
def test_one_update_ends_every_difference(kind: Kind, options: Any, data: st.DataObject) -> None:
    one, other = data.draw(options), data.draw(options)
    aws = FakeElb(plan(kind, one, FakeElb()).calls)
    update = plan(kind, other, aws)
    assert bool(update.found) == bool(update.calls)
    aws.write(update.calls)
    assert plan(kind, other, aws).found == ()


@every_kind
@given(st.data())
def test_any_single_changed_field_is_found(kind: Kind, options: Any, data: st.DataObject) -> None:
    made = data.draw(options)
    fixed = {"load_balancer", "port", "priority", "name", "protocol", "vpc_id", "type", "client_secret"}
    paths = [path for path in leaf_paths(made) if not {path[0], path[-1]} & {*fixed, "purge_certificates"}]
    assume(paths)
    path = data.draw(st.sampled_from(sorted(paths, key=repr)))
    aws = FakeElb(plan(kind, made, FakeElb()).calls)
    found = plan(kind, with_other_leaf(made, path), aws).found
    assert {re.split(r"[.\[]", item.path)[0] for item in found} == {path[0]}


def with_other_leaf(options: dict[str, Any], path: Sequence[Any]) -> dict[str, Any]:
    other = copy.deepcopy(options)
    target: Any = other
    for part in path[:-1]:
        target = target[part]
    old = target[path[-1]]
    low = isinstance(old, int) and old > 1
    target[path[-1]] = (
        (not old) if isinstance(old, bool) else old + (-1 if low else 1) if isinstance(old, int) else f"{old}-x"
    )
    return other
