"""The VPC and its subnets: by id, by subnet or by default, and never half a network."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.aws.errors import AwsError, SlipwayError
from slipway.resources.vpc import find
from tests.unit.fake_aws import FakeAws

VPC = {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}


def subnet(name: str, zone: str, cidr: str, vpc: str = "vpc-1") -> dict[str, Any]:
    return {"SubnetId": f"subnet-{name}", "AvailabilityZone": zone, "CidrBlock": cidr, "VpcId": vpc}


SUBNETS = [
    subnet("d", "b", "10.0.10.0/24"),
    subnet("a", "a", "10.0.0.0/24"),
    subnet("c", "b", "10.0.9.0/24"),
    {**subnet("b", "a", ""), "SubnetId": "subnet-six", "CidrBlock": None},
]
IGW = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}
NAT = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"}
LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}


class Ec2(FakeAws):
    """Remembers what was asked."""

    def __init__(self, *, subnets: Any = SUBNETS, vpcs: Any = (VPC,), tables: Any = ()) -> None:
        super().__init__()
        self.asked: dict[str, dict[str, Any]] = {}
        self.responses = {
            "DescribeVpcs": {"Vpcs": list(vpcs)},
            "DescribeSubnets": {"Subnets": list(subnets)},
            "DescribeRouteTables": {"RouteTables": list(tables)},
        }

    def answer(self, operation: str, params: dict[str, Any]) -> Any:
        self.asked[operation] = params
        return self.responses[operation]


def filters(aws: Ec2, operation: str) -> dict[str, list[str]]:
    return {one["Name"]: one["Values"] for one in aws.asked[operation]["Filters"]}


def test_the_default_vpc_and_its_default_subnets() -> None:
    aws = Ec2()
    assert find(aws, {}) == {
        "vpc_id": "vpc-1",
        "cidr_block": "10.0.0.0/16",
        "account_id": "123456789012",
        "zones": ["a", "b"],
        "subnet_ids": ["subnet-six", "subnet-a", "subnet-c", "subnet-d"],
    }
    assert filters(aws, "DescribeVpcs") == {"is-default": ["true"]}
    assert filters(aws, "DescribeSubnets") == {"vpc-id": ["vpc-1"], "default-for-az": ["true"]}


def test_a_vpc_by_id_has_all_its_subnets() -> None:
    aws = Ec2()
    find(aws, {"vpc_id": "vpc-1"})
    assert aws.asked["DescribeVpcs"] == {"VpcIds": ["vpc-1"]}
    assert filters(aws, "DescribeSubnets") == {"vpc-id": ["vpc-1"]}


def test_subnets_by_tag() -> None:
    aws = Ec2()
    find(aws, {"subnet_tags": {"tier": "public", "n": 1}})
    assert filters(aws, "DescribeSubnets") == {"vpc-id": ["vpc-1"], "tag:tier": ["public"], "tag:n": ["1"]}


def test_subnets_by_id_say_their_vpc() -> None:
    aws = Ec2()
    assert find(aws, {"subnet_ids": ["subnet-a"]})["vpc_id"] == "vpc-1"
    assert aws.asked["DescribeSubnets"] == {"SubnetIds": ["subnet-a"]}
    assert aws.asked["DescribeVpcs"] == {"VpcIds": ["vpc-1"]}


def test_one_subnet_of_each_zone() -> None:
    assert find(Ec2(subnets=SUBNETS[:3]), {"one_per_zone": True})["subnet_ids"] == ["subnet-a", "subnet-c"]


def test_public_is_what_an_internet_gateway_leads_to() -> None:
    tables = [
        {"Associations": [{"Main": True}], "Routes": [LOCAL, IGW]},
        {"Associations": [{"Main": False, "SubnetId": "subnet-c"}], "Routes": [LOCAL, NAT]},
        {"Associations": [{"Main": False, "SubnetId": "subnet-d"}], "Routes": [{**IGW, "State": "blackhole"}]},
    ]
    found = find(Ec2(tables=tables), {"routes": True})
    assert found["public_subnet_ids"] == ["subnet-six", "subnet-a"]
    assert found["private_subnet_ids"] == ["subnet-c", "subnet-d"]


def test_two_calls_are_enough_and_routes_are_a_third() -> None:
    aws = Ec2()
    find(aws, {})
    assert sum(aws.calls.values()) == 2
    find(aws, {"routes": True})
    assert aws.calls["ec2:DescribeRouteTables"] == 1


@pytest.mark.parametrize(
    ("aws", "options", "message"),
    [
        (Ec2(vpcs=()), {}, "no default VPC in ap-northeast-2"),
        (Ec2(vpcs=()), {"vpc_id": "vpc-2"}, "no VPC vpc-2"),
        (Ec2(subnets=SUBNETS[:1]), {"zones_at_least": 2}, "in b only, and 2 availability zones"),
        (Ec2(subnets=()), {"zones_at_least": 1}, "are not there"),
        (Ec2(), {"subnet_ids": ["subnet-a"], "vpc_id": "vpc-2"}, "belong to vpc-1, not to vpc-2"),
        (
            Ec2(subnets=[SUBNETS[0], subnet("x", "a", "10.1.0.0/24", "vpc-2")]),
            {"subnet_ids": ["subnet-d", "subnet-x"]},
            "belong to vpc-1 and vpc-2",
        ),
    ],
)
def test_what_cannot_hold_a_service_is_refused(aws: Ec2, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SlipwayError, match=message) as failure:
        find(aws, options)
    assert failure.value.where == "vpc_info"
    assert failure.value.remedy


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ({"vpc_id": "vpc-2"}, "InvalidVpcID.NotFound", "vpc-2 does not exist"),
        ({"subnet_ids": ["a", "b"]}, "InvalidSubnetID.NotFound", "not all of a, b exist"),
    ],
)
def test_an_unknown_id_has_a_remedy(options: dict[str, Any], code: str, message: str) -> None:
    class Refusing(Ec2):
        def answer(self, operation: str, params: dict[str, Any]) -> Any:
            raise AwsError("no", code=code, operation=operation)

    with pytest.raises(SlipwayError, match=message) as failure:
        find(Refusing(), options)
    assert "region" in failure.value.remedy
