"""What a service costs: the bills against the estimates in HOMU's own document, and what each line comes to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from slipway.aws.errors import SlipwayError
from slipway.cost.estimate import Bill, Use, compose, fargate, smallest
from slipway.cost.prices import load, prices_of
from slipway.cost.step import estimate

SEOUL, VIRGINIA = "ap-northeast-2", "us-east-1"
HOMU: dict[str, Any] = {
    "name": "homu-backend",
    "region": SEOUL,
    "cpu": 512,
    "memory": 1024,
    "desired_count": 1,
    "cpu_architecture": "X86_64",
    "capacity_providers": None,
    "assign_public_ip": True,
    "secrets": {"DATABASE_URL": "secretsmanager:homu/db-url", "A": "ssm:/a", "B": "secretsmanager:homu/db-url#b"},
    "hosted_zone": None,
}
USE = Use(rds="db.t3.micro", elasticache="cache.t3.micro", instance_type="t3.small", logs_gb=1)


def lines(bill: Bill) -> dict[str, float | None]:
    return {line.what: line.usd for line in bill.lines}


def test_homu_on_fargate() -> None:
    bill = fargate(HOMU, USE, prices_of(SEOUL))
    assert lines(bill) == {
        "vCPU": 16.99,
        "memory": 3.73,
        "load balancer": 16.43,
        "its capacity units": 0.58,
        "its addresses": 7.30,
        "the tasks' addresses": 3.65,
        "logs": 0.76,
        "database": 20.44,
        "its storage": 2.62,
        "cache": 18.25,
        "secrets": 0.40,
    }
    # Its document says 80 to 120.
    assert bill.usd == pytest.approx(91.15)


def test_homu_on_a_machine() -> None:
    bill = compose(HOMU, USE, prices_of(SEOUL))
    assert lines(bill) == {
        "machine": 18.98,
        "its disk": 1.82,
        "its address": 3.65,
        "database": 20.44,
        "its storage": 2.62,
        "cache": 18.25,
        "secrets": 0.40,
    }
    assert bill.usd == pytest.approx(66.16)
    assert 15 <= (bill.lines[0].usd or 0) <= 20, "its document says 15 to 20 for the machine alone"


def test_the_document_says_42_to_47_for_a_machine_which_is_the_price_of_virginia() -> None:
    # For the machine, the database and the cache; since it was written, an address costs something, too.
    known = lines(compose(HOMU, USE, prices_of(VIRGINIA)))
    counted = ("machine", "its disk", "database", "its storage", "cache")
    assert 42 <= sum(known[what] or 0 for what in counted) <= 47
    assert known["database"] == pytest.approx(13.14)
    assert known["cache"] == pytest.approx(12.41)


def test_a_database_in_a_container_of_the_machine_is_what_makes_it_cheap() -> None:
    assert compose(HOMU, replace(USE, rds=None, elasticache=None), prices_of(SEOUL)).usd == pytest.approx(24.85)


def test_what_is_shared_is_paid_once() -> None:
    use = replace(USE, machine_shared_by=2, balancer_shared_by=4)
    assert lines(compose(HOMU, use, prices_of(SEOUL)))["machine"] == 9.49
    assert lines(fargate(HOMU, use, prices_of(SEOUL)))["load balancer"] == 4.11


def test_arm_is_cheaper() -> None:
    arm = HOMU | {"cpu_architecture": "ARM64"}
    assert fargate(arm, USE, prices_of(SEOUL)).usd < fargate(HOMU, USE, prices_of(SEOUL)).usd


def test_what_is_not_known_is_said() -> None:
    spot = HOMU | {"capacity_providers": [{"capacity_provider": "FARGATE_SPOT"}]}
    assert fargate(spot, USE, prices_of(SEOUL)).unknown == ["Fargate Spot, 1 task"]
    assert compose(HOMU, replace(USE, instance_type="m7i.large"), prices_of(SEOUL)).unknown == ["machine"]
    assert "its price" not in estimate({"service": HOMU}, check=False, report=print)["table"]
    text = estimate({"service": spot}, check=False, report=print)["table"]
    assert "not known" in text
    assert re.search(r"^sum +without Fargate Spot, 1 task +\d", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, "t3.medium"),
        ({"memory": 512}, "t3.small"),
        ({"memory": 512, "cpu_architecture": "ARM64"}, "t4g.small"),
        ({"memory": 2048, "desired_count": 4}, None),
    ],
)
def test_the_smallest_machine_that_holds_a_release_beside_the_one_that_runs(
    changes: dict[str, Any], found: str | None
) -> None:
    assert smallest(HOMU | changes, prices_of(SEOUL)) == found


def test_the_first_traffic_is_free() -> None:
    assert lines(compose(HOMU, replace(USE, traffic_out_gb=50), prices_of(SEOUL)))["traffic out"] == 0
    assert lines(compose(HOMU, replace(USE, traffic_out_gb=150), prices_of(SEOUL)))["traffic out"] == 6.3


def test_a_region_without_prices_says_what_to_do() -> None:
    with pytest.raises(SlipwayError, match="the prices of eu-west-1 are not known"):
        prices_of("eu-west-1")


def test_every_price_has_a_source_and_a_date() -> None:
    def walk(value: dict[str, Any], path: str) -> None:
        if any(isinstance(item, dict) for item in value.values()):
            for key, item in value.items():
                walk(item, f"{path}.{key}")
        else:
            assert value["from"], path
            assert isinstance(value["seen"], date), path

    for region, value in load()["regions"].items():
        walk(value, region)
