"""How a certificate becomes valid: its records are written to Route 53, and ACM is given time to see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..aws.errors import SlipwayError
from ..engine.plan import Call, Desired, Output

_TTL = 300
_SOON = frozenset({"ResourceNotFoundException"})
_PENDING = "PENDING_VALIDATION"
EMAIL = "EMAIL"
_REMEDIES = {
    "CAA_ERROR": "the domain has a CAA record that forbids it: add one that allows amazon.com",
    "ADDITIONAL_VERIFICATION_REQUIRED": "AWS wants to check this domain by hand: open a case with AWS Support",
    "DOMAIN_NOT_ALLOWED": "the domain was reported as unsafe: ask for a review, then run the same command again",
    "INVALID_PUBLIC_DOMAIN": "the domain does not end in a public top-level domain: correct the name",
    "DOMAIN_VALIDATION_DENIED": "somebody denied the validation: ask the domain's owner",
    "NO_AVAILABLE_CONTACTS": "no address for the e-mail was found: use validation_method: DNS",
}


def calls(arn: str | Output, desired: Desired) -> list[Call]:
    """Write the records that ACM wants to see, where the zone is known, and wait, where that is asked for."""
    certificate, settings = {"CertificateArn": arn}, desired.settings
    made = []
    if settings["zone_id"]:
        made += [
            Call("acm", "DescribeCertificate", certificate, _collect, until=_has_records, retry=_SOON, patience=60),
            Call(
                "route53",
                "ChangeResourceRecordSets",
                {
                    "HostedZoneId": settings["zone_id"],
                    "ChangeBatch": {"Changes": Output("validation_records", form=_changes)},
                },
            ),
        ]
    if settings["wait"]:
        made.append(
            Call(
                "acm",
                "DescribeCertificate",
                certificate,
                _collect,
                until=_is_issued,
                retry=_SOON,
                patience=settings["timeout"],
                every=5,
                progress=_progress(settings),
            )
        )
    return made


def outputs(certificate: Mapping[str, Any]) -> dict[str, Any]:
    """What others, and the user, may ask of a certificate."""
    records = [item["ResourceRecord"] for item in _validations(certificate) if item.get("ResourceRecord")]
    # A domain and its wildcard are proved by one record.
    distinct = {one["Name"]: {"name": one["Name"], "type": one["Type"], "value": one["Value"]} for one in records}
    return {
        "arn": certificate["CertificateArn"],
        "status": certificate["Status"],
        "validation_records": list(distinct.values()),
    }


def status(certificate: Mapping[str, Any]) -> str:
    """Its status; on the way from e-mail to DNS it waits for its validation again."""
    return _PENDING if _moving(certificate) else str(certificate["Status"])


def method(certificate: Mapping[str, Any]) -> str | None:
    """How it is validated, or is going to be."""
    move = _moving(certificate).get("DomainValidationMethodUpdateSummary") or {}
    methods = [item.get("ValidationMethod") for item in _validations(certificate)]
    return next((one for one in (move.get("To"), *methods) if one), None)


def _moving(certificate: Mapping[str, Any]) -> Mapping[str, Any]:
    summary = certificate.get("UpdateSummary") or {}
    return summary if summary.get("Status") == "PENDING_DOMAIN_VALIDATION" else {}


def _progress(settings: Mapping[str, Any]) -> str:
    if not settings["zone"]:
        return f"waiting for its validation, at most {settings['timeout']} s"
    return (
        f"waiting until ACM sees its records, at most {settings['timeout']} s; that needs the domain's registrar "
        f"to name the name servers of the zone {settings['zone']}"
    )


def _collect(answer: Mapping[str, Any]) -> dict[str, Any]:
    return outputs(answer["Certificate"])


def _validations(certificate: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(certificate.get("DomainValidationOptions") or ())


def _has_records(answer: Mapping[str, Any]) -> bool:
    certificate = answer["Certificate"]
    _refuse_failed(certificate)
    found = _validations(certificate)
    return bool(found) and all(item.get("ResourceRecord") for item in found)


def _is_issued(answer: Mapping[str, Any]) -> bool:
    certificate = answer["Certificate"]
    _refuse_failed(certificate)
    return status(certificate) == "ISSUED"


def _refuse_failed(certificate: Mapping[str, Any]) -> None:
    state, reason = certificate["Status"], certificate.get("FailureReason", "")
    if state not in {_PENDING, "ISSUED"}:
        raise SlipwayError(
            f"ACM did not issue the certificate: {state}{f' ({reason})' if reason else ''}",
            remedy=_REMEDIES.get(reason, "run the same command again: it requests a new one"),
        )


def _changes(records: list[dict[str, str]]) -> list[dict[str, Any]]:
    return [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": record["name"],
                "Type": record["type"],
                "TTL": _TTL,
                "ResourceRecords": [{"Value": record["value"]}],
            },
        }
        for record in records
    ]
