"""The domain: a certificate that covers it, and the zone that its record goes into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ...aws.clients import Aws
from ...engine.kind import Known, Options
from ...resources import hosted_zone
from ...resources.acm_certificate import AcmCertificate
from .check import Check, fail, ok, skip, warn
from .seen import Seen, absent

Service = Mapping[str, Any]
_SOON = timedelta(days=30)
_ZONE = "service_hosted_zone"


def observe(aws: Aws, service: Service, seen: Seen) -> None:
    """DescribeCertificate for one that is named, ListCertificates for the domain; the zone, and who delegates to it."""
    domain, arn, zone = service.get("domain"), service.get("certificate_arn"), service.get("hosted_zone")
    if arn and ":acm:" in arn:
        missing = ("ResourceNotFoundException", "ValidationException", "InvalidArnException")

        def look() -> Any:
            answer = absent(lambda: aws.call("acm", "DescribeCertificate", CertificateArn=arn), *missing)
            return answer and answer["Certificate"]

        seen.read("certificate", look)
    elif domain and not arn:
        wanted: dict[str, Options] = {domain: {}}
        seen.read("issued", lambda: AcmCertificate().observe(aws, wanted, Known(aws)).get(domain.lower().rstrip(".")))
    if domain and zone:
        found = seen.read("zone", lambda: _zone(aws, zone))
        if found is not None:
            seen.read("delegation", lambda: _delegation(aws, found[0]))


def check_certificate(service: Service, seen: Seen) -> Iterator[Check]:
    """It is issued, covers the domain, and does not run out."""
    arn, domain = service.get("certificate_arn"), service.get("domain")
    if not arn and not domain:
        return
    if not arn:
        found = seen["issued"]
        state = found.outputs.get("status") if found is not None else None
        words = {None: "is requested and validated by this deploy", "ISSUED": "is issued"}
        yield ok(f"a certificate for {domain} {words.get(state, 'is validated by this deploy')}")
        return
    if ":acm:" not in arn:
        yield skip(f"{arn} is not of ACM")
        return
    certificate = seen["certificate"]
    if certificate is not None:
        yield from judge(certificate, domain, datetime.now(tz=UTC))
    else:
        remedy = "correct the ARN, or omit it and one is requested"
        yield fail(f"there is no certificate {arn} in {seen.region}", remedy, "service_certificate_arn")


def judge(certificate: Mapping[str, Any], domain: str | None, now: datetime) -> Iterator[Check]:
    """What is wrong with a certificate that a person chose."""
    where, name, status = "service_certificate_arn", certificate["DomainName"], certificate.get("Status", "ISSUED")
    names = [name, *(certificate.get("SubjectAlternativeNames") or ())]
    until: datetime | None = certificate.get("NotAfter")
    if status == "PENDING_VALIDATION":
        remedy = "make the DNS records that ACM asks for, or omit it and one is requested and validated"
        yield fail(f"the certificate for {name} waits for its validation", remedy, where)
        return
    if status != "ISSUED":
        why = f" ({certificate['FailureReason']})" if certificate.get("FailureReason") else ""
        remedy = "request another one, or omit it and one is requested"
        yield fail(f"the certificate for {name} is {status}{why}", remedy, where)
        return
    if until and until <= now:
        yield fail(f"the certificate for {name} ran out at {until:%Y-%m-%d}", "import or request a new one", where)
    elif until and until <= now + _SOON and certificate.get("RenewalEligibility") != "ELIGIBLE":
        yield warn(f"the certificate for {name} runs out at {until:%Y-%m-%d}", "import or request a new one", where)
    if domain and not any(covers(one, domain) for one in names):
        remedy = "choose one that covers it, or omit it and one is requested"
        yield fail(f"the certificate covers {', '.join(dict.fromkeys(names))}, and not {domain}", remedy, where)
    elif not until or until > now:
        yield ok(f"the certificate for {name} is issued")


def covers(name: str, domain: str) -> bool:
    """Whether a name of a certificate is the domain; a wildcard stands for one label."""
    name, domain = name.lower().rstrip("."), domain.lower().rstrip(".")
    return name == domain or (name.startswith("*.") and domain.partition(".")[2] == name[2:])


def check_zone(service: Service, seen: Seen) -> Iterator[Check]:
    """It is there, public, and where its parent can be seen, the parent leads to it."""
    zone = service.get("hosted_zone")
    if not zone or not service.get("domain"):
        return
    found = seen["zone"]
    if found is None:
        remedy = "create the hosted zone in Route 53 and point the domain's name servers at it, or correct the name"
        yield fail(f"{zone} is no public hosted zone of this account", remedy, _ZONE)
        return
    name, own = found
    if not hosted_zone.holds(name, service["domain"]):
        yield fail(f"{service['domain']} is not in {name.rstrip('.')}", "choose the zone that holds the domain", _ZONE)
        return
    yield ok(f"the hosted zone {name.rstrip('.')} is there")
    delegated = seen["delegation"]
    if delegated is not None and own and not delegated & own:
        names = ", ".join(sorted(own))
        what = f"the parent zone in this account does not lead {name.rstrip('.')} to its name servers"
        yield warn(what, f"set its NS record there to {names}", _ZONE)


def _zone(aws: Aws, zone: str) -> tuple[str, frozenset[str]] | None:
    """Its name and its name servers; None for one that is not there, or private."""
    identity = zone
    if not hosted_zone.is_id(zone):
        wanted: dict[str, Options] = {key: {} for _, key in hosted_zone.references(zone)}
        live = next(iter(hosted_zone.HostedZone().observe(aws, wanted, Known(aws)).values()), None)
        if live is None:
            return None
        identity = str(live.outputs["id"])
    answer = absent(lambda: aws.call("route53", "GetHostedZone", Id=identity), "NoSuchHostedZone")
    if answer is None or answer["HostedZone"].get("Config", {}).get("PrivateZone"):
        return None
    name = hosted_zone.fqdn(answer["HostedZone"]["Name"])
    own = frozenset(hosted_zone.fqdn(one) for one in (answer.get("DelegationSet") or {}).get("NameServers") or ())
    return name, own


def _delegation(aws: Aws, name: str) -> frozenset[str] | None:
    """The name servers that the parent zone, where it is in this account too, names for it."""
    parent = name.partition(".")[2]
    if parent.count(".") < 2:
        # The parent is a top-level domain.
        return None
    live = next(iter(hosted_zone.HostedZone().observe(aws, {parent: {}}, Known(aws)).values()), None)
    if live is None:
        return None
    answer = aws.call(
        "route53",
        "ListResourceRecordSets",
        HostedZoneId=live.outputs["id"],
        StartRecordName=name,
        StartRecordType="NS",
        MaxItems="1",
    )
    records = [one for one in answer["ResourceRecordSets"] if one["Type"] == "NS" and one["Name"] == name]
    return frozenset(hosted_zone.fqdn(item["Value"]) for one in records for item in one["ResourceRecords"])
