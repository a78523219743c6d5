"""Rules of listeners."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.emulator.drift_cases.elb import tags
from tests.emulator.drift_cases.elb_actions import balancer, scenes
from tests.emulator.drift_cases.elb_listener import AUTH, HTTP, LISTENER, NO_JWT, RESPOND, WEIGHTS, listener_arn
from tests.emulator.drift_cases.model import Document, Resource, Scene, Shown, To, World

RULE = "elb_listener_rule"


def rule_arn(world: World) -> str:
    """The rule's ARN."""

    def ask() -> str:
        rules = world.elbv2.describe_rules(ListenerArn=listener_arn(world))["Rules"]
        return next(str(one["RuleArn"]) for one in rules if not one["IsDefault"])

    return world.once("rule", ask)


def _own(rules: Sequence[Mapping[str, Any]]) -> Any:
    """The rule under test, beside the listener's default."""
    return next((one for one in rules if one.get("Priority") == "10"), None)


def _modify_rule(world: World, document: Document) -> None:
    world.elbv2.modify_rule(RuleArn=rule_arn(world), **document)


def _with_listener(world: World) -> Sequence[Resource]:
    return [*balancer(world), (LISTENER, HTTP)]


HOST: list[dict[str, Any]] = [{"host_header": {"values": ["api.example.com"]}}]


def _of_rule(
    title: str,
    actions: list[dict[str, Any]],
    api: Callable[[World], list[dict[str, Any]]],
    changes: Mapping[str, To],
    unkept: Any,
) -> Scene:
    return Scene(
        RULE,
        lambda _: {"load_balancer": "drift", "port": 80, "priority": 10, "conditions": HOST, "actions": actions},
        changes,
        before=_with_listener,
        read=lambda world: {"Actions": api(world)},
        put=_modify_rule,
        answer=("DescribeRules", ("Rules", _own)),
        unkept=unkept or {},
        whole={} if unkept is not None else NO_JWT,
        made=_plain_rule,
        title=title,
    )


def _plain_rule(_: World) -> dict[str, Any]:
    return {"load_balancer": "drift", "port": 80, "priority": 10, "conditions": HOST, "actions": RESPOND}


def _config(name: str, **fields: Any) -> dict[str, Any]:
    words = name.replace("-", " ").title().replace(" ", "")
    return {"Field": name, f"{words}Config": fields}


# In the order in which they are compared: by the name of the option.
_CONDITIONS: list[dict[str, Any]] = [
    {"host_header": {"values": ["api.example.com"]}},
    {"http_header": {"http_header_name": "x-one", "values": ["one"]}},
    {"http_request_method": {"values": ["GET"]}},
    {"path_pattern": {"values": ["/one"]}},
    {"query_string": {"values": [{"key": "a", "value": "1"}]}},
    {"source_ip": {"values": ["10.0.0.0/8"], "ip_address_type": "ipv4"}},
]


def _conditions(_: World) -> Document:
    return {
        "Conditions": [
            _config("host-header", Values=["api.example.com"]),
            _config("http-header", HttpHeaderName="x-one", Values=["one"]),
            _config("http-request-method", Values=["GET"]),
            _config("path-pattern", Values=["/one"]),
            _config("query-string", Values=[{"Key": "a", "Value": "1"}]),
            _config("source-ip", Values=["10.0.0.0/8"]),
        ]
    }


C, T = "conditions[]", "transforms[]"


def _lay_condition(operation: str, answer: Any, option: str, value: Any) -> None:
    """A field of a condition, wherever in the list it is."""
    rule = _own(answer.get("Rules") or ()) if operation == "DescribeRules" else None
    if rule is None:
        return
    _, group, name = option.split(".", 2)
    words = group.replace("_", "-")
    condition = next(one for one in rule["Conditions"] if one["Field"] == words)
    config = condition.setdefault(words.replace("-", " ").title().replace(" ", "") + "Config", {})
    # A condition may come as bare values.
    config.setdefault("Values", condition.get("Values") or [])
    if group != "query_string":
        config["IpAddressType"] = value
    elif name == "values[]":
        config["Values"].append(value)
    else:
        config["Values"] = config["Values"] or [{}]
        config["Values"][0][name.rpartition(".")[2].capitalize()] = value


def _condition(number: int, option: str, config: str, name: str, value: Any, **more: Any) -> tuple[str, To]:
    """A field of one of the conditions."""
    at = {"at": f"conditions[{number}].{option}", "expected": _said(number, option), "was": _said(number, option)}
    return f"{C}.{option}", To(value, api=("Conditions", number, config, name), **{**at, **more})


def _said(number: int, option: str) -> Any:
    group, _, name = option.partition(".")
    return _CONDITIONS[number][group].get(name)


_QUERY = ("Conditions", 4, "QueryStringConfig", "Values", 0)
_AT_QUERY = "conditions[4].query_string.values"
CONDITIONS = dict(
    [
        _condition(0, "host_header.values", "HostHeaderConfig", "Values", ["api.example.com", "b.example.com"]),
        _condition(1, "http_header.http_header_name", "HttpHeaderConfig", "HttpHeaderName", "x-two"),
        _condition(1, "http_header.values", "HttpHeaderConfig", "Values", ["one", "two"]),
        _condition(2, "http_request_method.values", "HttpRequestMethodConfig", "Values", ["GET", "POST"]),
        _condition(3, "path_pattern.values", "PathPatternConfig", "Values", ["/one", "/two"]),
        _condition(5, "source_ip.values", "SourceIpConfig", "Values", ["10.0.0.0/8", "192.0.2.0/24"]),
        _condition(5, "source_ip.ip_address_type", "SourceIpConfig", "IpAddressType", "ipv6"),
    ]
)


def _regexes(title: str, option: str, name: str, more: Mapping[str, str]) -> Scene:
    """A condition by regular expressions, in the place of plain values."""
    config = "".join(word.capitalize() for word in option.split("_")) + "Config"
    condition = {**{key: value for key, value in more.items() if key.islower()}, "regex_values": ["^a"]}
    fields = {key: value for key, value in more.items() if not key.islower()}
    return Scene(
        RULE,
        lambda _: {
            "load_balancer": "drift",
            "port": 80,
            "priority": 10,
            "conditions": [{option: condition}],
            "actions": RESPOND,
        },
        {f"{C}.{option}.regex_values": To(["^a", "^b"], api=("Conditions", 0, config, "RegexValues"))},
        before=_with_listener,
        read=lambda _: {"Conditions": [_config(name, **fields, RegexValues=["^a"])]},
        put=_modify_rule,
        answer=("DescribeRules", ("Rules", _own)),
        whole={"ministack": "drops regular expressions", "moto": "breaks down on regular expressions"},
        made=_plain_rule,
        title=title,
    )


def _transform(option: str, config: str) -> dict[str, To]:
    path, place = f"{T}.{option}.rewrites[]", ("Transforms", 0, config, "Rewrites")
    at = f"transforms[0].{option}.rewrites"
    rewrite = {"regex": "a", "replace": "b"}
    return {
        path: To(
            {"Regex": "c", "Replace": "d"},
            api=(*place, 0),
            at=at,
            expected=[rewrite],
            found=[rewrite, {"regex": "c", "replace": "d"}],
        ),
        f"{path}.regex": To("z", api=(*place, 0, "Regex"), at=f"{at}[0].regex"),
        f"{path}.replace": To("z", api=(*place, 0, "Replace"), at=f"{at}[0].replace"),
    }


def _transforms(title: str, option: str, name: str, config: str, more: Mapping[str, To]) -> Scene:
    rewrite = {"Regex": "a", "Replace": "b"}
    return Scene(
        RULE,
        lambda _: {
            "load_balancer": "drift",
            "port": 80,
            "priority": 10,
            "conditions": HOST,
            "actions": RESPOND,
            "transforms": [{option: {"rewrites": [{"regex": "a", "replace": "b"}]}}],
        },
        {**_transform(option, config), **more},
        before=_with_listener,
        read=lambda _: {"Transforms": [{"Type": name, config: {"Rewrites": [rewrite]}}]},
        put=_modify_rule,
        answer=("DescribeRules", ("Rules", _own)),
        whole={"moto": "drops transforms"},
        made=_plain_rule,
        unkept={"ministack": {f"{T}.*.rewrites[]": "takes one rewrite, as AWS does by now"}},
        title=title,
    )


_REWRITE = {"rewrites": [{"regex": "a", "replace": "b"}]}
RULES = (
    *scenes("actions", _of_rule),
    Scene(
        RULE,
        lambda _: {
            "load_balancer": "drift",
            "port": 80,
            "priority": 10,
            "conditions": _CONDITIONS,
            "actions": RESPOND,
            "tags": {"Service": "drift"},
        },
        {
            **CONDITIONS,
            C: To(
                _config("host-header", Values=["b.example.com"]),
                api=("Conditions", 0),
                at="conditions",
                expected=_CONDITIONS,
                found=[_CONDITIONS[0], {"host_header": {"values": ["b.example.com"]}}, *_CONDITIONS[1:]],
            ),
            f"{C}.query_string.values[]": To(
                {"Key": "b", "Value": "2"}, api=_QUERY, at=f"{_AT_QUERY}[b/2]", found={"key": "b", "value": "2"}
            ),
            f"{C}.query_string.values[].key": To(
                "b",
                api=(*_QUERY, "Key"),
                was="a",
                at=f"{_AT_QUERY}[a/1]",
                expected={"key": "a", "value": "1"},
                found=None,
                also=(Shown(f"{_AT_QUERY}[b/1]", None, {"key": "b", "value": "1"}),),
            ),
            f"{C}.query_string.values[].value": To(
                "2",
                api=(*_QUERY, "Value"),
                was="1",
                at=f"{_AT_QUERY}[a/1]",
                expected={"key": "a", "value": "1"},
                found=None,
                also=(Shown(f"{_AT_QUERY}[a/2]", None, {"key": "a", "value": "2"}),),
            ),
            "tags": tags(rule_arn),
        },
        before=_with_listener,
        read=_conditions,
        put=_modify_rule,
        answer=("DescribeRules", ("Rules", _own)),
        lay=_lay_condition,
        unkept={
            "ministack": {
                f"{C}.query_string*": "drops it",
                f"{C}.source_ip.ip_address_type": "drops it",
            },
            "moto": {f"{C}.source_ip.ip_address_type": "drops it"},
        },
        title="conditions",
    ),
    _regexes("host expressions", "host_header", "host-header", {}),
    _regexes("path expressions", "path_pattern", "path-pattern", {}),
    _regexes("header expressions", "http_header", "http-header", {"http_header_name": "x", "HttpHeaderName": "x"}),
    _transforms(
        "host rewrite",
        "host_header_rewrite",
        "host-header-rewrite",
        "HostHeaderRewriteConfig",
        {
            T: To(
                {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "c", "Replace": "d"}]}},
                api=("Transforms", 0),
                at="transforms",
                expected=[{"host_header_rewrite": _REWRITE}],
                found=[
                    {"host_header_rewrite": _REWRITE},
                    {"url_rewrite": {"rewrites": [{"regex": "c", "replace": "d"}]}},
                ],
            )
        },
    ),
    _transforms("url rewrite", "url_rewrite", "url-rewrite", "UrlRewriteConfig", {}),
)
SCENES = RULES
NO_FIELDS = {
    RULE: {
        "load_balancer": "part of its name: whose rule it is",
        "port": "part of its name",
        "priority": "part of its name",
        "manage_weights": WEIGHTS,
        "alternate_target_group": "names the group that ECS may have put there; tested with blue/green",
        "actions[].authenticate_oidc.client_secret": AUTH,
    },
}
