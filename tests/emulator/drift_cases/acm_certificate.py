"""Certificates: what AWS fixes at the request is changed by another one."""

from __future__ import annotations

from typing import Any

from tests.emulator.drift_cases.model import Scene, To, World

KIND = "acm_certificate"
NAME = "api.drift.example"
_O = "options"


def _arn(world: World) -> str:
    found = world.acm.list_certificates()["CertificateSummaryList"]
    return next(str(one["CertificateArn"]) for one in found if one["DomainName"] == NAME)


def _tag(value: str) -> Any:
    return lambda world: world.acm.add_tags_to_certificate(
        CertificateArn=_arn(world), Tags=[{"Key": "Service", "Value": value}]
    )


def _anew(*others: str) -> Any:
    def call(world: World) -> None:
        world.acm.delete_certificate(CertificateArn=_arn(world))
        world.acm.request_certificate(DomainName=NAME, SubjectAlternativeNames=[NAME, *others], ValidationMethod="DNS")

    return call


def _logging(value: str) -> Any:
    return lambda world: world.acm.update_certificate_options(
        CertificateArn=_arn(world), Options={"CertificateTransparencyLoggingPreference": value}
    )


_LOGGING = f"{_O}.certificate_transparency_logging_preference"
BASICS = Scene(
    KIND,
    lambda _: {
        "domain_name": NAME,
        "validation_method": "DNS",
        "key_algorithm": "RSA_2048",
        _O: {"certificate_transparency_logging_preference": "ENABLED", "export": "DISABLED"},
        "certificate_authority_arn": "arn:aws:acm-pca:ap-northeast-2:000000000000:certificate-authority/one",
        "managed_by": "CLOUDFRONT",
        "tags": {"Service": "drift"},
    },
    {
        "validation_method": To("EMAIL", api=("DomainValidationOptions", 0, "ValidationMethod")),
        "key_algorithm": To("EC-prime256v1", found="EC_prime256v1", was="RSA-2048"),
        _LOGGING: To("DISABLED", do=_logging("DISABLED"), undo=_logging("ENABLED")),
        f"{_O}.export": "ENABLED",
        "certificate_authority_arn": "arn:aws:acm-pca:ap-northeast-2:000000000000:certificate-authority/two",
        "managed_by": "other",
        "tags": To(do=_tag("other"), undo=_tag("drift"), at="tags.Service", expected="drift", found="other"),
    },
    pascal=True,
    answer=("DescribeCertificate", ("Certificate",)),
    unkept={
        "ministack": {
            **dict.fromkeys(("validation_method", "key_algorithm", f"{_O}.export"), "AWS, too, lets nobody change it"),
            **dict.fromkeys(("certificate_authority_arn", "managed_by"), "drops it"),
        },
        "moto": {
            _LOGGING: "has no UpdateCertificateOptions",
            **dict.fromkeys(("validation_method", "key_algorithm", f"{_O}.export"), "AWS, too, lets nobody change it"),
            **dict.fromkeys(("certificate_authority_arn", "managed_by"), "drops it"),
        },
    },
    title="basics",
)
NAMES = Scene(
    KIND,
    lambda _: {"domain_name": NAME, "subject_alternative_names": ["www.drift.example"], "validation_method": "DNS"},
    {
        "subject_alternative_names": To(
            do=_anew("other.drift.example"),
            undo=_anew("www.drift.example"),
            expected=[NAME, "www.drift.example"],
            found=[NAME, "other.drift.example"],
        )
    },
    title="names",
)
SCENES = (BASICS, NAMES)
_ASKED = "counts for the request alone: afterwards AWS has it done, or not"
NO_FIELDS = {
    KIND: {
        "domain_name": "its name: another name is another resource",
        "domain_validation_options[]": _ASKED,
        "domain_validation_options[].domain_name": _ASKED,
        "domain_validation_options[].validation_domain": _ASKED,
        "validation_zone": "says where the records of the validation are written",
        "validation_timeout": "says how long to wait",
        "wait": "says whether to wait until it is issued",
    }
}
