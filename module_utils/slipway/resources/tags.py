"""Tags: a map in the options, lists of pairs in the APIs. Given tags are all the tags there should be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..engine.compare import Difference
from ..engine.plan import Call


def to_pairs(tags: Mapping[str, str] | None, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as an API takes them; ECS writes key and value in lower case."""
    return [{key: str(name), value: str(text)} for name, text in (tags or {}).items()]


def from_pairs(pairs: Iterable[Mapping[str, Any]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Tags as a map, without those that AWS itself puts there."""
    return own({str(pair[key]): str(pair.get(value, "")) for pair in pairs or ()})


def own(tags: Mapping[str, str] | None) -> dict[str, str]:
    """Tags without those that AWS itself puts there (aws:...)."""
    return {name: text for name, text in (tags or {}).items() if not name.startswith("aws:")}


def changes(found: Sequence[Difference], desired: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Tags to set and tag keys to remove, out of all the differences of a resource."""
    names = [item.path.removeprefix("tags.") for item in found if item.path.startswith("tags.")]
    wanted = desired.get("tags") or {}
    return {name: wanted[name] for name in names if name in wanted}, [name for name in names if name not in wanted]


def ecs_calls(found: Sequence[Difference], desired: Mapping[str, Any], arn: str) -> list[Call]:
    """The calls that bring the tags of any resource of ECS to what was described."""
    given, gone = changes(found, desired)
    calls = []
    if given:
        pairs = to_pairs(given, "key", "value")
        calls.append(Call("ecs", "TagResource", {"resourceArn": arn, "tags": pairs}))
    if gone:
        calls.append(Call("ecs", "UntagResource", {"resourceArn": arn, "tagKeys": gone}))
    return calls
