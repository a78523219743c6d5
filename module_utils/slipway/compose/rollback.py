"""Which release of a machine to go back to. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..aws.errors import SlipwayError
from ..release.record import Record

Release = Mapping[str, Any]
_WHERE = "rollback.yml"


@dataclass(frozen=True)
class Target:
    """A release to go back to, and whether there is anything to do."""

    release: Release
    serves: bool

    @property
    def identity(self) -> str:
        """Its id."""
        return str(self.release["id"])


def left_behind(records: Sequence[Record]) -> frozenset[str]:
    """The releases that failed or were gone back from, and not released again since: going back again goes further.

    Args:
        records: the service's records, newest first.
    """
    left: set[str] = set()
    serves = ""
    for record in reversed(records):
        now = record.serving.rpartition(":")[2]
        if record.verdict != "succeeded":
            left |= {record.revision.rpartition(":")[2]} - {now, ""}
            continue
        if record.kind == "rollback" and serves and serves != now:
            left.add(serves)
        left.discard(now)
        serves = now
    return frozenset(left)


def target(seen: Mapping[str, Any], to: str, left: Collection[str] = ()) -> Target:
    """The release that is asked for; without a name, the last one that served before, and was not left.

    Args:
        seen: the service as `look` has it; empty where the machine has none.
        to: an id, a tag, a digest or their beginnings; empty for the previous one.
        left: what was gone back from once.

    Raises:
        SlipwayError: there is no such release, or several.
    """
    releases = {str(one["id"]): one for one in seen.get("releases") or ()}
    current = str(seen.get("current") or "")
    kept = [one for one in (current, *(seen.get("previous") or ())) if one in releases]
    if not kept:
        raise SlipwayError("nothing was released yet", where=_WHERE, remedy="run deploy.yml")
    if not to:
        before = [one for one in kept if one != current and one not in left]
        if not before:
            remedy = "deploy what shall serve: deploy.yml -e service_image_tag=<tag>"
            what = "the machine has no release before the one that serves"
            raise SlipwayError(what, where=_WHERE, remedy=remedy)
        return Target(releases[before[0]], serves=False)
    found = _named([releases[one] for one in kept], to.rpartition(":")[2] if to.startswith(f"{_name(seen)}:") else to)
    if not found:
        listed = ", ".join(_said(releases[one]) for one in kept)
        remedy = f"choose one of {listed}; an older one is deployed again: deploy.yml -e service_image_tag=<tag>"
        raise SlipwayError(f"the machine has no release {to}", where=_WHERE, remedy=remedy)
    # A tag may have been released more than once, with other variables: the last one is meant.
    return Target(found[0], serves=str(found[0]["id"]) == current)


def _name(seen: Mapping[str, Any]) -> str:
    return str((seen.get("desired") or {}).get("service") or "")


def _named(releases: Sequence[Release], to: str) -> list[Release]:
    digest = to if to.startswith("sha256:") else f"sha256:{to}"
    exact = [one for one in releases if to in {one.get("id"), one.get("tag"), one.get("digest")}]
    return exact or [
        one
        for one in releases
        if len(to) >= 7 and (str(one.get("digest") or "").startswith(digest) or str(one["id"]).startswith(to))
    ]


def _said(one: Release) -> str:
    return f"{one['id']} ({one['tag']})" if one.get("tag") else str(one["id"])
