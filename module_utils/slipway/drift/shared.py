"""A resource of which several services describe each a part: a role with a policy of each, for example. Pure.

Lists that a description does not purge (`purge_inline_policies: false`) have members of others beside its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..engine.kind import Options

_PURGE = "purge_"


def joined(one: Options, other: Options) -> Options:
    """Both parts in one; where they contradict each other, what `other` says."""
    return {**other, **{name: _members(one, other, name) for name in _parts(one, other)}}


def agree(one: Options, other: Options) -> bool:
    """Whether they are the same, or parts that don't contradict each other."""
    return same(joined(one, other), joined(other, one))


def same(one: Options, other: Options) -> bool:
    """Whether they describe the same, in whatever order parts were joined."""
    return {**one, **_ordered(one, other)} == {**other, **_ordered(other, one)}


def _ordered(one: Options, other: Options) -> dict[str, list[Any]]:
    return {name: sorted(one[name], key=_identity) for name in _parts(one, other)}


def _parts(one: Options, other: Options) -> Iterator[str]:
    for flag in one.keys() & other.keys():
        name = flag.removeprefix(_PURGE)
        lists = (one.get(name), other.get(name))
        if flag.startswith(_PURGE) and one[flag] is other[flag] is False and all(isinstance(i, list) for i in lists):
            yield name


def _members(one: Options, other: Options, name: str) -> list[Any]:
    members = {_identity(item): item for options in (one, other) for item in options[name]}
    return list(members.values())


def _identity(item: Any) -> str:
    return str(item.get("name", item)) if isinstance(item, Mapping) else str(item)
