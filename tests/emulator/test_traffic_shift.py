"""Moving requests between two real servers, by the records of the embedded AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from slipway.aws.errors import SlipwayError
from slipway.release.traffic_shift import shift
from tests.e2e.http import answering
from tests.emulators.emulator import Emulator

ZONE, DOMAIN, MACHINE = "homu-move.example", "api.homu-move.example", "203.0.113.5"


@dataclass
class Account:
    """Both sides of one service, and the records of its domain."""

    emulator: Emulator
    zone: str
    options: dict[str, Any]
    lines: list[str] = field(default_factory=list)
    seen: list[dict[str, int]] = field(default_factory=list)
    at_line: Callable[[str], None] = lambda _: None

    def shift(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run the step, and note the weights at each of its lines."""
        self.lines, self.seen = [], []

        def report(line: str) -> None:
            self.lines.append(line)
            weights = self.weights()
            if not self.seen or self.seen[-1] != weights:
                self.seen.append(weights)
            self.at_line(line)

        return shift({**self.options, **options}, check=check, report=report)

    def records(self) -> list[dict[str, Any]]:
        """The A records of the domain."""
        sets = self.emulator.client("route53").list_resource_record_sets(HostedZoneId=self.zone)["ResourceRecordSets"]
        return [one for one in sets if one["Type"] == "A" and one["Name"] == f"{DOMAIN}."]

    def weights(self) -> dict[str, int]:
        """Their weights; -1 for a simple one."""
        return {one.get("SetIdentifier", "simple"): one.get("Weight", -1) for one in self.records()}

    def write(self, *records: dict[str, Any]) -> None:
        """Make the domain have these A records."""
        gone = [{"Action": "DELETE", "ResourceRecordSet": one} for one in self.records()]
        made = [{"Action": "CREATE", "ResourceRecordSet": one} for one in records]
        if gone or made:
            route53 = self.emulator.client("route53")
            route53.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch={"Changes": gone + made})

    def machine(self, **weighted: Any) -> dict[str, Any]:
        """The record that leads to the machine."""
        return {
            "Name": f"{DOMAIN}.",
            "Type": "A",
            "TTL": 60,
            "ResourceRecords": [{"Value": MACHINE}],
            **weighted,
        }


# moto refuses to create what it created once, though it was deleted since.
@pytest.fixture
def account(ministack: Emulator) -> Iterator[Account]:
    ec2, ecs, elb, route53 = (ministack.client(name) for name in ("ec2", "ecs", "elbv2", "route53"))
    vpc = ec2.create_vpc(CidrBlock="10.41.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.41.{index}.0/24", AvailabilityZone=f"ap-northeast-2{letter}")
        for index, letter in enumerate("ac")
    ]
    elb.create_load_balancer(Name="homu-move", Subnets=[one["Subnet"]["SubnetId"] for one in subnets])
    ecs.create_cluster(clusterName="homu-move")
    ecs.register_task_definition(family="homu-move", containerDefinitions=[{"name": "api", "image": "x", "memory": 64}])
    ecs.create_service(cluster="homu-move", serviceName="api", taskDefinition="homu-move", desiredCount=0)
    made = route53.create_hosted_zone(Name=ZONE, CallerReference=ZONE)["HostedZone"]["Id"].rpartition("/")[2]
    with answering(200, "fargate", "text/plain") as fargate, answering(200, "compose", "text/plain") as compose:
        options: dict[str, Any] = {
            "region": "ap-northeast-2",
            "endpoint_url": ministack.endpoint,
            "zone": ZONE,
            "name": DOMAIN,
            "url": f"https://{DOMAIN}/health",
            "to": "fargate",
            "steps": [10, 50, 100],
            "pause": 0,
            "answers": 3,
            "status": [200],
            "timeout": 1,
            "fargate": {
                "set_identifier": "homu",
                "load_balancer": "homu-move",
                "cluster": "homu-move",
                "service": "api",
                "connect_to": fargate,
            },
            "compose": {"set_identifier": "homu-compose", "address": MACHINE, "ttl": 60, "connect_to": compose},
        }
        yield Account(ministack, made, options)


SIMPLE = {"simple": -1}


def at(fargate: int) -> dict[str, int]:
    return {"homu": fargate, "homu-compose": 100 - fargate}


def test_there_and_back(account: Account) -> None:
    account.write(account.machine())
    planned = account.shift(check=True)
    assert (planned["changed"], account.weights()) == (True, SIMPLE)

    moved = account.shift()
    assert (moved["changed"], moved["percent"]) == (True, 100)
    assert account.seen == [SIMPLE, at(10), at(50), at(100)]
    [record] = account.records()
    assert record["AliasTarget"]["EvaluateTargetHealth"] is True
    assert moved["diff"]["before"] == f"{DOMAIN}. A -> {MACHINE}\n"

    again = account.shift()
    assert (again["changed"], account.lines) == (False, [])
    # Zone, records, load balancer and service: four reads.
    assert again["api_calls"] == 4

    back = account.shift(to="compose", steps=[50])
    assert (back["changed"], account.seen) == (True, [SIMPLE, at(50), at(0)])
    assert account.records() == [account.machine()]


def test_a_side_that_fails_half_way(account: Account) -> None:
    account.write(account.machine())
    with ExitStack() as stack:
        fargate = stack.enter_context(answering(200, "fargate", "text/plain"))
        account.at_line = lambda line: stack.close() if line.startswith("50 %") else None
        failed = account.shift(fargate={**account.options["fargate"], "connect_to": fargate})
    assert (failed["failed"], failed["went_back"], failed["percent"]) == (True, True, 0)
    for told in ("refuses connections", "That was at 50 %", f"All requests of {DOMAIN} go to compose again"):
        assert told in failed["msg"]
    assert account.seen == [SIMPLE, at(10), at(50)]
    assert account.records() == [account.machine()]


def test_an_interrupted_move_goes_on_from_where_it_is(account: Account) -> None:
    account.write(account.machine())

    def interrupt(line: str) -> None:
        if line.startswith("50 %"):
            raise KeyboardInterrupt

    account.at_line = interrupt
    with pytest.raises(KeyboardInterrupt):
        account.shift()
    assert account.weights() == at(50)
    account.at_line = lambda _: None
    assert account.shift()["percent"] == 100
    assert account.seen == [at(50), at(100)]
    assert "AliasTarget" in account.records()[0]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"load_balancer": "gone"}, "no load balancer gone"),
        ({"service": "gone"}, "no ECS service homu-move/gone"),
        ({"cluster": "gone"}, "no ECS service gone/api"),
    ],
)
def test_a_side_that_is_not_there(account: Account, changed: dict[str, Any], told: str) -> None:
    account.write(account.machine())
    with pytest.raises(SlipwayError, match=told):
        account.shift(fargate={**account.options["fargate"], **changed})
    assert account.records() == [account.machine()]


def test_a_zone_that_is_not_there(account: Account) -> None:
    with pytest.raises(SlipwayError, match="no public hosted zone"):
        account.shift(zone="gone.example")
    assert account.shift(zone=account.zone, check=True)["changed"] is True
