"""Route 53 record sets: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError, SlipwayError
from ..aws.shapes import from_api, shape_of, to_api
from ..engine.compare import Difference, Rules
from ..engine.kind import Kind, Known, Options, Reference
from ..engine.plan import Call, Desired, Live, Output
from . import dns, hosted_zone
from .hosted_zone import fqdn

_SHAPE = shape_of("route53", "ResourceRecordSet")
# The routing policies; one record set has one of them, or none.
_ROUTING = (
    "weight",
    "region",
    "failover",
    "geo_location",
    "geo_proximity_location",
    "multi_value_answer",
    "cidr_routing_config",
)
_PLAIN = (*_ROUTING, "ttl", "health_check_id")
_PAGE = "300"


class Route53Record(Kind):
    """A record set: what a name answers, or which load balancer it stands for."""

    name = "route53_record"
    through = (hosted_zone.NAME,)
    after = (hosted_zone.NAME, "elb_load_balancer")
    rules = Rules(
        defaults={"alias.evaluate_target_health": False},
        unordered={"values": ""},
        whole=frozenset({"geo_location", "geo_proximity_location", "cidr_routing_config"}),
    )

    def key(self, options: Options) -> str:
        """Name, type and, where several share these, the set identifier."""
        private = " (private)" if options.get("private_zone") else ""
        identifier = f" {options['set_identifier']}" if options.get("set_identifier") else ""
        return f"{fqdn(options['name'])} {options['type']}{identifier}{private}"

    def references(self, options: Options) -> Iterable[Reference]:
        """The zone, and the load balancer of an alias."""
        yield from _zone(options)
        balancer = (options.get("alias") or {}).get("load_balancer")
        if balancer and options.get("state") != "absent":
            yield "elb_load_balancer", balancer

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """ListResourceRecordSets once for each name: all its types and set identifiers come together."""
        by_name: dict[tuple[str, str], list[str]] = defaultdict(list)
        for key, options in wanted.items():
            if options.get("state") != "absent" or _zone_exists(known, options):
                by_name[_zone_id(known, options), fqdn(options["name"])].append(key)
        lives = {}
        for (zone, name), keys in by_name.items():
            records = list(_list(aws, zone, name))
            for key in keys:
                which = (wanted[key]["type"], wanted[key].get("set_identifier"))
                mine = [one for one in records if (one["Type"], one.get("SetIdentifier")) == which]
                if mine:
                    lives[key] = _live(mine[0], zone)
        return lives

    def desired(self, options: Options, known: Known) -> Desired:
        """The fields of the record set, each value in the one spelling in which it is compared."""
        key, name = self.key(options), fqdn(options["name"])
        if options.get("state") == "absent" and not _zone_exists(known, options):
            return Desired(key, absent=True)
        record = {"Name": name, "Type": options["type"]}
        if options.get("set_identifier"):
            record["SetIdentifier"] = options["set_identifier"]
        settings = {"zone_id": _zone_id(known, options), "record": record, "wait": bool(options.get("wait"))}
        if options.get("state") == "absent":
            return Desired(key, settings=settings, absent=True)
        _refuse_contradictions(options, f"{self.name} {key}", known.live(self.name, key) is None)
        fields = {option: options.get(option) for option in _PLAIN}
        if options.get("values") is not None:
            fields["values"] = [dns.value(options["type"], item) for item in options["values"]]
        if options.get("alias") is not None:
            fields.update(alias=_alias(known, options["alias"], f"{self.name} {key}: alias"), values=[])
        return Desired(key, fields, settings)

    def create(self, desired: Desired) -> Sequence[Call]:
        """One UPSERT, which also takes over what somebody made in the meantime."""
        return _change("UPSERT", desired, _record(desired, desired.fields))

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """UPSERT replaces the record set as a whole, so what is not managed is sent as it is."""
        given = {key: value for key, value in desired.fields.items() if value is not None}
        keep = dict(live.fields)
        if given.get("alias"):
            keep = {key: value for key, value in keep.items() if key not in {"values", "ttl"}}
            given["alias"] = {**(keep.pop("alias", None) or {}), **given["alias"]}
        elif given.get("values"):
            keep.pop("alias", None)
        if set(given) & set(_ROUTING):
            keep = {key: value for key, value in keep.items() if key not in _ROUTING}
        return _change("UPSERT", desired, _record(desired, {**keep, **given}))

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """AWS deletes only what is given exactly as it is."""
        return _change("DELETE", desired, live.raw)


def _list(aws: Aws, zone: str, name: str) -> Iterator[dict[str, Any]]:
    """All record sets of one name; the list goes on with the names behind it."""
    start: dict[str, Any] = {"StartRecordName": name}
    while start:
        try:
            answer = aws.call("route53", "ListResourceRecordSets", HostedZoneId=zone, MaxItems=_PAGE, **start)
        except AwsError as error:
            if error.code == "NoSuchHostedZone":
                error.remedy = "correct the zone's id, or give the zone by its name"
            raise
        yield from (one for one in answer["ResourceRecordSets"] if fqdn(one["Name"]) == name)
        more = answer.get("IsTruncated") and fqdn(answer["NextRecordName"]) == name
        parts = ("Name", "Type", "Identifier")
        start = {f"StartRecord{part}": answer[f"NextRecord{part}"] for part in parts if f"NextRecord{part}" in answer}
        if not more:
            return


def _live(record: Mapping[str, Any], zone: str) -> Live:
    fields: dict[str, Any] = {key: value for key, value in from_api(_SHAPE, record).items() if key in _PLAIN}
    if record.get("ResourceRecords"):
        fields["values"] = [dns.value(record["Type"], one["Value"]) for one in record["ResourceRecords"]]
    if record.get("AliasTarget"):
        target = from_api(shape_of("route53", "AliasTarget"), record["AliasTarget"])
        fields["alias"] = {**target, "dns_name": dns.alias_name(target["dns_name"])}
    return Live(fields, _outputs(record, zone), raw=record)


def _outputs(record: Mapping[str, Any], zone: str) -> dict[str, Any]:
    return {"fqdn": record["Name"].replace(r"\052", "*").rstrip("."), "type": record["Type"], "zone_id": zone}


def _zone_id(known: Known, options: Options) -> str:
    zone, private = options["zone"], bool(options.get("private_zone"))
    found = hosted_zone.zone_id(known, zone, f"{Route53Record.name} {options['name']}: zone", private=private)
    if not hosted_zone.holds(zone, options["name"]):
        raise SlipwayError(
            f"{options['name']} is not in the zone {zone}",
            where=f"{Route53Record.name} {options['name']}",
            remedy="give the full name, zone included, or another zone",
        )
    return found


def _zone_exists(known: Known, options: Options) -> bool:
    return all(known.live(*zone) for zone in _zone(options))


def _zone(options: Options) -> Iterable[Reference]:
    return hosted_zone.references(options["zone"], private=bool(options.get("private_zone")))


def _alias(known: Known, alias: Mapping[str, Any], where: str) -> dict[str, Any]:
    balancer, target = alias.get("load_balancer"), alias.get("dns_name")
    if bool(balancer) == bool(target) or (target and not alias.get("hosted_zone_id")):
        raise SlipwayError(
            "an alias needs either load_balancer, or dns_name and hosted_zone_id",
            where=where,
            remedy="give load_balancer: the name of one of this account, in this region",
        )
    fields = {"hosted_zone_id": alias.get("hosted_zone_id"), "dns_name": target}
    if balancer:
        for key, output in (("dns_name", "dns_name"), ("hosted_zone_id", "canonical_hosted_zone_id")):
            fields[key] = known.output("elb_load_balancer", balancer, output, where)
    if isinstance(fields["dns_name"], str):
        fields["dns_name"] = dns.alias_name(fields["dns_name"])
    if alias.get("evaluate_target_health") is not None:
        fields["evaluate_target_health"] = alias["evaluate_target_health"]
    return fields


def _refuse_contradictions(options: Options, where: str, new: bool) -> None:
    routing = [option for option in _ROUTING if options.get(option) is not None]
    what = ""
    if options.get("alias") is not None and (options.get("values") is not None or options.get("ttl") is not None):
        what, remedy = "an alias has no values and no ttl of its own", "remove them, or the alias"
    elif options.get("alias") is None and options.get("values") is None and new:
        what, remedy = "a new record needs values or an alias", "give one of the two"
    elif options.get("values") is not None and options.get("ttl") is None and new:
        what, remedy = "a new record with values needs a ttl", "give ttl in seconds, for example 300"
    elif options.get("values") == []:
        what, remedy = "values is empty", "give state: absent to remove the record"
    elif len(routing) > 1:
        what, remedy = f"{' and '.join(routing)} exclude each other", "keep one"
    elif routing and not options.get("set_identifier"):
        what, remedy = f"{routing[0]} needs set_identifier", "give one, which tells the records of this name apart"
    elif options.get("set_identifier") and not routing and new:
        what, remedy = "set_identifier is for records that share a name", f"give one of {', '.join(_ROUTING)} too"
    if what:
        raise SlipwayError(what, where=where, remedy=remedy)


def _record(desired: Desired, fields: Mapping[str, Any]) -> dict[str, Any]:
    record = to_api(_SHAPE, {key: value for key, value in fields.items() if key in _PLAIN and value != ""})
    if fields.get("values"):
        record["ResourceRecords"] = [{"Value": value} for value in fields["values"]]
    if fields.get("alias"):
        target = {"evaluate_target_health": False, **fields["alias"]}
        names = {"dns_name": "DNSName", "hosted_zone_id": "HostedZoneId"}
        names["evaluate_target_health"] = "EvaluateTargetHealth"
        record["AliasTarget"] = {name: target[option] for option, name in names.items()}
    return {**desired.settings["record"], **record}


def _change(action: str, desired: Desired, record: Mapping[str, Any]) -> list[Call]:
    zone = desired.settings["zone_id"]
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}

    def collect(answer: dict[str, Any]) -> dict[str, Any]:
        return {**_outputs(record, zone), "change_id": answer["ChangeInfo"]["Id"]}

    calls = [Call("route53", "ChangeResourceRecordSets", {"HostedZoneId": zone, "ChangeBatch": batch}, collect)]
    if desired.settings["wait"]:
        calls.append(
            Call(
                "route53",
                "GetChange",
                {"Id": Output("change_id")},
                until=lambda answer: answer["ChangeInfo"]["Status"] == "INSYNC",
                patience=180,
                every=5,
                progress="waiting until all name servers of Route 53 have it, at most 180 s",
            )
        )
    return calls
