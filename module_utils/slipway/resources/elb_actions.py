"""Actions, conditions and transforms of listeners and rules.

The API writes each as a type and a `...Config` beside it; the options name an element by its type alone:
`{"Type": "fixed-response", "FixedResponseConfig": X}` is `{fixed_response: X}`. The same for all three.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..aws.errors import SlipwayError
from ..aws.shapes import from_api, shape_of, to_api
from ..engine.compare import Rules
from ..engine.kind import Known, Options, Reference
from ..engine.plan import Desired, Live
from .elb import refuse_out_of_range
from .names import is_arn, target_group_arn

_ACTIONS = shape_of("elbv2", "Actions")
_CONDITIONS = shape_of("elbv2", "RuleConditionList")
_TRANSFORMS = shape_of("elbv2", "RuleTransformList")
_SESSION = {
    "session_cookie_name": "AWSELBAuthSessionCookie",
    "scope": "openid",
    "session_timeout": 604800,
    "on_unauthenticated_request": "authenticate",
}
# AWS keeps the secret to itself, so it is written but never compared.
_NEVER_READ = frozenset({"client_secret", "use_existing_client_secret"})
# A target group or certificate that was made a moment ago may not be known to the listener's service yet.
SOON = frozenset({"TargetGroupNotFound", "CertificateNotFound"})


def rules_for(option: str) -> Rules:
    """How a list of actions is compared: as a whole, with what AWS fills in."""
    at = f"{option}[]"
    return Rules(
        defaults={
            f"{at}.forward.target_groups[].weight": 1,
            f"{at}.fixed_response.content_type": "text/plain",
            f"{at}.redirect.protocol": "#{protocol}",
            f"{at}.redirect.port": "#{port}",
            f"{at}.redirect.host": "#{host}",
            f"{at}.redirect.path": "/#{path}",
            f"{at}.redirect.query": "#{query}",
            **{f"{at}.authenticate_oidc.{key}": value for key, value in _SESSION.items()},
            **{f"{at}.authenticate_cognito.{key}": value for key, value in _SESSION.items()},
        },
        unordered={
            f"{at}.forward.target_groups": "target_group_arn",
            f"{at}.jwt_validation.additional_claims": "name",
            f"{at}.jwt_validation.additional_claims[].values": "",
        },
        whole=frozenset({option}),
    )


def references(actions: Iterable[Mapping[str, Any]]) -> Iterator[Reference]:
    """Target groups that actions name."""
    for action in actions:
        for group in (action.get("forward") or {}).get("target_groups") or ():
            if not is_arn(group["target_group"]):
                yield "elb_target_group", group["target_group"]


def desired_actions(known: Known, option: str, actions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Actions as they are compared: names completed to ARNs, no secret, scalars as the API's model has them.

    Raises:
        SlipwayError: an action is none or several of the types.
    """
    api = to_api(_ACTIONS, list(_to_typed(option, [_with_arns(known, option, action) for action in actions], "type")))
    return live_actions(api)


def live_actions(actions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Actions of the API as they are compared."""
    # AWS numbers them; the list's order says the same.
    in_order = sorted(actions, key=lambda action: action.get("Order", 0))
    return [_settled(action) for action in _from_typed(from_api(_ACTIONS, in_order), "type")]


def secrets(actions: Iterable[Mapping[str, Any]]) -> list[str | None]:
    """The client secret of each action that has one."""
    return [(action.get("authenticate_oidc") or {}).get("client_secret") for action in actions]


def api_actions(
    actions: Sequence[Mapping[str, Any]], client_secrets: Sequence[str | None], live: Live | None, where: str
) -> list[dict[str, Any]]:
    """Actions as the API takes them.

    Raises:
        SlipwayError: a new action needs the client secret.
    """
    result: list[dict[str, Any]] = to_api(_ACTIONS, list(_to_typed(where, actions, "type")))
    there = [*live.fields.get("actions", ()), *live.fields.get("default_actions", ())] if live else []
    has_secret = any("authenticate_oidc" in action for action in there)
    for index, (action, secret) in enumerate(zip(result, client_secrets, strict=True), start=1):
        if len(result) > 1:
            action["Order"] = index
        groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
        for group in groups if len(groups) > 1 else ():
            group.setdefault("Weight", 1)
        if len(groups) == 1 and groups[0].get("Weight", 1) == 1 and len(action["ForwardConfig"]) == 1:
            action["TargetGroupArn"] = groups[0]["TargetGroupArn"]
            del action["ForwardConfig"]
        if action["Type"] == "authenticate-oidc":
            if not secret and not has_secret:
                raise SlipwayError(
                    "a new authenticate_oidc action needs client_secret", where=where, remedy="give client_secret"
                )
            config = action["AuthenticateOidcConfig"]
            config.update({"ClientSecret": secret} if secret else {"UseExistingClientSecret": True})
    return result


def with_live_weights(desired: Desired, live: Live | None, option: str) -> Desired:
    """The same description with the weights that are there: those of a blue/green service belong to ECS."""
    if live is None or not desired.fields.get(option):
        return desired
    there = {
        group["target_group_arn"]: group.get("weight", 1)
        for action in live.fields.get(option) or ()
        for group in (action.get("forward") or {}).get("target_groups") or ()
    }
    actions = [_weighted(action, there) for action in desired.fields[option]]
    return Desired(desired.name, {**desired.fields, option: actions}, desired.settings)


def with_live_groups(desired: Desired, live: Live | None, option: str, alternate: str) -> Desired:
    """The same description with the target groups that are there, where the alternate one is among them.

    Its service was deployed blue/green before, and its tasks may be behind either.
    """
    if live is None or not desired.fields.get(option):
        return desired
    forwards = [action["forward"]["target_groups"] for action in live.fields.get(option) or () if "forward" in action]
    there: list[Mapping[str, Any]] = next(
        (groups for groups in forwards if any(_is_named(group, alternate) for group in groups)), []
    )
    arns = {group["target_group_arn"] for group in there}
    actions = [
        {**action, "forward": {**action["forward"], "target_groups": _own(there, action["forward"], alternate)}}
        if "forward" in action
        and all(group["target_group_arn"] in arns for group in action["forward"]["target_groups"])
        else action
        for action in desired.fields[option]
    ]
    return Desired(desired.name, {**desired.fields, option: actions}, desired.settings)


def _own(there: Sequence[Mapping[str, Any]], forward: Mapping[str, Any], alternate: str) -> list[Mapping[str, Any]]:
    """Of the target groups that are there, those of the service; a third one is somebody else's."""
    described = {group["target_group_arn"] for group in forward["target_groups"]}
    return [one for one in there if one["target_group_arn"] in described or _is_named(one, alternate)]


def _is_named(group: Mapping[str, Any], name: str) -> bool:
    return f":targetgroup/{name}/" in str(group["target_group_arn"])


def desired_conditions(conditions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Conditions as they are compared."""
    return live_conditions(api_conditions(conditions))


def live_conditions(conditions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Conditions of the API as they are compared: their order means nothing, so each kind has its place."""
    typed = [_configured(condition) for condition in from_api(_CONDITIONS, list(conditions))]
    return sorted(
        _from_typed(typed, "field"),
        key=lambda item: (list(item), item.get("http_header", {}).get("http_header_name", ""), repr(item)),
    )


def api_conditions(conditions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Conditions as the API takes them.

    Raises:
        SlipwayError: a condition is none or several of the fields.
    """
    result: list[dict[str, Any]] = to_api(_CONDITIONS, list(_to_typed("conditions", conditions, "field")))
    return result


def live_transforms(transforms: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Transforms of the API as they are compared; there is at most one of each type."""
    return sorted(_from_typed(from_api(_TRANSFORMS, list(transforms)), "type"), key=list)


def api_transforms(transforms: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Transforms as the API takes them.

    Raises:
        SlipwayError: a transform is none or both of the types.
    """
    result: list[dict[str, Any]] = to_api(_TRANSFORMS, list(_to_typed("transforms", transforms, "type")))
    return result


def _to_typed(where: str, items: Iterable[Mapping[str, Any]], tag: str) -> Iterator[dict[str, Any]]:
    for index, item in enumerate(items):
        if len(item) != 1:
            given = f"has {' and '.join(item)}" if item else "is empty"
            raise SlipwayError(
                f"an element has exactly one key, and this one {given}",
                where=f"{where}[{index}]",
                remedy="write each as an element of its own",
            )
        ((name, config),) = item.items()
        yield {tag: name.replace("_", "-"), f"{name}_config": config}


def _from_typed(items: Iterable[Mapping[str, Any]], tag: str) -> Iterator[dict[str, Any]]:
    for item in items:
        name = item[tag].replace("-", "_")
        config = item.get(f"{name}_config") or {}
        if name == "forward" and not config.get("target_groups"):
            config = {**config, "target_groups": [{"target_group_arn": item.get("target_group_arn")}]}
        yield {name: config}


def _configured(condition: Mapping[str, Any]) -> dict[str, Any]:
    """A host or path may come as bare values, with or without the config that repeats them."""
    config = f"{condition['field'].replace('-', '_')}_config"
    bare = {key: condition[key] for key in ("values", "regex_values") if condition.get(key)}
    return {"field": condition["field"], config: condition.get(config) or bare}


def _settled(action: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing: stickiness that is off, and secrets."""
    ((name, config),) = action.items()
    body = {key: value for key, value in config.items() if key not in _NEVER_READ}
    if not (body.get("target_group_stickiness_config") or {}).get("enabled"):
        body.pop("target_group_stickiness_config", None)
    return {name: body}


def _with_arns(known: Known, option: str, action: Mapping[str, Any]) -> Options:
    forward = action.get("forward")
    if not forward:
        return action
    groups = []
    for group in forward.get("target_groups") or ():
        body = {key: value for key, value in group.items() if key != "target_group"}
        where = f"{option}.forward.target_groups.target_group"
        refuse_out_of_range(f"{option}.forward.target_groups", group, {"weight": (0, 999)})
        groups.append({"target_group_arn": target_group_arn(known, group["target_group"], where), **body})
    return {**action, "forward": {**forward, "target_groups": groups}}


def _weighted(action: Mapping[str, Any], there: Mapping[Any, int]) -> dict[str, Any]:
    forward = action.get("forward")
    if not forward:
        return dict(action)
    groups = [
        {**group, "weight": there[group["target_group_arn"]]} if group["target_group_arn"] in there else group
        for group in forward["target_groups"]
    ]
    return {**action, "forward": {**forward, "target_groups": groups}}
