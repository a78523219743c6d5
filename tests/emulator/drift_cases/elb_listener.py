"""Listeners."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.emulator.drift_cases.elb import KEYS, attribute, attributes_of, balancer_arn, network, tags, values
from tests.emulator.drift_cases.elb_actions import balancer, scenes
from tests.emulator.drift_cases.model import Document, Resource, Scene, To, World

LISTENER = "elb_listener"
RESPOND = [{"fixed_response": {"status_code": "404", "content_type": "text/plain", "message_body": "nothing"}}]
HTTP: dict[str, Any] = {"load_balancer": "drift", "port": 80, "protocol": "HTTP", "default_actions": RESPOND}


def listener_arn(world: World) -> str:
    """The listener's ARN."""

    def ask() -> str:
        (found,) = world.elbv2.describe_listeners(LoadBalancerArn=balancer_arn(world))["Listeners"]
        return str(found["ListenerArn"])

    return world.once("listener", ask)


def _modify_listener(world: World, document: Document) -> None:
    world.elbv2.modify_listener(ListenerArn=listener_arn(world), **document)


def _with_network(world: World) -> Sequence[Resource]:
    return balancer(world)


def _of_listener(
    title: str,
    actions: list[dict[str, Any]],
    api: Callable[[World], list[dict[str, Any]]],
    changes: Mapping[str, To],
    unkept: Any,
) -> Scene:
    return Scene(
        LISTENER,
        lambda _: {**HTTP, "default_actions": actions},
        changes,
        before=_with_network,
        read=lambda world: {"DefaultActions": api(world)},
        put=_modify_listener,
        answer=("DescribeListeners", ("Listeners", 0)),
        unkept=unkept or {},
        whole={} if unkept is not None else NO_JWT,
        made=lambda _: HTTP,
        title=title,
    )


NO_JWT = {"ministack": "drops the validation of a JWT", "moto": "refuses the validation of a JWT"}
_HEADERS = (
    "x_amzn_mtls_clientcert_serial_number", "x_amzn_mtls_clientcert_issuer", "x_amzn_mtls_clientcert_subject",
    "x_amzn_mtls_clientcert_validity", "x_amzn_mtls_clientcert_leaf", "x_amzn_mtls_clientcert",
    "x_amzn_tls_version", "x_amzn_tls_cipher_suite",
)  # fmt: skip
_ANSWERS = (
    "strict_transport_security", "access_control_allow_origin", "access_control_allow_methods",
    "access_control_allow_headers", "access_control_allow_credentials", "access_control_expose_headers",
    "access_control_max_age", "content_security_policy", "x_content_type_options", "x_frame_options",
)  # fmt: skip
ATTRIBUTES: dict[str, To] = {
    "tcp_idle_timeout_seconds": attribute("tcp.idle_timeout.seconds", "350", "60", 60),
    "response_headers.server": attribute("routing.http.response.server.enabled", "true", "false", False),
    **{
        f"request_header_names.{name}": attribute(f"routing.http.request.{name}.header_name", "x-one", "x-two")
        for name in _HEADERS
    },
    **{
        f"response_headers.{name}": attribute(f"routing.http.response.{name}.header_value", "one", "two")
        for name in _ANSWERS
    },
}
KEYS[LISTENER] = {option: str(to.api[0]) for option, to in ATTRIBUTES.items()}


def _with_attributes(world: World) -> dict[str, Any]:
    world.ids["managed"] = set(KEYS[LISTENER].values())
    return {**HTTP, **values(ATTRIBUTES), "tags": {"Service": "drift"}}


def _certificates(*numbers: int) -> Callable[[World], list[str]]:
    return lambda world: [world.ids["certificates"][one] for one in numbers]


def _default(number: int) -> Callable[[World], None]:
    def change(world: World) -> None:
        certificate = {"CertificateArn": world.ids["certificates"][number]}
        world.elbv2.modify_listener(ListenerArn=listener_arn(world), Certificates=[certificate])

    return change


def _more(verb: str, world: World) -> None:
    certificates = [{"CertificateArn": one} for one in _certificates(1)(world)]
    getattr(world.elbv2, f"{verb}_listener_certificates")(ListenerArn=listener_arn(world), Certificates=certificates)


def _protocol(protocol: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        certificate = {"CertificateArn": world.ids["certificates"][0]}
        secure = {"Certificates": [certificate], "SslPolicy": "ELBSecurityPolicy-2016-08"}
        given = secure if protocol == "HTTPS" else {}
        world.elbv2.modify_listener(ListenerArn=listener_arn(world), Protocol=protocol, **given)

    return change


STORE = "arn:aws:elasticloadbalancing:ap-northeast-2:000000000000:truststore/one/1"
MUTUAL = "mutual_authentication"
_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
LISTENERS = (
    *scenes("default_actions", _of_listener),
    Scene(
        LISTENER,
        lambda _: HTTP,
        {"protocol": To(do=_protocol("HTTPS"), undo=_protocol("HTTP"), found="HTTPS")},
        before=_with_network,
        title="protocol",
    ),
    Scene(
        LISTENER,
        _with_attributes,
        {**ATTRIBUTES, "tags": tags(listener_arn)},
        before=_with_network,
        title="attributes",
        **attributes_of("ListenerAttributes", "ListenerArn", listener_arn, LISTENER),
    ),
    Scene(
        LISTENER,
        lambda world: {
            "load_balancer": "drift",
            "port": 443,
            "protocol": "HTTPS",
            "ssl_policy": _POLICY,
            "certificates": _certificates(0)(world),
            "default_actions": RESPOND,
            MUTUAL: {
                "mode": "verify",
                "trust_store_arn": STORE,
                "ignore_client_certificate_expiry": False,
                "advertise_trust_store_ca_names": "off",
            },
        },
        {
            "ssl_policy": "ELBSecurityPolicy-2016-08",
            "certificates": To(
                do=_default(2),
                undo=_default(0),
                at="certificates[0]",
                expected=lambda world: world.ids["certificates"][0],
                found=lambda world: world.ids["certificates"][2],
            ),
            f"{MUTUAL}.mode": To("off"),
            f"{MUTUAL}.trust_store_arn": To(f"{STORE}2"),
            f"{MUTUAL}.ignore_client_certificate_expiry": To(True),
            f"{MUTUAL}.advertise_trust_store_ca_names": To(
                "on", api=("MutualAuthentication", "AdvertiseTrustStoreCaNames")
            ),
        },
        before=_with_network,
        read=lambda _: {"SslPolicy": _POLICY},
        put=_modify_listener,
        pascal=True,
        answer=("DescribeListeners", ("Listeners", 0)),
        unkept={key: {f"{MUTUAL}*": "drops it"} for key in ("ministack", "moto")},
        title="tls",
    ),
    Scene(
        LISTENER,
        lambda world: {
            "load_balancer": "drift",
            "port": 443,
            "protocol": "HTTPS",
            "certificates": _certificates(0, 1)(world),
            "default_actions": RESPOND,
        },
        {
            "certificates": To(
                do=lambda world: _more("remove", world),
                undo=lambda world: _more("add", world),
                expected=_certificates(0, 1),
                found=_certificates(0),
            )
        },
        before=_with_network,
        unkept={"ministack": {"": "has no AddListenerCertificates"}},
        title="more certificates",
    ),
    Scene(
        LISTENER,
        lambda world: {
            "load_balancer": "drift",
            "port": 443,
            "protocol": "TLS",
            "alpn_policy": ["HTTP2Preferred"],
            "certificates": _certificates(0)(world),
            "default_actions": [{"forward": {"target_groups": [{"target_group": "tcp"}]}}],
        },
        {"alpn_policy": To(["HTTP1Only"], at="alpn_policy[0]", expected="HTTP2Preferred", found="HTTP1Only")},
        before=lambda world: [
            ("elb_load_balancer", {"name": "drift", "type": "network", "subnets": network(world)["subnets"][:2]}),
            ("elb_target_group", {"name": "tcp", "protocol": "TCP", "port": 80, "vpc_id": network(world)["vpc"]}),
        ],
        read=lambda _: {"AlpnPolicy": ["HTTP2Preferred"]},
        put=_modify_listener,
        pascal=True,
        answer=("DescribeListeners", ("Listeners", 0)),
        unkept={
            "ministack": {"alpn_policy": "drops it"},
            "moto": {"alpn_policy": "does not take it in ModifyListener"},
        },
        title="alpn",
    ),
)
SCENES = LISTENERS
AUTH = "AWS keeps it to itself: it is written, and never told"
WEIGHTS = "says who owns the weights; that they are left alone is tested with blue/green"
NO_FIELDS = {
    LISTENER: {
        "load_balancer": "part of its name: whose listener it is",
        "port": "part of its name",
        "manage_weights": WEIGHTS,
        "purge_certificates": "says whether certificates that nobody described are to go",
        "default_actions[].authenticate_oidc.client_secret": AUTH,
    },
}
