"""Listeners: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..aws.clients import Aws
from ..aws.shapes import from_api, input_shape, to_api
from ..engine.compare import Difference, Rules, changed_options
from ..engine.kind import Kind, Known, Options, Reference
from ..engine.parallel import side_by_side
from ..engine.plan import Call, Desired, Live, Output, Plan
from . import elb, elb_actions, tags
from .names import is_arn

_CREATE = input_shape("elbv2", "CreateListener")
_REQUEST_HEADERS = (
    "x_amzn_mtls_clientcert_serial_number", "x_amzn_mtls_clientcert_issuer", "x_amzn_mtls_clientcert_subject",
    "x_amzn_mtls_clientcert_validity", "x_amzn_mtls_clientcert_leaf", "x_amzn_mtls_clientcert",
    "x_amzn_tls_version", "x_amzn_tls_cipher_suite",
)  # fmt: skip
_RESPONSE_HEADERS = (
    "strict_transport_security", "access_control_allow_origin", "access_control_allow_methods",
    "access_control_allow_headers", "access_control_allow_credentials", "access_control_expose_headers",
    "access_control_max_age", "content_security_policy", "x_content_type_options", "x_frame_options",
)  # fmt: skip
ATTRIBUTES: elb.Attributes = {
    "tcp_idle_timeout_seconds": ("tcp.idle_timeout.seconds", int),
    **{f"request_header_names.{name}": (f"routing.http.request.{name}.header_name", str) for name in _REQUEST_HEADERS},
    "response_headers.server": ("routing.http.response.server.enabled", bool),
    **{f"response_headers.{name}": (f"routing.http.response.{name}.header_value", str) for name in _RESPONSE_HEADERS},
}
_RANGES: elb.Ranges = {"port": (1, 65535), "tcp_idle_timeout_seconds": (60, 6000)}
_SECURE = frozenset({"HTTPS", "TLS"})
_ATTRIBUTE_OPTIONS = elb.attribute_options(ATTRIBUTES)
_ACTIONS = elb_actions.rules_for("default_actions")
_PLAIN = ("protocol", "ssl_policy", "alpn_policy", "mutual_authentication")


class ElbListener(Kind):
    """A listener of a load balancer: its certificates, TLS policy, default actions, attributes and tags."""

    name = "elb_listener"
    exists = frozenset({"DuplicateListener"})
    through = ("elb_load_balancer",)
    after = ("elb_load_balancer", "elb_target_group", "acm_certificate")
    secret_options = frozenset({"client_secret"})
    rules = Rules(
        defaults={
            **_ACTIONS.defaults,
            "mutual_authentication.mode": "off",
            "mutual_authentication.ignore_client_certificate_expiry": False,
            "mutual_authentication.advertise_trust_store_ca_names": "off",
        },
        unordered=_ACTIONS.unordered,
        whole=_ACTIONS.whole | {"mutual_authentication", "tags"},
    )

    def key(self, options: Options) -> str:
        """LOAD_BALANCER:PORT: a listener has no name, and a load balancer has one listener a port."""
        return elb.listener_key(options)

    def references(self, options: Options) -> Iterator[Reference]:
        """The load balancer; target groups and certificates where they are given by name."""
        yield "elb_load_balancer", elb.load_balancer_name(options["load_balancer"])
        if options.get("state") != "absent":
            yield from elb_actions.references(options.get("default_actions") or ())
            for certificate in options.get("certificates") or ():
                if not is_arn(certificate):
                    yield "acm_certificate", certificate

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeListeners once a load balancer; certificates and attributes only of those whose options need them."""
        by_balancer: dict[str, set[str]] = defaultdict(set)
        for key in wanted:
            by_balancer[key.partition(":")[0]].add(key)

        def look(name: str) -> dict[str, Live]:
            balancer = known.live("elb_load_balancer", name)
            if balancer is None:
                return {}
            arn = balancer.outputs["arn"]
            found = aws.pages("elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=arn)
            items = {f"{name}:{item.get('Port')}": item for item in found}
            return {key: _live(aws, items[key], wanted[key]) for key in items if key in by_balancer[name]}

        lives = [item for found in side_by_side(look, list(by_balancer)) for item in found.items()]
        return elb.with_tags(aws, dict(lives), wanted)

    def desired(self, options: Options, known: Known) -> Desired:
        """The fields of CreateListener, with names completed to ARNs, and the attributes beside them."""
        key = self.key(options)
        if options.get("state") == "absent":
            return Desired(key, absent=True)
        elb.refuse_out_of_range(f"{self.name} {key}", options, _RANGES)
        elb.refuse_empty(f"{self.name} {key}", options, ["default_actions"])
        fields = {name: options.get(name) for name in (*_PLAIN, "tags", *sorted(_ATTRIBUTE_OPTIONS))}
        actions = options.get("default_actions")
        if actions is not None:
            fields["default_actions"] = elb_actions.desired_actions(known, "default_actions", actions)
        if options.get("certificates") is not None:
            fields["certificates"] = [_certificate_arn(known, item) for item in options["certificates"]]
        settings = {
            "load_balancer_arn": known.output(
                "elb_load_balancer", elb.load_balancer_name(options["load_balancer"]), "arn", "load_balancer"
            ),
            "port": options["port"],
            "client_secrets": elb_actions.secrets(actions or ()),
            "manage_weights": options.get("manage_weights", True),
            "purge_certificates": options.get("purge_certificates", False),
        }
        return Desired(key, {name: value for name, value in fields.items() if value is not None}, settings)

    def plan(self, desired: Desired, live: Live | None) -> Plan:
        """Weights and certificates that others own are left alone."""
        if live is not None and not desired.absent:
            if not desired.settings["manage_weights"]:
                desired = elb_actions.with_live_weights(desired, live, "default_actions")
            live = Live({**live.fields, "certificates": _certificates(desired, live)}, live.outputs)
        return super().plan(desired, live)

    def create(self, desired: Desired) -> Sequence[Call]:
        """CreateListener with the default certificate, then the other certificates and the attributes."""
        secure = ["certificates"] if desired.fields.get("protocol") in _SECURE else []
        needed = ["protocol", "default_actions", *secure]
        elb.refuse_empty(f"{self.name} {desired.name}", desired.fields, needed, new=True)
        params = {
            "LoadBalancerArn": desired.settings["load_balancer_arn"],
            "Port": desired.settings["port"],
            **_modified(desired, desired.fields, None),
        }
        if desired.fields.get("tags"):
            params["Tags"] = tags.to_pairs(desired.fields["tags"])
        create = Call("elbv2", "CreateListener", params, _created, retry=elb_actions.SOON)
        others = _certificate_calls("Add", Output("arn"), desired.fields.get("certificates", [])[1:])
        return [create, *others, *_attribute_calls(Output("arn"), desired.fields)]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """One ModifyListener with what differs, then the other certificates, the attributes and the tags."""
        changed, arn, calls = changed_options(found), live.outputs["arn"], []
        if "certificates" in changed and "protocol" not in changed:
            elb.refuse_empty(f"{self.name} {desired.name}", desired.fields, ["certificates"])
        # A change from HTTP to HTTPS needs the policy and the certificate in the same call.
        together = changed | ({"ssl_policy", "certificates"} if "protocol" in changed else set())
        params = _modified(desired, together, live)
        if params.get("Certificates") == _named(live.fields["certificates"][:1]):
            del params["Certificates"]
        if params:
            calls.append(Call("elbv2", "ModifyListener", {"ListenerArn": arn, **params}, retry=elb_actions.SOON))
        if "certificates" in changed:
            wanted, there = desired.fields["certificates"], live.fields["certificates"][1:]
            calls += _certificate_calls("Add", arn, [item for item in wanted[1:] if item not in there])
            calls += _certificate_calls("Remove", arn, [item for item in there if item not in wanted])
        calls += _attribute_calls(arn, {key: value for key, value in desired.fields.items() if key in changed})
        return [*calls, *elb.tag_calls(arn, found, desired.fields)]

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeleteListener; its rules go with it."""
        params = {"ListenerArn": live.outputs["arn"]}
        return [Call("elbv2", "DeleteListener", params, tolerate=frozenset({"ListenerNotFound"}))]


def _live(aws: Aws, listener: dict[str, Any], options: Options) -> Live:
    arn, kept = listener["ListenerArn"], options.get("state") != "absent"
    fields: dict[str, Any] = {key: value for key, value in from_api(_CREATE, listener).items() if key in _PLAIN}
    fields.get("mutual_authentication", {}).pop("trust_store_association_status", None)
    fields["default_actions"] = elb_actions.live_actions(listener.get("DefaultActions") or [])
    fields["certificates"] = [item["CertificateArn"] for item in listener.get("Certificates") or []][:1]
    if kept and (len(options.get("certificates") or ()) > 1 or options.get("purge_certificates")):
        found = aws.pages("elbv2", "DescribeListenerCertificates", "Certificates", ListenerArn=arn)
        more = {item["CertificateArn"] for item in found} - set(fields["certificates"])
        fields["certificates"] += sorted(more)
    if kept and _ATTRIBUTE_OPTIONS & set(options):
        answer = aws.call("elbv2", "DescribeListenerAttributes", ListenerArn=arn)
        fields.update(elb.attribute_fields(ATTRIBUTES, answer["Attributes"]))
    return Live(fields, _outputs(listener))


def _created(answer: Mapping[str, Any]) -> dict[str, Any]:
    return _outputs(answer["Listeners"][0])


def _outputs(listener: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "arn": listener["ListenerArn"],
        "load_balancer_arn": listener.get("LoadBalancerArn", ""),
        "port": listener.get("Port", 0),
        "protocol": listener.get("Protocol", ""),
    }


def _certificate_arn(known: Known, certificate: str) -> Any:
    return certificate if is_arn(certificate) else known.output("acm_certificate", certificate, "arn", "certificates")


def _certificates(desired: Desired, live: Live) -> list[Any]:
    """The live certificates in the order of the description, then those that are to go."""
    wanted = desired.fields.get("certificates") or []
    default, others = live.fields["certificates"][:1], live.fields["certificates"][1:]
    listed = [item for item in wanted[1:] if item in others]
    purged = [item for item in others if item not in wanted] if desired.settings["purge_certificates"] else []
    return [*default, *listed, *purged]


def _modified(desired: Desired, names: Container[str], live: Live | None) -> dict[str, Any]:
    """The parameters that CreateListener and ModifyListener share, of the named fields."""
    fields = {key: value for key, value in desired.fields.items() if key in names}
    params: dict[str, Any] = to_api(_CREATE, {key: fields[key] for key in _PLAIN if key in fields})
    if fields.get("default_actions"):
        secrets = desired.settings["client_secrets"]
        where = f"elb_listener {desired.name}"
        params["DefaultActions"] = elb_actions.api_actions(fields["default_actions"], secrets, live, where)
    if fields.get("certificates"):
        params["Certificates"] = _named(fields["certificates"][:1])
    return params


def _named(certificates: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"CertificateArn": item} for item in certificates]


def _certificate_calls(verb: str, arn: str | Output, certificates: Sequence[Any]) -> list[Call]:
    params = {"ListenerArn": arn, "Certificates": _named(certificates)}
    return [Call("elbv2", f"{verb}ListenerCertificates", params, retry=elb_actions.SOON)] if certificates else []


def _attribute_calls(arn: str | Output, fields: Mapping[str, Any]) -> list[Call]:
    return elb.attribute_call("ModifyListenerAttributes", ("ListenerArn", arn), ATTRIBUTES, fields)
