"""From what a machine's program saw of the machine itself to findings. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..compose.program import PATH
from ..engine.compare import Difference, Rules, differences
from .finding import Finding
from .host_place import Place, between, said

Seen = Mapping[str, Any]
_LISTS = ("containers", "ports", "firewall", "packages", "files")
_RULES = Rules(whole=frozenset({""}), unordered=dict.fromkeys(_LISTS, "name"))
_KNOWN_TABLES = frozenset(
    f"{family} {name}"
    for family in ("ip", "ip6")
    for name in ("filter", "nat", "mangle", "raw", "security", "docker-bridges")
)
# The system's own: DHCP clients, name resolution in the local network, the proxy's HTTP/3.
_SYSTEM_PORTS = frozenset({"udp/68", "udp/546", "tcp/80", "tcp/443", "udp/443"})
_RESOLVER = ("systemd-resolve", frozenset({"tcp/5355", "udp/5355", "udp/5353"}))
_OURS = frozenset(
    {
        *(f"-P {chain} ACCEPT" for chain in ("INPUT", "OUTPUT", "PREROUTING")),
        "-N DOCKER-USER",
        "-A DOCKER-USER -j RETURN",
        "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
    }
)


def of_machine(
    place: Place, look: Seen, described: Mapping[str, Any], services: Sequence[str], ssh_port: int = 22
) -> list[Finding]:
    """What is on the machine that nobody described.

    Args:
        place: the machine.
        look: all that its program saw.
        described: the machine's completed description.
        services: the names of the services that are described for it.
        ssh_port: where people and Ansible log in.
    """
    outside = look["outside"]
    known = {f"{one['protocol']}/{one['port']}" for one in described.get("open_ports") or ()}
    ports = _ports(outside, known | {f"tcp/{ssh_port}"})
    there = {
        "containers": [
            {"name": one["name"], "image": one["image"], "state": one["state"]} for one in outside["containers"]
        ],
        "ports": ports,
        "firewall": list(_firewall(outside["firewall"])),
        "packages": [{"name": name, "held": True} for name in outside["held"]],
        "files": [{"name": path, "is": "a site of the proxy"} for path in outside["sites"]],
    }
    wanted = {key: list[Any]() for key in _LISTS}
    wanted["packages"] = [{"name": name, "held": False} for name in outside["held"]]
    found = [
        place.finding("drift", item, said(item), _remedy_of_machine(place, item))
        for item in differences(wanted, there, _RULES)
    ]
    for name in sorted(set(look["services"]) - set(services)):
        item = Difference(f"services[{name}]", "present", None)
        remedy = f'describe it, or on {place.machine}: sudo python3 {PATH} remove <<< \'{{"service": "{name}"}}\''
        found.append(place.finding("pending", item, f"{name} runs there, and is no longer described", remedy))
    found += [
        Finding(
            (place.host,),
            "unreadable",
            "high",
            place.kind,
            place.name,
            "firewall",
            what="its rules can't be read",
            reason=problem,
        )
        for problem in outside["firewall"]["problems"]
    ]
    return found


def _ports(outside: Seen, known: set[str]) -> list[dict[str, Any]]:
    """The open ports that nobody described, each once."""
    sockets = [*outside["ports"]]
    sockets += [{**port, "process": one["name"]} for one in outside["containers"] for port in one["ports"]]
    found: dict[str, dict[str, Any]] = {}
    for one in sockets:
        name = f"{one['protocol']}/{one['port']}"
        if name in known | _SYSTEM_PORTS or (one["process"] == _RESOLVER[0] and name in _RESOLVER[1]):
            continue
        port = found.setdefault(name, {"name": name, "addresses": [], "process": one["process"]})
        if one["address"] not in port["addresses"]:
            port["addresses"].append(one["address"])
    return list(found.values())


def _firewall(seen: Seen) -> Iterator[dict[str, Any]]:
    for rule in seen["rules"]:
        # "iptables -t filter -A INPUT ..."
        command, _, table, *words = rule.split(" ")
        if " ".join(words) not in _OURS:
            yield {"name": f"{command} {table}: {' '.join(words)}", "is": "there"}
    yield from ({"name": f"nft {one}", "is": "there"} for one in seen["tables"] if one not in _KNOWN_TABLES)
    yield from ({"name": name, "is": "active"} for name in ("ufw", "firewalld") if seen[name])


def _remedy_of_machine(place: Place, item: Difference) -> str:
    name, on = between(item.path), f"on {place.machine}: sudo "
    commands: dict[str, Callable[[], str]] = {
        "containers": lambda: f"{on}docker rm --force {name}",
        "packages": lambda: f"{on}apt-mark unhold {name}",
        "files": lambda: f"{on}rm {name} && sudo systemctl reload caddy",
        "ports": lambda: (
            f"stop {(item.before or {}).get('process') or 'what listens there'}, or name the port in machine_open_ports"
        ),
        "firewall": lambda: f"{on}{_undone(name)}",
    }
    command = commands.get(item.path.partition("[")[0])
    return command() if command else place.apply


def _undone(name: str) -> str:
    if name in {"ufw", "firewalld"}:
        return "ufw disable" if name == "ufw" else "systemctl disable --now firewalld"
    if name.startswith("nft "):
        return f"nft delete table {name.removeprefix('nft ')}"
    where, _, rule = name.partition(": ")
    command, _, table = where.partition(" ")
    words = rule.split(" ")
    undone = ["-P", words[1], "ACCEPT"] if words[0] == "-P" else ["-D", *words[1:]]
    return " ".join([command, "-t", table, *undone])
