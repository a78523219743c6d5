"""Who may have the role of drift checks, and what its notices need. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ..aws.errors import SlipwayError
from ..service.references import ReferenceSyntaxError, SecretReference, parse_reference
from ..service.roles import Place, secret_arn

Statement = dict[str, Any]
_ISSUER = "token.actions.githubusercontent.com"
_PROVIDER = re.compile(rf"arn:aws[a-z-]*:iam::\d{{12}}:oidc-provider/{re.escape(_ISSUER)}")
# With the numbers of owner and repository, or without both. No pattern: it would let others in.
_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+|[A-Za-z0-9-]+@\d+/[A-Za-z0-9._-]+@\d+")
_NAME = re.compile(r"[\w.+/@ -]+", re.ASCII)
_READ = {"ssm": "ssm:GetParameter", "secretsmanager": "secretsmanager:GetSecretValue"}


def trust(
    principals: Iterable[str],
    provider: str | None = None,
    repository: str | None = None,
    branch: str = "main",
    environment: str | None = None,
) -> list[Statement]:
    """The statements that say who may assume the role; none where nobody is named.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html#idp_oidc_Create_GitHub
    https://docs.github.com/en/actions/reference/security/oidc

    Args:
        principals: ARNs, account ids, and services of AWS.
        provider: the ARN of the account's identity provider for GitHub Actions.
        repository: of which the workflow is.
        branch: on which the workflow has to run.
        environment: of GitHub, in which its job has to run instead.

    Raises:
        SlipwayError: the repository or its provider is missing, or is none.
    """
    services = [one for one in principals if one.endswith(".amazonaws.com")]
    others = [one for one in principals if one not in services]
    found = [{"effect": "Allow", "principals": {"aws": others}, "actions": ["sts:AssumeRole"]}] if others else []
    if services:
        found.append({"effect": "Allow", "principals": {"service": services}, "actions": ["sts:AssumeRole"]})
    if provider or repository:
        found.append(_of_github(provider or "", repository or "", branch, environment))
    return found


def _of_github(provider: str, repository: str, branch: str, environment: str | None) -> Statement:
    if not _PROVIDER.fullmatch(provider):
        raise SlipwayError(
            f"{provider!r} is no identity provider of GitHub Actions" if provider else "is missing",
            where="schedule_github_oidc_provider",
            remedy="give its ARN (aws iam list-open-id-connect-providers), or make it: aws iam "
            f"create-open-id-connect-provider --url https://{_ISSUER} --client-id-list sts.amazonaws.com",
        )
    if not _REPOSITORY.fullmatch(repository):
        raise SlipwayError(
            f"{repository!r} is no repository of GitHub" if repository else "is missing",
            where="schedule_github_repository",
            remedy="write owner/name, or owner@123/name@456 where its tokens have the numbers",
        )
    if not _NAME.fullmatch(environment or branch):
        where = "schedule_github_environment" if environment else "schedule_github_branch"
        raise SlipwayError(f"{environment or branch!r} is no name", where=where, remedy="write one name: no pattern")
    place = f"environment:{environment}" if environment else f"ref:refs/heads/{branch}"
    claims = {"aud": "sts.amazonaws.com", "sub": f"repo:{repository}:{place}"}
    return {
        "effect": "Allow",
        "principals": {"federated": [provider]},
        "actions": ["sts:AssumeRoleWithWebIdentity"],
        "conditions": [
            {"operator": "StringEquals", "key": f"{_ISSUER}:{claim}", "values": [value]}
            for claim, value in claims.items()
        ],
    }


def notice_statements(references: Iterable[str], topics: Iterable[str], region: str) -> list[Statement]:
    """What notices need: exactly these secrets, and these topics.

    Raises:
        SlipwayError: a reference is none.
    """
    # Of the role's own account, whichever that is.
    place = Place(region, "*")
    arns: dict[str, set[str]] = {}
    for one in _parsed(references):
        arns.setdefault(one.store, set()).add(secret_arn(place, one))
    found = [
        {"sid": sid, "effect": "Allow", "actions": [_READ[store]], "resources": sorted(arns[store])}
        for store, sid in (("ssm", "ReadParameters"), ("secretsmanager", "ReadSecrets"))
        if store in arns
    ]
    there = sorted(set(topics))
    if there:
        found.append({"sid": "Publish", "effect": "Allow", "actions": ["sns:Publish"], "resources": there})
    return found


def _parsed(references: Iterable[str]) -> Iterator[SecretReference]:
    for text in references:
        try:
            yield parse_reference(text)
        except ReferenceSyntaxError as error:
            raise SlipwayError(str(error), where="schedule_notify_secrets", remedy=error.remedy) from None
