"""Route 53 hosted zones: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import SlipwayError
from ..engine.kind import Known, Lookup, Options, Reference
from ..engine.parallel import side_by_side
from ..engine.plan import Live

NAME = "hosted_zone"
_ID = re.compile(r"[A-Z0-9]{12,32}")
_PRIVATE = " (private)"


class HostedZone(Lookup):
    """A zone by its name, and whether it is private: a name may have one of each."""

    name = NAME

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """ListHostedZonesByName once for each zone; it begins at the name, so the zone comes first."""
        names = list(wanted)
        found = side_by_side(lambda key: _find(aws, key), names)
        return {key: live for key, live in zip(names, found, strict=True) if live is not None}


def references(zone: str, *, private: bool = False) -> Iterable[Reference]:
    """The look-up that a zone given by name needs; none where it is given by id."""
    return () if is_id(zone) else ((NAME, _key(zone, private)),)


def zone_id(known: Known, zone: str, where: str, *, private: bool = False) -> str:
    """The id of a zone given by name or id.

    Raises:
        SlipwayError: there is no such zone.
    """
    if is_id(zone):
        return zone
    live = known.live(NAME, _key(zone, private))
    if live is None:
        kind = "private" if private else "public"
        raise SlipwayError(
            f"there is no {kind} hosted zone {zone!r} in this account",
            where=where,
            remedy="create it in Route 53 and let the domain's registrar name its name servers, or correct the name",
        )
    return str(live.outputs["id"])


def is_id(zone: str) -> bool:
    """Whether it is a zone's id, which has no dot and is all capitals."""
    return bool(_ID.fullmatch(zone))


def holds(zone: str, name: str) -> bool:
    """Whether a name belongs to a zone given by name; of a zone given by id nobody knows."""
    return is_id(zone) or fqdn(name) == fqdn(zone) or fqdn(name).endswith(f".{fqdn(zone)}")


def fqdn(name: str) -> str:
    r"""A name as Route 53 has it: lower case, a dot at the end, and \052 for *."""
    return name.lower().rstrip(".").replace("*", r"\052") + "."


def _key(zone: str, private: bool) -> str:
    return f"{fqdn(zone)}{_PRIVATE if private else ''}"


def _find(aws: Aws, key: str) -> Live | None:
    private = key.endswith(_PRIVATE)
    name = key.removesuffix(_PRIVATE)
    answer = aws.call("route53", "ListHostedZonesByName", DNSName=name, MaxItems="10")
    mine = [zone for zone in answer["HostedZones"] if fqdn(zone["Name"]) == name and _is_private(zone) == private]
    if len(mine) > 1:
        ids = " and ".join(sorted(_short(zone) for zone in mine))
        raise SlipwayError(
            f"there are several of this name: {ids}",
            where=f"{NAME} {key}",
            remedy="give the zone's id instead of its name",
        )
    return Live({}, {"id": _short(mine[0]), "name": name}) if mine else None


def _is_private(zone: Mapping[str, Any]) -> bool:
    return bool(zone.get("Config", {}).get("PrivateZone"))


def _short(zone: Mapping[str, Any]) -> str:
    return str(zone["Id"]).rpartition("/")[2]
