"""vpc_info on networks that the emulators make."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.aws.errors import SlipwayError
from slipway.resources.vpc import look_up
from tests.emulator.lifecycle import REGION
from tests.emulators.emulator import Emulator


def found(emulator: Emulator, **options: Any) -> dict[str, Any]:
    """What the module would return."""
    given = {"region": REGION, "endpoint_url": emulator.endpoint, **options}
    return look_up(given, check=False, report=lambda _: None)


@pytest.mark.aws("ec2")
def test_the_default_vpc(emulator: Emulator) -> None:
    network = found(emulator, zones_at_least=2)
    assert network["changed"] is False
    assert network["vpc_id"].startswith("vpc-")
    assert network["account_id"] == emulator.account
    assert len(network["subnet_ids"]) >= len(network["zones"]) >= 2
    # And who the caller is.
    assert network["api_calls"] == 3


@pytest.mark.aws("ec2")
def test_a_vpc_with_a_public_and_a_private_subnet(emulator: Emulator) -> None:
    ec2 = emulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    public, private = (
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
        for cidr, zone in (("10.9.1.0/24", "c"), ("10.9.0.0/24", "a"))
    )
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=public)

    network = found(emulator, vpc_id=vpc, routes=True)
    assert network["subnet_ids"] == [private, public]
    assert network["zones"] == [f"{REGION}a", f"{REGION}c"]
    assert (network["public_subnet_ids"], network["private_subnet_ids"]) == ([public], [private])
    assert found(emulator, subnet_ids=[public])["vpc_id"] == vpc
    with pytest.raises(SlipwayError, match="2 availability zones are needed"):
        found(emulator, subnet_ids=[public], zones_at_least=2)
    with pytest.raises(SlipwayError, match="does not exist"):
        found(emulator, vpc_id="vpc-00000000000000000")
