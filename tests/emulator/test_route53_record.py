"""route53_record through its life."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from slipway.aws.errors import SlipwayError
from tests.emulator.lifecycle import Case, Change, apply, walk
from tests.emulators.emulator import Emulator

ZONE = "slipway-life.example"
OTHER = "slipway-other.example"
ELB_ZONE = "ZWKZPGTI48KDX"

CASES = [
    Case(
        "route53_record",
        {"zone": ZONE, "name": f"api.{ZONE}", "type": "A", "ttl": 60, "values": ["192.0.2.2", "192.0.2.1"]},
        changes=[
            Change({"ttl": 300}, frozenset({"ttl"})),
            Change({"values": ["192.0.2.3"]}, frozenset({"values"})),
        ],
        no_op_calls=2,
    ),
    Case(
        "route53_record",
        {"zone": ZONE, "name": f"*.{ZONE}", "type": "TXT", "ttl": 60, "values": ["v=spf1 -all", 'a "quoted" text']},
        changes=[Change({"values": ["v=spf1 ~all"]}, frozenset({"values"}))],
        no_op_calls=2,
    ),
    Case(
        "route53_record",
        {
            "zone": ZONE,
            "name": f"www.{ZONE}",
            "type": "A",
            "set_identifier": "fargate",
            "weight": 0,
            "alias": {"dns_name": "One.elb.amazonaws.com", "hosted_zone_id": ELB_ZONE, "evaluate_target_health": True},
        },
        changes=[
            Change({"weight": 100}, frozenset({"weight"})),
            Change(
                {"alias": {"dns_name": "dualstack.two.elb.amazonaws.com", "hosted_zone_id": ELB_ZONE}},
                frozenset({"alias.dns_name"}),
            ),
        ],
        no_op_calls=2,
    ),
]


@pytest.fixture
def zone(emulator: Emulator) -> Iterator[str]:
    """A zone between zones whose names come before and after it."""
    route53 = emulator.client("route53")
    ids = [
        route53.create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"]
        for name in ("slipway-a.example", ZONE, OTHER)
    ]
    yield ids[1].rpartition("/")[2]
    for one in ids:
        route53.delete_hosted_zone(Id=one)


@pytest.mark.aws("route53")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.options["name"])
def test_life(case: Case, emulator: Emulator, zone: str) -> None:
    walk(case, *emulator)


@pytest.mark.aws("route53")
def test_records_of_one_name_are_listed_together(emulator: Emulator, zone: str) -> None:
    shared = {"zone": zone, "name": f"api.{ZONE}", "ttl": 60}
    records = [
        {**shared, "type": "A", "values": ["192.0.2.1"], "set_identifier": "fargate", "weight": 90},
        {**shared, "type": "A", "values": ["192.0.2.2"], "set_identifier": "compose", "weight": 10},
        {**shared, "type": "AAAA", "values": ["2001:DB8::1"]},
        {**shared, "name": f"a.api.{ZONE}", "type": "CNAME", "values": [f"API.{ZONE}"], "wait": True},
    ]
    wanted = [("route53_record", record) for record in records]
    apply(emulator.endpoint, wanted)
    again, calls = apply(emulator.endpoint, wanted)
    assert [one.plan.found for one in again] == [()] * 4
    assert dict(calls) == {"route53:ListResourceRecordSets": 2}
    assert {one.outputs["zone_id"] for one in again} == {zone}
    apply(emulator.endpoint, [(kind, {**options, "state": "absent"}) for kind, options in wanted])


@pytest.mark.aws("route53")
def test_a_missing_zone_is_refused_before_anything_is_written(emulator: Emulator) -> None:
    record = {"zone": "gone.example", "name": "api.gone.example", "type": "A", "ttl": 60, "values": ["192.0.2.1"]}
    group = {"name": "slipway-zone", "ingress": []}
    with pytest.raises(SlipwayError, match="no public hosted zone") as failure:
        apply(emulator.endpoint, [("security_group", group), ("route53_record", record)])
    assert "registrar" in failure.value.remedy
    gone, _ = apply(emulator.endpoint, [("route53_record", {**record, "state": "absent"})])
    assert gone[0].plan.verb == "none"
    check, _ = apply(emulator.endpoint, [("security_group", group)], check=True)
    assert check[0].plan.verb == "create"
