"""A VPC and its subnets, looked up and never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from ..aws.clients import Aws, Connection
from ..aws.errors import AwsError, SlipwayError
from ..step import Report

WHERE = "vpc_info"
Subnet = Mapping[str, Any]


def look_up(options: Mapping[str, Any], /, *, check: bool, report: Report) -> dict[str, Any]:
    """The step of vpc_info, which is the same in check mode.

    Raises:
        SlipwayError: as for `find`.
    """
    aws = Aws(Connection.of(options))
    found = find(aws, options)
    return {"changed": False, **found, "api_calls": sum(aws.calls.values())}


def find(aws: Aws, options: Mapping[str, Any]) -> dict[str, Any]:
    """The VPC that is given, that of the subnets that are given, or the default one; with its subnets by zone.

    Raises:
        SlipwayError: there is none, the subnets are of several, or they are in too few zones.
    """
    given = options.get("subnet_ids")
    if given:
        subnets = _described(aws, "DescribeSubnets", "Subnets", SubnetIds=given)
        vpc = _vpc(aws, _of_one(subnets, options.get("vpc_id")))
    else:
        vpc = _vpc(aws, options.get("vpc_id"))
        filters = _filters(vpc["VpcId"], options)
        subnets = _described(aws, "DescribeSubnets", "Subnets", Filters=filters)
    subnets = sorted(subnets, key=_place)
    if options.get("one_per_zone"):
        subnets = list({subnet["AvailabilityZone"]: subnet for subnet in reversed(subnets)}.values())[::-1]
    zones = sorted({subnet["AvailabilityZone"] for subnet in subnets})
    _refuse_few(zones, options.get("zones_at_least", 0), vpc["VpcId"])
    found = {
        "vpc_id": vpc["VpcId"],
        "cidr_block": vpc["CidrBlock"],
        "account_id": aws.account,
        "zones": zones,
        "subnet_ids": [subnet["SubnetId"] for subnet in subnets],
    }
    return {**found, **_by_route(aws, vpc["VpcId"], subnets)} if options.get("routes") else found


def _vpc(aws: Aws, vpc_id: str | None) -> dict[str, Any]:
    if vpc_id:
        found = _described(aws, "DescribeVpcs", "Vpcs", VpcIds=[vpc_id])
    else:
        found = _described(aws, "DescribeVpcs", "Vpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])
    if not found:
        raise SlipwayError(
            f"there is no {f'VPC {vpc_id}' if vpc_id else 'default VPC'} in {aws.region}",
            where=WHERE,
            remedy="give the id of a VPC of this region (service_vpc_id and service_subnets in a description), "
            "or make a default one: aws ec2 create-default-vpc",
        )
    return found[0]


def _filters(vpc_id: str, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}]
    tags = options.get("subnet_tags") or {}
    filters += [{"Name": f"tag:{key}", "Values": [str(value)]} for key, value in tags.items()]
    if not tags and not options.get("vpc_id"):
        # Of the default VPC, those that AWS made: whatever else is there has a purpose of its own.
        filters.append({"Name": "default-for-az", "Values": ["true"]})
    return filters


def _of_one(subnets: Sequence[Subnet], vpc_id: str | None) -> str:
    """The VPC that all the subnets belong to."""
    vpcs = sorted({subnet["VpcId"] for subnet in subnets})
    if vpcs != [vpc_id or vpcs[0]]:
        raise SlipwayError(
            f"the subnets belong to {' and '.join(vpcs)}{f', not to {vpc_id}' if vpc_id else ''}",
            where=WHERE,
            remedy="give subnets of one VPC",
        )
    return str(vpcs[0])


def _described(aws: Aws, operation: str, result: str, **arguments: Any) -> list[dict[str, Any]]:
    try:
        return aws.pages("ec2", operation, result, **arguments)
    except AwsError as error:
        if error.code not in {"InvalidVpcID.NotFound", "InvalidSubnetID.NotFound"}:
            raise
        ids = ", ".join(arguments.get("VpcIds") or arguments["SubnetIds"])
        raise SlipwayError(
            f"not all of {ids} exist in {aws.region}" if "," in ids else f"{ids} does not exist in {aws.region}",
            where=WHERE,
            remedy="correct the id, or the region",
        ) from error


def _refuse_few(zones: Sequence[str], least: int, vpc_id: str) -> None:
    if len(zones) < least:
        there = f"in {' and '.join(zones)} only" if zones else "not there"
        raise SlipwayError(
            f"the subnets of {vpc_id} are {there}, and {least} availability zones are needed",
            where=WHERE,
            remedy="give subnets of other zones too (a load balancer and its tasks need two), or create them",
        )


def _place(subnet: Subnet) -> tuple[str, Any, str]:
    # Subnets of IPv6 alone have no IPv4 addresses to be sorted by.
    cidr = subnet.get("CidrBlock")
    return subnet["AvailabilityZone"], int(ip_network(cidr).network_address) if cidr else 0, subnet["SubnetId"]


def _by_route(aws: Aws, vpc_id: str, subnets: Sequence[Subnet]) -> dict[str, list[str]]:
    """Which subnets have a way in from the internet: by their own route table, or by the main one."""
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}]
    open_to: dict[str | None, bool] = {}
    for table in _described(aws, "DescribeRouteTables", "RouteTables", Filters=filters):
        for association in table.get("Associations", ()):
            subnet = None if association.get("Main") else association.get("SubnetId")
            open_to[subnet] = any(_is_open(route) for route in table.get("Routes", ()))
    ids = [subnet["SubnetId"] for subnet in subnets]
    public = [one for one in ids if open_to.get(one, open_to.get(None, False))]
    return {"public_subnet_ids": public, "private_subnet_ids": [one for one in ids if one not in public]}


def _is_open(route: Mapping[str, Any]) -> bool:
    everywhere = route.get("DestinationCidrBlock") == "0.0.0.0/0" or route.get("DestinationIpv6CidrBlock") == "::/0"
    return everywhere and str(route.get("GatewayId", "")).startswith("igw-") and route.get("State") != "blackhole"
