"""Certificates: the one that fits is found, an interrupted validation goes on, and a failure says why."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.aws.errors import SlipwayError
from slipway.engine.kind import Known
from slipway.engine.plan import Call, Live, Output, Plan, resolve
from slipway.resources.acm_certificate import AcmCertificate
from tests.unit.fake_aws import FakeAws

KIND = AcmCertificate()
DOMAIN = "api.example.com"
ZONED = {"domain_name": DOMAIN, "validation_zone": "example.com"}

names = st.sampled_from(["www.example.com", "*.example.com", "EXAMPLE.com."])
certificates = st.fixed_dictionaries(
    {"domain_name": st.sampled_from([DOMAIN, "API.example.com."])},
    optional={
        "subject_alternative_names": st.lists(names, unique=True),
        "key_algorithm": st.sampled_from(["RSA_2048", "EC_prime256v1"]),
        "validation_method": st.just("DNS"),
        "options": st.fixed_dictionaries(
            {},
            optional={
                "export": st.sampled_from(["ENABLED", "DISABLED"]),
                "certificate_transparency_logging_preference": st.sampled_from(["ENABLED", "DISABLED"]),
            },
        ),
        "tags": st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz")),
    },
)


class Acm(FakeAws):
    """The certificates that were requested, as ACM describes them."""

    def __init__(self) -> None:
        super().__init__()
        self.certificates: list[dict[str, Any]] = []

    def request(self, call: Call, **more: Any) -> None:
        assert call.operation == "RequestCertificate"
        params = call.params
        san = [params["DomainName"], *params.get("SubjectAlternativeNames", ())]
        certificate = {
            "CertificateArn": f"arn:{len(self.certificates)}",
            "DomainName": params["DomainName"],
            "SubjectAlternativeNames": san,
            "Status": "ISSUED",
            "Type": "AMAZON_ISSUED",
            "CreatedAt": f"2026-01-0{len(self.certificates)}",
            "KeyAlgorithm": params.get("KeyAlgorithm", "RSA_2048").replace("_", "-"),
            "Options": {
                "CertificateTransparencyLoggingPreference": "ENABLED",
                "Export": "DISABLED",
                **params.get("Options", {}),
            },
            "DomainValidationOptions": [
                {
                    "DomainName": name,
                    "ValidationMethod": params["ValidationMethod"],
                    "ResourceRecord": {"Name": f"_1.{name.removeprefix('*.')}.", "Type": "CNAME", "Value": "_2.aws."},
                }
                for name in san
            ],
            "Tags": params.get("Tags", []),
        }
        self.certificates.append({**certificate, **more})

    def answer(self, operation: str, params: dict[str, Any]) -> Any:
        if operation == "ListCertificates":
            assert "EC_secp384r1" in params["Includes"]["keyTypes"]
            listed = [one for one in self.certificates if one["Status"] in params["CertificateStatuses"]]
            short = ("CertificateArn", "DomainName", "Status", "Type", "CreatedAt")
            return {"CertificateSummaryList": [{key: one[key] for key in short} for one in listed]}
        (mine,) = (one for one in self.certificates if one["CertificateArn"] == params["CertificateArn"])
        if operation == "ListTagsForCertificate":
            return {"Tags": mine["Tags"]}
        assert operation == "DescribeCertificate"
        return {"Certificate": mine}


def plan(options: dict[str, Any], aws: FakeAws) -> Plan:
    known = Known(aws)
    known.put("hosted_zone", "example.com.", Live({}, {"id": "Z1"}))
    key = KIND.key(options)
    live = KIND.observe(aws, {key: options}, known).get(key)
    return KIND.plan(KIND.desired(options, known), live)


def having(*requests: dict[str, Any], **more: Any) -> Acm:
    aws = Acm()
    for options in requests:
        state: dict[str, Any] = {key: options.pop(key) for key in ("Status", "Type") if key in options}
        aws.request(plan({"domain_name": DOMAIN, **options}, Acm()).calls[0], **{**state, **more})
    return aws


def operations(plan: Plan) -> list[str]:
    return [call.operation for call in plan.calls]


@given(certificates)
def test_what_was_made_is_no_difference(options: dict[str, Any]) -> None:
    created = plan(options, Acm())
    assert created.verb == "create"
    aws = Acm()
    aws.request(created.calls[0])
    assert plan(options, aws).found == ()


@given(certificates, st.sampled_from(["subject_alternative_names", "key_algorithm", "tags", "options"]))
def test_any_single_changed_option_is_found(options: dict[str, Any], name: str) -> None:
    values: dict[str, Any] = {
        "subject_alternative_names": ["other.example.com"],
        "key_algorithm": "EC_secp521r1",
        "tags": {"another": "tag"},
        "options": {"export": "ENABLED"},
    }
    aws = Acm()
    aws.request(plan({**options, "options": {"export": "DISABLED"}}, Acm()).calls[0])
    found = plan({**options, "options": {}, name: values[name]}, aws)
    assert {item.path.partition(".")[0] for item in found.found} >= {name}
    assert found.verb == ("update" if name == "tags" else "replace")


def test_a_new_certificate_is_validated_and_waited_for() -> None:
    calls = plan({**ZONED, "subject_alternative_names": ["*.api.example.com"]}, Acm()).calls
    assert [call.operation for call in calls] == [
        "RequestCertificate",
        "DescribeCertificate",
        "ChangeResourceRecordSets",
        "DescribeCertificate",
    ]
    assert calls[0].params["SubjectAlternativeNames"] == ["*.api.example.com"]
    assert calls[0].params["ValidationMethod"] == "DNS"
    aws = Acm()
    aws.request(calls[0])
    assert calls[1].collect is not None
    outputs = calls[1].collect(aws.answer("DescribeCertificate", {"CertificateArn": "arn:0"}))
    # The wildcard is proved by the record of its domain.
    (change,) = resolve(calls[2].params, outputs)["ChangeBatch"]["Changes"]
    assert change == {
        "Action": "UPSERT",
        "ResourceRecordSet": {
            "Name": "_1.api.example.com.",
            "Type": "CNAME",
            "TTL": 300,
            "ResourceRecords": [{"Value": "_2.aws."}],
        },
    }
    assert calls[3].patience == 600
    assert "registrar" in calls[3].progress


def test_without_a_zone_nothing_is_waited_for() -> None:
    assert operations(plan({"domain_name": DOMAIN}, Acm())) == ["RequestCertificate"]
    assert operations(plan({"domain_name": DOMAIN, "wait": True}, Acm())) == [
        "RequestCertificate",
        "DescribeCertificate",
    ]


def test_a_rerun_after_an_interruption_goes_on_with_the_pending_one() -> None:
    aws = having({}, Status="PENDING_VALIDATION")
    rerun = plan(ZONED, aws)
    assert [(item.path, item.before, item.after) for item in rerun.found] == [
        ("status", "PENDING_VALIDATION", "ISSUED")
    ]
    assert operations(rerun) == ["DescribeCertificate", "ChangeResourceRecordSets", "DescribeCertificate"]
    assert rerun.calls[0].params == {"CertificateArn": "arn:0"}
    assert plan({"domain_name": DOMAIN}, aws).verb == "none"


@pytest.mark.parametrize("status", ["FAILED", "VALIDATION_TIMED_OUT", "EXPIRED", "REVOKED", "INACTIVE"])
def test_one_that_cannot_be_used_counts_as_absent(status: str) -> None:
    assert plan(ZONED, having({}, Status=status)).verb == "create"


def test_the_one_that_fits_is_found_among_several() -> None:
    two = {"subject_alternative_names": ["www.example.com"]}
    aws = having({}, {**two, "Status": "PENDING_VALIDATION"}, {"key_algorithm": "EC_prime256v1"})
    assert plan({"domain_name": DOMAIN, **two}, aws).outputs["arn"] == "arn:1"
    assert plan({"domain_name": DOMAIN, "key_algorithm": "RSA_2048"}, aws).outputs["arn"] == "arn:0"
    # Whatever is issued comes before what is not, and the newer before the older.
    assert plan({"domain_name": DOMAIN}, aws).outputs["arn"] == "arn:2"
    assert plan({"domain_name": DOMAIN, "subject_alternative_names": ["x.example.com"]}, aws).verb == "replace"


def test_an_imported_one_is_nobodys_to_describe_but_can_be_named() -> None:
    aws = having({}, Type="IMPORTED")
    assert plan({"domain_name": DOMAIN}, aws).verb == "create"
    named = KIND.observe(aws, {DOMAIN: {}}, Known(aws))[DOMAIN]
    assert named.outputs == {"arn": "arn:0", "status": "ISSUED"}


def test_one_that_is_only_named_costs_one_call() -> None:
    aws = having({}, {"Status": "PENDING_VALIDATION"})
    assert KIND.observe(aws, {DOMAIN: {}}, Known(aws))[DOMAIN].outputs["arn"] == "arn:0"
    assert dict(aws.calls) == {"acm:ListCertificates": 1}
    assert KIND.observe(aws, {"other.example.com": {}}, Known(aws)) == {}


def test_email_becomes_dns_and_nothing_else() -> None:
    aws = having({"validation_method": "EMAIL"})
    moved = plan({**ZONED, "validation_method": "DNS"}, aws)
    assert operations(moved) == [
        "UpdateCertificateOptions",
        "DescribeCertificate",
        "ChangeResourceRecordSets",
        "DescribeCertificate",
    ]
    aws.certificates[0]["UpdateSummary"] = {
        "Status": "PENDING_DOMAIN_VALIDATION",
        "DomainValidationMethodUpdateSummary": {"From": "EMAIL", "To": "DNS"},
    }
    interrupted = plan({**ZONED, "validation_method": "DNS"}, aws)
    assert [item.path for item in interrupted.found] == ["status"]
    assert (
        "validation_method cannot be changed"
        in plan({"domain_name": DOMAIN, "validation_method": "EMAIL"}, having({"validation_method": "DNS"})).blocked
    )


def test_the_logging_preference_is_updated() -> None:
    options = {"certificate_transparency_logging_preference": "DISABLED"}
    (call,) = plan({"domain_name": DOMAIN, "options": options}, having({})).calls
    assert call.params == {
        "CertificateArn": "arn:0",
        "Options": {"CertificateTransparencyLoggingPreference": "DISABLED"},
    }


def test_a_removal_takes_all_that_are_meant() -> None:
    aws = having({}, {"subject_alternative_names": ["www.example.com"]}, {"Type": "IMPORTED"})
    gone = {"domain_name": DOMAIN, "state": "absent"}
    assert [call.params["CertificateArn"] for call in plan(gone, aws).calls] == ["arn:1", "arn:0"]
    only = plan({**gone, "subject_alternative_names": []}, aws)
    assert [call.params["CertificateArn"] for call in only.calls] == ["arn:0"]
    assert plan({**gone, "subject_alternative_names": ["x.example.com"]}, aws).verb == "none"


@pytest.mark.parametrize(
    ("certificate", "done"),
    [
        ({"Status": "PENDING_VALIDATION"}, False),
        ({"Status": "ISSUED"}, True),
        ({"Status": "ISSUED", "UpdateSummary": {"Status": "PENDING_DOMAIN_VALIDATION"}}, False),
        ({"Status": "ISSUED", "UpdateSummary": {"Status": "SUCCESS"}}, True),
    ],
)
def test_it_is_done_when_it_is_issued(certificate: dict[str, Any], done: bool) -> None:
    wait = plan(ZONED, Acm()).calls[-1]
    assert wait.until is not None
    assert wait.until({"Certificate": certificate}) == done


@pytest.mark.parametrize(
    ("certificate", "remedy"),
    [
        ({"Status": "FAILED", "FailureReason": "CAA_ERROR"}, "CAA record"),
        ({"Status": "FAILED", "FailureReason": "OTHER"}, "requests a new one"),
        ({"Status": "VALIDATION_TIMED_OUT"}, "requests a new one"),
    ],
)
def test_a_failure_ends_the_wait_with_its_reason(certificate: dict[str, Any], remedy: str) -> None:
    for wait in plan(ZONED, Acm()).calls[1::2]:
        assert wait.until is not None
        with pytest.raises(SlipwayError, match=certificate["Status"]) as failure:
            wait.until({"Certificate": certificate})
        assert remedy in failure.value.remedy


def test_records_that_are_not_there_yet_are_waited_for() -> None:
    wait = plan(ZONED, Acm()).calls[1]
    assert wait.until is not None
    pending: dict[str, Any] = {"Status": "PENDING_VALIDATION"}
    assert not wait.until({"Certificate": pending})
    assert not wait.until({"Certificate": {**pending, "DomainValidationOptions": [{"DomainName": DOMAIN}]}})
    record = {"Name": "n", "Type": "CNAME", "Value": "v"}
    assert wait.until({"Certificate": {**pending, "DomainValidationOptions": [{"ResourceRecord": record}]}})
    assert wait.params == {"CertificateArn": Output("arn")}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validation_zone": "example.com", "validation_method": "EMAIL"}, "is for DNS validation"),
        ({"validation_zone": "example.com", "subject_alternative_names": ["x.example.org"]}, "x.example.org cannot be"),
        ({"validation_zone": "example.net"}, "cannot be validated in the zone"),
    ],
)
def test_contradictions_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SlipwayError, match=message) as failure:
        plan({"domain_name": DOMAIN, **options}, Acm())
    assert failure.value.where == f"acm_certificate {DOMAIN}"
    assert failure.value.remedy


def test_a_missing_zone_is_refused() -> None:
    with pytest.raises(SlipwayError, match="no public hosted zone 'com'") as failure:
        plan({"domain_name": DOMAIN, "validation_zone": "com"}, Acm())
    assert failure.value.where == f"acm_certificate {DOMAIN}: validation_zone"
