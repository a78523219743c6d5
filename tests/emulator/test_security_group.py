"""security_group through its life."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.lifecycle import Case, Change, apply, walk
from tests.emulators.emulator import Emulator

HTTPS = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "0.0.0.0/0", "description": "the world"}
HTTPS_6 = {"ip_protocol": "tcp", "from_port": 443, "cidr_ipv6": "::/0"}
FROM_BALANCER = {"ip_protocol": "tcp", "from_port": 8000, "source_security_group": "slipway-life-alb"}
PING = {"ip_protocol": "icmp", "from_port": 8, "to_port": 0, "cidr_ipv4": "10.1.2.3/8"}
DATABASE = {"ip_protocol": "tcp", "from_port": 5432, "cidr_ipv4": "10.0.0.0/16"}

CASES = [
    Case(
        "security_group",
        {
            "name": "slipway-life",
            "description": "of the tests",
            "ingress": [HTTPS, HTTPS_6],
            "tags": {"Service": "life"},
        },
        changes=[
            Change(
                {"ingress": [HTTPS, PING]},
                frozenset(
                    {
                        "ingress[tcp/443/443/::/0]",
                        "ingress[icmp/8/0/10.0.0.0/8]",
                    }
                ),
            ),
            Change({"egress": [DATABASE]}, frozenset({"egress[-1/0.0.0.0/0]", "egress[tcp/5432/5432/10.0.0.0/16]"})),
            Change(
                {"egress": [], "ingress": []},
                frozenset(
                    {
                        "egress[tcp/5432/5432/10.0.0.0/16]",
                        "ingress[tcp/443/443/0.0.0.0/0]",
                        "ingress[icmp/8/0/10.0.0.0/8]",
                    }
                ),
            ),
            Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Owner"})),
        ],
        no_op_calls=1,
    ),
    Case(
        "security_group",
        {"name": "slipway-words", "ingress": [HTTPS]},
        changes=[
            Change(
                {"ingress": [{**HTTPS, "description": "everybody"}]},
                frozenset({"ingress[tcp/443/443/0.0.0.0/0].description"}),
                not_on={"ministack": "has no UpdateSecurityGroupRuleDescriptionsIngress"},
            ),
        ],
        no_op_calls=1,
    ),
]


@pytest.mark.aws("ec2")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_life(case: Case, emulator: Emulator) -> None:
    walk(case, *emulator)


@pytest.mark.aws("ec2")
def test_a_chain_is_made_in_one_run_and_removed_in_one(emulator: Emulator) -> None:
    """The balancer's group lets the world in, the tasks' group the balancer's, and itself."""
    ec2 = emulator.client("ec2")
    balancer = {"name": "slipway-life-alb", "ingress": [HTTPS]}
    itself = {"ip_protocol": "-1", "source_security_group": "slipway-life"}
    tasks = {"name": "slipway-life", "ingress": [FROM_BALANCER, itself], "egress": [DATABASE]}
    chain: list[tuple[str, dict[str, Any]]] = [("security_group", balancer), ("security_group", tasks)]

    made, _ = apply(emulator.endpoint, chain)
    again, calls = apply(emulator.endpoint, chain)
    assert [one.plan.found for one in again] == [(), ()]
    assert dict(calls) == {"ec2:DescribeSecurityGroups": 1}

    group = ec2.describe_security_groups(GroupIds=[made[1].outputs["id"]])["SecurityGroups"][0]
    sources = {pair["GroupId"] for rule in group["IpPermissions"] for pair in rule["UserIdGroupPairs"]}
    assert sources == {made[0].outputs["id"], made[1].outputs["id"]}
    assert [rule["FromPort"] for rule in group["IpPermissionsEgress"]] == [5432]

    by_hand = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[by_hand])
    drifted, _ = apply(emulator.endpoint, chain)
    assert [item.path for item in drifted[1].plan.found] == ["ingress[tcp/22/22/0.0.0.0/0]"]
    assert [one.plan.verb for one in apply(emulator.endpoint, chain)[0]] == ["none", "none"]

    apply(emulator.endpoint, [(kind, {**options, "state": "absent"}) for kind, options in chain])
    left = ec2.describe_security_groups()["SecurityGroups"]
    assert not [one for one in left if one["GroupName"].startswith("slipway-life")]
