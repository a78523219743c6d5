"""The network: zones, a way out of the subnets, free addresses, and what the security groups let through.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_network
from math import ceil
from typing import Any

from ...aws.clients import Aws
from ...aws.errors import AwsError, SlipwayError
from ...engine.parallel import side_by_side
from ...resources import vpc
from ...resources.security_rules import from_permissions
from ...service.references import parse_reference
from .check import Check, fail, ok, warn
from .seen import Seen, Unread

Service = Mapping[str, Any]
Item = Mapping[str, Any]
_TARGETS = ("GatewayId", "NatGatewayId", "TransitGatewayId", "NetworkInterfaceId", "InstanceId")
# An Application Load Balancer wants so many in each of its subnets:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer
_FREE_FOR_LOAD_BALANCER = 8


def observe(aws: Aws, service: Service, seen: Seen) -> None:
    """The VPC as the deploy looks it up; then its subnets, routes, endpoints and groups side by side."""
    network = seen.read("network", lambda: _network(aws, service))
    if not isinstance(network, Mapping):
        return
    own = [{"Name": "vpc-id", "Values": [network["vpc_id"]]}]
    subnets = sorted({*network["subnet_ids"], *(service.get("load_balancer_subnets") or ())})
    groups = sorted({service["security_group"], service["load_balancer_security_group"]})
    looks: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
        "subnets": ("DescribeSubnets", "Subnets", [{"Name": "subnet-id", "Values": subnets}]),
        "routes": ("DescribeRouteTables", "RouteTables", own),
        "endpoints": ("DescribeVpcEndpoints", "VpcEndpoints", own),
        "security_groups": (
            "DescribeSecurityGroups",
            "SecurityGroups",
            [*own, {"Name": "group-name", "Values": groups}],
        ),
    }
    if seen.emulated and not service.get("vpc_id"):
        # An emulator's default VPC has no route to anywhere, and its tasks get there all the same.
        seen.put("routes", Unread("no such API", "", "an emulator's default VPC has no routes"))
        del looks["routes"]

    def look(name: str) -> None:
        operation, result, filters = looks[name]
        seen.read(name, lambda: aws.pages("ec2", operation, result, Filters=filters))

    side_by_side(look, list(looks))


def check_subnets(service: Service, seen: Seen) -> Iterator[Check]:
    """They exist, belong together, and are in two zones."""
    network = seen["network"]
    if isinstance(network, SlipwayError):
        variable = "service_subnets" if service.get("subnets") else "service_vpc_id"
        yield fail(network.what, network.remedy, variable)
        return
    zones = network["zones"]
    if len(zones) < 2:
        there = f"are in {zones[0]} only" if zones else "are not there"
        yield fail(
            f"the subnets of {network['vpc_id']} {there}", "list subnets of two zones or more", "service_subnets"
        )
    else:
        yield ok(f"{len(network['subnet_ids'])} subnets of {network['vpc_id']} in {', '.join(zones)}")


def check_load_balancer_subnets(service: Service, seen: Seen) -> Iterator[Check]:
    """Its own subnets exist, are in the same VPC and in two zones."""
    wanted, network = service.get("load_balancer_subnets"), seen["network"]
    if not wanted or not isinstance(network, Mapping):
        return
    there = {one["SubnetId"]: one for one in seen["subnets"]}
    where = "service_load_balancer_subnets"
    missing = [one for one in wanted if one not in there]
    foreign = [one for one in wanted if one in there and there[one]["VpcId"] != network["vpc_id"]]
    zones = {there[one]["AvailabilityZone"] for one in wanted if one in there}
    if missing:
        yield fail(f"{', '.join(missing)} does not exist in {seen.region}", "correct the id, or the region", where)
    if foreign:
        remedy = "list subnets of the VPC that the tasks are in"
        yield fail(f"{', '.join(foreign)} is not in {network['vpc_id']}", remedy, where)
    if not missing and len(zones) < 2:
        remedy = "list subnets of two zones or more"
        yield fail(f"the load balancer's subnets are all in {', '.join(zones)}", remedy, where)


def check_way_out(service: Service, seen: Seen) -> Iterator[Check]:
    """From each subnet of the tasks: a public address and an internet gateway, a NAT, or endpoints."""
    network = seen["network"]
    if not isinstance(network, Mapping):
        return
    tables = seen["routes"]
    without = []
    for subnet in network["subnet_ids"]:
        table = route_table(tables, subnet)
        way = default_way(table)
        if way.startswith("igw-") and not service["assign_public_ip"]:
            way = ""
        if way:
            continue
        lacking = _without_endpoint(service, seen["endpoints"], str(table.get("RouteTableId")))
        if lacking:
            without.append((subnet, default_way(table), lacking))
    for way in dict.fromkeys(way for _, way, _ in without):
        mine = [(subnet, lacking) for subnet, other, lacking in without if other == way]
        names = ", ".join(subnet for subnet, _ in mine)
        lacking = sorted({name for _, each in mine for name in each})
        if way.startswith("igw-"):
            what = f"tasks in {names} have no public address, and their way out is {way}"
            remedy = "set service_assign_public_ip: true, choose subnets behind a NAT gateway, or "
            variable = "service_assign_public_ip"
        else:
            what = f"tasks in {names} have no way out of the VPC"
            remedy = "add a route to a NAT gateway, choose other subnets, or "
            variable = "service_subnets"
        yield fail(what, f"{remedy}make VPC endpoints for {', '.join(lacking)}", variable)
    if not without:
        yield ok("the tasks' subnets have a way to ECR, the logs and the secrets")


def check_public(service: Service, seen: Seen) -> Iterator[Check]:
    """An internet-facing load balancer needs subnets that the internet reaches."""
    network = seen["network"]
    if not isinstance(network, Mapping) or service["load_balancer_scheme"] != "internet-facing":
        return
    subnets = service.get("load_balancer_subnets") or network["subnet_ids"]
    closed = [one for one in subnets if not default_way(route_table(seen["routes"], one)).startswith("igw-")]
    if closed:
        what = f"{', '.join(closed)} has no route to an internet gateway, and the load balancer is internet-facing"
        remedy = "list public subnets in service_load_balancer_subnets, or set service_load_balancer_scheme: internal"
        yield fail(what, remedy, "service_load_balancer_subnets")
    else:
        yield ok("the load balancer's subnets are public")


def check_addresses(service: Service, seen: Seen) -> Iterator[Check]:
    """Each task takes an address, and during a deployment there are more of them."""
    network = seen["network"]
    if not isinstance(network, Mapping):
        return
    free = {one["SubnetId"]: int(one.get("AvailableIpAddressCount", 0)) for one in seen["subnets"]}
    tasks = ceil(service["desired_count"] * service["maximum_percent"] / 100)
    room = sum(free.get(one, 0) for one in network["subnet_ids"])
    if room < 1:
        yield fail("the tasks' subnets have no free address", "add a subnet, or free addresses", "service_subnets")
    elif room < tasks:
        remedy = "add a subnet, free addresses, or lower service_maximum_percent"
        yield warn(f"{room} free addresses for up to {tasks} tasks of a deployment", remedy, "service_subnets")
    else:
        yield ok(f"{room} free addresses for up to {tasks} tasks of a deployment")
    if seen["load_balancer"] is None:
        own = service.get("load_balancer_subnets") or network["subnet_ids"]
        tight = [one for one in own if one in free and free[one] < _FREE_FOR_LOAD_BALANCER]
        if tight:
            what = f"{', '.join(tight)} has less than {_FREE_FOR_LOAD_BALANCER} free addresses for a new load balancer"
            yield fail(what, "choose other subnets, or free addresses", "service_load_balancer_subnets")


def check_groups(service: Service, seen: Seen) -> Iterator[Check]:
    """What may come in is set by this deploy; what may go out is not, and may have been closed."""
    if not isinstance(seen["network"], Mapping):
        return
    groups = {one["GroupName"]: one for one in seen["security_groups"]}
    tasks, front = service["security_group"], service["load_balancer_security_group"]
    for name in dict.fromkeys((front, tasks)):
        known = "its rules are brought to the description by this deploy" if name in groups else "made by this deploy"
        yield ok(f"the security group {name}: {known}")
    port = service["container_port"]
    if front in groups and not _lets_out(groups[front], port, groups.get(tasks), seen):
        what = f"the security group {front} of the load balancer lets nothing out to the tasks' port {port}"
        remedy = f"allow outbound TCP {port} to the security group {tasks}"
        yield fail(what, remedy, "service_load_balancer_security_group")
    if tasks in groups and not _opens(groups[tasks], 443):
        what = f"the security group {tasks} lets no HTTPS out, so that tasks reach neither ECR nor their secrets"
        remedy = f"aws ec2 authorize-security-group-egress --group-id {groups[tasks]['GroupId']} "
        remedy += f"--protocol tcp --port 443 --cidr 0.0.0.0/0 --region {seen.region}"
        yield fail(what, remedy, "service_security_group")


def route_table(tables: Iterable[Item], subnet: str) -> Item:
    """The table that a subnet names, else the main one."""
    main: Item = {}
    for table in tables:
        for association in table.get("Associations") or ():
            if association.get("SubnetId") == subnet:
                return table
            if association.get("Main"):
                main = table
    return main


def default_way(table: Item) -> str:
    """Where the route to everywhere leads: an internet gateway, a NAT, or whatever a person set; nothing if none."""
    routes = [one for one in table.get("Routes") or () if one.get("State") != "blackhole"]
    ipv4 = [one for one in routes if one.get("DestinationCidrBlock") == "0.0.0.0/0"]
    ipv6 = [one for one in routes if one.get("DestinationIpv6CidrBlock") == "::/0"]
    # ECR and the others are reached by IPv4 where there is a route for it.
    for route in (*ipv4, *ipv6):
        return str(next((route[key] for key in _TARGETS if route.get(key)), "other"))
    return ""


def _without_endpoint(service: Service, endpoints: Sequence[Item], table: str) -> list[str]:
    """Which of the services that a task needs have no endpoint.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    """
    stores = {parse_reference(text).store for text in (service.get("secrets") or {}).values()}
    needed = ["ecr.api", "ecr.dkr", "s3", "logs", *sorted(stores)]
    there = {
        str(one["ServiceName"]).partition(f".{service['region']}.")[2]
        for one in endpoints
        if str(one.get("State", "available")).lower() == "available"
        and (
            table in (one.get("RouteTableIds") or ())
            if one.get("VpcEndpointType") == "Gateway"
            else one.get("PrivateDnsEnabled", True)
        )
    }
    return [name for name in needed if name not in there]


def _lets_out(group: Item, port: int, tasks: Item | None, seen: Seen) -> bool:
    """Whether a rule lets requests go to the tasks; one for a part of a subnet is taken for the right part."""
    target, own = (tasks or {}).get("GroupId"), seen["network"]["subnet_ids"]
    cidrs = [str(one["CidrBlock"]) for one in seen["subnets"] if one["SubnetId"] in own and one.get("CidrBlock")]
    for rule in _rules_for(group, port):
        source = rule.get("source_security_group")
        network = rule.get("cidr_ipv4")
        if (source and source == target) or rule.get("prefix_list_id"):
            return True
        if network and any(ip_network(network).overlaps(ip_network(cidr)) for cidr in cidrs):
            return True
    return False


def _opens(group: Item, port: int) -> bool:
    return any(True for _ in _rules_for(group, port))


def _rules_for(group: Item, port: int) -> Iterator[Item]:
    """The outbound rules that hold for a TCP port."""
    for rule in from_permissions(group.get("IpPermissionsEgress") or ()):
        if rule["ip_protocol"] == "-1" or (
            rule["ip_protocol"] in {"tcp", "6"} and rule.get("from_port", 0) <= port <= rule.get("to_port", 65535)
        ):
            yield rule


def _network(aws: Aws, service: Service) -> dict[str, Any] | SlipwayError:
    subnets = service.get("subnets")
    options = {"vpc_id": service.get("vpc_id"), "subnet_ids": subnets, "one_per_zone": subnets is None}
    try:
        return vpc.find(aws, options)
    except AwsError:
        raise
    except SlipwayError as error:
        return error
