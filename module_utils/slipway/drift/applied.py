"""What the last release applied: by it, drift is told from a description that moved on.

One item a service in the table of releases, beside its lock and its records: the resources with their options, and
the image. Options hold references to secrets, and no secret.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError
from ..release.history import NO_TABLE, plain, stored, with_table

ITEM = "applied"
# Items that one call may ask for.
_BATCH = 100


@dataclass(frozen=True)
class Applied:
    """What a release applied.

    Attributes:
        resources: kind and options, as the role gave them.
        image: image, tag and digest.
        at: when, as ISO 8601 in UTC.
        serving: the task definition that it, or a rollback since, left running, such as `web:12`.
        attempted: what a release since then was to apply, and did not come to its end.
    """

    resources: Sequence[tuple[str, Mapping[str, Any]]] = ()
    image: Mapping[str, str] = field(default_factory=dict)
    at: str = ""
    serving: str = ""
    attempted: Sequence[tuple[str, Mapping[str, Any]]] = ()

    @property
    def tried(self) -> list[Sequence[tuple[str, Mapping[str, Any]]]]:
        """All that releases have applied, the last good one first."""
        return [self.resources, self.attempted]

    def packed(self) -> str:
        """It as one text."""
        document = asdict(self)
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
        return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()

    def is_same(self, other: Applied) -> bool:
        """Whether the same was applied, whenever that was."""
        mine, its = (_canonical({**asdict(one), "at": ""}) for one in (self, other))
        return mine == its

    @classmethod
    def of(cls, text: str) -> Applied:
        """It from its text."""
        return cls.of_document(json.loads(gzip.decompress(base64.b64decode(text))))

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Applied:
        """It from what JSON makes of it."""
        resources, attempted = (
            [(str(kind), options) for kind, options in document.get(name) or ()] for name in ("resources", "attempted")
        )
        return cls(resources, document["image"], document["at"], str(document.get("serving") or ""), attempted)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def write(aws: Aws, table: str, service: str, applied: Applied) -> None:
    """Keep what was applied, in the place of what was before.

    Raises:
        SlipwayError: AWS refused it.
    """
    item = stored({"service": service, "item": ITEM, "document": applied.packed()})
    with_table(aws, table, "PutItem", Item=item)


def read(aws: Aws, table: str, service: str) -> Applied | None:
    """What the last release of a service applied; None where there was none, or it can't be read.

    Raises:
        AwsError: AWS refused it.
    """
    for item in items(aws, table, [(service, ITEM)]):
        with suppress(KeyError, TypeError, ValueError, OSError, EOFError):
            return Applied.of(str(plain(item)["document"]))
    return None


def items(aws: Aws, table: str, keys: Sequence[tuple[str, str]]) -> Iterator[Mapping[str, Any]]:
    """Items of the table by service and kind of item; those that are not there are left out.

    Raises:
        AwsError: AWS refused it.
    """
    for start in range(0, len(keys), _BATCH):
        waiting: list[Any] = [stored({"service": one, "item": item}) for one, item in keys[start : start + _BATCH]]
        while waiting:
            try:
                answer = aws.call(
                    "dynamodb", "BatchGetItem", RequestItems={table: {"Keys": waiting, "ConsistentRead": True}}
                )
            except AwsError as error:
                if error.code == NO_TABLE:
                    return
                raise
            yield from (answer.get("Responses") or {}).get(table) or ()
            # What was too much for one answer is asked for again.
            waiting = ((answer.get("UnprocessedKeys") or {}).get(table) or {}).get("Keys") or []
