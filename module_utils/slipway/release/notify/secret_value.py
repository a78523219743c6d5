"""The value behind a reference, read when it is needed and kept nowhere."""

from __future__ import annotations

import json

from ...aws.clients import Aws
from ...aws.errors import AwsError, SlipwayError
from ...service.references import ReferenceSyntaxError, SecretReference, parse_reference

_ABSENT = frozenset({"ParameterNotFound", "ResourceNotFoundException"})


def read(aws: Aws, text: str, where: str) -> str:
    """The value that a reference stands for.

    Raises:
        SlipwayError: it is no reference, or there is no such value, or it may not be read. Never with the value.
    """
    try:
        reference = parse_reference(text)
    except ReferenceSyntaxError as error:
        raise SlipwayError(str(error), where=where, remedy=error.remedy) from None
    try:
        value = _value(aws, reference, where)
    except AwsError as error:
        if error.code in _ABSENT:
            remedy = "create it, or correct the reference"
            raise SlipwayError(f"there is no {reference} in {aws.region}", where=where, remedy=remedy) from None
        raise SlipwayError(error.what, where=where, remedy=error.remedy) from None
    if not value.strip():
        raise SlipwayError(f"{reference} is empty", where=where, remedy="store the value")
    return value.strip()


def _value(aws: Aws, reference: SecretReference, where: str) -> str:
    if reference.store == "ssm":
        answer = aws.call("ssm", "GetParameter", Name=reference.name, WithDecryption=True)
        return str(answer["Parameter"]["Value"])
    answer = aws.call("secretsmanager", "GetSecretValue", SecretId=reference.name)
    text = str(answer.get("SecretString") or "")
    if reference.json_key is None:
        return text
    try:
        return str(json.loads(text)[reference.json_key])
    except (ValueError, KeyError, TypeError):
        raise SlipwayError(
            f"{reference.store}:{reference.name} has no JSON key {reference.json_key}",
            where=where,
            remedy="add the key to the secret, or correct the reference",
        ) from None
