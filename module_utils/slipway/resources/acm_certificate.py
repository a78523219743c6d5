"""ACM certificates: https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from ..aws.clients import Aws
from ..aws.errors import SlipwayError
from ..aws.shapes import from_api, input_shape, shape_of, to_api
from ..engine.compare import Difference, Rules, differences
from ..engine.kind import Kind, Known, Options, Reference
from ..engine.plan import Call, Desired, Live, Output, Plan
from . import acm_validation, hosted_zone, tags

_SHAPE = input_shape("acm", "RequestCertificate")
# Any other certificate has failed, has expired or was revoked: a new one is needed.
_USABLE = ["ISSUED", "PENDING_VALIDATION"]
# Without these, only RSA_2048 is listed.
_KEY_TYPES = list(shape_of("acm", "KeyAlgorithm").metadata["enum"])
_IN_USE = frozenset({"ResourceInUseException"})
_GONE = frozenset({"ResourceNotFoundException"})
_OPTIONS = ("certificate_transparency_logging_preference", "export")
# What AWS fixes when a certificate is requested: a change is another certificate.
_FIXED = ("subject_alternative_names", "key_algorithm", "certificate_authority_arn", "managed_by")


class AcmCertificate(Kind):
    """A certificate of a domain; validated through Route 53 where the zone is there."""

    name = "acm_certificate"
    after = (hosted_zone.NAME,)
    create_only = frozenset({"validation_method"})
    rules = Rules(
        defaults={
            "options.certificate_transparency_logging_preference": "ENABLED",
            "options.export": "DISABLED",
            "key_algorithm": "RSA_2048",
        },
        unordered={"subject_alternative_names": ""},
        whole=frozenset({"tags"}),
    )

    def key(self, options: Options) -> str:
        """The domain name."""
        return _domain(options["domain_name"])

    def references(self, options: Options) -> Iterable[Reference]:
        """The zone for the validation records."""
        zone = options.get("validation_zone") if options.get("state") != "absent" else None
        return hosted_zone.references(zone) if zone else ()

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """ListCertificates once, and DescribeCertificate for the one that fits."""
        by_domain: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        includes = {"keyTypes": _KEY_TYPES}
        arguments = {"CertificateStatuses": _USABLE, "Includes": includes}
        for item in aws.pages("acm", "ListCertificates", "CertificateSummaryList", **arguments):
            by_domain[_domain(item["DomainName"])].append(item)
        lives = {}
        for domain, options in wanted.items():
            # The newest of those that were issued, then the newest of those that wait for their validation.
            newest = sorted(by_domain[domain], key=lambda item: str(item.get("CreatedAt", "")), reverse=True)
            candidates = sorted(newest, key=lambda item: item.get("Status", "ISSUED") != "ISSUED")
            live = self._fitting(aws, candidates, options) if options else _named(candidates)
            if live is not None:
                lives[domain] = live
        return lives

    def _fitting(self, aws: Aws, candidates: Sequence[Mapping[str, Any]], options: Options) -> Live | None:
        """The first that is as described; otherwise the first, which is to be replaced."""
        wanted, seen, absent = _fixed(options), [], options.get("state") == "absent"
        for item in candidates:
            if item.get("Type", "AMAZON_ISSUED") == "IMPORTED":
                continue
            live = _live(aws, item["CertificateArn"], options)
            if not absent and not differences(wanted, live.fields, self.rules):
                return live
            seen.append(live)
        if absent:
            seen = [live for live in seen if not differences(wanted, live.fields, self.rules)]
        return Live(seen[0].fields, seen[0].outputs, [live.outputs["arn"] for live in seen]) if seen else None

    def desired(self, options: Options, known: Known) -> Desired:
        """The parameters of RequestCertificate, and how it is validated."""
        domain, zone = self.key(options), options.get("validation_zone")
        if options.get("state") == "absent":
            return Desired(domain, absent=True)
        where = f"{self.name} {domain}"
        _refuse_contradictions(options, where)
        fields = {**_fixed(options), "validation_method": options.get("validation_method"), "tags": options.get("tags")}
        if options.get("options"):
            fields["options"] = options["options"]
        settings = {
            "zone": zone,
            "zone_id": hosted_zone.zone_id(known, zone, f"{where}: validation_zone") if zone else None,
            "timeout": options.get("validation_timeout", 600),
            "domain_validation_options": options.get("domain_validation_options"),
        }
        settings["wait"] = options.get("wait", bool(zone))
        if settings["wait"]:
            fields["status"] = "ISSUED"
        return Desired(domain, fields, settings)

    def plan(self, desired: Desired, live: Live | None) -> Plan:
        """What AWS fixes is changed by another certificate; the old one stays for whoever uses it."""
        if live is None or desired.absent:
            return super().plan(desired, live)
        found = differences(desired.fields, live.fields, self.rules)
        if any(item.path == "options.export" or item.path.partition("[")[0] in _FIXED for item in found):
            return Plan("replace", found, self.create(desired), live.outputs, renews=frozenset({"arn"}))
        if _leaves_email(found):
            return Plan("update", found, self.update(desired, live, found), live.outputs)
        return super().plan(desired, live)

    def create(self, desired: Desired) -> Sequence[Call]:
        """RequestCertificate, then its validation."""
        fields = {key: value for key, value in desired.fields.items() if key not in {"tags", "status"}}
        fields["domain_validation_options"] = desired.settings["domain_validation_options"]
        if not fields.get("certificate_authority_arn"):
            fields["validation_method"] = fields.get("validation_method") or "DNS"
        params = to_api(_SHAPE, fields)
        # AWS puts the domain itself first among the names.
        names = [name for name in params.pop("SubjectAlternativeNames", []) if name != desired.name]
        params |= {"SubjectAlternativeNames": names} if names else {}
        # A retry on the way must not request a second one.
        params |= {"DomainName": desired.name, "IdempotencyToken": uuid4().hex}
        if desired.fields.get("tags"):
            params["Tags"] = tags.to_pairs(desired.fields["tags"])
        made = Call("acm", "RequestCertificate", params, lambda answer: {"arn": answer["CertificateArn"]})
        return [made, *acm_validation.calls(Output("arn"), desired)]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """The validation that was interrupted, the logging preference, and the tags."""
        calls, arn = [], {"CertificateArn": live.outputs["arn"]}
        paths = {item.path for item in found}
        if _leaves_email(found):
            calls.append(Call("acm", "UpdateCertificateOptions", {**arn, "Options": {"ValidationMethod": "DNS"}}))
        if "status" in paths or _leaves_email(found):
            calls += acm_validation.calls(live.outputs["arn"], desired)
        if f"options.{_OPTIONS[0]}" in paths:
            options = to_api(_SHAPE, {"options": {_OPTIONS[0]: desired.fields["options"][_OPTIONS[0]]}})
            calls.append(Call("acm", "UpdateCertificateOptions", {**arn, **options}))
        given, gone = tags.changes(found, desired.fields)
        if given:
            calls.append(Call("acm", "AddTagsToCertificate", {**arn, "Tags": tags.to_pairs(given)}))
        if gone:
            keys = [{"Key": key} for key in gone]
            calls.append(Call("acm", "RemoveTagsFromCertificate", {**arn, "Tags": keys}))
        return calls

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeleteCertificate, once ACM knows that the listener which used it is gone."""
        return [
            Call(
                "acm",
                "DeleteCertificate",
                {"CertificateArn": arn},
                tolerate=_GONE,
                retry=_IN_USE,
                patience=120,
                every=5,
                progress="removing it as soon as nothing uses it, at most 120 s",
            )
            for arn in live.raw
        ]


def _live(aws: Aws, arn: str, options: Options) -> Live:
    certificate = aws.call("acm", "DescribeCertificate", CertificateArn=arn)["Certificate"]
    plain = ("Options", "CertificateAuthorityArn", "ManagedBy")
    fields: dict[str, Any] = from_api(_SHAPE, {key: certificate[key] for key in plain if certificate.get(key)})
    names = certificate.get("SubjectAlternativeNames") or [certificate["DomainName"]]
    # AWS writes the algorithm with a hyphen here, and with an underscore elsewhere.
    fields["key_algorithm"] = certificate.get("KeyAlgorithm", "RSA_2048").replace("-", "_")
    fields["subject_alternative_names"] = sorted({_domain(name) for name in names})
    fields["status"] = acm_validation.status(certificate)
    fields["validation_method"] = acm_validation.method(certificate)
    if options.get("tags") is not None and options.get("state") != "absent":
        fields["tags"] = tags.from_pairs(aws.call("acm", "ListTagsForCertificate", CertificateArn=arn)["Tags"])
    return Live(fields, acm_validation.outputs(certificate))


def _named(candidates: Sequence[Mapping[str, Any]]) -> Live | None:
    """For a listener that only names it: no more than the list has."""
    if not candidates:
        return None
    return Live({}, {"arn": candidates[0]["CertificateArn"], "status": candidates[0].get("Status", "")})


def _fixed(options: Options) -> dict[str, Any]:
    fields = {key: options.get(key) for key in _FIXED}
    if options.get("subject_alternative_names") is not None:
        names = {options["domain_name"], *options["subject_alternative_names"]}
        fields["subject_alternative_names"] = sorted(_domain(name) for name in names)
    export = (options.get("options") or {}).get("export")
    return {**fields, "options": {"export": export}} if export else fields


def _leaves_email(found: Sequence[Difference]) -> bool:
    """The one change of the validation that AWS can make to a certificate that exists."""
    return any(
        (item.path, item.before, item.after) == ("validation_method", acm_validation.EMAIL, "DNS") for item in found
    )


def _refuse_contradictions(options: Options, where: str) -> None:
    zone, names = options.get("validation_zone"), options.get("subject_alternative_names") or []
    if zone and options.get("validation_method", "DNS") != "DNS":
        raise SlipwayError(
            "validation_zone is for DNS validation", where=where, remedy="remove it, or set validation_method: DNS"
        )
    outside = [name for name in (options["domain_name"], *names) if zone and not hosted_zone.holds(zone, name)]
    if outside:
        raise SlipwayError(
            f"{' and '.join(outside)} cannot be validated in the zone {zone}",
            where=where,
            remedy="give the zone that holds every name, or request a certificate for the names of each zone",
        )


def _domain(name: str) -> str:
    return name.lower().rstrip(".")
