"""Every secret is there, with the key that is asked for: otherwise no task starts.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import batched
from typing import Any, Literal

from ...aws.clients import Aws
from ...aws.errors import AwsError
from ...engine.parallel import side_by_side
from ...service.findings import did_you_mean
from ...service.references import SecretReference, parse_reference
from .check import Check, fail, ok, warn
from .seen import Seen, Unread, absent

Service = Mapping[str, Any]
Form = Literal["JSON", "text", "binary", "empty", "unknown"]
# GetParameters takes ten names, a DescribeParameters filter fifty.
_VALUES, _METADATA = 10, 50
_SHOWN = 8


@dataclass(frozen=True)
class SecretSeen:
    """What is known of a secret of Secrets Manager; never its value.

    Attributes:
        form: what its value is; unknown where it was not read.
        keys: the names of the keys of a JSON value.
        unread: why the value, which was needed, could not be read.
    """

    exists: bool = True
    deleted: bool = False
    kms_key: str = ""
    form: Form = "unknown"
    keys: frozenset[str] = field(default_factory=frozenset)
    unread: Unread | None = None


def references(service: Service) -> dict[str, SecretReference]:
    """The secrets by environment variable."""
    return {name: parse_reference(text) for name, text in (service.get("secrets") or {}).items()}


def observe(aws: Aws, service: Service, seen: Seen) -> None:
    """GetParameters for the parameters; DescribeSecret for each secret, and its value only where a key is asked for."""
    found = references(service).values()
    parameters = sorted({one.name for one in found if one.store == "ssm"})
    secrets = sorted({one.name for one in found if one.store == "secretsmanager"})
    keyed = {one.name for one in found if one.json_key}
    there = seen.read("parameters", lambda: _parameters(aws, parameters)) or {}
    encrypted = [name for name, kind in there.items() if kind == "SecureString"]
    keys = set((seen.read("parameter_keys", lambda: _parameter_keys(aws, encrypted)) or {}).values())
    looked = side_by_side(lambda name: _secret(aws, seen, name, name in keyed), secrets)
    seen.put("secrets", dict(zip(secrets, looked, strict=True)))
    keys |= {one.kms_key for one in looked if isinstance(one, SecretSeen)}
    own = sorted(key for key in keys if key and "alias/aws/" not in key)
    states = side_by_side(lambda key: seen.attempt(lambda: _key(aws, key)), own)
    seen.put("kms_keys", dict(zip(own, states, strict=True)))


def check_parameters(service: Service, seen: Seen) -> Iterator[Check]:
    """Each parameter by itself."""
    for variable, reference in references(service).items():
        if reference.store == "ssm":
            yield _check_parameter(reference, seen, ("service_secrets", variable))


def check_secrets(service: Service, seen: Seen) -> Iterator[Check]:
    """Each secret of Secrets Manager by itself."""
    for variable, reference in references(service).items():
        if reference.store == "secretsmanager":
            yield _check_secret(reference, seen["secrets"][reference.name], seen, ("service_secrets", variable))


def check_keys(service: Service, seen: Seen) -> Iterator[Check]:
    """A secret whose own KMS key is disabled cannot be read by anybody."""
    for key, found in seen["kms_keys"].items():
        if isinstance(found, Unread):
            yield found.check(f"the KMS key {key}")
            continue
        state = found.get("KeyState", "not there")
        if state in {"Enabled", "Creating", "Updating"}:
            yield ok(f"the KMS key {key} is enabled")
        else:
            cure = "cancel-key-deletion" if state == "PendingDeletion" else "enable-key"
            remedy = f"aws kms {cure} --key-id {key} --region {seen.region}, or encrypt the secret with another key"
            yield fail(f"the KMS key {key} of a secret is {state}", remedy, "service_secrets")
    yield from seen.missing("parameter_keys")


def _check_parameter(reference: SecretReference, seen: Seen, where: tuple[str, str]) -> Check:
    if reference.name in seen["parameters"]:
        return ok(f"{reference} is there")
    create = f"aws ssm put-parameter --name {reference.name} --type SecureString --value ... --region {seen.region}"
    return fail(*_nothing(reference, seen, create), *where)


def _check_secret(reference: SecretReference, found: SecretSeen | Unread, seen: Seen, where: tuple[str, str]) -> Check:
    name, key = reference.name, reference.json_key
    if isinstance(found, Unread):
        return found.check(str(reference))
    if not found.exists:
        create = f"aws secretsmanager create-secret --name {name} --secret-string ... --region {seen.region}"
        return fail(*_nothing(reference, seen, create), *where)
    if found.deleted:
        remedy = f"aws secretsmanager restore-secret --secret-id {name} --region {seen.region}, or name another secret"
        return fail(f"refers to {reference}, which is scheduled for deletion", remedy, *where)
    if not key:
        return ok(f"{reference} is there")
    if found.unread is not None:
        if found.unread.why == "denied":
            missing = found.unread.call
            what = f"cannot see whether {reference} has the key: needs {missing}"
            return warn(what, f"allow {missing} on this secret to whoever deploys, or look at its keys by hand", *where)
        return found.unread.check(str(reference))
    put = f"aws secretsmanager put-secret-value --secret-id {name} --secret-string ... --region {seen.region}"
    if found.form == "JSON" and key in found.keys:
        return ok(f"{reference} is there, with its key")
    if found.form == "JSON":
        remedy = did_you_mean(key, found.keys) or f"its keys are {_some(found.keys)}"
        return fail(f"{name} has no key {key}", f"{remedy}; correct the key, or add it ({put})", *where)
    what = "has no value yet" if found.form == "empty" else f"is {found.form} and no JSON object, so it has no keys"
    return fail(f"{name} {what}", f"store a JSON object with the key {key} ({put}), or leave #{key} out", *where)


def _nothing(reference: SecretReference, seen: Seen, create: str) -> tuple[str, str]:
    what = f"refers to {reference}, and there is no such thing in {seen.region}"
    return what, f"create it ({create}), or correct the name"


def _some(keys: frozenset[str]) -> str:
    names = sorted(keys)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return (", ".join(names[:_SHOWN]) + more) or "none"


def _parameters(aws: Aws, names: list[str]) -> dict[str, str]:
    """The type of each parameter that is there. Undecrypted: what a SecureString says is not asked for."""
    found: dict[str, str] = {}
    for batch in batched(names, _VALUES):
        answer = aws.call("ssm", "GetParameters", Names=list(batch), WithDecryption=False)
        found.update({one["Name"]: one.get("Type", "") for one in answer["Parameters"]})
    return found


def _parameter_keys(aws: Aws, names: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for batch in batched(names, _METADATA):
        filters = [{"Key": "Name", "Option": "Equals", "Values": list(batch)}]
        for one in aws.pages("ssm", "DescribeParameters", "Parameters", ParameterFilters=filters):
            found[one["Name"]] = one.get("KeyId", "")
    return found


def _secret(aws: Aws, seen: Seen, name: str, keyed: bool) -> SecretSeen | Unread:
    described = seen.attempt(
        lambda: absent(lambda: aws.call("secretsmanager", "DescribeSecret", SecretId=name), "ResourceNotFoundException")
    )
    if described is None:
        return SecretSeen(exists=False)
    if isinstance(described, Unread):
        if not keyed:
            return described
        described = {}
    if described.get("DeletedDate"):
        return SecretSeen(deleted=True)
    key = str(described.get("KmsKeyId") or "")
    if not keyed:
        return SecretSeen(kms_key=key)
    return _valued(aws, seen, name, key)


def _valued(aws: Aws, seen: Seen, name: str, kms_key: str) -> SecretSeen:
    try:
        form, keys = _form(aws.call("secretsmanager", "GetSecretValue", SecretId=name))
    except AwsError as error:
        if error.code == "InvalidRequestException" and "delet" in error.what:
            return SecretSeen(deleted=True)
        if error.code == "ResourceNotFoundException" and "staging label" in error.what:
            return SecretSeen(kms_key=kms_key, form="empty")
        if error.code == "ResourceNotFoundException":
            return SecretSeen(exists=False)
        return SecretSeen(kms_key=kms_key, unread=seen.unread(error))
    return SecretSeen(kms_key=kms_key, form=form, keys=keys)


def _form(answer: Mapping[str, Any]) -> tuple[Form, frozenset[str]]:
    """What a value is, and the names of its keys; the value itself goes no further."""
    if answer.get("SecretBinary") is not None:
        return "binary", frozenset()
    text = answer.get("SecretString")
    if text is None:
        return "empty", frozenset()
    try:
        value = json.loads(text)
    except ValueError:
        return "text", frozenset()
    return ("JSON", frozenset(map(str, value))) if isinstance(value, dict) else ("text", frozenset())


def _key(aws: Aws, key: str) -> Mapping[str, Any]:
    found = absent(lambda: aws.call("kms", "DescribeKey", KeyId=key), "NotFoundException")
    return dict(found["KeyMetadata"]) if found else {}
