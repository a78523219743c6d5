"""What can be known to be wrong before anything is touched, all of it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..aws.clients import Aws
from ..engine.kind import Known, Lookup, Options
from ..resources import hosted_zone
from ..resources.secret import Secret
from ..resources.ssm_parameter import SsmParameter
from ..service.findings import Finding
from ..service.references import SecretReference, parse_reference


def check(aws: Aws, service: Mapping[str, Any]) -> list[Finding]:
    """Every finding about the account that a completed description is to be deployed to.

    Raises:
        AwsError: no credentials, an expired token, or AWS does not answer.
    """
    found = list(wrong_account(aws.account, service.get("account_id")))
    if found:
        # Whatever else is missing in somebody else's account is no finding.
        return found
    known = Known(aws)
    secrets = {name: parse_reference(text) for name, text in (service.get("secrets") or {}).items()}
    found += missing_secrets(secrets, _present(aws, known, secrets), aws)
    zone = service.get("hosted_zone")
    if zone and service.get("domain"):
        wanted: dict[str, Options] = {key: {} for _, key in hosted_zone.references(zone)}
        found += missing_zone(zone, wanted, hosted_zone.HostedZone().observe(aws, wanted, known))
    return found


def wrong_account(account: str, wanted: Any) -> Iterator[Finding]:
    """A description that names an account is deployed to no other."""
    if wanted and str(wanted) != account:
        yield Finding(
            ("service_account_id",),
            f"is {wanted}, and the credentials are of account {account}",
            "log in to the account of the description (AWS_PROFILE), or correct service_account_id",
        )


def missing_secrets(
    secrets: Mapping[str, SecretReference], present: frozenset[tuple[str, str]], aws: Aws
) -> Iterator[Finding]:
    """References to what is not there: the task would never start."""
    for variable, reference in secrets.items():
        if (reference.store, reference.name) in present:
            continue
        create = {
            "ssm": f"aws ssm put-parameter --name {reference.name} --type SecureString --value ...",
            "secretsmanager": f"aws secretsmanager create-secret --name {reference.name} --secret-string ...",
        }[reference.store]
        yield Finding(
            ("service_secrets", variable),
            f"refers to {reference}, and there is no such thing in {aws.region}",
            f"create it ({create} --region {aws.region}), or correct the name",
        )


def missing_zone(zone: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Finding]:
    """A domain without its hosted zone can be neither validated nor reached."""
    if any(key not in found for key in wanted):
        yield Finding(
            ("service_hosted_zone",),
            f"{zone} is no hosted zone of this account",
            "create the hosted zone in Route 53 and point the domain's name servers at it, or correct the name",
        )


def _present(aws: Aws, known: Known, secrets: Mapping[str, SecretReference]) -> frozenset[tuple[str, str]]:
    stores: dict[str, Lookup] = {"ssm": SsmParameter(), "secretsmanager": Secret()}
    found = set()
    for store, kind in stores.items():
        names = sorted({one.name for one in secrets.values() if one.store == store})
        if names:
            found |= {(store, name) for name in kind.observe(aws, {name: {} for name in names}, known)}
    return frozenset(found)
