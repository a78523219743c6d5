"""Secrets of Secrets Manager, looked up by name: their ARNs end in six characters that only AWS knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import batched
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError
from ..engine.kind import Known, Lookup, Options
from ..engine.parallel import side_by_side
from ..engine.plan import Live

# ListSecrets takes ten values a filter.
_BATCH = 10


class Secret(Lookup):
    """A secret's ARN. Its value is never read."""

    name = "secret"

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """ListSecrets, ten names at a time; and DescribeSecret of those that it may not know of yet."""
        found: dict[str, Mapping[str, Any]] = {}
        for names in batched(wanted, _BATCH) if len(wanted) > 1 else ():
            found.update(_listed(aws, names))
        missing = [name for name in wanted if name not in found]
        for name, secret in zip(missing, side_by_side(lambda name: _described(aws, name), missing), strict=True):
            if secret and not secret.get("DeletedDate"):
                found[name] = secret
        return {name: Live({}, {"arn": secret["ARN"]}) for name, secret in found.items()}


def _listed(aws: Aws, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    filters = [{"Key": "name", "Values": list(names)}]
    try:
        secrets = aws.pages("secretsmanager", "ListSecrets", "SecretList", Filters=filters)
    except AwsError as error:
        # A role may be allowed to look at its own secrets only.
        if error.code != "AccessDeniedException":
            raise
        return {}
    # The filter matches beginnings of names.
    return {one["Name"]: one for one in secrets if one["Name"] in names and not one.get("DeletedDate")}


def _described(aws: Aws, name: str) -> Mapping[str, Any] | None:
    # The list may be five minutes behind; this is not.
    try:
        return aws.call("secretsmanager", "DescribeSecret", SecretId=name)
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
        return None
