"""Load balancers, and what those of elbv2 have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.emulator.drift_cases.model import Document, Scene, Shown, To, World

BALANCER = "elb_load_balancer"
NAME = "drift"


def network(world: World) -> dict[str, Any]:
    """A VPC with three subnets, three security groups and three certificates, made once."""
    if "vpc" not in world.ids:
        vpc = world.ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
        other = world.ec2.create_vpc(CidrBlock="10.41.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            world.ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"10.40.{number}.0/24", AvailabilityZone=f"ap-northeast-2{zone}"
            )
            for number, zone in enumerate("abc")
        ]
        groups = [
            world.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc) for name in ("one", "two")
        ]
        certificates = [
            world.acm.request_certificate(DomainName=f"{name}.example.com") for name in ("one", "two", "three")
        ]
        world.ids |= {
            "vpc": vpc,
            "other_vpc": other,
            "subnets": [one["Subnet"]["SubnetId"] for one in subnets],
            "groups": [one["GroupId"] for one in groups],
            "certificates": [one["CertificateArn"] for one in certificates],
        }
    return world.ids


def balancer_arn(world: World) -> str:
    """The load balancer's ARN; it is another one after it was made anew."""

    def ask() -> str:
        return str(world.elbv2.describe_load_balancers(Names=[NAME])["LoadBalancers"][0]["LoadBalancerArn"])

    return world.once("balancer", ask)


def group_arn(world: World, name: str = NAME) -> str:
    """A target group's ARN."""

    def ask() -> str:
        return str(world.elbv2.describe_target_groups(Names=[name])["TargetGroups"][0]["TargetGroupArn"])

    return world.once(f"group {name}", ask)


def tags(arn: Any) -> To:
    """The tags of a resource of elbv2: one is changed, and one is added."""

    def tag(value: str) -> Any:
        return lambda world: world.elbv2.add_tags(ResourceArns=[arn(world)], Tags=[{"Key": "Service", "Value": value}])

    return To(do=tag("other"), undo=tag("drift"), at="tags.Service", expected="drift", found="other")


def attribute(key: str, was: str, value: str, found: Any = ...) -> To:
    """An attribute, which AWS writes as a text."""
    return To(value, api=(key,), was=was, found=value if found is ... else found)


def attributes_of(call: str, parameter: str, arn: Any, kind: str) -> dict[str, Any]:
    """Reading and writing attributes as one document."""
    modify, describe = f"Modify{call}", f"Describe{call}"

    def read(world: World) -> Document:
        method = getattr(world.elbv2, _method(describe))
        return {one["Key"]: one.get("Value", "") for one in method(**{parameter: arn(world)})["Attributes"]}

    def put(world: World, document: Document) -> None:
        pairs = [{"Key": key, "Value": value} for key, value in document.items() if key in world.ids["managed"]]
        getattr(world.elbv2, _method(modify))(**{parameter: arn(world)}, Attributes=pairs)

    def lay(operation: str, answer: Any, option: str, value: Any) -> None:
        if operation == describe:
            key = KEYS[kind][option]
            kept = [one for one in answer["Attributes"] if one["Key"] != key]
            answer["Attributes"] = [*kept, {"Key": key, "Value": value}]

    return {"read": read, "put": put, "lay": lay}


def _method(operation: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")


BALANCER_ATTRIBUTES: dict[str, To] = {
    "deletion_protection": attribute("deletion_protection.enabled", "false", "true", True),
    "cross_zone": attribute("load_balancing.cross_zone.enabled", "true", "false", False),
    "idle_timeout_seconds": attribute("idle_timeout.timeout_seconds", "60", "300", 300),
    "client_keep_alive_seconds": attribute("client_keep_alive.seconds", "3600", "60", 60),
    "http2": attribute("routing.http2.enabled", "true", "false", False),
    "drop_invalid_header_fields": attribute("routing.http.drop_invalid_header_fields.enabled", "true", "false", False),
    "desync_mitigation_mode": attribute("routing.http.desync_mitigation_mode", "defensive", "monitor"),
    "preserve_host_header": attribute("routing.http.preserve_host_header.enabled", "false", "true", True),
    "tls_version_and_cipher_suite_headers": attribute(
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false", "true", True
    ),
    "xff_client_port": attribute("routing.http.xff_client_port.enabled", "false", "true", True),
    "xff_header_processing_mode": attribute("routing.http.xff_header_processing.mode", "append", "remove"),
    "waf_fail_open": attribute("waf.fail_open.enabled", "false", "true", True),
    "zonal_shift": attribute("zonal_shift.config.enabled", "false", "true", True),
    "ipv6_deny_all_igw_traffic": attribute("ipv6.deny_all_igw_traffic", "false", "true", True),
    "dns_record_client_routing_policy": attribute(
        "dns_record.client_routing_policy", "any_availability_zone", "availability_zone_affinity"
    ),
    "secondary_ips_auto_assigned_per_subnet": attribute("secondary_ips.auto_assigned.per_subnet", "1", "2", 2),
    **{
        f"{kind}_logs.{option}": attribute(f"{kind}_logs.s3.{option}", was, value, found)
        for kind in ("access", "connection", "health_check")
        for option, was, value, found in (
            ("enabled", "true", "false", False),
            ("bucket", "logs", "other", "other"),
            ("prefix", "alb", "elsewhere", "elsewhere"),
        )
    },
}
# By kind: option -> the attribute's key.
KEYS: dict[str, dict[str, str]] = {}
KEYS[BALANCER] = {option: str(to.api[0]) for option, to in BALANCER_ATTRIBUTES.items()}


def values(table: Mapping[str, To]) -> dict[str, Any]:
    """The description that says what a table of attributes was."""
    said: dict[str, Any] = {}
    for option, to in table.items():
        group, _, member = option.rpartition(".")
        typed = to.was == "true" if isinstance(to.found, bool) else type(to.found)(to.was)
        (said.setdefault(group, {}) if group else said)[member] = typed
    return said


def _balancer(world: World) -> dict[str, Any]:
    ids = network(world)
    world.ids["managed"] = set(KEYS[BALANCER].values())
    return {"name": NAME, "subnets": ids["subnets"][:2], "security_groups": ids["groups"][:1]}


def _anew(world: World, document: Document) -> None:
    """What AWS fixes at creation: somebody made another one of the same name."""
    world.elbv2.delete_load_balancer(LoadBalancerArn=balancer_arn(world))
    del world.ids["balancer"]
    world.elbv2.create_load_balancer(**document)


def _set(operation: str, **parameters: Any) -> Any:
    def call(world: World) -> None:
        given = {key: value(world) if callable(value) else value for key, value in parameters.items()}
        getattr(world.elbv2, operation)(LoadBalancerArn=balancer_arn(world), **given)

    return call


def _subnets(first: int, last: int) -> Any:
    return lambda world: world.ids["subnets"][first:last]


def _groups(count: int) -> Any:
    return lambda world: world.ids["groups"][:count]


_ENFORCE = "enforce_security_group_inbound_rules_on_private_link_traffic"
_AT = ("LoadBalancers", 0)


_ADDRESSES = tuple(f"subnet_mappings[].{one}*" for one in ("a", "p", "i", "source"))


def _mapped(world: World) -> dict[str, Any]:
    one, two, _ = network(world)["subnets"]
    mapping = {
        "subnet_id": one,
        "allocation_id": "eipalloc-1",
        "private_ipv4_address": "10.40.0.10",
        "ipv6_address": "2001:db8::1",
        "source_nat_ipv6_prefix": "2001:db8::/80",
    }
    return {"name": NAME, "type": "network", "subnet_mappings": [mapping, {"subnet_id": two}]}


def _lay_mapping(operation: str, answer: Any, option: str, value: Any) -> None:
    """A subnet's mapping as DescribeLoadBalancers gives it: with its zone."""
    if operation != "DescribeLoadBalancers" or not answer["LoadBalancers"]:
        return
    zone = next(one for one in answer["LoadBalancers"][0]["AvailabilityZones"] if one["SubnetId"] == value[0])
    key = option.rpartition(".")[2]
    if key == "source_nat_ipv6_prefix":
        zone["SourceNatIpv6Prefixes"] = [value[1]]
        return
    name = {
        "allocation_id": "AllocationId",
        "private_ipv4_address": "PrivateIPv4Address",
        "ipv6_address": "IPv6Address",
    }
    addresses = zone.setdefault("LoadBalancerAddresses", [])
    addresses[:] = [{**(addresses[0] if addresses else {}), name[key]: value[1]}]


def _mapping(option: str, value: str) -> To:
    """A field of the first subnet's mapping."""

    def at(world: World) -> str:
        return f"subnet_mappings[{world.ids['subnets'][0]}].{option}"

    return To(
        lambda world: (world.ids["subnets"][0], value),
        was=lambda world: (world.ids["subnets"][0], _mapped(world)["subnet_mappings"][0][option]),
        at=at,
        found=value,
    )


def _mappings(*subnets: int) -> Any:
    return lambda world: [{"SubnetId": world.ids["subnets"][one]} for one in subnets]


BALANCERS = (
    Scene(
        BALANCER,
        lambda world: {**_balancer(world), **values(BALANCER_ATTRIBUTES), "tags": {"Service": "drift"}},
        {
            **BALANCER_ATTRIBUTES,
            "subnets": To(
                do=_set("set_subnets", Subnets=_subnets(1, 3)),
                undo=_set("set_subnets", Subnets=_subnets(0, 2)),
                expected=_subnets(0, 2),
                found=_subnets(1, 3),
            ),
            "security_groups": To(
                do=_set("set_security_groups", SecurityGroups=_groups(2)),
                undo=_set("set_security_groups", SecurityGroups=_groups(1)),
                expected=_groups(1),
                found=_groups(2),
            ),
            "tags": tags(balancer_arn),
        },
        unkept={"moto": dict.fromkeys(("health_check_logs.bucket", "health_check_logs.prefix"), "does not know it")},
        refused={"moto": ["health_check_logs.bucket", "health_check_logs.prefix"]},
        title="attributes",
        **attributes_of("LoadBalancerAttributes", "LoadBalancerArn", balancer_arn, BALANCER),
    ),
    Scene(
        BALANCER,
        lambda world: {
            **_balancer(world),
            "type": "application",
            "scheme": "internal",
            "ip_address_type": "ipv4",
            "enable_prefix_for_ipv6_source_nat": "off",
            "customer_owned_ipv4_pool": "pool-1",
            "ipam_pools": {"ipv4_ipam_pool_id": "ipam-pool-1"},
            _ENFORCE: "on",
        },
        {
            "type": To("network", found="network"),
            "scheme": "internet-facing",
            "ip_address_type": To(
                do=_set("set_ip_address_type", IpAddressType="dualstack"),
                undo=_set("set_ip_address_type", IpAddressType="ipv4"),
                found="dualstack",
                value="dualstack",
            ),
            "enable_prefix_for_ipv6_source_nat": "on",
            "customer_owned_ipv4_pool": "pool-2",
            "ipam_pools.ipv4_ipam_pool_id": "ipam-pool-2",
            _ENFORCE: "off",
        },
        read=lambda world: {
            "Name": NAME,
            "Type": "application",
            "Scheme": "internal",
            "IpAddressType": "ipv4",
            "Subnets": world.ids["subnets"][:2],
            "SecurityGroups": world.ids["groups"][:1],
        },
        put=_anew,
        pascal=True,
        answer=("DescribeLoadBalancers", _AT),
        unkept={
            name: dict.fromkeys(
                ("enable_prefix_*", "customer_owned_*", "ipam_pools*", "enforce_*"), "drops what it does not know"
            )
            for name in ("ministack", "moto")
        },
        title="fixed",
    ),
    Scene(
        BALANCER,
        lambda world: {
            "name": NAME,
            "subnets": network(world)["subnets"][:2],
            "minimum_load_balancer_capacity": {"capacity_units": 100},
        },
        {"minimum_load_balancer_capacity.capacity_units": 200},
        pascal=True,
        answer=("DescribeCapacityReservation", ()),
        instead=frozenset({"DescribeCapacityReservation"}),
        unkept={key: {"minimum_*": "has no DescribeCapacityReservation"} for key in ("ministack", "moto")},
        refused={key: ["minimum_*"] for key in ("ministack", "moto")},
        title="capacity",
    ),
    Scene(
        BALANCER,
        _mapped,
        {
            "subnet_mappings[].subnet_id": To(
                do=_set("set_subnets", SubnetMappings=_mappings(0, 2)),
                undo=_set("set_subnets", SubnetMappings=_mappings(0, 1)),
                at=lambda world: f"subnet_mappings[{world.ids['subnets'][1]}]",
                expected=lambda world: {"subnet_id": world.ids["subnets"][1]},
                found=None,
                also=(
                    Shown(
                        lambda world: f"subnet_mappings[{world.ids['subnets'][2]}]",
                        None,
                        lambda world: {"subnet_id": world.ids["subnets"][2]},
                    ),
                ),
            ),
            "subnet_mappings[]": To(
                do=_set("set_subnets", SubnetMappings=_mappings(0, 1, 2)),
                undo=_set("set_subnets", SubnetMappings=_mappings(0, 1)),
                at=lambda world: f"subnet_mappings[{world.ids['subnets'][2]}]",
                found=lambda world: {"subnet_id": world.ids["subnets"][2]},
            ),
            "subnet_mappings[].allocation_id": _mapping("allocation_id", "eipalloc-2"),
            "subnet_mappings[].private_ipv4_address": _mapping("private_ipv4_address", "10.40.0.11"),
            "subnet_mappings[].ipv6_address": _mapping("ipv6_address", "2001:db8::2"),
            "subnet_mappings[].source_nat_ipv6_prefix": _mapping("source_nat_ipv6_prefix", "2001:db8:1::/80"),
        },
        lay=_lay_mapping,
        unkept={
            "ministack": {"": "makes no zones of subnet mappings"},
            "moto": dict.fromkeys(
                [f"subnet_mappings[].{one}" for one in ("allocation_id", "*_address", "source_nat_ipv6_prefix")],
                "tells no addresses",
            ),
        },
        refused=dict.fromkeys(("ministack", "moto"), _ADDRESSES),
        title="mapped",
    ),
)


SCENES = BALANCERS
NO_FIELDS = {BALANCER: {"name": "its name: another name is another resource"}}
