"""What can be known to be wrong before anything is touched, all of it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..aws.clients import Aws
from ..engine.kind import Known
from ..resources import KINDS, LOOKUPS
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
        found += missing_zone(zone, LOOKUPS["hosted_zone"].observe(aws, {zone: {}}, known))
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


def missing_zone(zone: str, found: Mapping[str, Any]) -> Iterator[Finding]:
    """A domain without its hosted zone can be neither validated nor reached."""
    if zone not in found:
        yield Finding(
            ("service_hosted_zone",),
            f"{zone} is no hosted zone of this account",
            "create the hosted zone in Route 53 and point the domain's name servers at it, or correct the name",
        )


def _present(aws: Aws, known: Known, secrets: Mapping[str, SecretReference]) -> frozenset[tuple[str, str]]:
    stores = {"ssm": KINDS["ssm_parameter"], "secretsmanager": LOOKUPS["secret"]}
    found = set()
    for store, kind in stores.items():
        names = sorted({one.name for one in secrets.values() if one.store == store})
        if names:
            found |= {(store, name) for name in kind.observe(aws, {name: {} for name in names}, known)}
    return frozenset(found)
