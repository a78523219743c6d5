"""Moving a domain's requests by weighted records: pure functions of the records and of the answers that were seen.

A name has either simple records or weighted ones, never both, so the change from one to the other is one change batch,
of which Route 53 makes all or nothing:
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..aws.errors import SlipwayError
from ..resources import dns
from ..resources.hosted_zone import fqdn

Record = Mapping[str, Any]
Judgement = Literal["good", "bad", "wait"]
# So many bad answers one after another are no accident.
FAILURES = 3
_IDENTITY = ("Name", "Type", "SetIdentifier")


@dataclass(frozen=True)
class Side:
    """One of the two places that can serve the domain.

    Attributes:
        name: what people call it: fargate or compose.
        set_identifier: what tells its weighted record from the other's.
        leads: what leads to it, in the words of the API: an AliasTarget, or a TTL and ResourceRecords.
    """

    name: str
    set_identifier: str
    leads: Record

    def simple(self, domain: str) -> dict[str, Any]:
        """The record that gives it every request."""
        return {"Name": fqdn(domain), "Type": "A", **self.leads}

    def weighted(self, domain: str, weight: int) -> dict[str, Any]:
        """The record that gives it a share of the requests."""
        return {**self.simple(domain), "SetIdentifier": self.set_identifier, "Weight": weight}


@dataclass(frozen=True)
class Move:
    """From where to where the requests of a domain are moved.

    Attributes:
        weight: the weight that the description gives the domain's only record; None for a simple one.
    """

    domain: str
    old: Side
    new: Side
    weight: int | None = None

    def at(self, percent: int) -> list[dict[str, Any]]:
        """The records that give the new side so many of a hundred requests."""
        return [self.old.weighted(self.domain, 100 - percent), self.new.weighted(self.domain, percent)]

    def only(self, side: Side) -> list[dict[str, Any]]:
        """The record that a description without the other side has, so that no later deploy finds a difference."""
        if self.weight is None:
            return [side.simple(self.domain)]
        return [side.weighted(self.domain, self.weight)]


def share(records: Sequence[Record], move: Move) -> int | None:
    """How many of a hundred requests the new side gets by the records as they are; None where there are none.

    Where all weights are 0, all records are equal:
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-weighted.html

    Raises:
        SlipwayError: the name leads elsewhere, too, or is routed in another way.
    """
    _refuse_strangers(records, move)
    mine = [one for one in records if one["Type"] == "A"]
    if not mine:
        return None
    if "SetIdentifier" not in mine[0]:
        return 100 if _leads(mine[0], move.new) else 0
    weights = {one["SetIdentifier"]: int(one["Weight"]) for one in mine}
    total = sum(weights.values())
    if total == 0:
        return round(100 * (move.new.set_identifier in weights) / len(weights))
    return _percent(weights.get(move.new.set_identifier, 0), total)


def serves_alone(records: Sequence[Record], side: Side) -> bool:
    """Whether the domain has one record, and it leads to this side: then there is nothing to move."""
    mine = [one for one in records if one["Type"] == "A"]
    return len(mine) == 1 and _leads(mine[0], side)


def _percent(weight: int, total: int) -> int:
    # A share that is neither nothing nor all is never called so.
    return weight * 100 // total if weight in (0, total) else min(max(round(100 * weight / total), 1), 99)


def _refuse_strangers(records: Sequence[Record], move: Move) -> None:
    where, sides = f"records of {move.domain}", (move.old, move.new)
    known = {side.set_identifier for side in sides}
    for one in records:
        kind, identifier = one["Type"], one.get("SetIdentifier")
        if kind in {"AAAA", "CNAME"}:
            what = f"the domain has a record of the type {kind}, whose requests would not be moved"
            raise SlipwayError(what, where=where, remedy="remove it, or move its requests by hand")
        if kind != "A":
            continue
        if identifier is not None and "Weight" not in one:
            what = f"the record {identifier} is not weighted, but routed in another way"
            raise SlipwayError(what, where=where, remedy="only simple and weighted records can be moved")
        if identifier is not None and identifier not in known:
            what = f"there is a weighted record {identifier}, which is neither {' nor '.join(sorted(known))}"
            raise SlipwayError(what, where=where, remedy="remove it, or set service_dns_set_identifier to its own")
        if identifier is None and not any(_leads(one, side) for side in sides):
            names = " nor to ".join(side.name for side in sides)
            what = f"the domain leads to {target(one)}: neither to {names}"
            raise SlipwayError(what, where=where, remedy="deploy the side that is to serve now, or correct the record")


def _leads(record: Record, side: Side) -> bool:
    return _target(record) == _target(side.leads)


def _target(record: Record) -> tuple[str, ...]:
    alias = record.get("AliasTarget")
    if alias:
        return ("alias", dns.alias_name(alias["DNSName"]))
    return tuple(sorted(one["Value"] for one in record.get("ResourceRecords") or ()))


def target(record: Record) -> str:
    """What a record leads to, for people."""
    return ", ".join(one for one in _target(record) if one != "alias")


def remaining(steps: Sequence[int], now: int) -> list[int]:
    """The steps that are left where the new side gets so many of a hundred requests already.

    The step that stands is watched again: nobody knows how long it stood before the move was interrupted.
    """
    return [step for step in sorted({*steps, 100}) if step >= now]


def changes(records: Sequence[Record], wanted: Sequence[Record]) -> list[dict[str, Any]]:
    """The change batch that makes the A records of the name be what is wanted; empty where they are.

    Deletions come first, and each says the record exactly as it is, as Route 53 demands.
    """
    live = {_identity(one): one for one in records if one["Type"] == "A"}
    asked = {_identity(one): one for one in wanted}
    gone = [{"Action": "DELETE", "ResourceRecordSet": dict(one)} for key, one in live.items() if key not in asked]
    made = [
        {"Action": "UPSERT" if key in live else "CREATE", "ResourceRecordSet": dict(one)}
        for key, one in asked.items()
        if key not in live or not _same(live[key], one)
    ]
    return [*gone, *made]


def _identity(record: Record) -> tuple[str, ...]:
    return tuple(fqdn(record[part]) if part == "Name" else str(record.get(part, "")) for part in _IDENTITY)


def _same(one: Record, other: Record) -> bool:
    def said(record: Record) -> tuple[Any, ...]:
        healthy = bool((record.get("AliasTarget") or {}).get("EvaluateTargetHealth"))
        return _target(record), record.get("TTL"), record.get("Weight"), healthy

    return said(one) == said(other)


def longest_ttl(records: Sequence[Record], alias: int) -> int:
    """How long a client may go on with what the records said; a load balancer's alias has a TTL of its own."""
    return max((int(one.get("TTL", alias)) for one in records if one["Type"] == "A"), default=0)


def judge(answers: Sequence[bool], seconds: float, *, wanted: int, pause: float, patience: float) -> Judgement:
    """Whether a side that was asked again and again is good by now.

    Args:
        answers: whether each answer was good, the oldest first.
        seconds: for how long it was asked.
        wanted: how many good answers one after another it needs at the end.
        pause: for how many seconds it has to be watched at least.
        patience: how many seconds more it has for its good answers.
    """
    good = _trailing(answers, wanted=True)
    if _trailing(answers, wanted=False) >= FAILURES:
        return "bad"
    if seconds >= pause and good >= wanted:
        return "good"
    # One that answers now and then is never steady.
    return "bad" if seconds >= pause + patience else "wait"


def _trailing(answers: Sequence[bool], *, wanted: bool) -> int:
    count = 0
    for answer in reversed(answers):
        if answer is not wanted:
            break
        count += 1
    return count
