"""Actions, which listeners and rules have alike: a scene for each type of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.emulator.drift_cases.elb import group_arn, network
from tests.emulator.drift_cases.model import Resource, Scene, Shown, To, World

POOL = "arn:aws:cognito-idp:ap-northeast-2:000000000000:userpool/one"
_SESSION = {"session_cookie_name": "one", "scope": "openid", "session_timeout": 60}
_SESSION_LATER = {
    "session_cookie_name": ("SessionCookieName", "two"),
    "scope": ("Scope", "openid email"),
    "session_timeout": ("SessionTimeout", 120),
    "on_unauthenticated_request": ("OnUnauthenticatedRequest", "allow"),
}
_LAST = {"fixed_response": {"status_code": "404", "content_type": "text/plain", "message_body": "nothing"}}
_API_LAST = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "nothing"},
    "Order": 2,
}


def balancer(world: World) -> list[Resource]:
    """A load balancer, and target groups behind it."""
    ids = network(world)
    groups: list[Resource] = [
        ("elb_target_group", {"name": name, "protocol": "HTTP", "port": 8000, "vpc_id": ids["vpc"]})
        for name in ("blue", "green", "other")
    ]
    whole = {"name": "drift", "subnets": ids["subnets"][:2], "security_groups": ids["groups"][:1]}
    return [("elb_load_balancer", whole), *groups]


def _arn(name: str) -> Callable[[World], str]:
    return lambda world: group_arn(world, name)


# How a scene of one action is made: title, options, the API's action, changes, and what an emulator can't keep.
Make = Callable[[str, list[dict[str, Any]], Callable[[World], list[dict[str, Any]]], Mapping[str, To], Any], Scene]


def scenes(option: str, make: Make) -> list[Scene]:
    """A scene of every type of action, for a list of actions of this name."""
    first = f"{option}[]"
    api = "".join(word.capitalize() for word in option.split("_"))

    def change(group: str, config: str, names: Mapping[str, tuple[str, Any]]) -> dict[str, To]:
        return {f"{first}.{group}.{key}": To(value, api=(api, 0, config, name)) for key, (name, value) in names.items()}

    def forward(world: World) -> list[dict[str, Any]]:
        groups = [{"TargetGroupArn": group_arn(world, name), "Weight": weight} for name, weight in _WEIGHTS.items()]
        sticky = {"Enabled": True, "DurationSeconds": 60}
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": sticky}}]

    groups = (api, 0, "ForwardConfig", "TargetGroups")
    sticky = (api, 0, "ForwardConfig", "TargetGroupStickinessConfig")
    at = f"{option}[0].forward"
    forwards = {
        f"{first}.forward.target_groups[]": To(
            lambda world: {"TargetGroupArn": group_arn(world, "other"), "Weight": 5},
            api=(*groups, 0),
            at=lambda world: f"{at}.target_groups[{group_arn(world, 'other')}]",
            found=lambda world: {"target_group_arn": group_arn(world, "other"), "weight": 5},
        ),
        f"{first}.forward.target_groups[].target_group": To(
            _arn("other"),
            api=(*groups, 0, "TargetGroupArn"),
            at=lambda world: f"{at}.target_groups[{group_arn(world, 'blue')}]",
            expected=lambda world: {"target_group_arn": group_arn(world, "blue"), "weight": 90},
            found=None,
            also=(
                Shown(
                    lambda world: f"{at}.target_groups[{group_arn(world, 'other')}]",
                    None,
                    lambda world: {"target_group_arn": group_arn(world, "other"), "weight": 90},
                ),
            ),
        ),
        f"{first}.forward.target_groups[].weight": To(
            10,
            api=(*groups, 0, "Weight"),
            at=lambda world: f"{at}.target_groups[{group_arn(world, 'blue')}].weight",
        ),
        f"{first}.forward.target_group_stickiness_config.enabled": To(
            False,
            api=(*sticky, "Enabled"),
            found=None,
            # Stickiness that is off says nothing.
            also=(Shown(f"{at}.target_group_stickiness_config.duration_seconds", 60, None),),
        ),
        f"{first}.forward.target_group_stickiness_config.duration_seconds": To(120, api=(*sticky, "DurationSeconds")),
    }
    described = [{"target_group": name, "weight": weight} for name, weight in _WEIGHTS.items()]
    forward_options = {
        "target_groups": described,
        "target_group_stickiness_config": {"enabled": True, "duration_seconds": 60},
    }
    redirect = change(
        "redirect",
        "RedirectConfig",
        {
            "status_code": ("StatusCode", "HTTP_302"),
            "protocol": ("Protocol", "HTTP"),
            "port": ("Port", "8443"),
            "host": ("Host", "other.example.com"),
            "path": ("Path", "/other"),
            "query": ("Query", "b=2"),
        },
    )
    fixed = change(
        "fixed_response",
        "FixedResponseConfig",
        {
            "status_code": ("StatusCode", "503"),
            "content_type": ("ContentType", "text/html"),
            "message_body": ("MessageBody", "something"),
        },
    )
    fixed[first] = To(
        {
            "Type": "fixed-response",
            "FixedResponseConfig": {"StatusCode": "500", "ContentType": "text/plain", "MessageBody": "more"},
            "Order": 2,
        },
        api=(api, 0),
        at=option,
        expected=[_LAST],
        found=[
            _LAST,
            {"fixed_response": {"status_code": "500", "content_type": "text/plain", "message_body": "more"}},
        ],
    )
    return [
        make("forward", [{"forward": forward_options}], forward, forwards, {"ministack": {"": "drops weights"}}),
        make(
            "redirect",
            [
                {
                    "redirect": {
                        "status_code": "HTTP_301",
                        "protocol": "HTTPS",
                        "port": "443",
                        "host": "example.com",
                        "path": "/one",
                        "query": "a=1",
                    }
                }
            ],
            lambda _: [
                {
                    "Type": "redirect",
                    "RedirectConfig": {
                        "StatusCode": "HTTP_301",
                        "Protocol": "HTTPS",
                        "Port": "443",
                        "Host": "example.com",
                        "Path": "/one",
                        "Query": "a=1",
                    },
                }
            ],
            redirect,
            {},
        ),
        make("fixed", [_LAST], lambda _: [{**_API_LAST, "Order": 1}], fixed, {}),
        *_authentications(option, api, make, change),
    ]


_WEIGHTS = {"blue": 90, "green": 10}
_OIDC = {
    "issuer": "https://id.example.com",
    "authorization_endpoint": "https://id.example.com/a",
    "token_endpoint": "https://id.example.com/t",
    "user_info_endpoint": "https://id.example.com/u",
    "client_id": "one",
    "client_secret": "hush",
    **_SESSION,
    "authentication_request_extra_params": {"display": "page"},
    "on_unauthenticated_request": "deny",
}
_API_SESSION = {
    "SessionCookieName": "one",
    "Scope": "openid",
    "SessionTimeout": 60,
    "AuthenticationRequestExtraParams": {"display": "page"},
    "OnUnauthenticatedRequest": "deny",
}
_API_OIDC = {
    "Issuer": "https://id.example.com",
    "AuthorizationEndpoint": "https://id.example.com/a",
    "TokenEndpoint": "https://id.example.com/t",
    "UserInfoEndpoint": "https://id.example.com/u",
    "ClientId": "one",
    "ClientSecret": "hush",
    **_API_SESSION,
}
_COGNITO = {
    "user_pool_arn": POOL,
    "user_pool_client_id": "one",
    "user_pool_domain": "one",
    **_SESSION,
    "authentication_request_extra_params": {"display": "page"},
    "on_unauthenticated_request": "deny",
}
_API_COGNITO = {"UserPoolArn": POOL, "UserPoolClientId": "one", "UserPoolDomain": "one", **_API_SESSION}
_CLAIMS = [{"name": "aud", "format": "single-string", "values": ["one"]}]
_API_JWT = {
    "JwksEndpoint": "https://id.example.com/jwks",
    "Issuer": "https://id.example.com",
    "AdditionalClaims": [{"Name": "aud", "Format": "single-string", "Values": ["one"]}],
}


def _authentications(option: str, api: str, make: Make, change: Callable[..., dict[str, To]]) -> list[Scene]:
    """The actions that come before another one: who may pass."""

    def two(kind: str, config: str, first: dict[str, Any]) -> Callable[[World], list[dict[str, Any]]]:
        return lambda _: [{"Type": kind, config: first, "Order": 1}, _API_LAST]

    def params(group: str, config: str) -> dict[str, To]:
        path = f"{group}.authentication_request_extra_params"
        place = (api, 0, config, "AuthenticationRequestExtraParams", "display")
        return {
            f"{option}[].{path}": To("popup", api=place, at=f"{option}[0].{path}.display", expected="page", was="page")
        }

    oidc = change(
        "authenticate_oidc",
        "AuthenticateOidcConfig",
        {
            "issuer": ("Issuer", "https://other.example.com"),
            "authorization_endpoint": ("AuthorizationEndpoint", "https://other.example.com/a"),
            "token_endpoint": ("TokenEndpoint", "https://other.example.com/t"),
            "user_info_endpoint": ("UserInfoEndpoint", "https://other.example.com/u"),
            "client_id": ("ClientId", "two"),
            **_SESSION_LATER,
        },
    ) | params("authenticate_oidc", "AuthenticateOidcConfig")
    cognito = change(
        "authenticate_cognito",
        "AuthenticateCognitoConfig",
        {
            "user_pool_arn": ("UserPoolArn", f"{POOL}2"),
            "user_pool_client_id": ("UserPoolClientId", "two"),
            "user_pool_domain": ("UserPoolDomain", "two"),
            **_SESSION_LATER,
        },
    ) | params("authenticate_cognito", "AuthenticateCognitoConfig")
    config = "JwtValidationConfig"
    claims = (api, 0, config, "AdditionalClaims")
    at = f"{option}[0].jwt_validation.additional_claims"
    path = f"{option}[].jwt_validation.additional_claims[]"
    jwt = change(
        "jwt_validation",
        config,
        {
            "jwks_endpoint": ("JwksEndpoint", "https://other.example.com/jwks"),
            "issuer": ("Issuer", "https://other.example.com"),
        },
    )
    jwt |= {
        path: To(
            {"Name": "sub", "Format": "single-string", "Values": ["two"]},
            api=(*claims, 0),
            at=f"{at}[sub]",
            found={"name": "sub", "format": "single-string", "values": ["two"]},
        ),
        f"{path}.name": To(
            "iss",
            api=(*claims, 0, "Name"),
            at=f"{at}[aud]",
            expected=_CLAIMS[0],
            found=None,
            also=(Shown(f"{at}[iss]", None, {**_CLAIMS[0], "name": "iss"}),),
        ),
        f"{path}.format": To("string-array", api=(*claims, 0, "Format"), at=f"{at}[aud].format"),
        f"{path}.values": To(["one", "two"], api=(*claims, 0, "Values"), at=f"{at}[aud].values"),
    }
    validation = {
        "jwks_endpoint": "https://id.example.com/jwks",
        "issuer": "https://id.example.com",
        "additional_claims": _CLAIMS,
    }
    return [
        make(
            "oidc",
            [{"authenticate_oidc": _OIDC}, _LAST],
            two("authenticate-oidc", "AuthenticateOidcConfig", _API_OIDC),
            oidc,
            {"ministack": {f"{option}[].*.authentication_request_extra_params": "drops it"}},
        ),
        make(
            "cognito",
            [{"authenticate_cognito": _COGNITO}, _LAST],
            two("authenticate-cognito", "AuthenticateCognitoConfig", _API_COGNITO),
            cognito,
            {"ministack": {"": "drops what Cognito is asked"}},
        ),
        make(
            "jwt",
            [{"jwt_validation": validation}, _LAST],
            two("jwt-validation", config, _API_JWT),
            jwt,
            None,
        ),
    ]
