"""The rules of security groups: one a source in the options, several sources a permission at the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from ..aws.errors import SlipwayError

Rule = Mapping[str, Any]

_ALL = "-1"
_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": _ALL}
_PORTS = ("tcp", "udp")
_ICMP = ("icmp", "icmpv6")
# The source as an option -> where a permission has it, and under which name.
_SOURCES = {
    "cidr_ipv4": ("IpRanges", "CidrIp"),
    "cidr_ipv6": ("Ipv6Ranges", "CidrIpv6"),
    "prefix_list_id": ("PrefixListIds", "PrefixListId"),
    "source_security_group": ("UserIdGroupPairs", "GroupId"),
}
# What AWS itself lets out of a new group.
EVERYWHERE: tuple[Rule, ...] = (
    {"ip_protocol": _ALL, "cidr_ipv4": "0.0.0.0/0"},
    {"ip_protocol": _ALL, "cidr_ipv6": "::/0"},
)


def to_rule(option: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A rule of the options in the one form in which rules are compared.

    Raises:
        SlipwayError: it has no source or several, no ports where it needs them, or an address that is none.
    """
    given = [name for name in _SOURCES if option.get(name)]
    if len(given) != 1:
        what = f"a rule has {' and '.join(given)}" if given else "a rule says not whom it is for"
        raise SlipwayError(what, where=where, remedy=f"give one of {', '.join(_SOURCES)}; make a rule for each")
    protocol = str(option["ip_protocol"]).lower()
    rule: dict[str, Any] = {"ip_protocol": _PROTOCOLS.get(protocol, protocol)}
    rule.update(_ports(rule["ip_protocol"], option, where))
    source = option[given[0]]
    rule[given[0]] = _network(given[0], source, where) if given[0].startswith("cidr_") else source
    if option.get("description") is not None:
        rule["description"] = option["description"]
    return rule


def from_permissions(permissions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rules that AWS has, one a source."""
    rules = []
    for permission in permissions:
        head: dict[str, Any] = {"ip_protocol": permission["IpProtocol"]}
        if permission["IpProtocol"] in (*_PORTS, *_ICMP):
            head.update(from_port=permission.get("FromPort", -1), to_port=permission.get("ToPort", -1))
        for option, (where, name) in _SOURCES.items():
            for source in permission.get(where) or ():
                description = {"description": source["Description"]} if source.get("Description") else {}
                rules.append({**head, option: source[name], **description})
    return rules


def to_permission(rule: Rule) -> dict[str, Any]:
    """A rule as the API takes it."""
    permission: dict[str, Any] = {"IpProtocol": rule["ip_protocol"]}
    if "from_port" in rule:
        permission.update(FromPort=rule["from_port"], ToPort=rule["to_port"])
    ((option, (where, name)),) = ((option, place) for option, place in _SOURCES.items() if option in rule)
    source = {name: rule[option]}
    if rule.get("description"):
        source["Description"] = rule["description"]
    return {**permission, where: [source]}


def identity(rule: Rule) -> tuple[tuple[str, Any], ...]:
    """What makes it another rule: everything but its description."""
    return tuple(sorted((key, value) for key, value in rule.items() if key != "description"))


def _ports(protocol: str, option: Mapping[str, Any], where: str) -> dict[str, int]:
    if protocol in _ICMP:
        return {"from_port": option.get("from_port", -1), "to_port": option.get("to_port", -1)}
    if protocol not in _PORTS:
        return {}
    first = option.get("from_port", option.get("to_port", -1))
    last = option.get("to_port", first)
    if not 0 <= first <= last <= 65535:
        what = f"a {protocol} rule has " + ("no port" if first == -1 else f"the ports {first} to {last}")
        raise SlipwayError(what, where=where, remedy="give from_port and to_port, 0 to 65535; -1 opens every protocol")
    return {"from_port": first, "to_port": last}


def _network(option: str, text: str, where: str) -> str:
    """The network's own spelling: AWS, too, drops the bits of the host."""
    try:
        return str((IPv4Network if option == "cidr_ipv4" else IPv6Network)(text, strict=False))
    except ValueError as error:
        raise SlipwayError(f"{option}: {error}", where=where, remedy="write, for example, 10.0.0.0/16") from error
