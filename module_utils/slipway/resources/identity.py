"""What EC2 gives no name to is found again by tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..aws.errors import SlipwayError
from . import tags


def identity_of(options: Mapping[str, Any]) -> dict[str, str]:
    """The tags by which a resource is found again: those that are given, or its Name."""
    given = options.get("identity") or {"Name": options["name"]}
    return {str(key): str(value) for key, value in given.items()}


def only(
    found: Iterable[Mapping[str, Any]], identity: Mapping[str, str], where: str, id_key: str
) -> Mapping[str, Any] | None:
    """The one resource that has all these tags.

    Raises:
        SlipwayError: several have them, and nobody can tell which one is meant.
    """
    # An emulator may not filter.
    mine = [one for one in found if identity.items() <= tags.from_pairs(one.get("Tags")).items()]
    if len(mine) > 1:
        words = ", ".join(f"{key}={value}" for key, value in identity.items())
        raise SlipwayError(
            f"{' and '.join(sorted(one[id_key] for one in mine))} all have the tags {words}",
            where=where,
            remedy="remove the tags from those that are not meant",
        )
    return mine[0] if mine else None
