"""acm_certificate through its life."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from slipway.engine.run import Outcome
from tests.emulator.lifecycle import Case, Change, apply, walk
from tests.emulators.emulator import Emulator

ZONE = "slipway-life.example"
API = f"api.{ZONE}"

CASES = [
    Case(
        "acm_certificate",
        {
            "domain_name": API,
            "subject_alternative_names": [f"www.{ZONE}"],
            "validation_method": "DNS",
            "options": {"certificate_transparency_logging_preference": "ENABLED", "export": "DISABLED"},
            "tags": {"Service": "life"},
        },
        changes=[
            Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Owner"})),
            Change(
                {"options": {"certificate_transparency_logging_preference": "DISABLED", "export": "DISABLED"}},
                frozenset({"options.certificate_transparency_logging_preference"}),
                not_on={"moto": "has no UpdateCertificateOptions", "localstack": "has moto's ACM"},
            ),
        ],
        no_op_calls=3,
    ),
]


@pytest.mark.aws("acm")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_life(case: Case, emulator: Emulator) -> None:
    walk(case, *emulator)


@pytest.fixture
def zone(emulator: Emulator) -> Iterator[str]:
    """A hosted zone, emptied again."""
    route53 = emulator.client("route53")
    made = route53.create_hosted_zone(Name=ZONE, CallerReference=ZONE)["HostedZone"]["Id"]
    yield made.rpartition("/")[2]
    for record in route53.list_resource_record_sets(HostedZoneId=made)["ResourceRecordSets"]:
        if record["Type"] not in {"NS", "SOA"}:
            change = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]}
            route53.change_resource_record_sets(HostedZoneId=made, ChangeBatch=change)
    route53.delete_hosted_zone(Id=made)


def brought(emulator: Emulator, options: dict[str, Any]) -> tuple[Outcome, dict[str, int]]:
    """One certificate brought to its description."""
    ([outcome], calls) = apply(emulator.endpoint, [("acm_certificate", options)])
    return outcome, dict(calls)


@pytest.mark.aws("acm", "route53")
def test_the_validation_records_are_written_and_waited_for(emulator: Emulator, zone: str) -> None:
    options = {"domain_name": API, "validation_zone": ZONE}
    made, _ = brought(emulator, options)
    assert made.outputs["status"] == "ISSUED"
    (record,) = made.outputs["validation_records"]
    listed = emulator.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert record["name"].rstrip(".") in {one["Name"].rstrip(".") for one in listed if one["Type"] == "CNAME"}

    again, calls = brought(emulator, options)
    assert (again.plan.found, again.outputs["arn"]) == ((), made.outputs["arn"])
    assert calls == {"acm:ListCertificates": 1, "acm:DescribeCertificate": 1, "route53:ListHostedZonesByName": 1}

    other = {**options, "subject_alternative_names": [f"*.{ZONE}", ZONE]}
    beside, _ = brought(emulator, other)
    assert beside.plan.verb == "replace"
    assert [item.path for item in beside.plan.found] == ["subject_alternative_names"]
    assert beside.outputs["arn"] != made.outputs["arn"]
    assert brought(emulator, other)[0].plan.verb == "none"
    arns = emulator.client("acm").list_certificates()
    assert made.outputs["arn"] in {one["CertificateArn"] for one in arns["CertificateSummaryList"]}

    gone, _ = brought(emulator, {"domain_name": API, "state": "absent"})
    assert gone.plan.verb == "delete"
    assert brought(emulator, {"domain_name": API, "state": "absent"})[0].plan.verb == "none"
