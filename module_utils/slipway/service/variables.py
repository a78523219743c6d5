"""A container's variables: plain ones that are no secrets, and secrets that are references."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .findings import Finding, Path
from .references import ReferenceSyntaxError, parse_reference

Service = Mapping[str, Any]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_REPOSITORY = re.compile(r"[A-Za-z0-9]([_-]?[A-Za-z0-9]){0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_SECRET_NAME = re.compile(
    r"(^|.*[_-])(PASSWORD|PASSWD|PASS|PWD|SECRET|SECRET_?KEY|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|ENCRYPTION_?KEY"
    r"|SIGNING_?KEY|CREDENTIALS?)",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"[a-z][a-z0-9+.-]*://[^\s/:@]*:[^\s/@]+@|\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----",
    re.IGNORECASE,
)


def looks_secret(name: str, value: str) -> bool:
    """Whether a variable's name or value says that it is a secret."""
    return bool(value) and bool(_SECRET_NAME.fullmatch(name) or _SECRET_VALUE.search(value))


def check_environment(service: Service) -> Iterator[Finding]:
    """Plain variables of the container."""
    yield from check_plain(("service_environment",), service["environment"])


def check_build_args(service: Service) -> Iterator[Finding]:
    """Plain variables of the build."""
    yield from check_plain(("service_build_args",), service["build_args"])


def check_tags(service: Service) -> Iterator[Finding]:
    """Tags are texts."""
    yield from check_plain(("service_tags",), service["tags"])


def check_secrets(service: Service) -> Iterator[Finding]:
    """Every secret is a reference."""
    for name, reference in service["secrets"].items():
        path = ("service_secrets", str(name))
        yield from check_reference_name(path, name)
        if not isinstance(reference, str):
            yield Finding(path, "is not a reference to a secret", "write it as text, such as ssm:/path/of/parameter")
            continue
        try:
            parse_reference(reference)
        except ReferenceSyntaxError as error:
            yield Finding(path, str(error), error.remedy)


def check_notice(service: Service) -> Iterator[Finding]:
    """A webhook and a token are references to secrets; issues are in a repository."""
    for option in ("notify_slack_webhook", "notify_github_token"):
        if service[option] is not None:
            try:
                parse_reference(service[option])
            except ReferenceSyntaxError as error:
                yield Finding((f"service_{option}",), str(error), error.remedy)
    repository = service["notify_github_issue"]
    if repository is not None and not _REPOSITORY.fullmatch(repository):
        yield Finding(("service_notify_github_issue",), "is no GitHub repository", "write owner/name, without a URL")
    if repository is None and service["notify_github_token"] is not None:
        problem = "has no effect without a repository"
        yield Finding(("service_notify_github_token",), problem, "add service_notify_github_issue or remove it")


def check_overlap(service: Service) -> Iterator[Finding]:
    """No name is both plain and secret."""
    for name in service["secrets"]:
        if name in service["environment"]:
            remedy = "remove it from service_environment, or from service_secrets"
            yield Finding(("service_environment", str(name)), "is in service_secrets too", remedy)


def check_reference_name(path: Path, name: Any) -> Iterator[Finding]:
    """The name of a variable whose value is a secret."""
    if not _NAME.fullmatch(str(name)):
        yield Finding(path, "is no name for an environment variable", "start with a letter; no spaces, no =")


def check_plain(at: Path, values: Mapping[Any, Any]) -> Iterator[Finding]:
    """Names and texts of the map that stands at this path."""
    is_tags = at[-1] == "service_tags"
    for name, value in values.items():
        path = (*at, str(name))
        if not is_tags and not _NAME.fullmatch(str(name)):
            yield Finding(path, "is no name for a variable", "start with a letter; no spaces, no =")
        if isinstance(value, bool):
            text = "true" if value else "false"
            yield Finding(path, f"is a YAML {text}, which is no text", f'write "{text}", in quotes')
        elif isinstance(value, float):
            yield Finding(path, "is a YAML number, which loses its last zeros", "write it in quotes")
        elif not isinstance(value, (str, int)):
            yield Finding(path, "is no text", 'write a text; for an empty one ""')
        elif not is_tags and looks_secret(str(name), str(value)):
            yield Finding(path, "looks like a secret, and would be readable by anyone who sees it", _remedy(at))


def _remedy(at: Path) -> str:
    if at[-1] == "service_build_args":
        return "anyone who pulls the image can read build arguments: use service_secrets at run time"
    where = "service_secrets" if len(at) == 1 else "secrets"
    return f"store it in SSM or Secrets Manager and use {where}: {{NAME: ssm:/path}}"


VARIABLE_RULES = (check_environment, check_build_args, check_tags, check_secrets, check_notice, check_overlap)
