"""Secrets of Secrets Manager, looked up by name: their ARNs end in six characters that only AWS knows."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import batched

from ..aws.clients import Aws
from ..engine.kind import Known, Lookup, Options
from ..engine.plan import Live

# ListSecrets takes ten values a filter.
_BATCH = 10


class Secret(Lookup):
    """A secret's ARN. Its value is never read."""

    name = "secret"

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """ListSecrets, ten names at a time; the filter matches beginnings of names, so the rest is dropped here."""
        found: dict[str, Live] = {}
        for names in batched(wanted, _BATCH):
            filters = [{"Key": "name", "Values": list(names)}]
            for secret in aws.pages("secretsmanager", "ListSecrets", "SecretList", Filters=filters):
                if secret["Name"] in names and not secret.get("DeletedDate"):
                    found[secret["Name"]] = Live({}, {"arn": secret["ARN"]})
        return found
