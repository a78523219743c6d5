"""References to secrets: `ssm:/voj/prod/S3_BUCKET_NAME`, `secretsmanager:homu/db-url#json_key`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SSM = re.compile(r"/?[A-Za-z0-9_.-]+|(/[A-Za-z0-9_.-]+){2,15}")
_SECRET = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")
_JSON_KEY = re.compile(r"[^\s:#]+")
_ARN = re.compile(r"arn:aws[a-z-]*:(?P<service>ssm|secretsmanager):[^:]*:\d*:(?P<resource>.+)")
FORMS = "ssm:/path/of/parameter, secretsmanager:name or secretsmanager:name#json_key"


@dataclass(frozen=True)
class SecretReference:
    """Where a secret is.

    Attributes:
        store: `ssm` or `secretsmanager`.
        name: the parameter's or secret's name.
        json_key: the key in the secret's JSON, if only that is meant.
    """

    store: str
    name: str
    json_key: str | None = None

    def __str__(self) -> str:
        return f"{self.store}:{self.name}" + (f"#{self.json_key}" if self.json_key else "")


class ReferenceSyntaxError(ValueError):
    """A text that is no reference; `remedy` says what would be."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.remedy = remedy


def parse_reference(text: str) -> SecretReference:
    """The reference that a text is.

    Raises:
        ReferenceSyntaxError: it is none. The message never holds the text, which may be a secret itself.
    """
    if _ARN.fullmatch(text):
        raise ReferenceSyntaxError("is an ARN, which binds the description to one account", f"write {_from_arn(text)}")
    store, colon, rest = text.partition(":")
    if not colon or store not in {"ssm", "secretsmanager"}:
        raise ReferenceSyntaxError("is not a reference to a secret", f"write {FORMS}")
    if store == "ssm":
        return _parameter(rest)
    return _secret(rest)


def _parameter(name: str) -> SecretReference:
    if "#" in name:
        raise ReferenceSyntaxError(
            "asks for a JSON key of an SSM parameter, which ECS can't",
            "store the value in a parameter of its own",
        )
    if not _SSM.fullmatch(name) or len(name) > 1011:
        raise ReferenceSyntaxError(
            "has no valid SSM parameter name",
            "a path starts with / and has letters, digits, '.', '_' and '-'",
        )
    return SecretReference("ssm", name)


def _secret(rest: str) -> SecretReference:
    name, hash_sign, key = rest.partition("#")
    if not _SECRET.fullmatch(name):
        raise ReferenceSyntaxError(
            "has no valid Secrets Manager name", "a name has letters, digits and any of / _ + = . @ -"
        )
    if hash_sign and not _JSON_KEY.fullmatch(key):
        raise ReferenceSyntaxError(
            "has no JSON key after the #", f"write secretsmanager:{name}#json_key, or leave the # out"
        )
    return SecretReference("secretsmanager", name, key or None)


def _from_arn(arn: str) -> str:
    match = _ARN.fullmatch(arn)
    resource = match["resource"] if match else ""
    if resource.startswith("parameter/"):
        path = resource.removeprefix("parameter")
        return f"ssm:{path}" if path.count("/") > 1 else f"ssm:{path.removeprefix('/')}"
    name, _, rest = resource.removeprefix("secret:").partition(":")
    key = rest.partition(":")[0]
    # Secrets Manager ends each ARN with six characters of its own, which are no part of the name.
    name = re.sub(r"-[A-Za-z0-9]{6}$", "", name)
    return f"secretsmanager:{name}" + (f"#{key}" if key else "")
