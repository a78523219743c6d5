"""Load balancers: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import SlipwayError
from ..aws.shapes import from_api, input_shape, to_api
from ..engine.compare import Difference, Rules, changed_options
from ..engine.kind import Kind, Known, Options, Reference
from ..engine.parallel import side_by_side
from ..engine.plan import Call, Desired, Live, Output
from . import elb, tags
from .names import security_group_id

_CREATE = input_shape("elbv2", "CreateLoadBalancer")
ATTRIBUTES: elb.Attributes = {
    "deletion_protection": ("deletion_protection.enabled", bool),
    "cross_zone": ("load_balancing.cross_zone.enabled", bool),
    "idle_timeout_seconds": ("idle_timeout.timeout_seconds", int),
    "client_keep_alive_seconds": ("client_keep_alive.seconds", int),
    "http2": ("routing.http2.enabled", bool),
    "drop_invalid_header_fields": ("routing.http.drop_invalid_header_fields.enabled", bool),
    "desync_mitigation_mode": ("routing.http.desync_mitigation_mode", str),
    "preserve_host_header": ("routing.http.preserve_host_header.enabled", bool),
    "tls_version_and_cipher_suite_headers": ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", bool),
    "xff_client_port": ("routing.http.xff_client_port.enabled", bool),
    "xff_header_processing_mode": ("routing.http.xff_header_processing.mode", str),
    "waf_fail_open": ("waf.fail_open.enabled", bool),
    "zonal_shift": ("zonal_shift.config.enabled", bool),
    "ipv6_deny_all_igw_traffic": ("ipv6.deny_all_igw_traffic", bool),
    "dns_record_client_routing_policy": ("dns_record.client_routing_policy", str),
    "secondary_ips_auto_assigned_per_subnet": ("secondary_ips.auto_assigned.per_subnet", int),
    **{
        f"{kind}_logs.{option}": (f"{kind}_logs.s3.{option}", value)
        for kind in ("access", "connection", "health_check")
        for option, value in (("enabled", bool), ("bucket", str), ("prefix", str))
    },
}
_RANGES: elb.Ranges = {
    "idle_timeout_seconds": (1, 4000),
    "client_keep_alive_seconds": (60, 604800),
    "secondary_ips_auto_assigned_per_subnet": (0, 7),
}
_ATTRIBUTE_OPTIONS = elb.attribute_options(ATTRIBUTES)
_ENFORCE = "enforce_security_group_inbound_rules_on_private_link_traffic"
_CAPACITY = "minimum_load_balancer_capacity"
_NETWORK = ("subnets", "subnet_mappings", "ip_address_type", "enable_prefix_for_ipv6_source_nat")
_FIELDS = (
    "type", "scheme", *_NETWORK, "customer_owned_ipv4_pool", "ipam_pools", _ENFORCE, _CAPACITY, "tags"
)  # fmt: skip


class ElbLoadBalancer(Kind):
    """An Application or Network Load Balancer with its subnets, security groups, attributes and tags."""

    name = "elb_load_balancer"
    exists = frozenset({"DuplicateLoadBalancerName"})
    after = ("security_group",)
    create_only = frozenset({"type", "scheme", "customer_owned_ipv4_pool"})
    rules = Rules(
        unordered={"subnets": "", "subnet_mappings": "subnet_id", "security_groups": ""},
        whole=frozenset({"tags"}),
    )

    def references(self, options: Options) -> Iterable[Reference]:
        """Security groups that are given by name."""
        groups = options.get("security_groups") or () if options.get("state") != "absent" else ()
        return [("security_group", group) for group in groups if not group.startswith("sg-")]

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeLoadBalancers and DescribeTags for all at once; attributes have no batch, so only where managed."""
        found = elb.describe_named(
            aws, "DescribeLoadBalancers", "LoadBalancers", "LoadBalancerName", "LoadBalancerNotFound", list(wanted)
        )
        items = {item["LoadBalancerName"]: item for item in found}
        lives = side_by_side(lambda name: _live(aws, items[name], wanted[name]), list(items))
        return elb.with_tags(aws, dict(zip(items, lives, strict=True)), wanted)

    def desired(self, options: Options, known: Known) -> Desired:
        """The fields of CreateLoadBalancer, and the attributes beside them."""
        name = options["name"]
        if options.get("state") == "absent":
            return Desired(name, settings={"unprotect": options.get("deletion_protection") is False}, absent=True)
        elb.refuse_bad_name(self.name, name)
        elb.refuse_out_of_range(f"{self.name} {name}", options, _RANGES)
        elb.refuse_empty(f"{self.name} {name}", options, ["subnets", "subnet_mappings"])
        if options.get("subnets") and options.get("subnet_mappings"):
            raise SlipwayError(
                "subnets and subnet_mappings exclude each other",
                where=f"{self.name} {name}",
                remedy="keep subnet_mappings when a subnet needs an address of its own, subnets otherwise",
            )
        fields = {key: options.get(key) for key in (*_FIELDS, *sorted(_ATTRIBUTE_OPTIONS))}
        if options.get("security_groups") is not None:
            groups = options["security_groups"]
            fields["security_groups"] = [security_group_id(known, group, "security_groups") for group in groups]
        return Desired(name, {key: value for key, value in fields.items() if value is not None})

    def create(self, desired: Desired) -> Sequence[Call]:
        """CreateLoadBalancer, then what it does not take."""
        fields = {**desired.fields, "name": desired.name}
        needed = [] if fields.get("subnet_mappings") else ["subnets"]
        elb.refuse_empty(f"{self.name} {desired.name}", fields, needed, new=True)
        params = to_api(_CREATE, {key: value for key, value in fields.items() if key != "tags"})
        if fields.get("tags"):
            params["Tags"] = tags.to_pairs(fields["tags"])
        # A security group that was made a moment ago may not be known to this service yet.
        soon = frozenset({"InvalidSecurityGroup"})
        create = Call("elbv2", "CreateLoadBalancer", params, _created, retry=soon, patience=10)
        # A new one has no reservation that could be ended.
        unset = {_CAPACITY} if not fields.get(_CAPACITY, {}).get("capacity_units") else set()
        return [create, *_later_calls(Output("arn"), fields, set(fields) - unset)]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """One call for each part of the load balancer that differs."""
        changed, arn = changed_options(found), live.outputs["arn"]
        calls = [*_network_calls(arn, desired, live, changed)]
        if "security_groups" in changed and _ENFORCE not in changed:
            calls.append(_security_groups(arn, desired.fields))
        if "ipam_pools" in changed:
            pools = to_api(_CREATE, {"ipam_pools": desired.fields["ipam_pools"]})["IpamPools"]
            what = {"IpamPools": pools} if pools.get("Ipv4IpamPoolId") else {"RemoveIpamPools": ["ipv4"]}
            calls.append(Call("elbv2", "ModifyIpPools", {"LoadBalancerArn": arn, **what}))
        fields = {"security_groups": live.outputs["security_groups"], **desired.fields}
        return [*calls, *_later_calls(arn, fields, changed), *elb.tag_calls(arn, found, desired.fields)]

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeleteLoadBalancer; one that is protected needs deletion_protection: false said with it."""
        arn = live.outputs["arn"]
        calls = []
        if live.fields.get("deletion_protection"):
            if not desired.settings["unprotect"]:
                raise SlipwayError(
                    "it is protected against deletion",
                    where=f"{self.name} {desired.name}",
                    remedy="say deletion_protection: false together with state: absent, if it is really to go",
                )
            calls = _attribute_calls(arn, {"deletion_protection": False})
        gone = frozenset({"LoadBalancerNotFound"})
        return [*calls, Call("elbv2", "DeleteLoadBalancer", {"LoadBalancerArn": arn}, tolerate=gone)]


def _live(aws: Aws, balancer: dict[str, Any], options: Options) -> Live:
    zones = balancer.get("AvailabilityZones") or []
    arn = balancer["LoadBalancerArn"]
    fields: dict[str, Any] = from_api(_CREATE, {**balancer, "SubnetMappings": [_mapping(zone) for zone in zones]})
    fields["subnets"] = [zone["SubnetId"] for zone in zones]
    fields[_ENFORCE] = balancer.get("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic")
    if options.get("state") == "absent" or _ATTRIBUTE_OPTIONS & set(options):
        answer = aws.call("elbv2", "DescribeLoadBalancerAttributes", LoadBalancerArn=arn)
        fields.update(elb.attribute_fields(ATTRIBUTES, answer["Attributes"]))
    if options.get(_CAPACITY) is not None:
        answer = aws.call("elbv2", "DescribeCapacityReservation", LoadBalancerArn=arn)
        units = (answer.get("MinimumLoadBalancerCapacity") or {}).get("CapacityUnits", 0)
        fields[_CAPACITY] = {"capacity_units": units}
    return Live(fields, _outputs(balancer))


def _mapping(zone: Mapping[str, Any]) -> dict[str, Any]:
    addresses: dict[str, Any] = {}
    for address in zone.get("LoadBalancerAddresses") or ():
        addresses.update(address)
    prefixes = zone.get("SourceNatIpv6Prefixes") or [None]
    return {**addresses, "SubnetId": zone["SubnetId"], "SourceNatIpv6Prefix": prefixes[0]}


def _created(answer: Mapping[str, Any]) -> dict[str, Any]:
    return _outputs(answer["LoadBalancers"][0])


def _outputs(balancer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "arn": balancer["LoadBalancerArn"],
        "full_name": balancer["LoadBalancerArn"].partition("loadbalancer/")[2],
        "dns_name": balancer.get("DNSName", ""),
        "canonical_hosted_zone_id": balancer.get("CanonicalHostedZoneId", ""),
        "vpc_id": balancer.get("VpcId", ""),
        "state": (balancer.get("State") or {}).get("Code", ""),
        "security_groups": list(balancer.get("SecurityGroups") or []),
    }


def _network_calls(arn: str, desired: Desired, live: Live, changed: frozenset[str]) -> Iterable[Call]:
    """SetSubnets takes the address type along; alone, the address type has a call of its own."""
    fields = {key: desired.fields[key] for key in _NETWORK if key in changed}
    if not fields:
        return
    if set(fields) == {"ip_address_type"}:
        params = to_api(_CREATE, fields)
        yield Call("elbv2", "SetIpAddressType", {"LoadBalancerArn": arn, **params})
        return
    if not {"subnets", "subnet_mappings"} & set(fields):
        key = "subnet_mappings" if "subnet_mappings" in desired.fields else "subnets"
        fields[key] = desired.fields.get(key) or live.fields["subnets"]
    yield Call("elbv2", "SetSubnets", {"LoadBalancerArn": arn, **to_api(_CREATE, fields)})


def _security_groups(arn: str | Output, fields: Mapping[str, Any]) -> Call:
    params: dict[str, Any] = {"LoadBalancerArn": arn, "SecurityGroups": fields.get("security_groups") or []}
    if _ENFORCE in fields:
        params["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] = fields[_ENFORCE]
    return Call("elbv2", "SetSecurityGroups", params, lambda answer: {"security_groups": answer["SecurityGroupIds"]})


def _later_calls(arn: str | Output, fields: Mapping[str, Any], changed: Container[str]) -> list[Call]:
    """What has calls of its own, after creation as well."""
    calls = [_security_groups(arn, fields)] if _ENFORCE in changed and _ENFORCE in fields else []
    calls += _attribute_calls(arn, {key: value for key, value in fields.items() if key in changed})
    if _CAPACITY in changed and _CAPACITY in fields:
        units = fields[_CAPACITY]["capacity_units"]
        what = (
            {"MinimumLoadBalancerCapacity": {"CapacityUnits": units}} if units else {"ResetCapacityReservation": True}
        )
        calls.append(Call("elbv2", "ModifyCapacityReservation", {"LoadBalancerArn": arn, **what}))
    return calls


def _attribute_calls(arn: str | Output, fields: Mapping[str, Any]) -> list[Call]:
    return elb.attribute_call("ModifyLoadBalancerAttributes", ("LoadBalancerArn", arn), ATTRIBUTES, fields)
