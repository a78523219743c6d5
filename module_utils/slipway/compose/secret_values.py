"""The values of a service's secrets, read with the credentials of whoever deploys, and kept nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import batched
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError, SlipwayError
from ..engine.parallel import side_by_side
from ..release.evidence import Cause, render
from ..service.references import SecretReference, parse_reference

# GetParameters takes ten names: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
_BATCH = 10
_NO_SUCH = frozenset({"ResourceNotFoundException", "ParameterNotFound"})


class SecretsError(SlipwayError):
    """Secrets that are not there, or may not be read; all of them at once.

    Attributes:
        causes: as the diagnosis of a release has them.
    """

    def __init__(self, causes: list[Cause]) -> None:
        super().__init__(render(causes))
        self.causes = causes

    def __str__(self) -> str:
        return self.what


def own_references(service: Mapping[str, Any]) -> dict[str, SecretReference]:
    """The references of the service's own containers, by variable."""
    return {name: parse_reference(text) for name, text in service["secrets"].items()}


def base_references(service: Mapping[str, Any]) -> dict[str, SecretReference]:
    """Those of its sidecars."""
    parts = service["sidecars"].values()
    return {name: parse_reference(text) for part in parts for name, text in part["secrets"].items()}


def read_values(aws: Aws, references: Iterable[Mapping[str, SecretReference]]) -> list[dict[str, str]]:
    """The values by variable, for each map of references; everything is read once, side by side.

    Raises:
        SecretsError: some are not there, or may not be read. Never with a value.
    """
    maps = list(references)
    wanted = {one for found in maps for one in found.values()}
    parameters = sorted({one.name for one in wanted if one.store == "ssm"})
    secrets = sorted({one.name for one in wanted if one.store == "secretsmanager"})
    jobs = {f"ssm {number}": list(some) for number, some in enumerate(batched(parameters, _BATCH))}
    jobs |= {f"secret {name}": [name] for name in secrets}
    answers = side_by_side(lambda job: _answer(aws, job, jobs[job]), list(jobs))
    texts: dict[tuple[str, str], str | AwsError] = {}
    for answer in answers:
        texts |= answer
    causes: dict[str, Cause] = {}
    values = [_values(aws, found, texts, causes) for found in maps]
    if causes:
        raise SecretsError(list(causes.values()))
    return values


def _answer(aws: Aws, job: str, names: list[str]) -> dict[tuple[str, str], str | AwsError]:
    store = "ssm" if job.startswith("ssm ") else "secretsmanager"
    try:
        if store == "ssm":
            found = aws.call("ssm", "GetParameters", Names=names, WithDecryption=True)["Parameters"]
            return {(store, str(one["Name"])): str(one["Value"]) for one in found}
        answer = aws.call("secretsmanager", "GetSecretValue", SecretId=names[0])
    except AwsError as error:
        if error.is_about_credentials:
            raise
        return {} if error.code in _NO_SUCH else {(store, name): error for name in names}
    text = answer.get("SecretString")
    return {(store, names[0]): str(text)} if text is not None else {}


def _values(
    aws: Aws,
    references: Mapping[str, SecretReference],
    texts: Mapping[tuple[str, str], str | AwsError],
    causes: dict[str, Cause],
) -> dict[str, str]:
    values = {}
    for variable, reference in references.items():
        text = texts.get((reference.store, reference.name))
        if text is None:
            causes[str(reference)] = _missing(aws, variable, reference)
        elif isinstance(text, AwsError):
            causes[str(reference)] = _unread(variable, reference, text)
        elif reference.json_key is None:
            values[variable] = text
        else:
            value = _of_key(text, reference.json_key)
            if value is None:
                causes[str(reference)] = _without_key(aws, variable, reference)
            else:
                values[variable] = value
    return values


def _of_key(text: str, key: str) -> str | None:
    """A key's value as ECS gives it to a container: a text as it is, anything else as JSON."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, dict) or key not in found:
        return None
    value = found[key]
    return value if isinstance(value, str) else json.dumps(value)


def _missing(aws: Aws, variable: str, reference: SecretReference) -> Cause:
    name, region = reference.name, aws.region
    create = {
        "ssm": f"aws ssm put-parameter --name {name} --type SecureString --value ... --region {region}",
        "secretsmanager": f"aws secretsmanager create-secret --name {name} --secret-string ... --region {region}",
    }[reference.store]
    return Cause(
        "secret_not_found",
        f"the secret {reference.store}:{name} does not exist (for {variable})",
        (f"there is none in {region}",),
        f"create it ({create}), or correct the reference in service_secrets",
    )


def _without_key(aws: Aws, variable: str, reference: SecretReference) -> Cause:
    key, name = reference.json_key, reference.name
    put = f"aws secretsmanager put-secret-value --secret-id {name} --secret-string ... --region {aws.region}"
    return Cause(
        "secret_key_not_found",
        f"the secret {reference.store}:{name} has no JSON key {key} (for {variable})",
        (),
        f"add the key {key} to the secret's JSON ({put}), or correct the name after # in service_secrets",
    )


def _unread(variable: str, reference: SecretReference, error: AwsError) -> Cause:
    if error.is_denial:
        title = f"whoever deploys may not read the secret {reference.store}:{reference.name} (for {variable})"
        return Cause("secret_denied", title, (error.what,), error.remedy)
    title = f"the secret {reference.store}:{reference.name} could not be read (for {variable})"
    return Cause(error.cause_code, title, (error.what,), error.remedy or "run the same command again")
