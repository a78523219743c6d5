"""Eventual consistency and short pages, for the answers of JSON APIs and of ELBv2. No I/O.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from typing import Any

_KEPT = 400
# A token of the layer's own: at which item the next page starts.
_TOKEN = "layer-page-"


def key_of(name: str, parameters: Mapping[str, Any]) -> str:
    """The same call with the same parameters."""
    return f"{name} {json.dumps(parameters, sort_keys=True)}"


class History:
    """The answers that reads were given, so that an older one can be given again."""

    def __init__(self) -> None:
        self._answers: dict[str, deque[tuple[float, bytes]]] = {}

    def remember(self, key: str, body: bytes, now: float) -> None:
        """Note an answer."""
        self._answers.setdefault(key, deque(maxlen=_KEPT)).append((now, body))

    def as_of(self, key: str, moment: float) -> bytes | None:
        """What the answer was at a moment; None where nothing was known then."""
        before = [body for at, body in self._answers.get(key, ()) if at <= moment]
        return before[-1] if before else None


_PAGED = frozenset(
    "DescribeImages DescribeRepositories DescribeLogGroups DescribeLogStreams DescribeParameters "
    "DescribeScalableTargets DescribeScalingPolicies".split()
)


def has_pages(operation: str, parameters: Mapping[str, Any]) -> bool:
    """Whether AWS may answer a call of a JSON API in pages."""
    return (operation.startswith("List") and operation != "ListTagsForResource") or (
        operation in _PAGED and "imageIds" not in parameters
    )


def start_of(parameters: Mapping[str, Any]) -> int:
    """At which item the asked page starts."""
    token = str(parameters.get("nextToken") or parameters.get("NextToken") or "")
    return int(token.removeprefix(_TOKEN)) if token.startswith(_TOKEN) else 0


def whole(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The same call for everything at once."""
    paging = {"nextToken", "NextToken", "maxResults", "MaxResults"}
    return {key: value for key, value in parameters.items() if key not in paging}


def short_page(answer: Mapping[str, Any], start: int) -> dict[str, Any]:
    """One item of a list that has a next token; anything else stays as it is."""
    lists = [key for key, value in answer.items() if isinstance(value, list) and key != "failures"]
    if len(lists) != 1:
        return dict(answer)
    items = answer[lists[0]]
    page = {**answer, lists[0]: items[start : start + 1]}
    page.pop("nextToken", None)
    if start + 1 < len(items):
        name = "NextToken" if lists[0][0].isupper() else "nextToken"
        page[name] = f"{_TOKEN}{start + 1}"
    return page
